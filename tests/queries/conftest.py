"""Databases that the tests of this folder read and never change: made once, with the week of ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.queries import data
from tests.queries.filing import adopted, filed, ingested, lowered
from tests.queries.reference import Filed
from tests.queries.scenes import HAND

SEED = 20260302


@dataclass(frozen=True, slots=True)
class Week:
    """A database and the events that are in it, for the reference."""

    database: Path
    events: list[Filed]


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The week as ``due ingest`` files it."""
    records = data.week(SEED)
    files = data.files_with_duplicates(SEED, records)
    return Week(ingested(tmp_path_factory.mktemp("week"), *files), filed(records))


@pytest.fixture(scope="session")
def week_by_hour(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The week in a file for each hour, as of the open day and on a stack."""
    records = data.week(SEED)
    return Week(ingested(tmp_path_factory.mktemp("hours"), records, by_hour=True), filed(records))


@pytest.fixture(scope="session")
def old_week(week: Week, tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The week as the AWS solution's pipeline filed it: without due's columns, with duplicates, keys in lower case."""
    events = [lowered(event) for event in data.refiled(SEED, week.events)]
    return Week(adopted(tmp_path_factory.mktemp("old"), events, week.database), events)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The events of all cases that were counted by hand; each has its own days."""
    return ingested(tmp_path_factory.mktemp("scenes"), [record for case in HAND for record in case.records])


@pytest.fixture(scope="session")
def scenes_twice(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same events without due's columns, each there again under the next hour."""
    events = filed(record for case in HAND for record in case.records)
    again = [Filed(event.row, event.hour + timedelta(hours=1)) for event in events]
    return adopted(tmp_path_factory.mktemp("twice"), events + again, scenes)
