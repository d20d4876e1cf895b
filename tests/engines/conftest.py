"""The engines and the databases that both read. Nothing here runs unless it is asked for: ``make test-engines``."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from due_cli.sql.duckdb import parsed, to_duckdb
from due_cli.targets.local.folder import Folder
from due_cli.targets.local.session import session
from tests.cli import Due
from tests.engines import dataset, servers
from tests.engines.hive import Answer, Row, Trino
from tests.queries.filing import filed, ingested
from tests.queries.reference import Filed
from tests.queries.scenes import HAND

_ASKED = bool(os.environ.get("DUE_ENGINES"))
collect_ignore_glob = [] if _ASKED else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what is left out."""
    if not _ASKED:
        terminalreporter.write_line("the tests on Trino and DynamoDB Local were not asked for: make test-engines")


@dataclass(frozen=True, slots=True)
class Both:
    """A database, the schema of Trino's over the same files, and the events in it for the reference."""

    database: Path
    trino: Trino
    events: list[Filed] = field(repr=False)

    def due(self, due: Due, sql: str) -> Answer:
        """What ``due query`` answers."""
        return Answer(self.columns(sql), due.rows("query", sql, "--local", str(self.database)))

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """The columns of a statement and their types, as due has DuckDB run it."""
        with session(Folder(self.database), None) as (connection, _):
            described = connection.execute(f"DESCRIBE {to_duckdb(parsed(sql))}").fetchall()
        # A literal of milliseconds has a type of its own in DuckDB, and the same values.
        return [(str(name), str(kind).replace("TIMESTAMP_MS", "TIMESTAMP")) for name, kind, *_ in described]


def difference(ours: list[Row], theirs: list[Row]) -> tuple[list[str], list[str]]:
    """A few rows that only one side has, whatever the order; two empty lists for the same rows."""
    left, right = (Counter(json.dumps(row, sort_keys=True) for row in rows) for rows in (ours, theirs))
    return sorted((left - right).elements())[:3], sorted((right - left).elements())[:3]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """Trino, for the whole run."""
    place = tmp_path_factory.mktemp("engines")
    (place / "data").mkdir()
    with servers.trino(place / "trino", place / "data") as started:
        yield started


@pytest.fixture(scope="session")
def rich(server: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The database that has everything."""
    week = dataset.rich(server.data / "rich", tmp_path_factory.mktemp("work"))
    return _both(server, "rich", week.database, week.events)


@pytest.fixture(scope="session")
def scenes(server: servers.Server) -> Both:
    """The events of all cases that were counted by hand."""
    records = [record for case in HAND for record in case.records]
    return _both(server, "scenes", ingested(server.data / "scenes", records), filed(records))


def _both(server: servers.Server, name: str, database: Path, events: list[Filed]) -> Both:
    trino = Trino(server, name)
    trino.attach(database)
    return Both(database, trino, events)
