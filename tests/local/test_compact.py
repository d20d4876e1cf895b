"""A closed day is one sorted file, whoever wrote its hours and when; nobody who reads can tell."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from due_cli.core.progress import Silent
from due_cli.events import Envelope
from due_cli.events.model import Json
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from due_cli.local.queries import newest_hour
from due_cli.sql import files
from tests.commands import Due, write_lines
from tests.events.records import HAPPENED, sms_event
from tests.events.samples import SAMPLES
from tests.local.conftest import NewDatabase
from tests.local.database import content, files_below, ingest, rows, state, unaccounted

HOUR = 3_600_000
DAY = 24 * HOUR


def text(number: int, moment: int = HAPPENED, **fields: Json) -> Json:
    """An event of its own."""
    return sms_event("TEXT_DELIVERED", messageId=f"message-{number}", eventTimestamp=moment, **fields)


def by_hour(database: Path, tmp_path: Path, *ingests: Sequence[Json]) -> None:
    """Ingest as if no day were closed."""
    for records in ingests:
        source = write_lines(tmp_path / "hours.json", records)
        ingest_paths(Folder(database, by_hour=True), [str(source)], Silent())


def depths(database: Path) -> list[int]:
    """How deep each file of due's lies: 4 in a day, 5 in an hour."""
    return sorted(path.count("/") for (path,) in state(database, "SELECT path FROM file WHERE live = 1"))


EVERYTHING = [sample.build() for sample in SAMPLES if sample.envelope == Envelope()]
SPREAD = [text(number, HAPPENED + number * 5 * HOUR) for number in range(12)]


def test_an_archive_becomes_files_of_days_at_once(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    """With the rows, hours included, statuses and reports that files of hours give."""
    hours, days = new_database(), new_database()
    by_hour(hours, tmp_path, [*EVERYTHING, *SPREAD])
    ingest(due, days, write_lines(tmp_path / "all.json", [*EVERYTHING, *SPREAD]))
    assert set(depths(hours)) == {5}
    assert set(depths(days)) == {4}
    moments = {row["ingest_timestamp"][:10] for row in rows(due, days)}
    assert len(depths(days)) == len(moments)
    assert content(due, days) == content(due, hours)
    for view in files.names("views"):
        sql = f"SELECT * FROM {view} ORDER BY event_id, {'destination' if 'bounce' in view else '1'}"
        one, other = (due.rows("query", sql, "--local", str(database)) for database in (hours, days))
        assert sorted(map(json.dumps, one)) == sorted(map(json.dumps, other)), view


def test_the_file_of_a_day_is_sorted_and_small(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "all.json", EVERYTHING))
    for (path,) in state(database, "SELECT path FROM file"):
        file = pq.ParquetFile(database / path)
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        types = file.read(["event_type"])["event_type"].to_pylist()
        assert types == sorted(types) and len(set(types)) > 1


def test_hours_become_a_day_once_it_is_closed(due: Due, database: Path, tmp_path: Path) -> None:
    """By the next ingest, whatever that is of; those of a day that is open stay."""
    now = int(time.time() * 1000)
    by_hour(database, tmp_path, EVERYTHING[::2], EVERYTHING[1::2], SPREAD, [text(99, now)])
    before = content(due, database)
    assert set(depths(database)) == {5}
    ingest(due, database, write_lines(tmp_path / "again.json", [text(99, now)]))
    found = depths(database)
    assert found.count(5) == 1, "the hour that is not over"
    assert found.count(4) == len({row["ingest_timestamp"][:10] for row in before.rows}) - 1
    assert content(due, database) == before
    assert unaccounted(database) == set()
    due("doctor", "--local", str(database)).done()


def test_a_day_is_not_written_again_for_every_late_event(due: Due, database: Path, tmp_path: Path) -> None:
    def names() -> set[str]:
        return files_below(database / "events")

    ingest(due, database, write_lines(tmp_path / "day.json", [text(number) for number in range(3_000)]))
    (day,) = names()
    for late in range(1, 7):
        ingest(due, database, write_lines(tmp_path / "late.json", [text(10_000 + late)]))
        assert day in names() and len(names()) == late + 1
    ingest(due, database, write_lines(tmp_path / "late.json", [text(20_000)]))
    assert len(names()) == 1 and day not in names()
    assert len(rows(due, database)) == 3_007


