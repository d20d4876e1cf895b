"""Stored facts of messages: reports give what the events say, whatever is stored and whatever comes later."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.core.progress import Silent
from due_cli.events.model import Json
from due_cli.local import facts, queries, write_facts
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from due_cli.local.setup import set_up
from due_cli.local.state import open_for_writing
from due_cli.sql import files
from due_cli.sql.reports import bind
from tests.commands import Due
from tests.queries import data
from tests.queries.cases import CASES, Case
from tests.queries.conftest import Week
from tests.queries.conftest import old_week as old_week
from tests.queries.conftest import week as week
from tests.queries.raw import Mail, at, ses
from tests.sampling import costly, sampled

_OPTIONS: dict[str, dict[str, str | int | None]] = {
    "sms-cost-by-tag": {"tag": "mycustomerid=4"},
    "send-count-by-tag": {"tag": "mycustomerid=4"},
    "subject-lines": {"address": "ada@example.com"},
    "address-engagement": {"min-sends": 1, "known-for": "1h"},
}
# Whole days, the borders of which are in the middle of others.
_PERIODS = (("2026-02-20", "2026-03-12"), ("2026-03-01T10:30", "2026-03-04T07:00"), ("2026-03-03", "2026-03-04"))
_SEND = Mail("m1", at("2026-03-02T10:00"), ("ada@example.com",), "Sale")
_NOW = datetime(2026, 4, 1, tzinfo=UTC)


def store(folder: Folder) -> None:
    """Store the facts of every closed day."""
    with open_for_writing(folder, Silent()) as state:
        write_facts.write_missing(folder, state, Silent(), everything=True)


def stored(folder: Folder) -> list[str]:
    """The names of the stored files."""
    return sorted(path.name for path in folder.facts.iterdir()) if folder.facts.exists() else []


def rows(
    folder: Folder, reports: Iterable[str] = ("bounce-rate",), periods: Sequence[tuple[str, str]] = _PERIODS[:1]
) -> list[object]:
    """What reports say of some periods."""
    return [
        [list(row) for row in queries.report(folder, bind(name, _OPTIONS.get(name, {}), *period, now=_NOW)).rows]
        for name in reports
        for period in periods
    ]


def rows_of_events(folder: Folder, *which: Any) -> list[object]:
    """The same where nothing is stored."""
    shutil.rmtree(folder.facts, ignore_errors=True)
    return rows(folder, *which)


def ingest(folder: Folder, name: str, records: Sequence[Json]) -> None:
    """Ingest records."""
    path = folder.root / f"{name}.json"
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    ingest_paths(folder, [str(path)], Silent())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A new database with one email."""
    made = Folder(tmp_path / "database", durable=False)
    set_up(made, "due_eventdb", None, Silent())
    ingest(made, "send", [ses(_SEND, "send")])
    return made


def with_facts(week: Week, place: Path) -> Week:
    """A copy of a week, with the facts of all its days."""
    shutil.copytree(week.database, place / "database")
    store(Folder(place / "database"))
    return replace(week, database=place / "database")


