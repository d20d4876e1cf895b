"""Small files of due's own are merged as they pile up, and nobody who reads can tell."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from due_cli.events.model import Json
from due_cli.local import data_files
from tests.commands import Due, write_lines
from tests.events.records import HAPPENED, iso, ses_bounce, ses_notification, sms_event
from tests.events.samples import SAMPLES
from tests.local import foreign_files
from tests.local.conftest import NewDatabase
from tests.local.database import Row, ingest, rows, state, unaccounted
from tests.local.parquet_layouts import HIVE
from tests.local.processes import command, ended

HOUR = 3_600_000
MOST = 8  # so many small files of one hour are one file after the ingest that made them so many


def text(number: int, hour: int = 0) -> Json:
    """An event of its own; all of one ``hour`` are filed together."""
    return sms_event("TEXT_DELIVERED", messageId=f"message-{number}", eventTimestamp=HAPPENED + hour * HOUR)


def ingest_each(due: Due, database: Path, tmp_path: Path, *records: Json) -> list[Row]:
    """Ingests records one by one; the summary of each."""
    return [ingest(due, database, write_lines(tmp_path / "one.json", [record])) for record in records]


def files_by_hour(database: Path) -> list[int]:
    """How many files of due's own stand in each hour's folder."""
    folders = [path.parent for path in foreign_files.own_files(database)]
    return [folders.count(folder) for folder in sorted(set(folders))]


@pytest.fixture(autouse=True)
def every_day_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are merged by the hour until their day is closed."""
    monkeypatch.setattr("due_cli.local.folder.Folder.first_open_hour", lambda _: 0)


