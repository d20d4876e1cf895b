"""A database that several engines hold, and what it means that they answer the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Protocol

from due_cli.local import target
from due_cli.local.folder import Folder
from due_cli.local.queries import session
from due_cli.render.data import json_text
from due_cli.sql.transpile import parse, table_names, to_duckdb
from tests.engines.hive import Answer, Row
from tests.queries.reference import Filed


class Engine(Protocol):
    """What an engine must do to be compared: answer Athena's SQL, in the terms of ``-o json``."""

    def answer(self, sql: str) -> Answer:
        """What a statement returns."""


@dataclass(frozen=True, slots=True)
class Local:
    """DuckDB, as ``due query --local`` asks it."""

    database: Path

    def answer(self, sql: str) -> Answer:
        """What a statement returns."""
        folder, text = Folder(self.database), StringIO()
        json_text(target.Local(folder).query(sql), text)
        statement = parse(sql)
        with session(folder, table_names(statement)) as (connection, _):
            described = connection.execute(f"DESCRIBE {to_duckdb(statement)}").fetchall()
        # A literal of milliseconds has a type of its own in DuckDB, and the same values.
        columns = [(str(name), str(kind).replace("TIMESTAMP_MS", "TIMESTAMP")) for name, kind, *_ in described]
        return Answer(columns, json.loads(text.getvalue()))


@dataclass(frozen=True, slots=True)
class Held:
    """A database, the engines that hold it beside DuckDB, and what is in it for the answers in plain Python.

    ``events`` are those that the reports are computed from, ``rows`` every row of the table.
    """

    database: Path
    others: Mapping[str, Engine]
    events: list[Filed] = field(default_factory=list, repr=False)
    rows: list[Filed] = field(default_factory=list, repr=False)

    @property
    def engines(self) -> dict[str, Engine]:
        """Every engine by its name."""
        return {"DuckDB": Local(self.database), **self.others}

    def same(self, sql: str) -> list[Answer]:
        """The answers of all engines, which must agree in names, types and rows; the order is the caller's to judge."""
        answers = {name: engine.answer(sql) for name, engine in self.engines.items()}
        first, *_ = answers.values()
        for name, answer in answers.items():
            assert (name, answer.columns) == (name, first.columns)
            assert (name, *difference(answer.rows, first.rows)) == (name, [], [])
        return list(answers.values())


def difference(ours: Sequence[Row], theirs: Sequence[Row]) -> tuple[list[str], list[str]]:
    """A few rows that only one side has, whatever the order; two empty lists for the same rows."""
    left, right = (Counter(json.dumps(row, sort_keys=True) for row in rows) for rows in (ours, theirs))
    return sorted((left - right).elements())[:3], sorted((right - left).elements())[:3]
