"""What executes the SQL behind the Athena API: an engine can be exchanged; the default is DuckDB."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, runtime_checkable

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from due_cli.core.errors import QueryError
from due_cli.sql.statements import is_metadata_query
from due_cli.sql.transpile import parse, table_names, to_duckdb
from tests.aws_emulator.hive import arrow_type
from tests.aws_emulator.types import hive_type, trino_type

_WORD = re.compile(r"\w+")
Listed = tuple[str, str]  # where a file is, and its ETag


class FailedError(Exception):
    """A query failed, with the reason that Athena gives."""


@dataclass
class Result:
    """What a statement gave."""

    columns: Sequence[str]
    types: Sequence[str]  # Athena's names
    rows: Sequence[Sequence[Any]]
    scanned: int = 0
    stored: Sequence[tuple[str, str]] = ()  # each column's type in full, in Trino and in Hive: what a view is kept with


@dataclass(frozen=True)
class Catalog:
    """The database that a query runs in, read as who runs it."""

    glue: Any
    s3: Any
    database: str
    cancelled: threading.Event = field(default_factory=threading.Event)

    def table(self, name: str) -> dict[str, Any] | None:
        """A table or view; None if there is none."""
        try:
            found: dict[str, Any] = self.glue.get_table(DatabaseName=self.database, Name=name)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return found

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """The partitions of a table."""
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.database, TableName=name)
        return [one for page in pages for one in page["Partitions"]]


class Engine(Protocol):
    """Executes queries; tables and views are changed, shown and described in Glue (``ddl.py``)."""

    def execute(self, sql: str, catalog: Catalog) -> Result:
        """The rows of a statement; raises :class:`FailedError`."""


@runtime_checkable
class MakesViews(Protocol):
    """An engine that makes a view itself; for any other one, ``ddl.py`` does."""

    def make_view(self, sql: str, name: str, shape: Result, catalog: Catalog) -> Result:
        """Carries a whole CREATE VIEW out, whose columns are those of ``shape``; raises :class:`FailedError`."""


def view_sql(table: dict[str, Any]) -> str | None:
    """The statement of a view as Athena stores it in Glue; None for a table."""
    if table.get("TableType") != "VIRTUAL_VIEW":
        return None
    found = re.search(r"/\* Presto View: (\S+) \*/", table.get("ViewOriginalText", ""))
    if not found:
        raise FailedError(f"INVALID_VIEW: {table['Name']} is stored in no form that Athena knows")
    return str(json.loads(base64.b64decode(found.group(1)))["originalSql"])


class DuckDb:
    """The statement in DuckDB, over the Parquet that the catalog's partitions name."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], tuple[Any, int]] = {}

    def execute(self, sql: str, catalog: Catalog) -> Result:
        """The rows of a statement."""
        try:
            translated = _translated(sql)
        except QueryError as error:
            raise FailedError(f"SYNTAX_ERROR: {error}") from None
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'; SET integer_division = true")
            connection.execute("ATTACH ':memory:' AS awsdatacatalog; USE awsdatacatalog")
            connection.execute(f'CREATE SCHEMA "{catalog.database}"; USE "{catalog.database}"')
            try:
                scanned = self._define(connection, sql, catalog, set())
                cursor = connection.execute(translated)
                columns = [one[0] for one in cursor.description or []]
                types = [athena_type(str(one[1])) for one in cursor.description or []]
                stored = [(trino_type(one[1]), hive_type(one[1])) for one in cursor.description or []]
                return Result(columns, types, cursor.fetchall(), scanned, stored)
            except duckdb.Error as error:
                raise FailedError(f"SYNTAX_ERROR: {error}") from None

    def _define(self, connection: Any, sql: str, catalog: Catalog, known: set[str]) -> int:
        """Every table and view that a text names, however deep; the bytes that they hold."""
        scanned = 0
        for word in sorted(names_in(sql) - known):
            if word in _NO_NAMES or word[0].isdigit():
                continue
            known.add(word)
            table = catalog.table(word)
            if table is None:
                continue
            view = view_sql(table)
            if view is not None:
                scanned += self._define(connection, view, catalog, known)
                connection.execute(f'CREATE OR REPLACE VIEW "{word}" AS {_translated(view)}')
                continue
            rows, size = self._rows(table, catalog)
            scanned += size
            connection.register(f"arrow_{word}", rows)
            connection.execute(f'CREATE VIEW "{word}" AS SELECT * FROM "arrow_{word}"')
        return scanned

    def _rows(self, table: dict[str, Any], catalog: Catalog) -> tuple[Any, int]:
        columns = {one["Name"].lower(): arrow_type(one["Type"]) for one in table["StorageDescriptor"]["Columns"]}
        keys = {one["Name"].lower(): arrow_type(one["Type"]) for one in table.get("PartitionKeys", [])}
        schema = pa.schema([pa.field(name, kind) for name, kind in {**columns, **keys}.items()])
        places = [(one["StorageDescriptor"]["Location"], one["Values"]) for one in catalog.partitions(table["Name"])]
        if not keys:
            places = [(table["StorageDescriptor"]["Location"], [])]
        parts, scanned = [schema.empty_table()], 0
        listed = list(_listed(table["StorageDescriptor"]["Location"], catalog))
        for location, values in places:
            for file, size in self._objects(location, listed, catalog):
                if catalog.cancelled.is_set():
                    raise FailedError("Query cancelled by user")
                arrays = [_projected(file, name, kind) for name, kind in columns.items()]
                arrays += [
                    pa.array([_value(value, kind)] * file.num_rows, kind)
                    for value, kind in zip(values, keys.values(), strict=True)
                ]
                parts.append(pa.Table.from_arrays(arrays, schema=schema))
                scanned += size
        return pa.concat_tables(parts), scanned

    def _objects(self, location: str, listed: list[Listed], catalog: Catalog) -> list[tuple[Any, int]]:
        """The files of a partition; each is read once and kept, so that a test may ask many questions."""
        below = f"{location.rstrip('/')}/"
        found = []
        for place, tag in [one for one in listed if one[0].startswith(below)] or list(_listed(location, catalog)):
            if (place, tag) not in self._files:
                bucket, _, key = place.removeprefix("s3://").partition("/")
                body = catalog.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                self._files[place, tag] = (pq.read_table(io.BytesIO(body)), len(body))
            found.append(self._files[place, tag])
        return found


