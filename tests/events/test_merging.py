"""Deliveries of one event become one row, whatever their order and grouping (docs/data.md)."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import merge, rows_of, status_of
from due_cli.events.merging import merge_rows
from due_cli.events.model import Json, Row, without_empty
from due_cli.ingest.batch import decode_row, encode_row
from tests.events.records import ses_bounce, ses_notification
from tests.events.samples import SAMPLES

ROWS = [row for sample in SAMPLES for row in rows_of(sample.build(), sample.envelope).rows]
IDENTITY = ("event_type", "event_id", "source", "occurred_at", "message_id")  # what all deliveries of an event share
AROUND = ("facets", "email_channel", "mail_event", "mail", "attributes")  # what holds it


def _texts(text: str) -> st.SearchStrategy[str]:
    if text in ("true", "false"):
        return st.sampled_from(["true", "false"])
    return st.sampled_from([text, text, text.upper(), f"{text}!", f"A <{text}>", "z", ""])


@st.composite
def changed(draw: st.DrawFn, value: Any, repeating: bool) -> Any:
    """A value as another delivery may have it: some of its parts are missing, added or written in another way."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key in (*IDENTITY, *AROUND) or draw(st.integers(0, 3))}
        return {key: item if key in IDENTITY else draw(changed(item, repeating)) for key, item in kept.items()}
    if isinstance(value, list):
        items = [
            draw(changed(item, repeating)) for item in [*value, *value[: len(value) * repeating]] if draw(st.booleans())
        ]
        return draw(st.permutations(items))
    if isinstance(value, str):
        if value.startswith("["):
            return json.dumps(draw(changed(json.loads(value), repeating)), ensure_ascii=False, separators=(",", ":"))
        return draw(_texts(value))
    if isinstance(value, bool):
        return draw(st.booleans())
    return value + draw(st.integers(0, 2)) * 0.75 if isinstance(value, float) else value


@st.composite
def deliveries(draw: st.DrawFn, number: int, repeating: bool = True) -> list[Row]:
    """Several deliveries of one event of any kind; ``repeating`` ones may list a person twice."""
    row = draw(st.sampled_from(ROWS))
    rows = [draw(changed(row, repeating)) for _ in range(number)]
    return [
        cast("Row", {**other, "arrival_timestamp": row["arrival_timestamp"] + draw(st.integers(0, 3)) * 3_600_000})
        for other in rows
    ]


@given(rows=deliveries(3))
def test_neither_order_nor_grouping_nor_repetition_changes_the_row(rows: list[Row]) -> None:
    one, two, three = rows
    merged = encode_row(merge_rows(one, two, three))
    assert encode_row(merge_rows(one, merge_rows(two, three))) == merged
    assert encode_row(merge_rows(three, two, one)) == merged
    assert encode_row(merge_rows(two, three, one, two)) == merged
    assert encode_row(merge_rows(decode_row(merged), one)) == merged
    assert encode_row(merge_rows(one, one)) == encode_row(one)


@given(rows=deliveries(2, repeating=False))
def test_the_status_of_the_row_has_all_that_its_deliveries_say(rows: list[Row]) -> None:
    """So a store that merged the statuses of deliveries, and of the row then, is what the rows say."""
    merged = status_of(merge_rows(*rows))
    if merged is None:
        return
    statuses = [status for status in map(status_of, rows) if status is not None]
    assert merge(*statuses, merged) == merged


@given(rows=deliveries(2))
def test_nothing_that_a_delivery_says_is_missing(rows: list[Row]) -> None:
    """Each column, key, person and path of either is in the row, but for empty lists and maps, which are not stored."""
    assert _paths(merge_rows(*rows)) >= _paths(without_empty(rows[0])) | _paths(without_empty(rows[1]))


def _paths(value: Any) -> set[tuple[str, ...]]:
    if isinstance(value, dict):
        return {(key, *path) for key, item in value.items() for path in _paths(item)} | {(key,) for key in value}
    return {()}


def test_a_stored_row_is_merged_as_the_delivery_that_it_was() -> None:
    """An empty header is not stored, so it must not count where the order of headers is chosen."""
    row = rows_of(ses_bounce()).rows[0]
    mail = cast("dict[str, Any]", row["facets"]["email_channel"]["mail_event"]["mail"])
    headers = [[{"name": "Z"}, {"name": "A"}], [{}]]
    one, two = (
        cast("Row", {**row, "facets": {"email_channel": {"mail_event": {"mail": {**mail, "headers": items}}}}})
        for items in headers
    )
    merged = encode_row(merge_rows(one, two))
    assert encode_row(merge_rows(decode_row(merged), two)) == merged == encode_row(merge_rows(decode_row(merged), one))


def test_a_notification_and_the_event_of_a_bounce() -> None:
    """Tags are the event's, the reporting server's address the notification's, the diagnostic code whoever has one."""
    event = ses_bounce(bounce={"bouncedRecipients": [{"emailAddress": "dora@post.example.net", "status": "5.1.1"}]})
    person: Json = {"emailAddress": "Dora <Dora@post.example.net>", "diagnosticCode": "smtp; 550", "x-new": "1"}
    notification = ses_notification("Bounce", bounce={"bouncedRecipients": [person]})
    rows = [rows_of(record).rows[0] for record in (event, notification)]
    assert rows[0]["event_id"] == rows[1]["event_id"]
    merged = merge_rows(*rows)
    assert merged["attributes"]["campaign_id"] == "spring"
    bounce = cast("dict[str, Any]", merged["facets"]["email_channel"]["mail_event"]["bounce"])
    (recipient,) = bounce["bounced_recipients"]
    assert recipient == {
        "email_address": "Dora <Dora@post.example.net>",
        "status": "5.1.1",
        "diagnostic_code": "smtp; 550",
    }
    assert json.loads(merged["details"]["bounce.bouncedRecipients"]) == [{"x-new": "1"}]


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ({"a": "short", "b": "same"}, {"a": "longer one", "c": "new"}, {"a": "longer one", "b": "same", "c": "new"}),
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": '[{"emailAddress":"a@x","s":1}]'}, {"a": '[{"emailAddress":"A@x","t":2}]'}, None),
        ({"a": "[1,2]"}, {"a": "plain text, and longer"}, {"a": "[1,2]"}),
        ({"a": "[2,1]"}, {"a": "[3]"}, {"a": "[1,2,3]"}),
        ({"a": "[2,1]"}, {"a": "[1]"}, {"a": "[2,1]"}),
    ],
)
def test_details(one: dict[str, str], other: dict[str, str], merged: dict[str, str] | None) -> None:
    """Of two texts the longer, then the greater; lists, which stand there as text, by person or item."""
    merged = merged or {"a": '[{"emailAddress":"a@x","s":1,"t":2}]'}
    rows: list[Row] = [{"arrival_timestamp": 1, "details": details} for details in (one, other)]
    assert merge_rows(*rows)["details"] == merge_rows(*reversed(rows))["details"] == merged


def test_of_two_prices_the_greater_stays_as_in_reports() -> None:
    rows: list[Row] = [{"arrival_timestamp": 1, "metrics": {"price_in_millicents_usd": it}} for it in (1000.0, 645.25)]
    assert merge_rows(*rows)["metrics"] == merge_rows(*reversed(rows))["metrics"] == {"price_in_millicents_usd": 1000.0}
