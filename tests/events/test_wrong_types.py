"""A field of a wrong type is NULL, counted and kept in ``details``; its record is a row all the same.

The oracle: a record with an odd value in a field that has a column becomes the row of the record *without* that field,
plus the odd value in ``details``, and one is counted. What each column takes stands in ``expected.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from due_cli.events import Json, Record, RecordRows, Row, UnreadableError, rows_of
from tests.events.columns import checked, texts_in
from tests.events.expected import COLUMNS, DECIDING, MAPS, nothing
from tests.events.fields import closed, leaves, opened, replaced
from tests.events.records import (
    HAPPENED,
    iso,
    pinpoint_email,
    ses_bounce,
    ses_click,
    ses_send,
    sms_event,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.samples import SHAPES, Sample

Path = tuple[str, ...]

ODD: tuple[Json, ...] = (
    918273645,
    -1,
    0.5,
    "odd text",
    "odd\nlines",
    "",
    True,
    [],
    ["odd item"],
    [{"odd": "item"}],
    [None],
    {"odd": "value"},
    {"odd": [{"deep": ["value"]}], "other": {"deeper": {"still": 1.5}}},
    2**70,
    -(2**70),
    10**600,
    1e300,
)


def paths(value: Json, path: Path = ()) -> Iterator[Path]:
    """The paths of a record's fields, through the single items of a webhook entry's lists too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from paths(item, (*path, key))
    elif isinstance(value, list) and len(value) == 1 and path[-1] in ("changes", "statuses", "messages"):
        yield from paths(value[0], (*path, "0"))


def holder(record: Record, path: Path) -> Record:
    """The object that has the last field of a path."""
    inner: Json = record
    for key in path[:-1]:
        inner = inner[0] if isinstance(inner, list) else inner[key] if isinstance(inner, dict) else None
    assert isinstance(inner, dict)
    return inner


def without(sample: Sample, path: Path) -> Record:
    record = opened(sample.build())
    del holder(record, path)[path[-1]]
    return closed(record)


def having(sample: Sample, path: Path, value: Json) -> Record:
    record = opened(sample.build())
    holder(record, path)[path[-1]] = value
    return closed(record)


def outcome(record: Record, sample: Sample) -> RecordRows | None:
    """The rows of a record, checked; None where it cannot be read, with a reason of one line."""
    try:
        found = rows_of(record, sample.envelope)
    except UnreadableError as error:
        reason = str(error)
        assert reason and len(reason) < 500 and "\n" not in reason and "\r" not in reason
        return None
    checked(found.rows)
    return found


def but_for(row: Row, place: str) -> dict[str, object]:
    """A row without its id and what ``details`` say under one path."""
    details = {
        key: value for key, value in row.get("details", {}).items() if key != place and not key.startswith(f"{place}.")
    }
    kept = {key: value for key, value in row.items() if key not in ("event_id", "details")}
    return {**kept, "details": details}


def fields_of(sample: Sample) -> list[Path]:
    """The fields of a record that have a column or go to details, but for those inside a map."""
    return [
        path
        for path in paths(opened(sample.build()))
        if path[-1] not in DECIDING and not any(key in MAPS for key in path[:-1])
    ]


@pytest.mark.parametrize("sample", SHAPES, ids=lambda sample: sample.name)
def test_an_odd_value_in_any_field_is_the_field_left_out_and_is_kept(sample: Sample) -> None:
    columns = COLUMNS[sample.source]
    if sample.name == "bus WhatsApp Message Undeliverable":  # about no message, so it has but its time
        columns = {"eventTimestamp": nothing}
    for path in fields_of(sample):
        place = ".".join(key for key in path if key != "0")
        takes = columns.get(place)
        absent = outcome(without(sample, path), sample)
        for value in ODD:
            if takes is not None and takes(value):
                accepted = outcome(having(sample, path, value), sample)
                assert accepted is None or accepted.nulled == 0 or place == "metrics", (place, value)
                continue
            found = outcome(having(sample, path, value), sample)
            if absent is None or found is None:
                assert takes is None or found is None, (place, value)
                continue
            assert found.nulled == (0 if takes is None else 1), (place, value)
            assert [but_for(row, place) for row in found.rows] == [but_for(row, place) for row in absent.rows]
            for row in found.rows:
                kept(row, place, value)


def kept(row: Row, place: str, value: Json) -> None:
    """Every scalar of an odd value is found again under the path of its field."""
    details = {key: text for key, text in row["details"].items() if key == place or key.startswith(f"{place}.")}
    standing = {part for key, text in details.items() for part in (*key.split("."), *texts_in(text))}
    assert texts_in(value) - {"null"} <= standing, (place, value)


@pytest.mark.parametrize("sample", SHAPES, ids=lambda sample: sample.name)
def test_null_is_a_field_left_out(sample: Sample) -> None:
    for path in fields_of(sample):
        assert outcome(having(sample, path, None), sample) == outcome(without(sample, path), sample), path


