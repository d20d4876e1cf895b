"""A folder of Parquet that due did not write is read as it is, is never changed, and new events go beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from due_cli.events.model import Envelope, Json
from due_cli.sql import files
from tests.commands import Due, write_lines
from tests.events.records import (
    ARRIVED,
    HAPPENED,
    pinpoint_email,
    pinpoint_sms,
    ses_bounce,
    ses_complaint,
    ses_send,
    sms_event,
)
from tests.events.samples import SAMPLES
from tests.local import foreign_files
from tests.local.conftest import NewDatabase
from tests.local.database import Row, ingest, rows, state
from tests.local.foreign_files import in_order, set_up, shared_rows, without, without_values, write_copy
from tests.local.parquet_layouts import AVRO, HIVE, LAYOUTS, STANDARD
from tests.queries import data
from tests.queries.cases import CASES, Case
from tests.queries.filing import call, ingested
from tests.sampling import sampled

HOUR = 3_600_000
MAIL_EVENT = "facets.email_channel.mail_event"
HOUR_FOLDER = "events/2026/11/06/21"  # that of ARRIVED

RECORDS: list[Json] = [
    *(sample.build() for sample in SAMPLES if sample.envelope == Envelope()),
    ses_complaint(
        complaint={"complainedRecipients": [{"emailAddress": "a@b.example"}, {"emailAddress": "c@d.example"}]}
    ),
    pinpoint_sms("_SMS.BUFFERED", attributes={"message_id": "sms-1"}),
    pinpoint_sms("_SMS.SUCCESS", attributes={"message_id": "sms-1"}, event_timestamp=HAPPENED + 1),
    pinpoint_email("_email.open", arrival_timestamp=ARRIVED + HOUR),
    pinpoint_email("_email.click", arrival_timestamp=ARRIVED + 2 * HOUR),
]

# Before SES told of complaints and bounces in full, as far as the table goes.
MISSING = (
    "session",
    "metrics",
    "client.cognito_id",
    f"{MAIL_EVENT}.bounce.bounced_recipients.diagnostic_code",
    f"{MAIL_EVENT}.click.link_tags",
    f"{MAIL_EVENT}.complaint",
    f"{MAIL_EVENT}.mail.common_headers.subject",
    f"{MAIL_EVENT}.open",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that due filled, with a row of every kind."""
    return ingested(tmp_path_factory.mktemp("original"), RECORDS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lists_and_maps_of_every_layout(due: Due, original: Path, tmp_path: Path, layout: str) -> None:
    place = set_up(due, write_copy(original, tmp_path / "data", layout=LAYOUTS[layout]))
    assert shared_rows(due, place) == shared_rows(due, original)


@pytest.mark.slow
def test_views_show_what_they_show_of_the_same_events_ingested(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, write_copy(original, tmp_path / "data", layout=HIVE))
    views = files.names("views")
    assert len(views) == 15
    for view in views:
        found = shared_rows(due, place, view)
        assert found and found == shared_rows(due, original, view), view


def test_fields_that_are_missing_in_all_files(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, write_copy(original, tmp_path / "data", without(*MISSING)))
    assert shared_rows(due, place) == _without_missing(shared_rows(due, original))
    assert due.rows("report", "bounce-rate", "--since", "2026-11-01", "--local", str(place))


def test_two_generations_of_the_schema_side_by_side(due: Due, original: Path, tmp_path: Path) -> None:
    """In one hour, the poorer one first and last by name; each row keeps what its own file has."""
    poor = write_copy(original, tmp_path / "data", without(*MISSING), HIVE)
    for folder, table in foreign_files.tables_of(original):
        foreign_files.write(table, poor / folder / "part-1.parquet")
        foreign_files.write(table, poor / folder / "part-2.parquet", without(*MISSING), AVRO)
    once = shared_rows(due, original)
    assert shared_rows(due, set_up(due, poor)) == in_order([*once, *_without_missing(once), *_without_missing(once)])


def _without_missing(found: list[Row]) -> list[Row]:
    assert found != [without_values(row, *MISSING) for row in found], "nothing would be missing"
    return in_order([without_values(row, *MISSING) for row in found])


def test_other_types_another_case_another_order_and_columns_of_their_own(
    due: Due, original: Path, tmp_path: Path
) -> None:
    kinds = {
        "event_timestamp": pa.string(),
        "arrival_timestamp": pa.float64(),
        "metrics.price_in_millicents_usd": pa.float32(),
        f"{MAIL_EVENT}.delivery.processing_time_millis": pa.int64(),
        f"{MAIL_EVENT}.mail.headers_truncated": pa.string(),
        f"{MAIL_EVENT}.mail.message_send_timestamp": pa.string(),
    }
    place = tmp_path / "data"
    for folder, table in foreign_files.tables_of(original):
        schema = foreign_files.schema_of(table, lambda path, field: field.with_type(kinds.get(path, field.type)))
        other = table.cast(schema).append_column("extra", table["attributes"])
        other = other.select(list(reversed(other.column_names))).append_column("year", [["2026"] * len(table)])
        other = other.rename_columns([name.upper() for name in other.column_names])
        foreign_files.write(other, place / folder / "part-0.parquet")
    assert shared_rows(due, set_up(due, place)) == shared_rows(due, original)


def test_files_as_hadoop_leaves_them(due: Due, original: Path, tmp_path: Path) -> None:
    """Every file but a hidden or an empty one is data to Athena, whatever its name."""
    place = write_copy(original, tmp_path / "data", layout=HIVE)
    for file in place.rglob("part-0.parquet"):
        file.rename(file.with_name("000000_0"))
        for hidden in ("_SUCCESS", "_temporary-0.parquet", ".part-1.parquet", ".000000_0.crc"):
            file.with_name(hidden).write_bytes(b"no Parquet")
    for folder, table in foreign_files.tables_of(original):
        foreign_files.write(table.slice(0, 0), place / folder / "no-rows.parquet")
    set_up(due, place)
    assert shared_rows(due, place) == shared_rows(due, original)


def test_a_file_of_no_bytes_holds_no_rows(due: Due, original: Path, tmp_path: Path) -> None:
    """Hadoop leaves them for tasks without rows, and Athena and Trino pass over them."""
    place = write_copy(original, tmp_path / "data")
    for file in list(place.rglob("part-0.parquet")):
        file.with_name("part-1.parquet").touch()
    set_up(due, place)
    assert shared_rows(due, place) == shared_rows(due, original)
    due("doctor", "--local", str(place)).done()


@pytest.mark.slow
def test_nothing_that_due_does_changes_the_files(due: Due, original: Path, tmp_path: Path) -> None:
    place = write_copy(original, tmp_path / "data", without(*MISSING), HIVE)
    (place / HOUR_FOLDER / "notes.txt").write_text("mine")
    before = foreign_files.fingerprints(place)
    set_up(due, place)
    for number in range(9):  # enough for a merge of those beside them
        ingest(due, place, write_lines(tmp_path / "new.json", [_new(number)]))
    assert state(place, "SELECT COUNT(*) FROM file WHERE live = 1") == [(1,)], "they should have been merged"
    for words in (["report", "sms-cost"], ["status", "new-1"], ["doctor"], ["doctor", "--repair"], ["setup"]):
        due(*words, "--local", str(place)).done()
    assert before.items() <= foreign_files.fingerprints(place).items()
    assert len(rows(due, place)) == len(rows(due, original)) + 9
    due("teardown", "--delete-data", "--yes", "--local", str(place)).done()
    assert foreign_files.fingerprints(place) == before


def _new(number: int) -> Json:
    """An event of an hour that has old ones."""
    return sms_event("TEXT_DELIVERED", messageId=f"new-{number}", eventTimestamp=HAPPENED)


def test_files_that_come_change_and_go_are_seen_without_a_command(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, tmp_path / "data")
    (folder, table), *_ = foreign_files.tables_of(original)

    def seen() -> list[Row]:
        return due.rows("query", "SELECT COUNT(*) AS n, COUNT(session) AS s FROM all_events", "--local", str(place))

    assert seen() == [{"n": 0, "s": 0}]
    file = foreign_files.write(table.slice(0, 3), place / folder / "part-0.parquet", without("session"))
    assert seen() == [{"n": 3, "s": 0}]
    foreign_files.write(table, file)
    sessions = len(table) - table["session"].null_count
    assert sessions and seen() == [{"n": len(table), "s": sessions}]
    foreign_files.write(table.slice(0, 2), place / "events/2019/12/31/23/part-0.parquet", layout=AVRO)
    assert seen()[0]["n"] == len(table) + 2
    file.unlink()
    assert seen()[0]["n"] == 2


def test_an_event_that_is_there_and_comes_again(due: Due, original: Path, tmp_path: Path) -> None:
    """Views show it twice, for due does not look into the files of others; its message is the same."""
    place = set_up(due, write_copy(original, tmp_path / "data", layout=HIVE))
    summary = ingest(due, place, write_lines(tmp_path / "again.json", RECORDS))
    assert summary["rows"] == len(rows(due, original))
    once = shared_rows(due, original, "email_hardbounce")
    assert shared_rows(due, place, "email_hardbounce") == in_order(once + once)


def test_a_status_from_history_that_was_adopted(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, write_copy(original, tmp_path / "data", without("session"), HIVE))
    for message in ("email-pinpoint-1", "email-ses-1", "sms-1"):
        (kept,) = due.rows("status", message, "--local", str(original))
        (found,) = due.rows("status", message, "--local", str(place))
        assert (kept.pop("from"), found.pop("from")) == ("store", "events")
        if message == "email-pinpoint-1":  # answers of one moment, which ids order; adopted rows have none
            answers = {kept.pop("answer"), found.pop("answer")}
            assert answers <= {"250 2.6.0 queued as pin-1", "smtp; 550 5.1.1 user unknown"}
        assert found == kept


def test_a_message_whose_first_events_are_history(due: Due, tmp_path: Path, new_database: NewDatabase) -> None:
    """The send is in an old file, the bounce was ingested: the answer knows both."""
    before = new_database()
    ingest(due, before, write_lines(tmp_path / "sent.json", [ses_send()]))
    place = set_up(due, write_copy(before, tmp_path / "data", layout=HIVE))
    ingest(due, place, write_lines(tmp_path / "bounced.json", [ses_bounce()]))
    ((message,),) = state(place, "SELECT message_id FROM status")
    (found,) = due.rows("status", message, "--local", str(place))
    assert None not in (found["send"], found["hardbounce"])
    assert (found["status"], found["from"]) == ("hardbounce", "events")


def test_a_copy_of_another_databases_events(due: Due, original: Path, tmp_path: Path) -> None:
    """All of it is there: also due's columns and the statuses; and due knows the events when they come again."""
    place = tmp_path / "data"
    shutil.copytree(original / "events", place / "events")
    found = due("setup", "--local", str(place)).done()
    assert f"Adopted {len(rows(due, original))} events in" in found.out
    assert rows(due, place) == rows(due, original)
    statuses = "SELECT message_id, body FROM status ORDER BY message_id"
    assert state(place, statuses) == state(original, statuses)
    assert ingest(due, place, write_lines(tmp_path / "again.json", RECORDS))["kept"] == 0
    assert rows(due, place) == rows(due, original)
    due("doctor", "--local", str(place)).done()


@pytest.mark.slow
def test_copies_of_two_databases_that_share_events(due: Due, original: Path, tmp_path: Path) -> None:
    """Each event is there once, whichever database it came from; what is in neither is added beside them."""
    other = ingested(tmp_path / "other", [*RECORDS, _new(1)])
    place = set_up(due, tmp_path / "data")
    ingest(due, place, write_lines(tmp_path / "own.json", [_new(1), _new(2)]))
    for database in (original, other):
        shutil.copytree(database / "events", place / "events", dirs_exist_ok=True)
    set_up(due, place)
    new = {"new-1", "new-2"}
    found = rows(due, place)
    assert [row for row in found if (row["attributes"] or {}).get("message_id") not in new] == rows(due, original)
    assert len(found) == len(rows(due, original)) + 2
    due("doctor", "--local", str(place)).done()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Days of events with everything in them that makes a report go wrong, as due files them."""
    return ingested(tmp_path_factory.mktemp("week"), data.week(7))


@pytest.fixture(scope="module")
def old_week(week: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same days in files of two generations; a third of the events were ingested again since."""
    place = tmp_path_factory.mktemp("old-week")
    for number, (folder, table) in enumerate(foreign_files.tables_of(week)):
        gone = without("session", "event_version", "facets.email_channel.mail_event.reject")
        half = len(table) // 2
        foreign_files.write(table.slice(0, half), place / folder / "part-0.parquet", gone, HIVE)
        foreign_files.write(table.slice(half), place / folder / "part-1.parquet", layout=(STANDARD, AVRO)[number % 2])
    call(place, "setup", "--local", str(place))
    again = write_lines(place / "again.json", data.week(7)[::3])
    call(place, "ingest", str(again), "--local", str(place))
    return place


@pytest.mark.parametrize("case", sampled({case.report: case for case in reversed(CASES)}.values(), 2), ids=str)
def test_a_report_is_that_of_the_same_records_ingested(due: Due, week: Path, old_week: Path, case: Case) -> None:
    """Events that are in an old file and in a new one too change no number."""
    expected = due.rows(*case.words, "--local", str(week))
    assert expected
    assert due.rows(*case.words, "--local", str(old_week)) == expected
