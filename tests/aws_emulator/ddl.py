"""Athena's DDL as what it does to Glue: views as Athena stores them, partitions, databases."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from botocore.exceptions import ClientError

from due_cli.core.errors import QueryError
from tests.aws_emulator.engine import Catalog, Engine, FailedError, MakesViews, Result, names_in, view_sql

_NAME = r"[`\"]?(?:\w+[`\"]?\.[`\"]?){0,2}(\w+)[`\"]?"
_VIEW = re.compile(rf"create\s+(or\s+replace\s+)?view\s+{_NAME}\s+as\s+(.*)", re.IGNORECASE | re.DOTALL)
_DROP = re.compile(rf"drop\s+(view|table)\s+(if\s+exists\s+)?{_NAME}\s*$", re.IGNORECASE)
_REPAIR = re.compile(rf"msck\s+repair\s+table\s+{_NAME}\s*$", re.IGNORECASE)
_ADD = re.compile(rf"alter\s+table\s+{_NAME}\s+add\s+(if\s+not\s+exists\s+)?(.*)", re.IGNORECASE | re.DOTALL)
_PARTITION = re.compile(r"partition\s*\(\s*\w+\s*=\s*'([^']*)'\s*\)(?:\s*location\s+'([^']*)')?", re.IGNORECASE)
_SHOW = re.compile(
    rf"show\s+(tables|views|partitions|create\s+view|columns)(?:\s+(?:(?:in|from)\s+)?{_NAME})?\s*$", re.IGNORECASE
)
_DESCRIBE = re.compile(rf"(?:describe|desc)\s+{_NAME}\s*$", re.IGNORECASE)
_DATABASE = re.compile(r"create\s+(?:database|schema)\s+(if\s+not\s+exists\s+)?[`\"]?(\w+)", re.IGNORECASE)

_SHAPES: dict[tuple[str, str, str], Result] = {}


def changed(sql: str, catalog: Catalog, engine: Engine) -> Result | None:
    """What a statement that is not a query does; None for a query."""
    text = re.sub(r"^(\s*--[^\n]*\n)+", "", sql).strip().rstrip(";").strip()
    if found := _VIEW.match(text):
        return _view(text, found, catalog, engine)
    if found := _DROP.match(text):
        return _drop(bool(found[2]), found[3].lower(), catalog)
    if found := _ADD.match(text):
        return _add(found[1].lower(), found[3], bool(found[2]), catalog)
    if found := _REPAIR.match(text):
        table = catalog.table(found[1].lower())
        if table is None:
            raise FailedError(f"FAILED: SemanticException table not found {found[1]}")
        # Hive style (key=value) folders alone are found, and the layout by hour has none
        return Result([], [], [])
    if found := _SHOW.match(text):
        return _shown(found[1].lower(), (found[2] or "").lower(), catalog)
    if found := _DESCRIBE.match(text):
        return _described(found[1].lower(), catalog)
    if found := _DATABASE.match(text):
        catalog.glue.create_database(DatabaseInput={"Name": found[2].lower()})
        return Result([], [], [])
    return None


def _view(sql: str, found: re.Match[str], catalog: Catalog, engine: Engine) -> Result:
    replace, name, query = bool(found[1]), found[2].lower(), found[3]
    there = catalog.table(name)
    if there and (view_sql(there) is None or not replace):
        raise FailedError(f"line 1:1: View already exists: {name}")
    shape = _shape(query, catalog, engine)
    if "timestamp with time zone" in shape.types:
        raise FailedError("NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone")
    if isinstance(engine, MakesViews):
        return engine.make_view(sql, name, shape, catalog)
    kinds = list(zip(shape.columns, shape.stored, strict=True))
    stored = {
        "originalSql": query,
        "catalog": "awsdatacatalog",
        "schema": catalog.database,
        "columns": [{"name": one, "type": trino} for one, (trino, _) in kinds],
        "runAsInvoker": True,
    }
    definition: dict[str, Any] = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": one, "Type": hive} for one, (_, hive) in kinds],
            "Location": "",
        },
        "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps(stored).encode()).decode()} */",
        "ViewExpandedText": "/* Presto View */",
    }
    call = catalog.glue.update_table if there else catalog.glue.create_table
    call(DatabaseName=catalog.database, TableInput=definition)
    return Result([], [], [])


def _shape(query: str, catalog: Catalog, engine: Engine) -> Result:
    """The columns of a query, remembered: many tests make the same views of the same table."""
    try:
        tables = [catalog.table(name) or {} for name in sorted(names_in(query))]
    except QueryError as error:
        raise FailedError(f"SYNTAX_ERROR: {error}") from None
    columns = json.dumps([table.get("StorageDescriptor", {}).get("Columns") for table in tables])
    key = (type(engine).__name__, query, columns)
    if key not in _SHAPES:
        _SHAPES[key] = engine.execute(f"SELECT * FROM ({query}\n) LIMIT 0", catalog)
    return _SHAPES[key]


def _drop(optional: bool, name: str, catalog: Catalog) -> Result:
    try:
        catalog.glue.delete_table(DatabaseName=catalog.database, Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        if not optional:
            raise FailedError(f"line 1:1: View '{name}' does not exist") from None
    return Result([], [], [])


def _add(name: str, rest: str, optional: bool, catalog: Catalog) -> Result:
    table = catalog.table(name)
    if table is None:
        raise FailedError(f"FAILED: SemanticException [Error 10001]: Table not found {name}")
    for value, location in _PARTITION.findall(rest):
        storage: dict[str, Any] = {
            **table["StorageDescriptor"],
            "Location": location or table["StorageDescriptor"]["Location"],
        }
        definition = {"Values": [value], "StorageDescriptor": storage}
        try:
            catalog.glue.create_partition(DatabaseName=catalog.database, TableName=name, PartitionInput=definition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AlreadyExistsException":
                raise
            if not optional:
                raise FailedError("AlreadyExistsException: Partition already exists.") from None
    return Result([], [], [])


def _described(name: str, catalog: Catalog) -> Result:
    """The columns as Hive writes them, whose keys come twice."""
    table = catalog.table(name)
    if table is None:
        raise FailedError(f"FAILED: SemanticException [Error 10001]: Table not found {catalog.database}.{name}")
    keys = [(one["Name"], one["Type"]) for one in table.get("PartitionKeys", [])]
    columns = [(one["Name"], one["Type"]) for one in table["StorageDescriptor"]["Columns"]]
    rows = [_padded(*one) for one in [*columns, *keys]]
    if keys:
        rows += [["", "", ""], ["# Partition Information", "", ""], _padded("# col_name", "data_type", "comment")]
        rows += [["", "", ""], *[_padded(*one) for one in keys]]
    return Result(["col_name", "data_type", "comment"], ["string"] * 3, rows)


def _padded(name: str, kind: str, comment: str = "") -> list[str]:
    return [one.ljust(20) for one in (name, kind, comment)]


def _shown(what: str, name: str, catalog: Catalog) -> Result:
    if what == "partitions":
        table = catalog.table(name)
        if table is None:
            raise FailedError(f"Table {name} does not exist")
        key = table["PartitionKeys"][0]["Name"]
        rows = [f"{key}={one['Values'][0]}" for one in catalog.partitions(name)]
        return Result(["partition"], ["string"], [[row] for row in sorted(rows)])
    if what == "columns":
        table = catalog.table(name)
        if table is None:
            raise FailedError(f"FAILED: SemanticException [Error 10001]: Table not found {name}")
        columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
        return Result(["field"], ["string"], [[one["Name"].ljust(20)] for one in columns])
    if what.startswith("create"):
        found = catalog.table(name)
        sql = view_sql(found) if found else None
        if sql is None:
            raise FailedError(f"View '{name}' does not exist")
        return Result(["Create View"], ["string"], [[f"CREATE VIEW {name} AS\n{sql}"]])
    pages = catalog.glue.get_paginator("get_tables").paginate(DatabaseName=catalog.database)
    tables = [one for page in pages for one in page["TableList"]]
    rows = [one["Name"] for one in tables if what == "tables" or one.get("TableType") == "VIRTUAL_VIEW"]
    return Result(["tab_name" if what == "tables" else "views"], ["string"], [[row] for row in sorted(rows)])
