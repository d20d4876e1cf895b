"""The Glue database and the table ``all_events`` in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import DeclaredResource, Setting, TaggedResource
from due_cli.aws.tags import Tags

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef

_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class CatalogDatabase(TaggedResource):
    """A Glue database; its tables can have no tags, and are deleted with it."""

    kind = "database"
    not_found = ignore_errors("EntityNotFoundException")
    already_exists = ignore_errors("AlreadyExistsException")
    name: str
    arn: str

    def _settings(self) -> list[Setting]:
        return [self._tag_setting()]

    def _describe(self, aws: Aws) -> Any:
        return aws.glue.get_database(Name=self.name)["Database"]

    def _create(self, aws: Aws) -> None:
        aws.glue.create_database(DatabaseInput={"Name": self.name}, Tags=dict(self.tags))

    def _delete(self, aws: Aws) -> None:
        aws.glue.delete_database(Name=self.name)

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        return aws.glue.get_tags(ResourceArn=self.arn).get("Tags", {})

    def _write_tags(self, aws: Aws) -> None:
        aws.glue.tag_resource(ResourceArn=self.arn, TagsToAdd=dict(self.tags))


@dataclass(frozen=True, kw_only=True)
class CatalogTable(DeclaredResource):
    """The table: ``columns`` and ``partition_keys`` by name and Hive type, Parquet files below ``location``.

    Glue takes it as a whole. Its partitions are kept by an update and deleted with it; the files stay.
    """

    kind = "table"
    not_found = ignore_errors("EntityNotFoundException")
    already_exists = ignore_errors("AlreadyExistsException")
    database: str
    name: str
    columns: Columns
    partition_keys: Columns
    location: str

    def _settings(self) -> list[Setting]:
        return [
            Setting("Columns", self.columns, read=_columns, write=self._put),
            Setting("PartitionKeys", self.partition_keys, read=_partition_keys, write=self._put),
            Setting("StorageDescriptor.Location", self.location, write=self._put),
            Setting("Formats", (_INPUT, _OUTPUT, _SERDE), read=_formats, write=self._put),
        ]

    def _describe(self, aws: Aws) -> Any:
        return aws.glue.get_table(DatabaseName=self.database, Name=self.name)["Table"]

    def _create(self, aws: Aws) -> None:
        aws.glue.create_table(DatabaseName=self.database, TableInput=self._input())

    def _put(self, aws: Aws) -> None:
        aws.glue.update_table(DatabaseName=self.database, TableInput=self._input())

    def _delete(self, aws: Aws) -> None:
        aws.glue.delete_table(DatabaseName=self.database, Name=self.name)

    def _input(self) -> TableInputTypeDef:
        return {
            "Name": self.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", "parquet.compression": "SNAPPY"},
            "PartitionKeys": _as_list(self.partition_keys),
            "StorageDescriptor": {
                "Columns": _as_list(self.columns),
                "Location": self.location,
                "InputFormat": _INPUT,
                "OutputFormat": _OUTPUT,
                "Compressed": True,
                "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
            },
        }


def _columns(_: Aws, table: Any) -> Columns:
    return _as_pairs(table.get("StorageDescriptor", {}).get("Columns", []))


def _partition_keys(_: Aws, table: Any) -> Columns:
    return _as_pairs(table.get("PartitionKeys", []))


def _formats(_: Aws, table: Any) -> tuple[str | None, ...]:
    storage = table.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {}).get("SerializationLibrary")
    return storage.get("InputFormat"), storage.get("OutputFormat"), serde


def _as_pairs(columns: list[ColumnTypeDef]) -> Columns:
    return tuple((column["Name"], column.get("Type", "")) for column in columns)


def _as_list(columns: Columns) -> list[ColumnTypeDef]:
    return [{"Name": name, "Type": kind} for name, kind in columns]
