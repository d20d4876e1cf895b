"""Pinpoint's event stream: every type, column by column, against the raw record (docs/data.md)."""

from __future__ import annotations

import pytest

from due_cli.events import Envelope, Record, Row, UnreadableError, rows_of
from tests.events.columns import checked, mail_event, part_of, row_of
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    ARRIVED,
    HAPPENED,
    PINPOINT_APP_TYPES,
    PINPOINT_CAMPAIGN_TYPES,
    PINPOINT_EMAIL_TYPES,
    PINPOINT_SMS_TYPES,
    RECEIVED,
    SENT,
    pinpoint_app,
    pinpoint_campaign,
    pinpoint_email,
    pinpoint_journey,
    pinpoint_sms,
    pinpoint_test_event,
)

STREAM = Envelope(received_at=RECEIVED)


def as_it_is(record: Record, *keys: str) -> Record:
    """The columns that have the record's own shape."""
    return {key: record[key] for key in ("event_type", "event_timestamp", "arrival_timestamp", "event_version", *keys)}


def without_id(row: Row) -> dict[str, object]:
    assert len(row["event_id"]) == 22
    return {key: value for key, value in row.items() if key != "event_id"}


@pytest.mark.parametrize("event_type", PINPOINT_EMAIL_TYPES)
def test_every_column_of_an_email_event_is_the_records_own(event_type: str) -> None:
    raw = pinpoint_email(event_type)
    row = row_of(pinpoint_email(event_type), STREAM)

    expected: dict[str, object] = {
        **as_it_is(raw, "application", "client", "device", "session", "attributes", "client_context", "facets"),
        "awsaccountid": ACCOUNT,
        "source": "pinpoint",
        "occurred_at": SENT if event_type == "_email.send" else ARRIVED,
    }
    if event_type == "_email.rendering_failure":
        expected["facets"] = {"email_channel": {"mail_event": {"mail": part_of(row, "mail")}}}
        expected["details"] = {
            "facets.email_channel.mail_event.rendering_failure.error_message": "Attribute 'name' is not present"
        }
    assert without_id(row) == expected
    assert part_of(row, "mail") == _mail(raw)
    checked([row])


def test_the_own_time_of_an_email_event_is_its_arrival_except_for_the_send() -> None:
    assert row_of(pinpoint_email("_email.send"))["occurred_at"] == SENT
    for event_type in set(PINPOINT_EMAIL_TYPES) - {"_email.send"}:
        row = row_of(pinpoint_email(event_type))
        assert (row["occurred_at"], row["event_timestamp"], row["arrival_timestamp"]) == (ARRIVED, SENT, ARRIVED)


@pytest.mark.parametrize("event_type", PINPOINT_SMS_TYPES)
def test_every_column_of_an_sms_event_is_the_records_own(event_type: str) -> None:
    raw = pinpoint_sms(event_type)
    row = row_of(pinpoint_sms(event_type), STREAM)

    assert without_id(row) == {
        **as_it_is(raw, "application", "client", "device", "session", "attributes"),
        "awsaccountid": ACCOUNT,
        "metrics": {"price_in_millicents_usd": 645.5},
        "metric_values": {"price_in_millicents_usd": 645.5},
        "source": "pinpoint",
        "occurred_at": HAPPENED,
    }
    assert row["attributes"]["record_status"] == PINPOINT_SMS_TYPES[event_type]
    checked([row])


@pytest.mark.parametrize("event_type", PINPOINT_CAMPAIGN_TYPES)
def test_every_column_of_a_campaign_event_is_the_records_own(event_type: str) -> None:
    raw = pinpoint_campaign(event_type)
    row = row_of(pinpoint_campaign(event_type), STREAM)

    attributes = raw["attributes"]
    assert isinstance(attributes, dict) and attributes.pop("campaign_type", "") is None
    assert without_id(row) == {
        **as_it_is(raw, "application", "client", "device", "session", "client_context", "attributes"),
        "awsaccountid": ACCOUNT,
        "source": "pinpoint",
        "occurred_at": HAPPENED,
    }
    checked([row])


def test_every_column_of_a_journey_event_is_the_records_own() -> None:
    raw = pinpoint_journey()
    row = row_of(pinpoint_journey(), STREAM)

    assert without_id(row) == {
        **as_it_is(raw, "application", "client", "device", "session", "client_context", "attributes"),
        "awsaccountid": ACCOUNT,
        "source": "pinpoint",
        "occurred_at": HAPPENED,
    }
    checked([row])


