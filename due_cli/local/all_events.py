"""The view ``all_events`` over the Parquet files of a folder.

Files written by due count if the state lists them. Files of other writers are read as they are: their columns and
nested fields may be fewer, of other types or in another case, so each schema is converted to the table's by its own
SELECT (a nested field that is missing in some of the files of one SELECT crashes DuckDB 2.0).
"""

from __future__ import annotations

import json
from collections import defaultdict

import duckdb
from duckdb.sqltypes import DuckDBPyType

from due_cli.core.errors import DueError
from due_cli.local.engine import canonical_columns, statement, text_list
from due_cli.local.folder import file_error, is_own
from due_cli.local.state import State

Window = tuple[int, int]  # hours since the epoch, the last one exclusive
Schema = str  # JSON of [[column, DuckDB type], …]

ALL_TIME: Window = (0, 2**40)


def define_all_events(
    connection: duckdb.DuckDBPyConnection, state: State, window: Window = ALL_TIME, own_files: list[str] | None = None
) -> None:
    """Create the view ``all_events`` over the files of the window, or only over these files written by due."""
    columns = canonical_columns(state)
    hour_offset = len(str(state.folder.events)) + 2
    selects = []
    for schema, paths in _files_by_schema(connection, state, columns, window, own_files).items():
        files = text_list([str(state.folder.root / path) for path in paths])
        selects.append(statement("select_files", columns=_projection(schema, columns), files=files, place=hour_offset))
    if not selects:
        selects = [statement("no_files", columns=_projection("[]", columns))]
    connection.execute(statement("all_events", selects="\nUNION ALL\n".join(selects)))


def _files_by_schema(
    connection: duckdb.DuckDBPyConnection,
    state: State,
    columns: dict[str, str],
    window: Window,
    own_files: list[str] | None,
) -> dict[Schema, list[str]]:
    by_schema: dict[Schema, list[str]] = defaultdict(list)
    paths = [file.path for file in state.data_files(*window)] if own_files is None else own_files
    if paths:
        by_schema[json.dumps(list(columns.items()))] = paths
    if own_files is not None:
        return by_schema
    bounds = (None, None) if window == ALL_TIME else window
    foreign = [
        path for path, hour in state.folder.parquet_files(*bounds) if not is_own(path) and window[0] <= hour < window[1]
    ]
    if foreign:
        cache = {row[0]: row[1:] for row in state.rows("foreign_shapes")}
        for path in foreign:
            by_schema[_schema(connection, state, path, cache.get(path))].append(path)
    return by_schema


def _schema(
    connection: duckdb.DuckDBPyConnection, state: State, path: str, cached: tuple[int, int, str] | None
) -> Schema:
    """The schema of another writer's file, cached by its size and modification time."""
    full = state.folder.root / path
    try:
        status = full.stat()
    except OSError as error:
        raise file_error(error, full) from None
    if cached is not None and cached[:2] == (status.st_size, status.st_mtime_ns):
        return cached[2]
    try:
        described = connection.execute(statement("describe", files=text_list([str(full)]))).fetchall()
    except duckdb.Error:
        raise DueError(f"{full} is not a readable Parquet file", state.folder.command("doctor")) from None
    schema = json.dumps([[row[0], row[1]] for row in described])
    state.cache("set_foreign_shape", path, status.st_size, status.st_mtime_ns, schema)
    return schema


def _projection(schema: Schema, columns: dict[str, str]) -> str:
    """The SELECT list that converts a schema to the columns; what it does not have is NULL."""
    available = {name.lower(): (name, kind) for name, kind in json.loads(schema)}
    selected = []
    for column, kind in columns.items():
        if column.lower() not in available:
            selected.append(f'CAST(NULL AS {kind}) AS "{column}"')
            continue
        name, source_kind = available[column.lower()]
        value = _converted(f'"{name}"', duckdb.type(source_kind), duckdb.type(kind))
        selected.append(f'{value} AS "{column}"')
    return ",\n    ".join(selected)


def _converted(value: str, source: DuckDBPyType, target: DuckDBPyType) -> str:
    """An expression that converts a value from one type to another; missing fields are NULL."""
    if str(target).lower() == str(source).lower():
        return value
    if target.id == "struct" and source.id == "struct":
        available = {name.lower(): (name, kind) for name, kind in _children(source)}
        fields = []
        for name, kind in _children(target):
            field = available.get(name.lower())
            inner = _converted(f'{value}."{field[0]}"', field[1], kind) if field else f"CAST(NULL AS {kind})"
            fields.append(f'"{name}" := {inner}')
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"
    if target.id == "list" and source.id == "list":
        inner = _converted_item(_children(source)[0][1], _children(target)[0][1])
        return f"list_transform({value}, lambda item: {inner})"
    return f"TRY_CAST({value} AS {target})"


def _converted_item(source: DuckDBPyType, target: DuckDBPyType) -> str:
    """An item of a list; where lists have two levels, DuckDB reads a struct of one field as that field."""
    if target.id == "struct" and source.id != "struct" and len(_children(target)) == 1:
        ((name, kind),) = _children(target)
        return f'struct_pack("{name}" := {_converted("item", source, kind)})'
    return _converted("item", source, target)


def _children(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]