def _listed(location: str, catalog: Catalog) -> Iterator[Listed]:
    """The files below a location."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/") + "/" if prefix else ""
    for page in catalog.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            if one["Size"] and not one["Key"].rsplit("/", 1)[-1].startswith(("_", ".")):
                yield f"s3://{bucket}/{one['Key']}", one["ETag"]


_NO_NAMES = set(
    "select from where and or not null as cast with case when then else end group by order having limit "
    "join left on union all distinct varchar bigint double timestamp count sum min max".split()
)


@cache
def _translated(sql: str) -> str:
    return to_duckdb(parse(sql))


@cache
def names_in(sql: str) -> set[str]:
    """What may be the name of a table or view in a statement; of one that does not parse, every word."""
    statement = parse(sql)
    if not is_metadata_query(statement):
        return table_names(statement)
    uncommented = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return {word.lower() for word in _WORD.findall(uncommented)}


def _value(text: str, kind: Any) -> Any:
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(text)
    return int(text) if pa.types.is_integer(kind) else text


def _projected(table: Any, name: str, kind: Any) -> Any:
    """A column of a file as the table has it; a column or field that the file lacks is NULL."""
    found = next((one for one in table.column_names if one.lower() == name), None)
    if found is None:
        return pa.nulls(table.num_rows, kind)
    column = table[found].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return _as(column, kind)


def _as(array: Any, kind: Any) -> Any:
    if array.type.equals(kind):
        return array
    if pa.types.is_struct(kind) and pa.types.is_struct(array.type):
        given = {array.type.field(n).name.lower(): array.field(n) for n in range(array.type.num_fields)}
        fields = [kind.field(n) for n in range(kind.num_fields)]
        parts = [
            _as(given[one.name], one.type) if one.name in given else pa.nulls(len(array), one.type) for one in fields
        ]
        return pa.StructArray.from_arrays(parts, fields=fields, mask=array.is_null())
    if pa.types.is_list(kind) and not pa.types.is_primitive(kind.value_type):
        values = _as(array.values, kind.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=kind, mask=array.is_null())
    return array.cast(kind)


_TYPES = {
    "VARCHAR": "varchar",
    "STRING": "varchar",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "NUMBER": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "DATE": "date",
    "JSON": "json",
    "BLOB": "varbinary",
}


def athena_type(name: str) -> str:
    """The name of a DuckDB type in Athena."""
    if name.endswith("[]"):
        return "array"
    if name.startswith(("MAP", "STRUCT", "DECIMAL")):
        return {"M": "map", "S": "row", "D": "decimal"}[name[0]]
    if name.startswith("TIMESTAMP"):
        return "timestamp with time zone" if "ZONE" in name else "timestamp"
    return _TYPES.get(name.strip('"'), "varchar")