@pytest.mark.parametrize("sample", SHAPES, ids=lambda sample: sample.name)
def test_any_value_anywhere_gives_rows_or_a_reason(sample: Sample) -> None:
    """Inside maps and lists, and in the fields that decide what a record is."""
    odd: tuple[Json, ...] = (None, 5, "odd", "9" * 400, [[None]], {"": {"": [2**70]}})
    ends = [path for path, _ in leaves(opened(sample.build()))]
    for path in sorted({end[:length] for end in ends for length in range(1, len(end) + 1)}, key=repr):
        for value in odd:
            record = replaced(opened(sample.build()), path, value)
            assert isinstance(record, dict)
            outcome(closed(record), sample)


@pytest.mark.parametrize(
    "odd", ["soon", "", "2026-02-30T00:00:00.000Z", -1, 1, 1_794_000_061, 10**18, 1e30, True, [HAPPENED], {"a": 1}]
)
def test_a_time_that_is_none_leaves_its_column_null(odd: Json) -> None:
    found = rows_of(ses_bounce(mail={"timestamp": odd}) if not isinstance(odd, dict) else _bounce_sent(odd))
    [row] = checked(found.rows)
    assert found.nulled == 1
    assert "message_send_timestamp" not in json.dumps(row)
    assert any(key.startswith("mail.timestamp") for key in row["details"])

    found = rows_of({**pinpoint_email("_email.open"), "event_timestamp": odd})
    [row] = checked(found.rows)
    assert found.nulled == 1
    assert "event_timestamp" not in row


def _bounce_sent(odd: Json) -> Record:
    record = ses_bounce()
    mail = record["mail"]
    assert isinstance(mail, dict)
    mail["timestamp"] = odd
    return record


def test_a_recipient_of_a_wrong_type_is_null_in_its_struct_and_kept_in_the_list() -> None:
    people: Json = [{"emailAddress": 5, "status": "5.1.1"}, {"emailAddress": "b@example.net", "action": ["odd"]}]
    found = rows_of(ses_bounce(bounce={"bouncedRecipients": people}))
    [row] = checked(found.rows)
    assert found.nulled == 2
    assert '"bounced_recipients": [{"status": "5.1.1"}, {"email_address": "b@example.net"}]' in json.dumps(row)
    assert row["details"]["bounce.bouncedRecipients"] == '[{"emailAddress":5},{"action":["odd"]}]'


def test_an_unsubscribe_tag_of_a_wrong_type_still_makes_an_unsubscribe() -> None:
    found = rows_of(ses_click(click={"linkTags": {"unsubscribeLinkTag": "click"}}))
    assert [row["event_type"] for row in checked(found.rows)] == ["_email.click", "_email.unsubscribe"]
    assert found.nulled == 1
    assert found.rows[0]["details"]["click.linkTags.unsubscribeLinkTag"] == "click"


def test_several_odd_fields_are_each_counted() -> None:
    odd: Record = {"eventVersion": 1, "originationPhoneNumber": ["x"], "totalMessagePrice": "free", "messageType": {}}
    found = rows_of({**sms_event(), **odd})
    assert found.nulled == 4
    assert checked(found.rows)[0]["attributes"]["message_id"] == "sms-eum-1"


def test_what_is_odd_in_one_status_of_a_notification_is_counted_once() -> None:
    found = rows_of(whatsapp_statuses(whatsapp_status(recipient_id=5), whatsapp_status("read")))
    assert (len(checked(found.rows)), found.nulled) == (2, 1)


@pytest.mark.parametrize("kind", ["Odd\nlines", "x" * 100_000, "\u2028\r\n"])
def test_a_reason_is_one_line_of_reasonable_length(kind: str) -> None:
    for record in (
        ses_send(eventType=kind, mail="gone"),
        {**sms_event(), "eventType": f"TEXT_{kind}", "messageId": None},
        {**pinpoint_email(), "event_type": f"_email.{kind}", "facets": None},
        whatsapp_statuses(whatsapp_status(kind, id=None)),
    ):
        with pytest.raises(UnreadableError) as caught:
            rows_of(record)
        assert len(str(caught.value)) < 500
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_metric_that_is_no_number_is_kept_and_counted(number: float) -> None:
    """A decoder other than due's may give one."""
    for record in (pinpoint_email(metrics={"score": number}), sms_event(totalMessagePrice=number)):
        found = rows_of(record)
        [row] = checked(found.rows)
        assert found.nulled == 1
        assert "score" not in row.get("metric_values", {}) and "metrics" not in row


def test_an_iso_time_where_milliseconds_stand_is_read() -> None:
    record = {**sms_event(), "eventTimestamp": iso(HAPPENED)}
    assert rows_of(record).rows[0]["occurred_at"] == HAPPENED
