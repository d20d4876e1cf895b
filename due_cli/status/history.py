"""The history of a message: its status from a store or from its events, and when what happened, in words."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from due_cli.core.results import Moment, Table, Timeline, Value
from due_cli.events.model import Row
from due_cli.events.status import NOT_APPLICABLE, Status, merge_by_message, status_of
from due_cli.events.times import HOUR, iso
from due_cli.status import descriptions

NOT_FOUND = "not_found"
_FIRST_FACTS = frozenset(("send", "buffered", "initiated", "accepted", "sent"))  # of each channel
_HEADER = "mail.commonHeaders.messageId"
_RECEIPTS = frozenset(("success", "failure"))
_LONGEST_RETRY = 4 * 24 * HOUR  # 72 hours (End User Messaging SMS user guide, "Time to live"), and a day of delay
# SES's ids begin with 01, two digits of the region, and the time of the send: 12 hexadecimal digits of milliseconds.
_SES_ID = re.compile("01[0-9a-f]{2}([0-9a-f]{12})-")
_SES_BEGAN = 1_293_840_000_000  # 2011-01-01


def history(message: str, stored: Status | None, from_events: Status | None) -> Timeline:
    """The history of a message: that of its events where it was computed, else the stored one, else ``not_found``."""
    status = stored if from_events is None else from_events
    if status is None:
        return Timeline({"message_id": message, "status": NOT_FOUND})
    item: dict[str, object] = {key: None if value == NOT_APPLICABLE else value for key, value in status.item().items()}
    item["from"] = "store" if from_events is None else "events"
    by_time = sorted(status.times.items(), key=lambda fact_and_time: fact_and_time[::-1])
    return Timeline(item, [Moment(iso(at), fact, _description(status, fact)) for fact, at in by_time])


def beginning(status: Status) -> tuple[int | None, int] | None:
    """When the first event of a message was, which its stored status lacks: earliest and latest (epoch ms).

    None where the status has it; an earliest of None is any time before. A receipt of a text or call comes within
    the 72 hours for which one is retried; an email may be opened years after, but SES's message ids tell their time.
    """
    if _FIRST_FACTS & status.times.keys():
        return None
    first = min(status.times.values())
    if status.channel == "email":
        sent = time_of_id(status.message_id)
        return (None, first) if sent is None or sent > first else (sent, sent)
    is_receipt = status.channel == "voice" or not _RECEIPTS.isdisjoint(status.times)
    return (first - _LONGEST_RETRY if is_receipt and status.channel != "whatsapp" else None), first


def time_of_id(message_id: str, now: float | None = None) -> int | None:
    """When SES gave a message its id (epoch ms); None for an id of another kind, or with a time that cannot be."""
    match = _SES_ID.match(message_id)
    sent = int(match[1], 16) if match else 0
    latest = (time.time() if now is None else now) * 1000 + 24 * HOUR  # a day: the clocks of machines differ
    return sent if _SES_BEGAN <= sent <= latest else None


def not_found_hint(timelines: Sequence[Timeline], since: int | None) -> str | None:
    """What was searched for the messages that were not found, and how to search everything.

    ``since`` (epoch ms) is from when; None where all events were searched.
    """
    unknown = dict.fromkeys(str(line.item["message_id"]) for line in timelines if line.item["status"] == NOT_FOUND)
    ids = [shlex.quote(message) for message in unknown if message and is_text(message)]
    if not ids:
        return None
    if since is None:
        return f"not found: {len(ids):,} of the messages, in all events"
    text = f"not found: {len(ids):,} of the messages, in the events since {iso(since)[:16].replace('T', ' ')} UTC"
    return f"{text}. To search all of them: due status --everywhere {' '.join(ids)}"


def is_text(message: str) -> bool:
    """Whether an id is valid UTF-8; Python keeps other bytes of a command line as lone surrogates."""
    try:
        message.encode()
    except UnicodeEncodeError:
        return False
    return True


def own_id(message: str) -> str:
    """The message id of a Message-ID header, as mail programs show it; of SES's own headers the id before the ``@``.

    Quotes and space around it, which come with copies out of logs, are no part of an id.
    """
    text = message.strip().strip("\"'`").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    name, _, domain = text.rpartition("@")
    return name if name and domain.endswith("amazonses.com") else text or message


def details_by_message(events: Table) -> dict[str, dict[str, str]]:
    """What the events of mails say of each beside its status: its subject and its configuration set."""
    details: dict[str, dict[str, str]] = {}
    place = list(events.columns).index
    for row in events.rows:
        mail = _path(row[place("facets")], "email_channel", "mail_event", "mail")
        message, subject = _path(mail, "message_id"), _path(mail, "common_headers", "subject")
        of_message = details.setdefault(str(message), {})
        for label, value in (
            ("subject", subject),
            ("configuration set", _path(row[place("attributes")], "ses:configuration-set")),
        ):
            if isinstance(value, str) and value:
                of_message.setdefault(label, value)
    return details


def _path(value: Value, *names: str) -> Value:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def statuses_of(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[Status]:
    """The status that each row of ``queries/status/`` gives its message."""
    for values in rows:
        row = cast(Row, {column: value for column, value in zip(columns, values, strict=True) if value is not None})
        status = status_of(row) if "event_type" in row and _set_event_time(row) else None
        if status is not None:
            yield status


def statuses_by_message(messages: Sequence[str], events: Table) -> dict[str, Status]:
    """The statuses of messages by the given ids from the rows of their events.

    An id may be the Message-ID header that a sender defined: its status has the id of the earliest such message, and
    lacks events that do not name the header.
    """
    rows = list(events.rows)
    statuses = merge_by_message(statuses_of(events.columns, rows))
    by_header: dict[str, list[Status]] = {}
    if "details" in events.columns and not statuses.keys() >= set(messages):
        details = list(events.columns).index("details")
        for row in rows:
            of_row = row[details]
            header = of_row.get(_HEADER) if isinstance(of_row, dict) else None
            if isinstance(header, str):
                by_header.setdefault(own_id(header), []).extend(statuses_of(events.columns, [row]))
    found = {}
    for message in messages:
        of_header = sorted(
            by_header.get(message, ()), key=lambda status: (min(status.times.values()), status.message_id)
        )
        if message in statuses or of_header:
            found[message] = statuses[message] if message in statuses else statuses[of_header[0].message_id]
    return found


def _set_event_time(row: Row) -> bool:
    """Set ``occurred_at`` where a row of the AWS solution's data lacks it; False if the row has no time."""
    if "occurred_at" in row:
        return True
    event, arrival = row.get("event_timestamp"), row.get("arrival_timestamp")
    # In the solution's email events event_timestamp is that of the message, except for the send itself.
    has_message_time = row["event_type"].startswith("_email.") and row["event_type"] != "_email.send"
    event_time = (arrival or event) if has_message_time else (event or arrival)
    if event_time is None:
        return False
    row["occurred_at"] = event_time
    return True


def _description(status: Status, fact: str) -> str:
    text = descriptions.FACTS.get(fact, "")
    bounce_type = status.earliest.get(f"{fact}_type")
    if bounce_type is not None:
        return f"{text} ({descriptions.bounce(bounce_type[1])})"
    record_status = status.record_status
    if record_status is not None and fact in ("success", "failure", "buffered", "read", "failed"):
        same_time = record_status[0][0] == status.times[fact]
        if same_time or fact == status.status:
            return f"{text} ({descriptions.record_status(record_status[1])})"
    return text