@pytest.fixture(scope="module")
def stored_week(week: Week, tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The week as ``due ingest`` files it, with facts."""
    return with_facts(week, tmp_path_factory.mktemp("week"))


@pytest.fixture(scope="module")
def stored_old_week(old_week: Week, tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The week as the AWS solution filed it, with duplicates, and with facts."""
    return with_facts(old_week, tmp_path_factory.mktemp("old"))


@pytest.mark.parametrize("case", sampled(CASES, 4), ids=str)
def test_report_on_facts_equals_the_reference(due: Due, stored_week: Week, case: Case) -> None:
    assert due.rows(*case.words, "--local", str(stored_week.database)) == case.expected(stored_week.events, case.period)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_report_on_facts_of_other_writers_equals_the_reference(due: Due, stored_old_week: Week, case: Case) -> None:
    found = due.rows(*case.words, "--local", str(stored_old_week.database))
    assert found == case.expected(stored_old_week.events, case.period)


def test_reports_read_facts_in_the_place_of_events(folder: Folder) -> None:
    store(folder)
    expected = rows(folder, ["bounce-rate"])
    for file in folder.events.rglob("*.parquet"):
        file.write_bytes(b"PAR1" + b"\0" * (file.stat().st_size - 4))  # not readable, and as large as before
    assert rows(folder, ["bounce-rate"]) == expected
    assert expected[0]


RECORDS = data.week(7)[:120]
_STEPS = st.lists(
    st.one_of(st.tuples(st.just("ingest"), st.integers(0, 5)), st.just(("store", 0)), st.just(("adopt", 0))),
    min_size=2,
    max_size=6,
)


@pytest.mark.slow
@costly(0.2)
@given(steps=_STEPS)
def test_any_order_of_ingest_and_storing_gives_what_the_events_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    check_order(tmp_path_factory.mktemp("order"), steps)


def test_an_order_of_ingest_and_storing_gives_what_the_events_say(tmp_path: Path) -> None:
    check_order(tmp_path, [("ingest", 0), ("store", 0), ("ingest", 1), ("adopt", 0)], ["subject-engagement"])


def check_order(place: Path, steps: list[tuple[str, int]], reports: Sequence[str] = files.names("reports")) -> None:
    """Carry out steps, and compare the reports with those where nothing is stored."""
    folder = Folder(place / "database", durable=False)
    set_up(folder, "due_eventdb", None, Silent())
    for number, (step, part) in enumerate(steps):
        if step == "ingest":
            ingest(folder, str(number), RECORDS[part::6])
        elif step == "store":
            store(folder)
        else:  # another writer's copy of a file: the same events again
            for file in sorted(folder.events.rglob("due-*.parquet"))[:3]:
                copy(file, f"copy-{number}.parquet")
    assert rows(folder, reports, _PERIODS) == rows_of_events(folder, reports, _PERIODS)


def copy(file: Path, name: str) -> Path:
    """A copy of a day's file under one of its hours, as if another writer had put it there."""
    target = file.parent / "11" / name
    target.parent.mkdir(exist_ok=True)
    shutil.copy(file, target)
    return target


def test_late_event_is_counted(folder: Folder) -> None:
    store(folder)
    before = rows(folder)
    late = ses(_SEND, "hardbounce", at("2026-03-02T11:00"))
    ingest(folder, "late", [late])
    after = rows(folder)
    assert after != before
    assert after == rows_of_events(folder)


def test_file_of_another_writer_that_is_replaced_is_read_anew(folder: Folder) -> None:
    other = copy(next(folder.events.rglob("due-*.parquet")), "other.parquet")
    store(folder)
    before = rows(folder)
    table = pq.read_table(other, partitioning=None)
    pq.write_table(table.set_column(0, "event_type", pa.array(["_email.hardbounce"])), other)
    assert rows(folder) == rows_of_events(folder) != before


def test_facts_of_changed_events_are_removed_by_the_next_writer(folder: Folder) -> None:
    store(folder)
    before = stored(folder)
    assert len(before) == len(files.names("messages"))
    (folder.facts / "email-20260302-killed.parquet.partial").write_text("half")
    ingest(folder, "late", [ses(_SEND, "open", at("2026-03-02T11:00"))])
    assert stored(folder) == []
    store(folder)
    assert len(stored(folder)) == len(before)
    assert not set(stored(folder)) & set(before)


def test_facts_stay_while_a_reader_may_have_chosen_them(folder: Folder) -> None:
    store(folder)
    before = stored(folder)
    with folder.reader_lock():
        ingest(folder, "late", [ses(_SEND, "open", at("2026-03-02T11:00"))])
        assert stored(folder) == before


def test_erasure_removes_facts(due: Due, folder: Folder) -> None:
    store(folder)
    assert any(b"ada@example.com" in path.read_bytes() for path in folder.facts.iterdir())
    due("erase", "ada@example.com", "--yes", "--local", str(folder.root)).done()
    assert stored(folder) == []
    store(folder)
    assert rows(folder) == rows_of_events(folder)


def test_open_day_is_not_stored(folder: Folder) -> None:
    shutil.rmtree(folder.facts, ignore_errors=True)
    ingest(folder, "now", [ses(replace(_SEND, id="now", sent=int(time.time() * 1000)), "send")])
    store(folder)
    assert {name.split("-")[1] for name in stored(folder)} == {"20260302"}


def test_large_day_is_stored_in_parts(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_facts, "_TOGETHER", 2)
    ingest(folder, "more", [ses(replace(_SEND, id=f"more-{number}"), "send") for number in range(7)])
    store(folder)
    assert rows(folder) == [[[datetime(2026, 3, 2, 10), 8, 0, 0, 0.0, 0.0]]]
    assert rows(folder) == rows_of_events(folder)


def test_ingest_stores_facts_once_many_events_are_without(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stored(folder) == []
    monkeypatch.setattr(write_facts, "_LEAST_EVENTS", 2)
    ingest(folder, "more", [ses(_SEND, "open", at("2026-03-04T11:00"))])
    assert {name.split("-")[1] for name in stored(folder)} == {"20260302", "20260304"}


def test_facts_of_another_release_are_not_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    store(folder)
    before = stored(folder)
    monkeypatch.setattr(facts, "_definition", lambda: "another")
    assert rows(folder) == rows_of_events(folder)
    store(folder)
    assert not set(stored(folder)) & set(before)


def test_unreadable_facts_are_named_and_removed_by_a_repair(due: Due, folder: Folder) -> None:
    store(folder)
    expected = rows(folder)
    (broken,) = (folder.facts / name for name in stored(folder) if name.startswith("email"))
    broken.write_bytes(b"PAR1")
    words = ("report", "bounce-rate", "--since", "2026-02-20", "--until", "2026-03-12", "--local", str(folder.root))
    failed = due(*words).failed(1)
    assert str(broken) in failed.err
    assert "doctor --repair" in failed.err
    assert "facts" in due("doctor", "--repair", "--local", str(folder.root)).out
    assert rows(folder) == expected
