"""One event by several ways: the row is the same whatever came first, and however it was handed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from due_cli.core.progress import Silent
from due_cli.events.merging import merge_rows
from due_cli.events.model import Json, Row
from due_cli.ingest.batch import Block, decode_row, encode_row, read_block
from due_cli.local.doctor import examine
from due_cli.local.engine import connect
from due_cli.local.folder import Folder, day_span
from due_cli.local.ingest import ingest_paths
from due_cli.local.parquet import stored_rows
from due_cli.local.repair import repair
from due_cli.local.state import open_state
from tests.commands import Due
from tests.events import wrapping
from tests.events.records import ABSENT, HAPPENED, RECEIVED, ses_bounce, ses_notification, ses_send, sms_event
from tests.events.samples import SAMPLES
from tests.local import foreign_files
from tests.local.conftest import NewDatabase
from tests.local.database import content, rows, state
from tests.sampling import sampled

HOUR = 3_600_000


EMAIL_BUS = wrapping.event_bridge("aws.ses", "Email Bounced")
TEXT_BUS = wrapping.event_bridge("aws.sms-voice", "Text Message Delivery Status Updated")

# Of each event three deliveries, each with something that no other has, two of them filed under other hours.
EVENTS: dict[str, tuple[Json, ...]] = {
    "bounce": (
        wrapping.received(ses_notification("Bounce", mail={"headers": ABSENT}), RECEIVED + HOUR),
        wrapping.received(ses_bounce(mail={"tags": {"purpose": ["receipt"]}}), RECEIVED + 3 * HOUR),
        EMAIL_BUS(ses_bounce(mail={"tags": ABSENT})),
    ),
    "SMS": (
        wrapping.received(sms_event("TEXT_DELIVERED", carrierName=ABSENT), RECEIVED + 2 * HOUR),
        TEXT_BUS(sms_event("TEXT_DELIVERED", destinationPhoneNumber=ABSENT)),
        sms_event("TEXT_DELIVERED", context=ABSENT, newField="new"),
    ),
}
GROUPINGS = {"at once": (3,), "one by one": (1, 1, 1), "two and one": (2, 1), "with a repeat": (1, 2, 3)}


def write(path: Path, records: tuple[Json, ...]) -> str:
    """The path of a file with records."""
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    return str(path)


def rows_in_files(folder: Folder) -> list[bytes]:
    """Every row of the files, encoded, with the folder that it stands in."""
    with open_state(folder) as opened:
        files = opened.data_files()
    return sorted(
        file.path.rpartition("/")[0].encode() + json.dumps(row, sort_keys=True, default=str).encode()
        for file in files
        for row in pq.read_table(folder.root / file.path, partitioning=None).to_pylist(maps_as_pydicts="strict")
    )


def is_consistent(folder: Folder) -> bool:
    """Whether doctor finds nothing wrong, statuses against events included."""
    return {check.outcome for check in examine(folder, Silent(), repair_first=False).checks} <= {"ok", "warning"}


def handed_in(folder: Folder, deliveries: tuple[Json, ...], sizes: tuple[int, ...]) -> tuple[int, int, int]:
    """The records, rows and records kept of ingests of so many deliveries each; more than there are begin again."""
    records = added = kept = start = 0
    for size in sizes:
        chosen = tuple((deliveries * 2)[start : start + size])
        summary = ingest_paths(folder, [write(folder.root.parent / "deliveries.json", chosen)], Silent())
        assert summary.records == summary.kept + summary.duplicates == size
        records, added, kept, start = records + size, added + summary.rows, kept + summary.kept, start + size
    return records, added, kept


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    """The one row of each event, by the rule itself."""
    merged = {}
    for name, deliveries in EVENTS.items():
        batch = read_block(Block("x", 1, "\n".join(map(json.dumps, deliveries)).encode()))
        assert len({row.key for row in batch.rows}) == 1
        merged[name] = encode_row(merge_rows(*(decode_row(row.line) for row in batch.rows)))
        assert merged[name] not in {row.line for row in batch.rows}
    return merged


def cases() -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Each event in each grouping and order."""
    for name in EVENTS:
        for grouping in GROUPINGS:
            for order in permutations(range(3)):
                yield name, grouping, order


@pytest.mark.parametrize(("name", "grouping", "order"), sampled(cases(), keep=6))
def test_in_any_order_and_grouping(
    new_database: NewDatabase, expected: dict[str, bytes], name: str, grouping: str, order: tuple[int, ...]
) -> None:
    """One event, one row in the hour of its earliest arrival, in one file with no other."""
    folder = Folder(new_database())
    deliveries = tuple(EVENTS[name][index] for index in order)
    records, added, kept = handed_in(folder, deliveries, GROUPINGS[grouping])
    assert (records, added, kept) == (sum(GROUPINGS[grouping]), 1, 1)
    with open_state(folder) as opened, connect(folder) as connection:
        (file,) = opened.data_files()
        ((_, row),) = stored_rows(connection, folder, [file.path], [decode_row(expected[name])["event_id"]])
    assert encode_row(row) == expected[name]
    assert file.hour == row["arrival_timestamp"] // HOUR // 24 * 24, "its day is closed"
    assert is_consistent(folder)


def test_files_statuses_and_reports_are_the_same(due: Due, new_database: NewDatabase) -> None:
    one, other = Folder(new_database()), Folder(new_database())
    for name in EVENTS:
        handed_in(one, EVENTS[name], (3,))
        handed_in(other, EVENTS[name][::-1], (1, 2, 3))
    assert rows_in_files(one) == rows_in_files(other)
    assert content(due, one.root) == content(due, other.root)


