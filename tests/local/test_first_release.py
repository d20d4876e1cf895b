"""A folder that due 0.1.0 made (tests/first_release) works as before, and its events are recognised."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from due_cli.core.progress import Silent
from due_cli.ingest.batch import decode_status
from due_cli.local.doctor import examine
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from due_cli.local.queries import table
from due_cli.local.repair import repair
from due_cli.local.state import VERSION
from tests.events.records import sms_event, whatsapp_status, whatsapp_statuses

FIRST_RELEASE = Path(__file__).parents[1] / "first_release"
RECORDS = FIRST_RELEASE / "records.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A copy of the folder, as that release left it."""
    return Folder(Path(shutil.copytree(FIRST_RELEASE / "folder", tmp_path / "folder")))


def ids(folder: Folder) -> list[str]:
    return sorted(str(row[0]) for row in table(folder, "SELECT event_id FROM all_events").rows)


def version(folder: Folder) -> int:
    return int(sqlite3.connect(folder.state).execute("PRAGMA user_version").fetchone()[0])


def first_ids() -> set[str]:
    """The ids that due 0.1.0 gave the events of its records."""
    of_records = json.loads((FIRST_RELEASE / "ids.json").read_text("utf-8"))
    return {event_id for of_record in of_records for _, event_id in of_record}


def test_reading_it_does_not_migrate_it(folder: Folder) -> None:
    assert set(ids(folder)) == first_ids()
    assert version(folder) == 1


def test_hours_that_its_stack_stored_are_read_as_they_are(database: Path) -> None:
    shutil.copytree(FIRST_RELEASE / "stack" / "events", database / "events", dirs_exist_ok=True)
    assert set(ids(Folder(database))) == first_ids()


def test_its_records_ingested_again_are_duplicates(folder: Folder) -> None:
    before = ids(folder)
    records = len(RECORDS.read_bytes().splitlines())
    summary = ingest_paths(folder, [str(RECORDS)], Silent())
    assert (summary.records, summary.duplicates, summary.rows) == (records, records, 0)
    assert (ids(folder), version(folder)) == (before, VERSION)


def test_they_still_are_after_a_repair_that_lost_what_the_state_knew(folder: Folder) -> None:
    before = ids(folder)
    folder.state.write_bytes(b"no state of SQLite's" * 500)
    repair(folder, Silent())
    summary = ingest_paths(folder, [str(RECORDS)], Silent())
    assert (summary.kept, ids(folder)) == (0, before)


def test_its_statuses_are_in_order_although_they_have_no_answers(folder: Folder) -> None:
    """That release stored neither ``final`` nor ``answer``."""
    found = examine(folder, Silent(), repair_first=False)
    assert [check.outcome for check in found.checks if check.check == "status store"] == ["ok"]


def statuses_of(folder: Folder) -> dict[str, bytes]:
    return dict(sqlite3.connect(folder.state).execute("SELECT message_id, body FROM status").fetchall())


def test_its_records_ingested_again_leave_their_statuses_as_its_events_say(folder: Folder) -> None:
    """Several events of a message tie at one instant there, where their ids decide: the ids that are stored."""
    before = statuses_of(folder)
    ingest_paths(folder, [str(RECORDS)], Silent())
    found = examine(folder, Silent(), repair_first=False)
    assert [check.outcome for check in found.checks if check.check == "status store"] == ["ok"]
    after = statuses_of(folder)
    assert after.keys() == before.keys()
    for message, body in after.items():
        facts, facts_before = decode_status(message, body).times, decode_status(message, before[message]).times
        assert facts == facts_before


def test_a_receipt_that_is_not_final_is_what_its_stored_event_says(folder: Folder, tmp_path: Path) -> None:
    """0.1.0 took it for a success. Ingested again it is no second event, and its status has no other beginning."""
    [line] = [line for line in RECORDS.read_bytes().splitlines() if b'"TEXT_SUCCESSFUL"' in line]
    again = tmp_path / "again.json"
    again.write_text(json.dumps({**json.loads(line), "isFinal": False}))
    before = ids(folder)
    summary = ingest_paths(folder, [str(again)], Silent())
    assert (summary.duplicates, ids(folder)) == (1, before)
    status = decode_status("sms-eum-1", statuses_of(folder)["sms-eum-1"])
    found = examine(folder, Silent(), repair_first=False)
    assert [check.outcome for check in found.checks if check.check == "status store"] == ["ok"]
    assert status.times["buffered"] == status.times["success"]  # of other events of this message


def test_new_events_of_its_hours_are_kept(folder: Folder, tmp_path: Path) -> None:
    new = tmp_path / "new.jsonl"
    new.write_text("\n".join(json.dumps(sms_event(messageId=f"new-{number}")) for number in range(3)))
    assert ingest_paths(folder, [str(new)], Silent()).kept == 3
    assert ingest_paths(folder, [str(new)], Silent()).duplicates == 3


def test_a_migration_that_was_killed_is_done_by_the_next_write(folder: Folder) -> None:
    connection = sqlite3.connect(folder.state, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE first_release_hour (hour INTEGER PRIMARY KEY)")
    connection.close()
    assert ingest_paths(folder, [str(RECORDS)], Silent()).kept == 0


def test_rows_of_one_record_that_are_one_event_are_counted(database: Path, tmp_path: Path) -> None:
    """A notification that names a status twice, once with more in it: the fuller one is kept, the other counted."""
    status = whatsapp_status("read")
    record = whatsapp_statuses(status, {**status, "conversation": {"id": "c"}}, whatsapp_status("sent"))
    source = tmp_path / "record.json"
    source.write_text(json.dumps(record))
    summary = ingest_paths(Folder(database), [str(source)], Silent())
    assert (summary.records, summary.kept, summary.duplicates) == (1, 1, 0)
    assert (summary.rows, summary.duplicate_rows) == (2, 1)
    details = table(Folder(database), "SELECT cardinality(details) AS n FROM all_events WHERE event_type LIKE '%READ'")
    assert len(list(details.rows)) == 1
