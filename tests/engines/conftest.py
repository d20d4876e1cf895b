"""The engines and the databases that both read. Nothing here runs unless it is asked for: ``make test-engines``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines import dataset, servers
from tests.engines.held import Engine, Held
from tests.engines.hive import Trino
from tests.queries.filing import filed, ingested
from tests.queries.scenes import HAND

Attached = Callable[[str, Path], dict[str, Engine]]

_ASKED = bool(os.environ.get("DUE_ENGINES"))
collect_ignore_glob = [] if _ASKED else ["test_*.py"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """Trino, for the whole run."""
    place = tmp_path_factory.mktemp("engines")
    (place / "data").mkdir()
    with servers.trino(place / "trino", place / "data") as started:
        yield started


@pytest.fixture(scope="session")
def attached(server: servers.Server) -> Attached:
    """Gives every engine but DuckDB a database, under a name; a further engine is a further line."""

    def attach(name: str, database: Path) -> dict[str, Engine]:
        return {"Trino": Trino.over(server, name, database)}

    return attach


@pytest.fixture(scope="session")
def rich(server: servers.Server, attached: Attached, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """The database that has everything."""
    made = dataset.rich(server.data / "rich", tmp_path_factory.mktemp("work"))
    return Held(made.database, attached("rich", made.database), made.events, made.rows)


@pytest.fixture(scope="session")
def scenes(server: servers.Server, attached: Attached) -> Held:
    """The events of all cases that were counted by hand."""
    records = [record for case in HAND for record in case.records]
    database = ingested(server.data / "scenes", records, by_hour=True)
    return Held(database, attached("scenes", database), filed(records))
