"""Parquet files as inputs of ``due ingest``: the rows of the AWS solution's table are Pinpoint's records."""

from __future__ import annotations

import os
from collections.abc import Iterator

import duckdb

from due_cli.ingest import inputs
from due_cli.ingest.batch import Block
from due_cli.ingest.inputs import Chunk, InputError, display_path
from due_cli.local import conversions
from due_cli.local.all_events import set_paths
from due_cli.local.engine import INGEST_MEMORY, canonical_columns, connect, statement
from due_cli.local.folder import PARQUET_MAGIC, Folder, first_bytes
from due_cli.local.state import State

_ROWS = 5_000  # of a block
_OWN = "event_id"  # a column of due's: such rows are not of Pinpoint alone
_RENAMED = {"awsaccountid": "awsAccountId"}
_METRICS, _METRIC_VALUES = "metrics", "metric_values"


def not_in_place(folder: Folder, files: list[str | InputError]) -> tuple[list[str | InputError], int]:
    """The files without those of the folder's own layout, which queries read where they are; how many those are."""
    events = os.path.realpath(folder.events)
    if not any(isinstance(file, str) and os.path.realpath(file).startswith(f"{events}/") for file in files):
        return files, 0
    root = os.path.realpath(folder.root)
    read = {f"{root}/{path}" for path, _ in folder.parquet_files()}
    rest = [file for file in files if isinstance(file, InputError) or os.path.realpath(file) not in read]
    return rest, len(files) - len(rest)


def chunks(folder: Folder, state: State, files: list[str | InputError]) -> Iterator[Chunk]:
    """The chunks of every input in order; a Parquet file's rows as records."""
    for file in files:
        if isinstance(file, str) and first_bytes(file, len(PARQUET_MAGIC)) == PARQUET_MAGIC:
            yield from _records(folder, state, file)
        else:
            yield from inputs.chunks([file])


def _records(folder: Folder, state: State, file: str) -> Iterator[Chunk]:
    origin = display_path(file)
    columns = canonical_columns(state)
    try:
        with connect(folder, INGEST_MEMORY, threads=1) as connection:
            set_paths(connection, "input", [os.path.realpath(file)])
            described = connection.sql(statement("columns_of_files", files="input"))
            source = dict(zip(described.columns, described.types, strict=True))
            available = {name.lower() for name in source}
            if "event_type" not in available:
                yield InputError(origin, f"{origin}: a Parquet file without a column event_type")
                return
            if _OWN in available:
                yield InputError(
                    origin, f"{origin}: written by due; put it under events/YYYY/MM/DD/HH/, where it is read as it is"
                )
                return
            connection.execute(conversions.macros())
            converted = conversions.convert_columns(source, {name: duckdb.type(kind) for name, kind in columns.items()})
            fields = {name: converted[name].value for name in list(columns)[: list(columns).index(_OWN)]}
            fields[_METRICS] = f"COALESCE(to_json({converted[_METRIC_VALUES].value}), to_json({fields[_METRICS]}))"
            packed = ", ".join(f'"{_RENAMED.get(name, name)}" := {value}' for name, value in fields.items())
            cursor = connection.execute(statement("records", fields=packed, files="input"))
            line = 1
            while rows := cursor.fetchmany(_ROWS):
                yield Block(origin, line, "".join(f"{text}\n" for (text,) in rows).encode())
                line += len(rows)
    except duckdb.Error as error:
        yield InputError(origin, f"{origin}: {str(error).splitlines()[0]}")
