"""Which Parquet files make up ``all_events``, and the DuckDB view over them.

Files that due wrote count if the state names them. Files that it did not write are read as they are: their columns and
nested fields may be fewer, of other types or in another case, so each shape is brought to the table's by its own
SELECT (a nested field that is missing in some of the files of one SELECT ends DuckDB 2.0).
"""

from __future__ import annotations

import json
from collections import defaultdict

import duckdb
from duckdb.sqltypes import DuckDBPyType

from due_cli.core.errors import DueError
from due_cli.local.engine import statement, text_list
from due_cli.local.folder import denied, is_own
from due_cli.local.state import State
from due_cli.local.translate import canonical_columns

Window = tuple[int, int]  # hours since the epoch, the last one exclusive
Shape = str  # JSON of [[column, DuckDB type], …]

ALL_TIME: Window = (0, 2**40)


def define_all_events(
    connection: duckdb.DuckDBPyConnection, state: State, window: Window = ALL_TIME, own: list[str] | None = None
) -> None:
    """Creates the view ``all_events`` over the files with an hour in the window, or over these of due's own."""
    columns = canonical_columns(state)
    place = len(str(state.folder.events)) + 2
    selects = []
    for shape, paths in _files_by_shape(connection, state, columns, window, own).items():
        listed = text_list([str(state.folder.root / path) for path in paths])
        selects.append(statement("select_files", columns=_projection(shape, columns), files=listed, place=place))
    if not selects:
        selects = [statement("no_files", columns=_projection("[]", columns))]
    connection.execute(statement("all_events", selects="\nUNION ALL\n".join(selects)))


def _files_by_shape(
    connection: duckdb.DuckDBPyConnection, state: State, columns: dict[str, str], window: Window, own: list[str] | None
) -> dict[Shape, list[str]]:
    found: dict[Shape, list[str]] = defaultdict(list)
    paths = [file.path for file in state.data_files(*window)] if own is None else own
    if paths:
        found[json.dumps(list(columns.items()))] = paths
    if own is not None:
        return found
    bounds = (None, None) if window == ALL_TIME else window
    foreign = [
        path for path, hour in state.folder.parquet_files(*bounds) if not is_own(path) and window[0] <= hour < window[1]
    ]
    if foreign:
        known = {row[0]: row[1:] for row in state.rows("foreign_shapes")}
        for path in foreign:
            found[_shape(connection, state, path, known.get(path))].append(path)
    return found


def _shape(connection: duckdb.DuckDBPyConnection, state: State, path: str, known: tuple[int, int, str] | None) -> Shape:
    """The shape of a file that due did not write, remembered until the file changes."""
    full = state.folder.root / path
    try:
        about = full.stat()
    except OSError as error:
        raise denied(error, full) from None
    if known is not None and known[:2] == (about.st_size, about.st_mtime_ns):
        return known[2]
    try:
        described = connection.execute(statement("describe", files=text_list([str(full)]))).fetchall()
    except duckdb.Error:
        raise DueError(f"{full} is not a readable Parquet file", state.folder.command("doctor")) from None
    shape = json.dumps([[row[0], row[1]] for row in described])
    state.remember("set_foreign_shape", path, about.st_size, about.st_mtime_ns, shape)
    return shape


def _projection(shape: Shape, columns: dict[str, str]) -> str:
    have = {name.lower(): (name, kind) for name, kind in json.loads(shape)}
    selected = []
    for column, kind in columns.items():
        if column.lower() not in have:
            selected.append(f'CAST(NULL AS {kind}) AS "{column}"')
            continue
        name, present = have[column.lower()]
        quoted = f'"{name}"'
        wanted, before = duckdb.type(kind), duckdb.type(present)
        same = str(wanted).lower() == str(before).lower()
        selected.append(f'{quoted if same else _conformed(quoted, before, wanted)} AS "{column}"')
    return ",\n    ".join(selected)


def _children(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]


def _conformed(value: str, before: DuckDBPyType, wanted: DuckDBPyType) -> str:
    """An expression that brings a value of one type to another; what it does not have is NULL."""
    if str(wanted).lower() == str(before).lower():
        return value
    if wanted.id == "struct" and before.id == "struct":
        have = {name.lower(): (name, kind) for name, kind in _children(before)}
        fields = []
        for name, kind in _children(wanted):
            there = have.get(name.lower())
            inner = _conformed(f'{value}."{there[0]}"', there[1], kind) if there else f"CAST(NULL AS {kind})"
            fields.append(f'"{name}" := {inner}')
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"
    if wanted.id == "list" and before.id == "list":
        inner = _conformed_item(_children(before)[0][1], _children(wanted)[0][1])
        return f"list_transform({value}, lambda item: {inner})"
    return f"TRY_CAST({value} AS {wanted})"


def _conformed_item(before: DuckDBPyType, wanted: DuckDBPyType) -> str:
    """An item of a list; where lists have two levels, DuckDB reads a struct of one field as that field."""
    if wanted.id == "struct" and before.id != "struct" and len(_children(wanted)) == 1:
        ((name, kind),) = _children(wanted)
        return f'struct_pack("{name}" := {_conformed("item", before, kind)})'
    return _conformed("item", before, wanted)
