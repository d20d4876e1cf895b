"""A field of a wrong type is NULL, counted and kept in ``details``; its record is a row all the same.

The oracle: a record with an odd value in a field that has a column becomes the row of the record *without* that field,
plus the odd value in ``details``, and one is counted. What each column takes is written out here, apart from the code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from due_cli.events import Json, Normalised, Record, Row, UnreadableError, rows_of
from tests.events.columns import checked, texts_in
from tests.events.fields import closed, leaves, opened, replaced
from tests.events.records import (
    HAPPENED,
    SHAPES,
    Sample,
    iso,
    pinpoint_email,
    ses_bounce,
    ses_click,
    ses_send,
    sms_event,
    whatsapp_status,
    whatsapp_statuses,
)

Path = tuple[str, ...]
Takes = Callable[[Json], bool]

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


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def is_object(value: Json) -> bool:
    return isinstance(value, dict)


def is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_number(value: Json) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**63)


def is_int(value: Json) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def is_count(value: Json) -> bool:
    return type(value) is int or is_text(value)


def is_bool(value: Json) -> bool:
    return type(value) is bool


def nothing(value: Json) -> bool:
    """None of the odd values is a time."""
    return False


MAIL_EVENT: dict[str, Takes] = {
    "mail.destination": is_texts,
    "mail.headers": is_objects,
    "mail.{headers_truncated}": is_bool,
    "mail.{common_headers}": is_object,
    "mail.{common_headers}.from": lambda value: is_text(value) or is_texts(value),
    "mail.{common_headers}.to": is_texts,
    "mail.{common_headers}.subject": is_text,
    "send": is_object,
    "delivery.{smtp_response}": is_text,
    "delivery.{reporting_mta}": is_text,
    "delivery.recipients": is_texts,
    "delivery.{processing_time_millis}": is_int,
    "open.{ip_address}": is_text,
    "open.{user_agent}": is_text,
    "click.{ip_address}": is_text,
    "click.{user_agent}": is_text,
    "click.link": is_text,
    "click.{link_tags}": is_object,
    "reject": is_object,
    "reject.reason": is_text,
    "bounce.{bounce_type}": is_text,
    "bounce.{bounce_sub_type}": is_text,
    "bounce.{bounced_recipients}": is_objects,
    "bounce.{feedback_id}": is_text,
    "bounce.{reporting_mta}": is_text,
    "complaint.{complained_recipients}": is_objects,
    "complaint.{feedback_id}": is_text,
    "complaint.{user_agent}": is_text,
    "complaint.{complaint_feedback_type}": is_text,
}


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.upper() if word == "mta" else word.capitalize() for word in others)


def spelled(spelling: Callable[[str], str], prefix: str = "") -> dict[str, Takes]:
    """The table above in the spelling of one service."""
    table = {}
    for path, takes in MAIL_EVENT.items():
        keys = [spelling(key[1:-1]) if key.startswith("{") else key for key in path.split(".")]
        table[prefix + ".".join(keys)] = takes
    return table


FACETS = "facets.email_channel.mail_event."
COLUMNS: dict[str, dict[str, Takes]] = {
    "pinpoint": {
        **spelled(str, FACETS),
        f"{FACETS}mail.message_send_timestamp": nothing,
        f"{FACETS}mail.from_address": is_text,
        **{f"{FACETS}{part}": is_object for part in ("delivery", "open", "click", "bounce", "complaint", "reject")},
        "event_timestamp": nothing,
        "arrival_timestamp": nothing,
        "event_version": is_text,
        "application": is_object,
        "application.app_id": is_text,
        "application.sdk": is_object,
        "client": is_object,
        "client.client_id": is_text,
        "client.cognito_id": is_text,
        "device": is_object,
        "device.platform": is_object,
        "session": is_object,
        "attributes": is_object,
        "client_context": is_object,
        "client_context.custom": is_object,
        "awsAccountId": is_text,
        "metrics": is_object,
        "metrics.price_in_millicents_usd": is_number,
        "metrics.score": is_number,
        "metrics.lives": is_number,
    },
    "ses": {
        **spelled(camel_case),
        "mail.timestamp": nothing,
        "mail.source": is_text,
        "mail.sendingAccountId": is_text,
        "mail.tags": is_object,
    },
    "sms": {
        "eventVersion": is_text,
        "messageStatus": is_text,
        "originationPhoneNumber": is_text,
        "destinationPhoneNumber": is_text,
        "originationNumber": is_text,
        "destinationNumber": is_text,
        "isoCountryCode": is_text,
        "messageType": is_text,
        "totalMessageParts": is_count,
        "context": lambda value: is_object(value) or is_text(value),
        "totalMessagePrice": is_number,
        "totalCarrierFee": is_number,
    },
    "whatsapp": {
        "aws_account_id": is_text,
        "whatsAppWebhookEntry.changes.value.metadata": is_object,
        "whatsAppWebhookEntry.changes.value.metadata.display_phone_number": is_text,
        "whatsAppWebhookEntry.changes.value.statuses.recipient_id": is_text,
        "whatsAppWebhookEntry.changes.value.messages.from": is_text,
        "status": is_text,
        "eventTimestamp": nothing,
        "originationPhoneNumber": is_text,
        "destinationPhoneNumber": is_text,
    },
}
# Fields inside a map column: whatever they are, they become text.
MAPS = (
    "attributes",
    "session",
    "sdk",
    "platform",
    "custom",
    "tags",
    "send",
    "headers",
    "context",
    "unsubscribeLinkTag",
)
# These decide what a record is, so another value of them makes another event; they have tests of their own.
DECIDING = (
    *("eventType", "notificationType", "event_type", "event", "field", "unsubscribeAll"),
    *("unsubscribeLinkTag", "linkTags", "link_tags", "rcsMetadata"),
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


def outcome(record: Record, sample: Sample) -> Normalised | None:
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


def test_an_iso_time_where_milliseconds_stand_is_read() -> None:
    record = {**sms_event(), "eventTimestamp": iso(HAPPENED)}
    assert rows_of(record).rows[0]["occurred_at"] == HAPPENED
