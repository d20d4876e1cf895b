"""Trino on the folders of local databases: their table, partitions and views, and its answers in due's terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp
from trino.dbapi import Connection, connect
from trino.types import NamedRowTuple

from due_cli.render.data import plain
from due_cli.sql import files
from due_cli.sql.transpile import PARTITION, parse
from tests.engines.servers import Server

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as ``-o json`` has them, and the name and type of each column in DuckDB's words."""

    columns: list[tuple[str, str]]
    rows: list[Row]


class Trino:
    """A schema of Trino's, which stands for one database."""

    def __init__(self, server: Server, schema: str) -> None:
        self._server, self.schema = server, schema
        self._connection: Connection = connect(  # type: ignore[no-untyped-call]  # the library leaves it untyped
            host="127.0.0.1", port=server.port, user="due", catalog="hive", schema=schema, timezone="UTC"
        )

    def answer(self, sql: str) -> Answer:
        """What a statement returns."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        rows = cursor.fetchall()
        described = cursor.description or []
        names = [column[0] for column in described]
        return Answer(
            [(column[0], duckdb_type(str(column[1]))) for column in described],
            [dict(zip(names, map(_plain, row), strict=True)) for row in rows],
        )

    def told(self, sql: str) -> dict[str, int]:
        """What Trino says of a statement that it ran: its time, the bytes it read, the memory it held."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        cursor.fetchall()
        stats: dict[str, int] = cursor.stats
        return stats

    def rows(self, sql: str) -> list[Row]:
        """The rows that a statement returns."""
        return self.answer(sql).rows

    @classmethod
    def over(cls, server: Server, schema: str, database: Path) -> Trino:
        """A schema that is made of a database."""
        made = cls(server, schema)
        made.attach(database)
        return made

    def attach(self, database: Path) -> None:
        """The table of a database below the server's folder, each hour that has a folder, and the guide's views."""
        root = f"local:///{database.relative_to(self._server.data).as_posix()}"
        self.rows(f"CREATE SCHEMA {self.schema}")
        self.rows(table_ddl(f"{root}/events"))
        for folder in sorted((database / "events").glob("[0-9]*/[0-9]*/[0-9]*/[0-9]*")):
            year, month, day, hour = folder.parts[-4:]
            self.rows(
                f"CALL system.register_partition('{self.schema}', 'all_events', ARRAY['{PARTITION}'], "
                f"ARRAY['{year}-{month}-{day} {hour}:00:00'], '{root}/events/{year}/{month}/{day}/{hour}')"
            )
        for view in files.names("views"):
            self.rows(files.query("views", view).sql)


def table_ddl(location: str) -> str:
    """``queries/tables/all_events.sql`` in Trino's words: the Hive connector's types and properties."""
    created = parse(files.query("tables", "all_events").sql)
    columns = [f'"{column.name}" {_trino_type(column.kind)}' for column in created.this.expressions]
    return (
        f"CREATE TABLE all_events ({', '.join(columns)}, \"{PARTITION}\" timestamp(3)) WITH (format = 'PARQUET', "
        f"external_location = '{location}', partitioned_by = ARRAY['{PARTITION}'])"
    )


def duckdb_type(kind: str) -> str:
    """A type of Trino's as DuckDB names it."""
    if kind.startswith("array("):
        return f"{duckdb_type(kind[len('array(') : -1])}[]"
    if kind.startswith("map("):
        return f"MAP({', '.join(duckdb_type(part) for part in _parts(kind[len('map(') : -1]))})"
    if kind.startswith("row("):
        fields = (part.partition(" ") for part in _parts(kind[len("row(") : -1]))
        named = (f"{name.strip(chr(34))} {duckdb_type(of)}" for name, _, of in fields)
        return f"STRUCT({', '.join(named)})"
    if kind.startswith("timestamp(3)"):
        return kind.upper().replace("(3)", "")
    if kind.startswith("decimal"):
        return kind.upper().replace(" ", "")
    return re.sub(r"\(\d+\)$", "", kind).upper() if kind.startswith(("varchar", "char")) else kind.upper()


def _parts(inside: str) -> list[str]:
    """A list of types, split at its own commas."""
    found, depth = [""], 0
    for character in inside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def _trino_type(kind: exp.DataType) -> str:
    inner = kind.expressions
    if kind.this == exp.DataType.Type.STRUCT:
        return f"row({', '.join(f'{chr(34)}{field.name}{chr(34)} {_trino_type(field.kind)}' for field in inner)})"
    if kind.this in (exp.DataType.Type.MAP, exp.DataType.Type.ARRAY):
        return f"{kind.this.value.lower()}({', '.join(map(_trino_type, inner))})"
    names = {"TEXT": "varchar", "INT": "integer"}
    name: str = kind.this.value
    return names.get(name, name.lower())


def _plain(value: object) -> object:
    """A value of Trino's client as ``-o json`` has it; a row is an object."""
    if isinstance(value, NamedRowTuple):
        names: Sequence[str] = value.__annotations__["names"]
        return {name: _plain(item) for name, item in zip(names, value, strict=True)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return plain(value)