@pytest.mark.parametrize("event_type", PINPOINT_APP_TYPES)
def test_an_app_or_custom_event_keeps_every_metric_and_field(event_type: str) -> None:
    raw = pinpoint_app(event_type)
    row = row_of(pinpoint_app(event_type), STREAM)

    expected: dict[str, object] = {
        **as_it_is(raw, "client", "attributes"),
        "application": {"app_id": "app-1", "sdk": {"name": "aws-sdk-mobile-analytics-js", "version": "0.9.1:2.4.8"}},
        "device": {"platform": {"name": "android", "version": "10.10"}},
        "session": {
            "session_id": "session-1",
            "start_timestamp": str(HAPPENED - 600_000),
            "stop_timestamp": str(HAPPENED - 1),
        },
        "metric_values": {"score": 12.5, "lives": 3.0},
        "source": "pinpoint",
        "occurred_at": HAPPENED,
        "details": {
            "application.cognito_identity_pool_id": "us-east-1:pool-1",
            "application.package_name": "main.page",
            "application.title": "shop title",
            "application.version_name": "1.0",
            "application.version_code": "17",
            "device.locale.code": "en_US",
            "device.locale.country": "USA",
            "device.locale.language": "en",
            "device.make": "generic web browser",
            "device.model": "Unknown model",
        },
    }
    assert without_id(row) == expected
    checked([row])


def test_the_test_event_of_a_new_stream_is_ignored() -> None:
    assert rows_of(pinpoint_test_event()).rows == []


def test_the_treatment_is_under_its_real_key() -> None:
    attributes = row_of(pinpoint_email("_email.open", attributes={"treatment_id": "treatment-B"}))["attributes"]
    assert attributes["treatment_id"] == "treatment-B"
    assert "treament_id" not in attributes


def test_an_sms_price_is_in_both_metric_columns_and_a_custom_metric_in_one() -> None:
    row = row_of(pinpoint_sms(metrics={"price_in_millicents_usd": 645, "retries": 2}))
    assert row["metrics"] == {"price_in_millicents_usd": 645.0}
    assert row["metric_values"] == {"price_in_millicents_usd": 645.0, "retries": 2.0}
    free = row_of(pinpoint_sms(metrics=ABSENT))
    assert "metrics" not in free and "metric_values" not in free


def test_arrival_is_pinpoints_else_the_streams_else_the_own_time() -> None:
    assert row_of(pinpoint_sms(), STREAM)["arrival_timestamp"] == ARRIVED
    assert row_of(pinpoint_sms(arrival_timestamp=ABSENT), STREAM)["arrival_timestamp"] == RECEIVED
    assert row_of(pinpoint_sms(arrival_timestamp=ABSENT))["arrival_timestamp"] == HAPPENED


def test_an_email_event_without_arrival_happened_at_its_event_timestamp() -> None:
    row = row_of(pinpoint_email("_email.open", arrival_timestamp=ABSENT), STREAM)
    assert (row["occurred_at"], row["arrival_timestamp"]) == (SENT, RECEIVED)


def test_event_timestamp_stays_null_where_the_record_has_none() -> None:
    """It is the send time on email events, so the time of an open must not stand in for it."""
    row = row_of(pinpoint_email("_email.open", event_timestamp=ABSENT))
    assert "event_timestamp" not in row
    assert row["occurred_at"] == ARRIVED


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (pinpoint_email("_email.open", event_timestamp=ABSENT, arrival_timestamp=ABSENT), "event_timestamp"),
        (pinpoint_sms(event_timestamp="soon", arrival_timestamp=None), "event_timestamp"),
        (pinpoint_sms(attributes={"message_id": ABSENT}), "message_id"),
        (pinpoint_sms(attributes=ABSENT), "message_id"),
        (pinpoint_email("_email.send", facets=ABSENT), "message_id"),
        (pinpoint_app(""), "Pinpoint"),
    ],
)
def test_without_type_time_or_message_id_the_reason_names_what_is_missing(record: Record, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        rows_of(record)


def test_an_attribute_of_any_kind_becomes_text() -> None:
    attributes: Record = {"count": 5, "flag": True, "list": [1, "two"], "map": {"a": None}, "nothing": None, "ü": "ß"}
    row = row_of(pinpoint_app(attributes=attributes))
    assert row["attributes"] == {
        "level": "seven",
        "count": "5",
        "flag": "true",
        "list": '[1,"two"]',
        "map": '{"a":null}',
        "ü": "ß",
    }


def test_two_fields_that_share_a_path_are_both_kept() -> None:
    record = pinpoint_app(device={"make.year": "dotted", "make": {"year": "nested", "place": "here"}})
    details = row_of(record)["details"]
    assert sorted(value for value in details.values() if value in ("dotted", "nested")) == ["dotted", "nested"]
    assert details["device.make.place"] == "here"


def test_a_softbounce_lists_a_recipient_without_a_dsn() -> None:
    bounce = mail_event(row_of(pinpoint_email("_email.softbounce")))["bounce"]
    assert isinstance(bounce, dict)
    assert bounce["bounced_recipients"] == [{"email_address": "dora@post.example.net"}]
    assert "reporting_mta" not in bounce


def _mail(record: Record) -> object:
    value: object = record["facets"]
    for key in ("email_channel", "mail_event", "mail"):
        assert isinstance(value, dict)
        value = value[key]
    return value
