"""Files that due did not write become files of days where that is asked, and are kept until that is confirmed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from due_cli.sql import files
from tests.commands import Due, write_lines
from tests.events.records import ses_bounce, ses_notification, ses_send, sms_event
from tests.events.samples import SAMPLES
from tests.local import foreign_files
from tests.local.conftest import NewDatabase
from tests.local.database import Row, content, files_below, ingest, rows, state, unaccounted
from tests.local.foreign_files import fingerprints, in_order, shared_rows
from tests.local.parquet_layouts import HIVE
from tests.local.test_kill import STEPS, killed

RECORDS = [sample.build() for sample in SAMPLES[::3]]


@pytest.fixture
def adopted(due: Due, new_database: NewDatabase, tmp_path: Path) -> Path:
    """A database over files without due's columns, with some events of its own beside them."""
    source = new_database()
    due("ingest", str(write_lines(tmp_path / "old.json", RECORDS)), "--local", str(source))
    place = new_database()
    for folder, table in foreign_files.tables_of(source):
        half = len(table) // 2
        foreign_files.write(table.slice(0, half), place / folder / "part-0.parquet", layout=HIVE)
        foreign_files.write(table.slice(half), place / folder / "part-1.parquet", foreign_files.without("session"))
    ingest(due, place, write_lines(tmp_path / "own.json", [sms_event("TEXT_DELIVERED", messageId="own")]))
    return place


def compact(due: Due, database: Path, *options: str) -> Row:
    done: Row = due("compact", *options, "--local", str(database), "-o", "json").done().json
    return done


def test_their_rows_stay_and_they_are_moved_aside(due: Due, adopted: Path) -> None:
    names = ("all_events", *files.names("views"))
    before = {name: shared_rows(due, adopted, name) for name in names}
    hours = due.rows("query", "SELECT ingest_timestamp FROM all_events ORDER BY 1", "--local", str(adopted))
    reports = content(due, adopted).reports
    originals = {path: print_ for path, print_ in fingerprints(adopted).items() if "part-" in path}
    planned = compact(due, adopted, "--plan")
    done = compact(due, adopted, "--adopted")
    assert planned["adopted_files"] == done["adopted_files"] == len(originals) > 1
    assert {name: shared_rows(due, adopted, name) for name in names} == before
    assert due.rows("query", "SELECT ingest_timestamp FROM all_events ORDER BY 1", "--local", str(adopted)) == hours
    assert content(due, adopted).reports == reports
    kept = fingerprints(adopted)
    assert {f"replaced/{path}" for path in originals} <= kept.keys() and not originals.keys() & kept.keys()
    assert state(adopted, "SELECT COUNT(*) FROM file") == [(1,)]
    assert compact(due, adopted, "--adopted")["adopted_files"] == 0
    doctor = due("doctor", "--local", str(adopted), "-o", "json").json
    (check,) = [one for one in doctor if "kept in" in one["found"]]
    assert check["mend"].startswith("due compact --adopted --yes")
    assert not [one for one in doctor if one["outcome"] == "problem" and one["check"] != "failed records"]


def test_originals_are_deleted_by_a_second_step_and_put_back_by_a_teardown(
    due: Due, adopted: Path, tmp_path: Path
) -> None:
    before = fingerprints(adopted)
    other = Path(shutil.copytree(adopted, tmp_path / "other"))
    for place in (adopted, other):
        assert due("compact", "--yes", "--local", str(place)).failed(2).err
        compact(due, place, "--adopted")
    found = shared_rows(due, adopted)
    ran = due("compact", "--adopted", "--yes", "--local", str(adopted)).done()
    assert "Deleted " in ran.out and not (adopted / "replaced").exists()
    assert shared_rows(due, adopted) == found
    due("teardown", "--delete-data", "--yes", "--local", str(other)).done()
    assert fingerprints(other) == {path: print_ for path, print_ in before.items() if "part-" in path}