def test_a_day_larger_than_what_is_sorted_at_a_time(
    due: Due, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("due_cli.local.parquet._SORTED_ROWS", 16)
    monkeypatch.setattr("due_cli.local.parquet._ROW_GROUP_ROWS", 8)
    hours, days = new_database(), new_database()
    by_hour(hours, tmp_path, EVERYTHING)
    ingest(due, days, write_lines(tmp_path / "all.json", EVERYTHING))
    assert content(due, days) == content(due, hours)


def test_a_later_delivery_changes_a_row_of_a_day(due: Due, database: Path, tmp_path: Path) -> None:
    """Its file is written again without the row, which may come back in an earlier day."""
    ingest(due, database, write_lines(tmp_path / "day.json", [text(number) for number in range(30)]))
    poor = rows(due, database)
    ingest(due, database, write_lines(tmp_path / "fuller.json", [text(7, newField="new")]))
    found = rows(due, database)
    assert len(found) == 30
    (changed,) = [row for row in found if row not in poor]
    assert changed["details"]["newField"] == "new"
    assert unaccounted(database) == set()
    due("doctor", "--local", str(database)).done()


def test_a_state_of_the_version_before_days(due: Due, database: Path, tmp_path: Path) -> None:
    """It is read as it is, and gets files of days with the first write."""
    by_hour(database, tmp_path, SPREAD)
    state(database, "DROP TABLE lost_event")
    state(database, "DROP TABLE replaced_file")
    state(database, "PRAGMA user_version = 3")
    before = content(due, database)
    assert state(database, "PRAGMA user_version") == [(3,)]
    ingest(due, database, write_lines(tmp_path / "new.json", [text(99)]))
    assert state(database, "PRAGMA user_version") == [(4,)]
    assert set(depths(database)) == {4}
    assert [row for row in rows(due, database) if row in before.rows] == before.rows


def test_what_is_newest_is_told_by_the_hour(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "day.json", SPREAD))
    newest = newest_hour(Folder(database))
    assert newest is not None and newest.hour > 0
    assert f"{newest:%Y-%m-%dT%H}" == max(row["ingest_timestamp"] for row in rows(due, database))[:13]


def test_a_file_of_a_day_that_is_missing(due: Due, database: Path, tmp_path: Path) -> None:
    """Repair forgets the events of all its hours, so that the same input brings them back."""
    source = write_lines(tmp_path / "day.json", SPREAD)
    ingest(due, database, source)
    before = rows(due, database)
    path = state(database, "SELECT path FROM file ORDER BY path")[0][0]
    (database / path).unlink()
    said = due("doctor", "--repair", "--local", str(database))
    assert f"{path} was missing" in said.out
    assert 0 < ingest(due, database, source)["kept"] < len(SPREAD)
    assert rows(due, database) == before
    due("doctor", "--local", str(database)).done()


def test_the_command_compacts_every_closed_day_and_says_what_it_did(due: Due, database: Path, tmp_path: Path) -> None:
    """The plan says the same before, and changes nothing."""
    by_hour(database, tmp_path, SPREAD[::2], SPREAD[1::2], [text(99, int(time.time() * 1000))])
    before, names = content(due, database), files_below(database)
    planned = due("compact", "--plan", "--local", str(database), "-o", "json").done().json
    assert files_below(database) == names
    doctor = due.rows("doctor", "--local", str(database))
    (found,) = [check for check in doctor if check["check"] == "closed days"]
    assert found["outcome"] == "ok" and found["mend"].startswith("due compact --local")
    done = due("compact", "--local", str(database), "-o", "json").done().json
    month = planned.pop("month")
    sizes = [each.pop(name) for each in (planned, done) for name in ("bytes_before", "bytes_after")]
    assert all(sizes) and sizes[0] == sizes[2]
    numbers = {"days": 4, "rows": 12, "files_before": 12, "files_after": 4}
    assert planned == done and numbers.items() <= done.items()
    assert 0 <= month["files_before"] - month["files_after"] <= 9, "as many of the days as are of the last thirty"
    assert month["bytes_after"] <= month["bytes_before"]
    assert sum((database / path).stat().st_size for (path,) in state(database, "SELECT path FROM file")) > sizes[3]
    assert content(due, database) == before
    assert unaccounted(database) == set()
    (found,) = [check for check in due.rows("doctor", "--local", str(database)) if check["check"] == "closed days"]
    assert found["mend"] is None
    ran = due("compact", "--local", str(database)).done()
    assert ran.out == "Every closed day is one file already\n"
