"""``due status`` looks at events only where adopted files could hold a message's beginning."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from due_cli.events import Record, Status, rows_of, status_of
from due_cli.events.times import HOUR
from due_cli.local import statuses
from due_cli.local.folder import Folder
from due_cli.status.history import beginning
from tests.commands import Due, write_lines
from tests.events.records import (
    HAPPENED,
    SENT,
    iso,
    ses_open,
    ses_send,
    sms_event,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.local.conftest import NewDatabase
from tests.local.database import ingest, state
from tests.local.foreign_files import set_up, write_copy
from tests.local.parquet_layouts import HIVE

DAY = 24 * HOUR
SES_ID = f"0100{SENT:012x}-a77684b8-b45c-0e67-7c47-6cadb0d7af64-000000"


def only(record: Record) -> Status:
    [status] = [status for row in rows_of(record).rows if (status := status_of(row))]
    return status


@pytest.mark.parametrize(
    ("record", "window"),
    [
        (ses_open(), (None, HAPPENED)),
        (ses_open(mail={"messageId": SES_ID}), (SENT, SENT)),
        (ses_open(mail={"messageId": f"0100{HAPPENED + DAY:012x}-later"}), (None, HAPPENED)),
        (sms_event("TEXT_DELIVERED"), (HAPPENED - 4 * DAY, HAPPENED)),
        (sms_event("TEXT_SPAM"), (HAPPENED - 4 * DAY, HAPPENED)),
        (sms_event("VOICE_COMPLETED"), (HAPPENED - 4 * DAY, HAPPENED)),
        (sms_event("RCS_READ"), (None, HAPPENED)),
        (whatsapp_statuses(whatsapp_status("read")), (None, HAPPENED // 1000 * 1000)),
        (sms_event("TEXT_QUEUED"), None),
        (ses_send(), None),
    ],
)
def test_when_the_first_event_of_a_message_may_have_been(record: Record, window: tuple[int | None, int] | None) -> None:
    assert beginning(only(record)) == window


@pytest.mark.parametrize(("later", "looked_up"), [(10 * DAY, False), (2 * DAY, True)])
def test_a_final_receipt_alone_is_the_stores_where_adopted_files_are_too_old(
    due: Due,
    tmp_path: Path,
    new_database: NewDatabase,
    monkeypatch: pytest.MonkeyPatch,
    later: int,
    looked_up: bool,
) -> None:
    """A short code has no event but the last one."""
    before = new_database()
    ingest(due, before, write_lines(tmp_path / "before.json", [sms_event("TEXT_QUEUED", messageId="other")]))
    place = set_up(due, write_copy(before, tmp_path / "data", layout=HIVE))
    ingest(
        due, place, write_lines(tmp_path / "final.json", [sms_event("TEXT_DELIVERED", eventTimestamp=HAPPENED + later)])
    )
    asked: list[list[str]] = []

    def from_events(_: Folder, messages: list[str], since: int) -> dict[str, Status]:
        asked.append(messages)
        return {}

    monkeypatch.setattr(statuses, "statuses_from_events", from_events)
    [line] = statuses.statuses(Folder(place), ["sms-eum-1"]).timelines
    assert (line.item["status"], line.item["from"]) == ("success", "store")
    assert asked == ([["sms-eum-1"]] if looked_up else [])


def test_what_a_store_never_heard_of_is_looked_up(due: Due, tmp_path: Path, new_database: NewDatabase) -> None:
    place = new_database()
    ingest(due, place, write_lines(tmp_path / "one.json", [ses_send()]))
    ran = due("status", "nobody", "--local", str(place), "-o", "json").failed(4)
    assert json.loads(ran.out)[0]["status"] == "not_found"


def test_everywhere_means_also_before_the_time_that_an_id_tells(due: Due, database: Path, tmp_path: Path) -> None:
    """Such as events that were filed under another time zone's hours, or an id that only looks like one of SES."""
    told = HAPPENED - 365 * DAY
    message = f"0100{told:012x}-1"
    sent = ses_send(mail={"messageId": message, "timestamp": iso(told - 40 * DAY)})
    ingest(due, database, write_lines(tmp_path / "send.json", [sent]))
    state(database, "DELETE FROM status")  # as if it had expired
    ran = due("status", message, "--local", str(database)).failed(4)
    command = shlex.split(ran.err[ran.err.index("due status") :])
    assert "in the events since 2025-11-05" in ran.err and "--everywhere" in command
    assert due(*command[1:], "-o", "json").done().json[0]["from"] == "events"
    assert "in all events" in due("status", "unknown", "--everywhere", "--local", str(database)).failed(4).err