def test_an_original_that_comes_back_is_not_read_and_another_file_is(due: Due, adopted: Path) -> None:
    """As ``aws s3 sync`` brings it: of the same size and time."""
    found = len(rows(due, adopted))
    compact(due, adopted, "--adopted")
    (original, *_) = sorted((adopted / "replaced").rglob("part-0.parquet"))
    target = adopted / original.relative_to(adopted / "replaced")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(original, target)
    assert len(rows(due, adopted)) == found
    foreign_files.write(pq.read_table(original, partitioning=None).slice(0, 1), target)
    assert len(rows(due, adopted)) == found + 1


def test_an_event_that_is_there_more_than_once_becomes_one_row(
    due: Due, new_database: NewDatabase, tmp_path: Path
) -> None:
    """As a stack has two deliveries: in two files of others, or in one of others and one of due."""
    stack, other, merged = (new_database() for _ in range(3))
    notified, told = ses_notification("Bounce"), ses_bounce(mail={"tags": {"purpose": ["receipt"]}})
    texts = [sms_event("TEXT_DELIVERED", messageId="both", **more) for more in ({}, {"newField": "new"})]
    for number, records in enumerate(([notified, ses_send()], [told, texts[0]])):
        source = new_database()
        ingest(due, source, write_lines(tmp_path / "delivery.json", records))
        for folder, table in foreign_files.hours_of(source):
            foreign_files.write(table, stack / folder / f"part-{number}.parquet")
    ingest(due, stack, write_lines(tmp_path / "own.json", [texts[1]]))
    ingest(due, merged, write_lines(tmp_path / "all.json", [notified, ses_send(), told, *texts]))
    assert len(rows(due, stack)) == len(rows(due, merged)) + 2
    compact(due, stack, "--adopted")
    assert content(due, stack) == content(due, merged)
    assert ingest(due, stack, tmp_path / "all.json")["kept"] == 0
    assert content(due, stack) == content(due, merged)
    due("doctor", "--local", str(stack)).done()
    assert other.exists()


@STEPS
def test_killed_at_any_step(due: Due, adopted: Path, tmp_path: Path, step: int) -> None:
    """A reader sees each row once after it, and the same command ends as if nothing had been."""
    before = shared_rows(due, adopted)
    undisturbed = Path(shutil.copytree(adopted, tmp_path / "undisturbed"))
    compact(due, undisturbed, "--adopted")
    kept = {path for path in files_below(undisturbed) if "replaced/" in path}
    for image in killed(adopted, ["compact", "--adopted"], tmp_path / "killed", step):
        assert in_order(shared_rows(due, image)) == before
        compact(due, image, "--adopted")
        assert shared_rows(due, image) == before
        assert {path for path in files_below(image) if "replaced/" in path} == kept
        assert unaccounted(image) == kept


def test_an_erased_person_is_in_no_original_either(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    """An original that names the person is deleted: its other rows are in a file of due's."""
    source, place = new_database(), new_database()
    ingest(due, source, write_lines(tmp_path / "old.json", [ses_bounce(), *RECORDS]))
    for number, (folder, table) in enumerate(foreign_files.tables_of(source)):
        for row in range(len(table)):
            foreign_files.write(table.slice(row, 1), place / folder / f"part-{number}-{row}.parquet")
    compact(due, place, "--adopted")
    found = len(rows(due, place))
    person = "dora@post.example.net"
    assert person in str(rows(due, place))
    originals = sorted((place / "replaced").rglob("*.parquet"))
    done = due("erase", person, "--yes", "--local", str(place), "-o", "json").done().json
    left = sorted((place / "replaced").rglob("*.parquet"))
    assert 0 < len(left) < len(originals)
    assert not [path for path in left if person in str(pq.read_table(path, partitioning=None).to_pylist())]
    assert person not in str(rows(due, place)) and len(rows(due, place)) <= found
    assert done
    due("failed", "discard", "--all", "--yes", "--local", str(place))
    due("doctor", "--local", str(place)).done()
