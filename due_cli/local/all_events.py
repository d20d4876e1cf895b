"""The view ``all_events`` over the Parquet files of a folder.

Files written by due count if the state lists them. Files of other writers are read as they are: their columns and
nested fields may be fewer, of other types or in another case, so each schema is converted to the table's by its own
SELECT (a nested field that is missing in some of the files of one SELECT crashes DuckDB 2.0).
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass

import duckdb
from duckdb.sqltypes import DuckDBPyType

from due_cli.core.errors import DueError
from due_cli.local import conversions, facts
from due_cli.local.conversions import Converted
from due_cli.local.engine import canonical_columns, statement
from due_cli.local.facts import EventFiles, StoredFacts
from due_cli.local.folder import file_error, is_day_file
from due_cli.local.footers import Schemas
from due_cli.local.parquet import INGEST_TIMESTAMP
from due_cli.local.state import State

Window = tuple[int, int]  # hours since the epoch, the last one exclusive

ALL_TIME: Window = (0, 2**40)
_SAMPLE_FILES = 500  # of one schema, to look for values that cannot be read
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Files, by their paths below the folder, that one SELECT reads; their columns, and those made the table's.

    Files of days have a column with the hour of each row; that of other files is in their paths.
    """

    paths: list[str]
    columns: dict[str, str]
    converted: dict[str, Converted]
    days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LostValues:
    """Rows in which a column's value cannot be read, in the files of one schema that were read; one such file."""

    column: str
    rows: int
    example: str
    read: int
    files: int


def define_all_events(
    connection: duckdb.DuckDBPyConnection,
    state: State,
    window: Window = ALL_TIME,
    own_files: list[str] | None = None,
    *,
    hours: Set[int] | None = None,
    only_types: bool = False,
    others: bool = False,
    families: Sequence[str] = (),
) -> bool:
    """Create the view ``all_events`` over the files of the window, or only over these files written by due.

    With ``own_files`` and ``others`` over the files of other writers in the window too.
    With ``hours`` only over the files of these hours, which lie in the window.
    With ``only_types`` over one file of each schema, which is enough to see whether a statement on it is valid.
    With ``families`` of messages it leaves out the days whose facts are stored, which are in the views
    ``stored_FAMILY_facts`` then; returns whether there are any.
    """
    columns = canonical_columns(state)
    stored = StoredFacts(days=frozenset(), files={})
    if own_files is None:
        events = event_files(state, window, hours)
        if families:
            stored = facts.stored(state.folder, events, window, families)
            events = events.without(stored.days)
        own = [file.path for file in events.own]
        groups = _foreign_groups(connection, state, events.foreign)
    else:
        own, groups = own_files, foreign_groups(connection, state, window) if others else []
    for days in (False, True):
        if paths := [path for path in own if is_day_file(path) == days]:
            groups.insert(0, _own_group(paths, columns, days=days))
    hour_of_path = statement("hour_of_path", place=len(str(state.folder.events)) + 2)
    selects = []
    for number, group in enumerate(groups):
        set_files(connection, state, f"files_{number}", group.paths[:1] if only_types else group.paths)
        selects.append(
            statement(
                "select_files",
                columns=_select_list({name: converted.value for name, converted in group.converted.items()}),
                files=f"files_{number}",
                ingest_timestamp=INGEST_TIMESTAMP if group.days else hour_of_path,
            )
        )
    if not selects:
        nulls = {name: f"CAST(NULL AS {kind})" for name, kind in columns.items()}
        selects = [statement("no_files", columns=_select_list(nulls))]
    connection.execute(statement("all_events", selects="\nUNION ALL\n".join(selects)))
    for family, paths in stored.files.items() if stored.days else ():
        set_paths(connection, f"facts_{family}", paths)
        connection.execute(statement("stored_facts", family=family))
    return bool(stored.days)


def event_files(state: State, window: Window = ALL_TIME, hours: Set[int] | None = None) -> EventFiles:
    """The files with events of a window, or of some of its hours."""
    bounds = (None if bound == edge else bound for bound, edge in zip(window, ALL_TIME, strict=True))
    foreign = [
        (path, hour)
        for path, hour in state.foreign_files(*bounds)
        if window[0] <= hour < window[1] and (hours is None or hour in hours)
    ]
    own = [file for file in state.data_files(*window) if hours is None or hours & set(range(*file.span.bounds))]
    return EventFiles(own=own, foreign=foreign)


def foreign_groups(connection: duckdb.DuckDBPyConnection, state: State, window: Window = ALL_TIME) -> list[FileGroup]:
    """The files of other writers in the window, those of the same columns together.

    Raises :class:`DueError` for a file that is not Parquet.
    """
    return _foreign_groups(connection, state, event_files(state, window).foreign)


