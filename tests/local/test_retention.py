"""What is older than it is kept goes with the next ingest or compact, is said before, and nothing else goes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from due_cli.events.model import Json
from tests.commands import Due, write_lines
from tests.events.records import sms_event
from tests.local import foreign_files
from tests.local.conftest import NewDatabase
from tests.local.database import ingest, rows, state, statuses, unaccounted
from tests.local.test_kill import STEPS, killed

DAY = 24 * 3_600_000


def text(message: str, days_ago: int) -> Json:
    """An event of its own, so many days ago."""
    moment = int(time.time() * 1000) - days_ago * DAY
    return sms_event("TEXT_DELIVERED", messageId=message, eventTimestamp=moment)


def messages(due: Due, database: Path) -> set[str]:
    return {row["attributes"]["message_id"] for row in rows(due, database)}


@pytest.fixture
def filled(due: Due, database: Path, tmp_path: Path) -> Path:
    """A database with events of four ages, and two failed records."""
    records = [text("old", 500), text("older than a month", 40), text("of this month", 10), text("new", 0)]
    source = write_lines(tmp_path / "records.json", [*map(json.dumps, records), "{broken", "{broken too"])
    due("ingest", str(source), "--local", str(database)).done()
    return database


def keep(due: Due, database: Path, *options: str) -> str:
    return due("setup", "--local", str(database), *options).done().out


def test_events_go_by_the_day_of_their_arrival(due: Due, filled: Path, tmp_path: Path) -> None:
    """However young their files are."""
    said = keep(due, filled, "--keep-events", "30d", "--status-days", "30")
    assert "Events are kept 30d" in said and "deletes 2 events in 2 files" in said
    assert len(messages(due, filled)) == 4, "setup deletes nothing"
    planned = due("compact", "--plan", "--local", str(filled), "-o", "json").done().json
    assert (planned["expired_files"], planned["expired_rows"]) == (2, 2)
    ran = due("ingest", str(write_lines(tmp_path / "more.json", [text("more", 1)])), "--local", str(filled)).done()
    assert "deleted 2 events in 2 files" in ran.err
    assert messages(due, filled) == {"of this month", "new", "more"}
    assert set(statuses(filled)) == {"of this month", "new", "more"}
    assert state(filled, "SELECT COUNT(*) FROM seen") == [(3,)]
    assert unaccounted(filled) == set()
    due("failed", "discard", "--all", "--yes", "--local", str(filled)).done()
    due("doctor", "--local", str(filled)).done()


def test_the_setting_stays_until_another_is_given(due: Due, filled: Path) -> None:
    keep(due, filled, "--keep-events", "45d", "--keep-errors", "90d")
    assert "are kept" not in keep(due, filled)
    (check,) = [one for one in due("doctor", "--local", str(filled), "-o", "json").json if one["check"] == "retention"]
    assert check["found"].startswith("events are kept 45d, failed records 90d, statuses ")
    due("compact", "--local", str(filled)).done()
    assert messages(due, filled) == {"older than a month", "of this month", "new"}
    assert "Events are kept for ever" in keep(due, filled, "--keep-events", "forever")
    assert due("setup", "--local", str(filled), "--keep-events", "a while").failed(2).err


def test_failed_records_go_by_when_they_were_kept(due: Due, filled: Path) -> None:
    state(filled, "UPDATE failed SET kept_at = '2020-01-01T00:00:00Z' WHERE id IN (SELECT MIN(id) FROM failed)")
    assert "deletes 1 failed record" in keep(due, filled, "--keep-errors", "1y")
    due("compact", "--local", str(filled)).done()
    assert len(due.rows("failed", "list", "--local", str(filled))) == 1
    assert state(filled, "SELECT COUNT(DISTINCT id) FROM failed_part") == [(1,)]
    assert len(messages(due, filled)) == 4


def test_a_status_outlives_its_events_until_it_expires(due: Due, filled: Path) -> None:
    keep(due, filled, "--keep-events", "30d", "--status-days", "100")
    due("compact", "--local", str(filled)).done()
    assert set(statuses(filled)) == {"older than a month", "of this month", "new"}
    due("failed", "discard", "--all", "--yes", "--local", str(filled)).done()
    due("doctor", "--local", str(filled)).done()


def test_files_of_others_stay(due: Due, filled: Path, tmp_path: Path, new_database: NewDatabase) -> None:
    other = new_database()
    ingest(due, other, write_lines(tmp_path / "other.json", [text("adopted", 300)]))
    ((hour, table),) = foreign_files.tables_of(other)
    foreign_files.write(table, filled / hour / "part-0.parquet")
    keep(due, filled, "--keep-events", "30d")
    due("compact", "--local", str(filled)).done()
    assert messages(due, filled) == {"adopted", "of this month", "new"}


@STEPS
def test_killed_while_it_deletes(due: Due, filled: Path, tmp_path: Path, step: int) -> None:
    keep(due, filled, "--keep-events", "30d", "--status-days", "30")
    for image in killed(filled, ["compact"], tmp_path / "killed", step):
        due("compact", "--local", str(image)).done()
        assert messages(due, image) == {"of this month", "new"}
        assert set(statuses(image)) == {"of this month", "new"}
        assert unaccounted(image) == set()