def test_a_delivery_that_adds_nothing_changes_no_file(database: Path) -> None:
    folder = Folder(database)
    handed_in(folder, EVENTS["bounce"], (1, 2))
    before = foreign_files.fingerprints(database / "events")
    assert handed_in(folder, EVENTS["bounce"], (1, 1, 1, 2)) == (5, 0, 0)
    assert foreign_files.fingerprints(database / "events") == before


def test_a_stored_row_is_read_as_it_was_written(database: Path) -> None:
    """Else each delivery of it would look like one with something new."""
    lines = [json.dumps(sample.build()) for sample in SAMPLES]
    empty = ses_bounce(mail={"messageId": "e", "tags": {}, "headers": [{}]}, bounce={"bouncedRecipients": [{}]})
    awkward = ses_bounce(mail={"messageId": "é😀\0", "tags": {"event_id": ["0123456789012345678901"]}})
    folder, text = Folder(database), "\n".join([*lines, *map(json.dumps, (empty, awkward))])
    written = dict[str, Row]()
    for row in read_block(Block("x", 1, text.encode())).rows:
        event = decode_row(row.line)
        known = written.get(event["event_id"])
        written[event["event_id"]] = event if known is None else merge_rows(known, event)
    (database.parent / "all.json").write_text(text, "utf-8")
    ingest_paths(folder, [str(database.parent / "all.json")], Silent())
    with open_state(folder) as opened, connect(folder) as connection:
        paths = [file.path for file in opened.data_files()]
        read = [row for _, row in stored_rows(connection, folder, paths, list(written))]
    assert sorted(map(encode_row, read)) == sorted(map(encode_row, written.values()))


def test_more_events_than_are_merged_at_a_time(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From memory and from the disk, in one ingest and against stored rows."""
    monkeypatch.setattr("due_cli.local.parquet._MERGED_EVENTS", 3)
    monkeypatch.setattr("due_cli.local.parquet._BUFFER_BYTES", 8_000)

    def deliveries(**over: Json) -> tuple[Json, ...]:
        return tuple(sms_event("TEXT_DELIVERED", messageId=f"m-{number}", **over) for number in range(20))

    folder = Folder(database)
    later = tuple(wrapping.received(record, RECEIVED + 2 * HOUR) for record in deliveries(first="1"))
    handed_in(folder, (*later, *deliveries(second="2")), (40,))
    assert handed_in(folder, deliveries(third="3"), (20,)) == (20, 0, 0)
    with open_state(folder) as opened, connect(folder) as connection:
        files = opened.data_files()
        text = json.dumps(deliveries()).encode()
        events = [decode_row(row.line)["event_id"] for row in read_block(Block("x", 1, text)).rows]
        stored = [row for _, row in stored_rows(connection, folder, [file.path for file in files], events)]
    assert {file.span for file in files} == {day_span(HAPPENED // HOUR)}
    assert [row["arrival_timestamp"] // HOUR for row in stored] == [HAPPENED // HOUR] * 20
    assert all({"first", "second", "third"} <= row["details"].keys() for row in stored)


def test_a_copy_of_events_with_other_deliveries_is_merged(new_database: NewDatabase) -> None:
    """Files of due's own that no state lists, as after the loss of one: those of several deliveries, old and new."""
    one, other = Folder(new_database()), Folder(new_database())
    handed_in(one, EVENTS["bounce"][:1], (1,))
    handed_in(other, EVENTS["bounce"][1:], (2,))
    (file,) = foreign_files.own_files(other.root)
    target = one.root / file.relative_to(other.root)
    target.parent.mkdir(parents=True, exist_ok=True)
    file.rename(target)
    repair(one, Silent())
    complete = Folder(new_database())
    handed_in(complete, EVENTS["bounce"], (3,))
    assert rows_in_files(one) == rows_in_files(complete)
    assert is_consistent(one)


def test_a_folder_whose_state_has_no_digests(database: Path) -> None:
    """One of an earlier version of due: a stored row is read once to see whether a delivery says the same."""
    folder = Folder(database)
    handed_in(folder, EVENTS["bounce"], (1,))
    state(database, "ALTER TABLE seen RENAME COLUMN digest TO rank")
    state(database, "UPDATE seen SET rank = x'0000053012345678'")
    state(database, "DROP TABLE lost_event")
    state(database, "DROP TABLE replaced_file")
    state(database, "PRAGMA user_version = 2")
    assert handed_in(folder, EVENTS["bounce"][:1], (1,)) == (1, 0, 0)
    read_once = state(database, "SELECT digest FROM seen")
    assert read_once != [(bytes.fromhex("0000053012345678"),)]
    assert handed_in(folder, EVENTS["bounce"], (3,)) == (3, 0, 0)
    assert state(database, "SELECT digest FROM seen") != read_once
    assert is_consistent(folder)


def test_two_rows_of_an_event_as_a_stack_has_them_count_once(due: Due, new_database: NewDatabase) -> None:
    """Each delivery is a row there, with what the others lack in it."""
    merged, stack, later = (Folder(new_database()) for _ in range(3))
    sends = (ses_send(), sms_event("TEXT_PENDING"))
    first = (*sends, EVENTS["bounce"][0], EVENTS["SMS"][0])
    second = (EVENTS["bounce"][1], EVENTS["SMS"][1], EVENTS["SMS"][2])
    handed_in(merged, (*first, *second), (7,))
    handed_in(stack, first, (4,))
    handed_in(later, second, (3,))
    for hour, table in foreign_files.hours_of(later.root):
        foreign_files.write(table, stack.root / hour / "part-0.parquet")
    assert len(rows(due, stack.root)) == len(rows(due, merged.root)) + 2
    reports = content(due, merged.root).reports
    assert all(reports), "a report without rows shows nothing"
    assert content(due, stack.root).reports == reports