@pytest.mark.slow
def test_files_stay_few_however_many_ingests_there_are(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    """Two hours filled in turns, with a row of every kind: what was merged reads as what never was."""
    records = [*(sample.build() for sample in SAMPLES[::20]), *(text(number, number % 2) for number in range(2 * MOST))]
    database, at_once = new_database(), new_database()
    known = 0
    for record in records:
        (summary,) = ingest_each(due, database, tmp_path, record)
        known += summary["rows"]
        assert max(files_by_hour(database), default=0) < MOST
        assert unaccounted(database) == set()
        assert state(database, "SELECT SUM(rows) FROM file WHERE live = 1") == [(known or None,)]
    ingest(due, at_once, write_lines(tmp_path / "all.json", records))
    assert rows(due, database) == rows(due, at_once)


def test_an_hour_is_merged_when_it_has_many_and_no_other(due: Due, database: Path, tmp_path: Path) -> None:
    for hour in (0, 1):
        ingest_each(due, database, tmp_path, *(text(100 * hour + number, hour) for number in range(MOST - 1)))
    assert files_by_hour(database) == [MOST - 1, MOST - 1]
    waiting = foreign_files.fingerprints(foreign_files.own_files(database)[0].parent)
    ingest_each(due, database, tmp_path, text(200, 1))
    assert files_by_hour(database) == [MOST - 1, 1]
    assert foreign_files.fingerprints(foreign_files.own_files(database)[0].parent) == waiting
    merged = pq.ParquetFile(foreign_files.own_files(database)[-1])
    assert (merged.metadata.num_rows, merged.metadata.row_group(0).column(0).compression) == (MOST, "SNAPPY")


def test_large_files_stay(due: Due, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each ingest would write all of an hour again."""
    big = [text(number) for number in range(400)]
    ingest(due, database, write_lines(tmp_path / "big.json", big))
    (large,) = foreign_files.own_files(database)
    monkeypatch.setattr(data_files, "_SMALL_BYTES", large.stat().st_size)
    ingest_each(due, database, tmp_path, *(text(1000 + number) for number in range(MOST)))
    assert large in foreign_files.own_files(database)
    assert files_by_hour(database) == [2]
    assert len(rows(due, database)) == 400 + MOST


def test_files_of_others_are_never_merged(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    other, place = new_database(), tmp_path / "data"
    ingest(due, other, write_lines(tmp_path / "old.json", [text(1000 + number) for number in range(20)]))
    ((folder, table),) = foreign_files.tables_of(other)
    for number in range(MOST + 2):
        foreign_files.write(table.slice(2 * number, 2), place / folder / f"part-{number}.parquet", layout=HIVE)
    before = foreign_files.fingerprints(place)
    foreign_files.set_up(due, place)
    ingest_each(due, place, tmp_path, *map(text, range(MOST)))
    assert files_by_hour(place) == [1]
    assert before.items() <= foreign_files.fingerprints(place).items()
    messages = [row["attributes"]["message_id"] for row in rows(due, place)]
    assert sorted(messages) == sorted({f"message-{number}" for number in (*range(MOST), *range(1000, 1020))})


def test_a_fuller_delivery_of_an_event_in_a_merged_file(due: Due, database: Path, tmp_path: Path) -> None:
    """The row moves to the hour of its own arrival, and its neighbours stay; the poorer one does not come back."""
    poor, full = ses_notification("Bounce"), ses_bounce(mail={"tags": {"purpose": ["receipt"], "long": ["x" * 200]}})
    ingest_each(due, database, tmp_path, poor, *map(text, range(MOST - 1)))
    assert files_by_hour(database) == [1]
    (old,) = [row for row in rows(due, database) if row["event_type"] == "_email.hardbounce"]
    for record in (full, poor):
        (summary,) = ingest_each(due, database, tmp_path, record)
        assert (summary["kept"], summary["duplicates"]) == (0, 1)
        found = rows(due, database)
        (new,) = [row for row in found if row["event_type"] == "_email.hardbounce"]
        assert new["event_id"] == old["event_id"]
        assert new["attributes"]["purpose"] == "receipt"
        assert len(found) == MOST
        assert unaccounted(database) == set()
    due("doctor", "--local", str(database)).done()


def test_a_file_that_cannot_be_read_stops_the_merge_and_not_the_ingest(
    due: Due, database: Path, tmp_path: Path
) -> None:
    ingest_each(due, database, tmp_path, *map(text, range(MOST - 1)))
    damaged = foreign_files.own_files(database)[0]
    damaged.write_bytes(damaged.read_bytes()[:-20])
    last = write_lines(tmp_path / "last.json", [text(99)])
    ran = due("ingest", str(last), "--local", str(database), "-o", "json").done()
    assert ran.json["kept"] == 1
    assert "small files were not merged" in ran.err
    assert files_by_hour(database) == [MOST]
    assert damaged.name in due("doctor", "--local", str(database)).failed(7).out


# A process that asks again and again, until a file says that it is over, and prints each answer that it has not given.
_READER = """
import contextlib, io, json, pathlib, sys
from due_cli.cli.app import main
sql = "SELECT event_id, COUNT(*) AS n, MAX(LENGTH(element_at(attributes, 'long'))) AS l FROM all_events GROUP BY 1"
last = None
while True:
    over = pathlib.Path(sys.argv[2]).exists()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["query", sql, "--local", sys.argv[1], "-o", "json"])
    assert code == 0, code
    found = json.loads(out.getvalue())
    answer = [len(found), sum(row["n"] for row in found), sum(1 for row in found if row["l"])]
    if answer != last:
        print(json.dumps(answer), flush=True)
    last = answer
    if over:
        break
"""


@pytest.mark.slow
def test_a_reader_sees_each_event_once_while_files_are_merged_and_rows_replaced(
    due: Due, database: Path, tmp_path: Path
) -> None:
    """One hour has rows that are replaced by fuller ones again and again, the other has files that pile up."""
    total = 20

    def bounce(number: int, **tags: list[Json]) -> Json:
        return ses_bounce(mail={"messageId": f"m-{number}", "tags": tags}, bounce={"timestamp": iso(HAPPENED + number)})

    ingest(due, database, write_lines(tmp_path / "first.json", [bounce(0), text(0, 1)]))
    with command(sys.executable, "-c", _READER, str(database), str(tmp_path / "over")) as reader:
        assert reader.stdout is not None
        first_answer = reader.stdout.readline()  # it is at work from now on
        for number in range(1, total):
            deliveries = [bounce(number), bounce(number - 1, long=["x" * 300]), text(number, 1)]
            ingest(due, database, write_lines(tmp_path / "one.json", deliveries))
        (tmp_path / "over").touch()
        ran = ended(reader).done()
    answers = [
        tuple(map(int, line.strip("[]\n").split(", "))) for line in (first_answer.decode() + ran.out).splitlines()
    ]
    assert answers[0] == (2, 2, 0) and answers[-1] == (2 * total, 2 * total, total - 1)
    assert all(events == seen for events, seen, _ in answers), f"an event was seen twice: {answers}"
    assert answers == sorted(answers), "an event, or what was known of it, was gone for a while"
    assert len(answers) > 4, "the reader saw too little of it"
    ingest_each(due, database, tmp_path, bounce(0))  # the reader may have been at work at the last clearing up
    assert unaccounted(database) == set()
    assert max(files_by_hour(database)) < MOST
