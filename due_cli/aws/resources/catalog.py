"""The Glue database and the table ``all_events`` in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.tags import TAGS, Tags, managed_tags

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef

_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Database:
    """A Glue database; its tables can have no tags."""

    name: str
    arn: str
    tags: Tags
    kind: str = "database"

    def desired(self) -> Settings:
        """How it should be: there."""
        return {TAGS: dict(self.tags)}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for database {self.name}"), ignore_errors("EntityNotFoundException"):
            aws.glue.get_database(Name=self.name)
            return {TAGS: managed_tags(aws.glue.get_tags(ResourceArn=self.arn)["Tags"], self.tags)}
        return None

    def create(self, aws: Aws) -> None:
        """Makes it."""
        with translate_errors(f"creating database {self.name}"), ignore_errors("AlreadyExistsException"):
            aws.glue.create_database(DatabaseInput={"Name": self.name}, Tags=dict(self.tags))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  it has nothing but tags
        """Sets its tags."""
        with translate_errors(f"tagging database {self.name}"):
            aws.glue.tag_resource(ResourceArn=self.arn, TagsToAdd=dict(self.tags))

    def delete(self, aws: Aws) -> None:
        """Removes it with its tables and views."""
        with translate_errors(f"deleting database {self.name}"), ignore_errors("EntityNotFoundException"):
            aws.glue.delete_database(Name=self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """The table: ``columns`` and ``partition_keys`` by name and Hive type, files below ``location``."""

    database: str
    name: str
    columns: Columns
    partition_keys: Columns
    location: str
    kind: str = "table"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "Columns": self.columns,
            "PartitionKeys": self.partition_keys,
            "Location": self.location,
            "Formats": (_INPUT, _OUTPUT, _SERDE),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with (
            translate_errors(f"looking for table {self.database}.{self.name}"),
            ignore_errors("EntityNotFoundException"),
        ):
            table = aws.glue.get_table(DatabaseName=self.database, Name=self.name)["Table"]
            storage = table.get("StorageDescriptor", {})
            return {
                "Columns": tuple((column["Name"], column.get("Type", "")) for column in storage.get("Columns", [])),
                "PartitionKeys": tuple((key["Name"], key.get("Type", "")) for key in table.get("PartitionKeys", [])),
                "Location": storage.get("Location"),
                "Formats": (
                    storage.get("InputFormat"),
                    storage.get("OutputFormat"),
                    storage.get("SerdeInfo", {}).get("SerializationLibrary"),
                ),
            }
        return None

    def create(self, aws: Aws) -> None:
        """Makes it."""
        with translate_errors(f"creating table {self.database}.{self.name}"), ignore_errors("AlreadyExistsException"):
            aws.glue.create_table(DatabaseName=self.database, TableInput=self._input())

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  Glue takes all of it or nothing
        """Sets it as a whole; its partitions stay."""
        with translate_errors(f"updating table {self.database}.{self.name}"):
            aws.glue.update_table(DatabaseName=self.database, TableInput=self._input())

    def delete(self, aws: Aws) -> None:
        """Removes it with its partitions; the files stay."""
        with translate_errors(f"deleting table {self.database}.{self.name}"), ignore_errors("EntityNotFoundException"):
            aws.glue.delete_table(DatabaseName=self.database, Name=self.name)

    def _input(self) -> TableInputTypeDef:
        return {
            "Name": self.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", "parquet.compression": "SNAPPY"},
            "PartitionKeys": _columns(self.partition_keys),
            "StorageDescriptor": {
                "Columns": _columns(self.columns),
                "Location": self.location,
                "InputFormat": _INPUT,
                "OutputFormat": _OUTPUT,
                "Compressed": True,
                "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
            },
        }


def _columns(columns: Columns) -> list[ColumnTypeDef]:
    return [{"Name": name, "Type": kind} for name, kind in columns]