def _foreign_groups(
    connection: duckdb.DuckDBPyConnection, state: State, foreign: Sequence[tuple[str, int]]
) -> list[FileGroup]:
    by_columns: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    types: dict[tuple[tuple[str, str], ...], dict[str, DuckDBPyType]] = {}
    for paths in _by_schema(state, [path for path, _ in foreign]).values():
        described = _describe(connection, state, paths[0])
        columns = tuple((name, str(kind)) for name, kind in described.items())
        by_columns[columns] += paths
        types[columns] = described
    if not by_columns:
        return []
    connection.execute(conversions.macros())
    target = {name: duckdb.type(kind) for name, kind in canonical_columns(state).items()}
    return [
        FileGroup(paths=paths, columns=dict(columns), converted=conversions.convert_columns(types[columns], target))
        for columns, paths in by_columns.items()
    ]


def lost_values(connection: duckdb.DuckDBPyConnection, state: State) -> list[LostValues]:
    """What queries show as NULL though files of other writers have a value there, column by column."""
    found = []
    for group in foreign_groups(connection, state):
        conditions = {name: converted.lost for name, converted in group.converted.items() if converted.lost}
        if not conditions:
            continue
        paths = sample(group.paths, _SAMPLE_FILES)
        set_files(connection, state, "sample", paths)
        counts = [f"count(*) FILTER ({lost}), min(due_path) FILTER ({lost})" for lost in conditions.values()]
        row = (
            connection.execute(statement("lost_values", counts=",\n    ".join(counts), files="sample")).fetchone() or ()
        )
        for name, rows, example in zip(conditions, row[::2], row[1::2], strict=True):
            if rows:
                example = os.path.relpath(example, state.folder.root)
                files = (len(paths), len(group.paths))
                found.append(LostValues(column=name, rows=rows, example=example, read=files[0], files=files[1]))
    return found


def sample(paths: Sequence[str], most: int) -> list[str]:
    """Some of many paths, evenly spread."""
    step = max(1, len(paths) / most)
    return [paths[int(number * step)] for number in range(min(len(paths), most))]


def set_files(connection: duckdb.DuckDBPyConnection, state: State, variable: str, paths: list[str]) -> None:
    """Set a variable of the connection to the full paths of files of the folder."""
    root = state.folder.root
    set_paths(connection, variable, [f"{root}/{path}" for path in paths])


def set_paths(connection: duckdb.DuckDBPyConnection, variable: str, paths: list[str]) -> None:
    """Set a variable of the connection to paths: bound much faster than a list in a statement."""
    escaped = [_GLOB.sub(r"[\g<0>]", path) for path in paths]
    connection.execute(statement("set_files", variable=variable), {"files": escaped})


def _own_group(paths: list[str], columns: dict[str, str], *, days: bool) -> FileGroup:
    converted = {name: Converted(value=conversions.quoted(name)) for name in columns}
    return FileGroup(paths=paths, columns=columns, converted=converted, days=days)


def _by_schema(state: State, foreign: Sequence[str]) -> dict[str, list[str]]:
    """Files of other writers by the key of their schema, which the state remembers by size and time of a file."""
    known = {row[0]: row[1:] for row in state.rows("foreign_shapes")} if foreign else {}
    by_schema: dict[str, list[str]] = defaultdict(list)
    schemas = Schemas()
    new: list[tuple[str, int, int, str]] = []
    root = str(state.folder.root)
    for path in foreign:
        full = f"{root}/{path}"
        try:
            status = os.stat(full)  # noqa: PTH116  of thousands of files, whose paths would take longer to make
            size, changed, key = known.get(path, (-1, -1, ""))
            if (size, changed) != (status.st_size, status.st_mtime_ns):
                key = schemas.key(full)
                new.append((path, status.st_size, status.st_mtime_ns, key))
        except OSError as error:
            raise file_error(error, state.folder.root) from None
        except ValueError:
            raise _unreadable(state, path) from None
        by_schema[key].append(path)
    if new:
        state.cache("set_foreign_shape", *new)
    return by_schema


def _describe(connection: duckdb.DuckDBPyConnection, state: State, path: str) -> dict[str, DuckDBPyType]:
    """The columns of a file with their types."""
    try:
        set_files(connection, state, "described", [path])
        rows = connection.sql(statement("columns_of_files", files="described"))
    except duckdb.Error:
        raise _unreadable(state, path) from None
    return dict(zip(rows.columns, rows.types, strict=True))


def _unreadable(state: State, path: str) -> DueError:
    return DueError(f"{state.folder.root / path} is not a readable Parquet file", state.folder.command("doctor"))


def _select_list(values: dict[str, str]) -> str:
    return ",\n    ".join(f'{value} AS "{name}"' for name, value in values.items())
