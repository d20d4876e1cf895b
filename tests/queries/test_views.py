"""The guide's fifteen views: their columns, and every field of a record read back through them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from due_cli.events.model import Json, Record
from tests.commands import Due
from tests.events import records
from tests.queries import plain_views
from tests.queries.conftest import Week
from tests.queries.filing import ingested
from tests.queries.plain_views import DICTIONARY, PATHS, VIEWS
from tests.queries.raw import Mail, at, inbound, iso, pinpoint, ses

_SPOKEN = at("2026-06-01T10:00:00.345")  # when the inbound message's notification was published


def _ses(view: str) -> Record:
    treated = {"tags": {"treatment_id": ["1"]}}
    build = {
        "email_send": records.ses_send,
        "email_delivered": records.ses_delivery,
        "email_rejected": records.ses_reject,
        "email_hardbounce": records.ses_bounce,
        "email_softbounce": records.ses_bounce,
        "email_complaint": records.ses_complaint,
        "email_open": records.ses_open,
        "email_click": records.ses_click,
        "email_unsubscribe": records.ses_unsubscribe_click,
    }[view]
    # A click on an unsubscribe link is in two views, so it is of another message than the other click.
    over: dict[str, Any] = {"mail": {**treated, "messageId": f"ses-{view}"}}
    return build(**over, **({"bounce": {"bounceType": "Transient"}} if view == "email_softbounce" else {}))


def _pinpoint(view: str) -> Record:
    kind = next(line["event_type"] for line in DICTIONARY if line["view"] == view)
    if view == "email_softbounce":
        facets = records.pinpoint_email("_email.hardbounce")["facets"]
        assert isinstance(facets, dict)
        return records.pinpoint_email(kind, facets=facets)
    build = {"email": records.pinpoint_email, "sms": records.pinpoint_sms, "campaign": records.pinpoint_campaign}
    return build.get(view.partition("_")[0], records.pinpoint_journey)(kind)


_SMS = {"sms_buffered": "TEXT_QUEUED", "sms_success": "TEXT_DELIVERED", "sms_failure": "TEXT_BLOCKED"}


def _other(view: str) -> Record | None:
    """The record of SES or End User Messaging that a view shows; campaigns and journeys are Pinpoint's alone."""
    if view.startswith("email_"):
        return _ses(view)
    if view == "sms_optout":
        return inbound("inbound-7", "STOP", _SPOKEN, "sms-eum-1")
    return records.sms_event(_SMS[view]) if view in _SMS else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A database with one record of each source for each view."""

    database: Path
    pinpoint: dict[str, Record]
    other: dict[str, Record | None]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """One event in each view from Pinpoint, and one from SES or End User Messaging."""
    first = {view: _pinpoint(view) for view in VIEWS}
    second = {view: _other(view) for view in VIEWS}
    raw: list[Json] = [record for record in (*first.values(), *second.values()) if record is not None]
    return Shown(ingested(tmp_path_factory.mktemp("views"), raw), first, second)


@pytest.mark.parametrize("view", VIEWS)
def test_columns_are_those_of_the_dictionary(due: Due, shown: Shown, view: str) -> None:
    found = due.rows("query", f"DESCRIBE {view}", "--local", str(shown.database))
    assert [(row["column_name"], row["column_type"]) for row in found] == plain_views.columns(view)


@pytest.mark.parametrize("view", VIEWS)
def test_every_field_of_a_record_is_read_back(due: Due, shown: Shown, view: str) -> None:
    found = due.rows("query", f"SELECT * FROM {view}", "--local", str(shown.database))
    if view == "email_click":  # the click on an unsubscribe link is here too
        found = [row for row in found if row["message_id"] != "ses-email_unsubscribe"]
    rows = {"pinpoint" if row["source"] == "pinpoint" else "other": row for row in found}
    shown_records = {"pinpoint": shown.pinpoint[view], "other": shown.other[view]}
    assert len(found) == len(rows) == len([record for record in shown_records.values() if record])
    types = {line["field"]: line["dictionary_type"] for line in DICTIONARY if line["view"] == view}
    for source, row in rows.items():
        record = shown_records[source]
        assert record is not None
        for line in PATHS:
            if line["view"] == view:
                expected = _expected(record, line["field"], line[source], types[line["field"]])
                assert row[line["field"]] == expected, line
        assert row["ingest_timestamp"] == row["arrival_timestamp"][:13] + ":00:00.000Z"


def _expected(record: Record, field: str, path: str, kind: str) -> object:
    """The value at a path of a record as the view shows it; no path is no value."""
    if not path:
        return None
    found: Any = record if path.startswith("@") or "Message" not in record else json.loads(str(record["Message"]))
    for key in path.removeprefix("@").split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found is not None, f"the record has no {path}"
    if path == "@TopicArn":  # an inbound message does not name its account, and its topic does
        return str(found).split(":")[4]
    if kind == "Timestamp":
        return found if isinstance(found, str) else iso(found)
    if field == "price_in_millicents_usd" and path == "totalMessagePrice":
        return round(found * 100_000, 6)
    return str(found) if kind == "String" else found


def test_own_time_is_the_arrival_of_a_pinpoint_email_event_but_for_the_send(due: Due, shown: Shown) -> None:
    def times(view: str, column: str) -> list[Any]:
        sql = f"SELECT {column}, occurred_at FROM {view} WHERE source = 'pinpoint'"
        return [tuple(row.values()) for row in due.rows("query", sql, "--local", str(shown.database))]

    for view, column in (
        ("email_open", "arrival_timestamp"),
        ("email_send", "event_timestamp"),
        ("sms_success", "event_timestamp"),
    ):
        ((own, occurred),) = times(view, column)
        assert own == occurred


def test_message_tags_of_email_are_attributes_over_context(due: Due, week: Week) -> None:
    expected = {}
    for event in week.events:
        if event.row["event_type"] == "_email.open":
            custom = (event.row.get("client_context") or {}).get("custom")
            assert custom is None or isinstance(custom, dict)
            expected[event.row["event_id"]] = {**(custom or {}), **(event.row.get("attributes") or {})}
    rows = due.rows("query", "SELECT event_id, message_tags FROM email_open", "--local", str(week.database))
    assert {row["event_id"]: row["message_tags"] for row in rows} == expected
    assert len(rows) > 100


_CONTEXTS: list[tuple[records.Over, dict[str, str | None] | None]] = [
    ('{"id": "4", "when": ""}', {"id": "4", "when": ""}),
    ('{"n": 4, "big": 12345678901234567, "yes": true}', {"n": "4", "big": "12345678901234567", "yes": "true"}),
    ('{"deep": {"a": [1, "x"]}, "list": [ ]}', {"deep": '{"a":[1,"x"]}', "list": "[]"}),
    ('{"none": null, "word": "null"}', {"none": None, "word": "null"}),
    ('{"text": "{\\"a\\": 1}", "quote": "it\'s \\u00fc"}', {"text": '{"a": 1}', "quote": "it's ü"}),
    ("{}", {}),
    ('{"id": "4"', None),
    ('["id", "4"]', None),
    ('"id"', None),
    ("null", None),
    ("", None),
    ("id=4", None),
    (records.ABSENT, None),
]


def test_message_tags_of_sms_are_the_customer_context(due: Due, tmp_path: Path) -> None:
    raw: list[Json] = []
    for number, (context, _) in enumerate(_CONTEXTS):
        attributes = {"customer_context": context, "message_id": str(number)}
        raw.append(records.pinpoint_sms("_SMS.SUCCESS", attributes=attributes))
    database = ingested(tmp_path / "contexts", raw)
    rows = due.rows("query", "SELECT message_id, message_tags FROM sms_success", "--local", str(database))
    found = {int(row["message_id"]): row["message_tags"] for row in rows}
    assert found == {number: tags for number, (_, tags) in enumerate(_CONTEXTS)}


def test_context_of_end_user_messaging_is_its_message_tags(due: Due, shown: Shown) -> None:
    sql = "SELECT message_tags FROM sms_success WHERE source = 'sms'"
    assert due.rows("query", sql, "--local", str(shown.database)) == [
        {"message_tags": {"account": "bar", "order": "order-78"}}
    ]


def test_one_row_for_each_recipient_of_a_bounce_or_complaint(due: Due, tmp_path: Path) -> None:
    mail = Mail("m", at("2026-06-01T10:00"), ("ada@example.com", "bob@example.com"))
    raw: list[Json] = []
    for kind in ("hardbounce", "softbounce", "complaint"):
        raw += [ses(mail, kind, at("2026-06-01T10:01")), pinpoint(mail, kind, at("2026-06-01T10:02"), mail.to[:1])]
    database = ingested(tmp_path / "people", raw)
    for view, column in (
        ("email_hardbounce", "bounced_recipient_email_address"),
        ("email_softbounce", "bounced_recipient_email_address"),
        ("email_complaint", "complained_email_address"),
    ):
        sql = f"SELECT source, {column} AS who FROM {view} ORDER BY source, who"
        rows = due.rows("query", sql, "--local", str(database))
        assert [(row["source"], row["who"]) for row in rows] == [
            ("pinpoint", "ada@example.com"),
            ("ses", "ada@example.com"),
            ("ses", "bob@example.com"),
        ]


@pytest.mark.parametrize("people", [None, [], "all of them", [{}]])
def test_a_bounce_or_complaint_that_names_nobody_is_one_row(due: Due, tmp_path: Path, people: Json) -> None:
    """So that a view has every event that a report counts."""
    raw: list[Json] = [
        records.ses_bounce(bounce={"bouncedRecipients": people}),
        records.ses_bounce(bounce={"bouncedRecipients": people, "bounceType": "Transient"}),
        records.ses_complaint(complaint={"complainedRecipients": people}),
    ]
    database = ingested(tmp_path / "nobody", raw)
    for view, column in (
        ("email_hardbounce", "bounced_recipient_email_address"),
        ("email_softbounce", "bounced_recipient_email_address"),
        ("email_complaint", "complained_email_address"),
    ):
        rows = due.rows("query", f"SELECT message_id, {column} AS who FROM {view}", "--local", str(database))
        assert [(row["message_id"], row["who"]) for row in rows] == [("email-ses-1", None)]


def test_duplicates_are_shown(due: Due, scenes: Path, scenes_twice: Path) -> None:
    sql = "SELECT COUNT(*) AS n, COUNT(occurred_at) + COUNT(source) + COUNT(event_id) AS own FROM email_open"
    ((once),) = due.rows("query", sql, "--local", str(scenes))
    ((twice),) = due.rows("query", sql, "--local", str(scenes_twice))
    assert once["n"] > 0
    assert once["own"] == 3 * once["n"]
    assert twice["n"] > once["n"]  # the records of a scene are in several cases
    assert twice["own"] == 0
