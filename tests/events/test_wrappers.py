"""What stands around records is looked through, however deep (docs/data.md, "Event types")."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Decoder, Envelope, Json, Row, loads, rows_of
from due_cli.events.compression import GZIP_MAGIC
from due_cli.events.wrappers import payload_units
from tests.events.columns import checked
from tests.events.reading import faster, read, without_arrival
from tests.events.records import (
    ACCOUNT,
    ARRIVED,
    HAPPENED,
    PUBLISHED,
    RECEIVED,
    pinpoint_email,
    pinpoint_sms,
    pinpoint_test_event,
    ses_bounce,
    ses_click,
    ses_send,
    sms_event,
    sms_inbound,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.samples import SAMPLES, Sample
from tests.events.wrapping import (
    PACKED,
    TIMED,
    WRAPPERS,
    Wrap,
    conversion_failed,
    encoded,
    event_bridge,
    firehose,
    in_text,
    kinesis,
    lambda_sns,
    processing_failed,
    sns,
    sqs,
)
from tests.sampling import sampled

BARE = [sample for sample in SAMPLES if sample.envelope == Envelope()]
STREAMS = ("Firehose", "Firehose gzip", "Kinesis", "get-records", "log data in Firehose", *PACKED)


def bare_rows(sample: Sample) -> list[Row]:
    return rows_of(sample.build(), sample.envelope).rows


def as_bare(rows: list[Row], bare: list[Row]) -> list[dict[str, object]]:
    """Rows without what their wrappers alone said: arrival, and the account and region that the bare rows lack."""
    stripped = without_arrival(rows)
    for row, other in zip(stripped, bare, strict=True):
        details = dict(row.get("details") or {})  # type: ignore[call-overload]  # details is a dict
        if "awsaccountid" not in other and "awsaccountid" in row:
            assert row.pop("awsaccountid") == ACCOUNT
        if "region" not in other.get("details", {}) and details.pop("region", "us-east-1") == "us-east-1":
            row["details"] = details
        if not row.get("details"):
            row.pop("details", None)
    return stripped


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_record_in_every_wrapper_gives_the_rows_of_the_bare_record(wrapper: str) -> None:
    for sample in BARE:
        found = read(encoded(WRAPPERS[wrapper](sample.build())))
        assert not found.failed
        assert as_bare(found.rows, bare_rows(sample)) == without_arrival(bare_rows(sample))
        assert [row["event_type"] for row in found.rows] == list(sample.types)


@given(
    st.sampled_from(BARE),
    st.lists(st.sampled_from(sorted(WRAPPERS)), min_size=2, max_size=5),
    st.sampled_from([loads, faster]),
)
def test_wrappers_in_wrappers_change_nothing(sample: Sample, names: list[str], decode: Decoder) -> None:
    wrapped: Json = sample.build()
    for name in names:
        wrapped = WRAPPERS[name](wrapped)
    found = read(encoded(wrapped), decode)
    assert not found.failed
    assert as_bare(found.rows, bare_rows(sample)) == without_arrival(bare_rows(sample))


@pytest.mark.parametrize(
    ("record", "source", "detail_type"),
    [
        (ses_send(), "aws.ses", "Email Sent"),
        (ses_bounce(), "aws.ses", "Email Bounced"),
        (sms_event("TEXT_SUCCESSFUL"), "aws.sms-voice", "Text Message Delivery Status Updated"),
        (sms_event("VOICE_COMPLETED"), "aws.sms-voice", "Voice Message Delivery Status Updated"),
    ],
)
@pytest.mark.parametrize("around", [None, sns, sqs, firehose, lambda_sns])
def test_the_event_of_a_bus_gives_the_rows_of_the_bare_record_and_its_account(
    record: Json, source: str, detail_type: str, around: Wrap | None
) -> None:
    event = event_bridge(source, detail_type)(record)
    found = read(encoded(around(event) if around else event))
    bare = read(encoded(record))
    assert {row["awsaccountid"] for row in found.rows} == {ACCOUNT}
    assert {row["details"]["region"] for row in found.rows} == {"us-east-1"}
    assert as_bare(found.rows, bare.rows) == without_arrival(bare.rows)


@pytest.mark.parametrize(
    ("detail", "source", "detail_type", "event_type"),
    [
        ({"registrationId": "r"}, "aws.sms-voice", "Registration Status Change", "_sms.registration_status_change"),
        (
            {"messageId": "m", "status": "read", "eventTimestamp": str(HAPPENED // 1000)},
            "aws.social-messaging",
            "WhatsApp Message Read",
            "_WHATSAPP.READ",
        ),
    ],
)
def test_records_of_the_bus_alone_are_known_by_it(detail: Json, source: str, detail_type: str, event_type: str) -> None:
    found = read(encoded(event_bridge(source, detail_type)(detail)))
    assert [(row["event_type"], row["awsaccountid"]) for row in found.rows] == [(event_type, ACCOUNT)]


@pytest.mark.parametrize("around", [None, sqs, firehose, kinesis, in_text])
@pytest.mark.parametrize("wrapper", TIMED)
def test_an_inbound_message_happened_when_its_topic_sent_it(wrapper: str, around: Wrap | None) -> None:
    wrapped = WRAPPERS[wrapper](sms_inbound())
    [row] = read(encoded(around(wrapped) if around else wrapped)).rows
    to_the_second = PUBLISHED // 1000 * 1000 if wrapper == "EventBridge replay" else PUBLISHED
    assert (row["event_type"], row["occurred_at"]) == ("_SMS.OPTOUT", RECEIVED if wrapper == "SQS" else to_the_second)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_arrival_is_when_a_stream_received_the_record_and_the_own_time_otherwise(wrapper: str) -> None:
    [row] = read(encoded(WRAPPERS[wrapper](sms_event()))).rows
    streamed = wrapper in STREAMS or "failed" in wrapper
    assert row["arrival_timestamp"] == (RECEIVED if streamed else HAPPENED)
    [row] = read(encoded(WRAPPERS[wrapper](pinpoint_sms()))).rows
    assert row["arrival_timestamp"] == ARRIVED


def test_the_inner_stream_says_when_a_record_arrived() -> None:
    inner = kinesis(sms_event())
    outer = firehose(inner)
    assert isinstance(outer, dict) and isinstance(outer["records"], list) and isinstance(outer["records"][0], dict)
    outer["records"][0]["approximateArrivalTimestamp"] = RECEIVED + 60_000
    [row] = read(encoded(outer)).rows
    assert row["arrival_timestamp"] == RECEIVED


class TestSeveralRecords:
    """One broken record of many takes no other with it, and is kept by itself."""

    def test_in_one_wrapper(self) -> None:
        good: list[dict[str, Json]] = [
            ses_send(),
            {"hello": "world"},
            pinpoint_email("_email.open"),
            pinpoint_test_event(),
        ]
        found = read(encoded(self._batch(lambda_sns, good)))
        assert [row["event_type"] for row in found.rows] == ["_email.send", "_email.open"]
        assert found.ignored == 1
        [(raw, reason)] = found.failed
        assert json.loads(raw) == {"hello": "world"}
        assert reason == "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp"

    def test_that_are_no_json_or_no_base64(self) -> None:
        event = firehose(ses_send())
        assert isinstance(event, dict) and isinstance(event["records"], list)
        for data in ("not base64!", base64.b64encode(b"not JSON\n{}").decode(), base64.b64encode(b"\x1f\x8b").decode()):
            event["records"].append({"recordId": "2", "approximateArrivalTimestamp": RECEIVED, "data": data})
        found = read(encoded(event))
        assert len(found.rows) == 1
        assert [raw for raw, _ in found.failed] == [b"not base64!", b"not JSON", b"{}", b"\x1f\x8b"]
        assert [reason.split(":")[0] for _, reason in found.failed] == [
            "data that is not base64",
            "not JSON",
            "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp",
            "gzip that cannot be read",
        ]

    def test_in_the_text_of_one(self) -> None:
        lines = encoded(ses_send()) + b"\n" + encoded(ses_click()) + encoded(ses_bounce())
        event = sns("")
        assert isinstance(event, dict)
        event["Message"] = lines.decode()
        assert [row["event_type"] for row in read(encoded(event)).rows] == [
            "_email.send",
            "_email.click",
            "_email.hardbounce",
        ]

    def test_in_a_wrapper_in_a_wrapper(self) -> None:
        inner = self._batch(lambda_sns, [ses_send(), {"hello": "world"}])
        found = read(encoded(firehose(inner)))
        assert len(found.rows) == 1
        assert [json.loads(raw) for raw, _ in found.failed] == [{"hello": "world"}]

    def test_that_are_objects_and_not_texts(self) -> None:
        event: Json = {"records": [ses_send(), [ses_click(), ses_bounce()]]}
        assert len(read(encoded(event)).rows) == 3

    def _batch(self, wrap: Wrap, records: Sequence[Json]) -> Json:
        events: list[Json] = []
        for record in records:
            event = wrap(record)
            assert isinstance(event, dict) and isinstance(event["Records"], list)
            events += event["Records"]
        return {"Records": events}


def test_a_failed_record_alone_in_its_document_is_kept_as_received() -> None:
    text = encoded(sns({"hello": "world"}))
    [(raw, _)] = read(text).failed
    assert raw == text


def test_a_confirmation_of_a_subscription_says_what_to_do() -> None:
    confirmation = {
        **json.loads(encoded(sns("Please confirm"))),
        "Type": "SubscriptionConfirmation",
        "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription",
    }
    [(_, reason)] = read(encoded(confirmation)).failed
    assert "open its SubscribeURL" in reason


def test_the_ping_of_a_topic_is_ignored_in_its_wrapper() -> None:
    event = sns("")
    assert isinstance(event, dict)
    event["Message"] = "Successfully validated SNS topic for Amazon SES event publishing."
    found = read(encoded(event))
    assert (found.rows, found.failed, found.ignored) == ([], [], 1)


@pytest.mark.parametrize("wrapper", ["arrays", "SNS", "Firehose"])
def test_as_many_wrappers_as_there_may_be_are_opened_and_more_are_a_reason(wrapper: str) -> None:
    def wrapped(times: int) -> bytes:
        value: Json = ses_send()
        for _ in range(times):
            value = WRAPPERS[wrapper](value)
        return encoded({"detail-type": "x", "detail": value})

    assert len(read(wrapped(5)).rows) == 1
    [(raw, reason)] = read(wrapped(9)).failed
    assert (raw != b"", reason) == (True, "wrapped more than 16 times")


@pytest.mark.parametrize("value", [5, True, None, "hello", "", "[]", "[ ]", "{}", [], {}, [[]], {"Records": []}])
def test_a_wrapper_around_no_record_gives_no_row_and_nothing_else(value: Json) -> None:
    for wrap in (sns, sqs, firehose, kinesis, processing_failed, lambda_sns):
        assert read(encoded(wrap(value))).rows == []


@pytest.mark.parametrize("pack", sampled([gzip.compress, lambda data: gzip.compress(gzip.compress(data))], 1))
def test_what_unpacks_to_more_than_a_record_may_is_refused_and_not_held(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(257 * 1024 * 1024))
    tracemalloc.start()
    [unit] = payload_units(bomb, Envelope(), loads)
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()
    assert unit.reason == "gzip of more than 256 MB in one record"
    assert unit.raw is not None and unit.raw.startswith(GZIP_MAGIC)


def test_all_that_one_record_unpacks_to_counts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("due_cli.events.wrappers.MAX_UNPACKED_BYTES", 3 * 1024 * 1024)
    part = base64.b64encode(gzip.compress(encoded(ses_send(send={"filler": "x" * 1_200_000})))).decode()
    found = read(encoded({"records": [{"data": part}] * 3}))
    assert len(found.rows) == 2
    assert [reason for _, reason in found.failed] == ["gzip of more than 3 MB in one record"]


def test_a_compressed_payload_larger_than_a_batch_is_read_piece_by_piece() -> None:
    line = encoded(ses_send(send={"filler": "x" * 1_000_000})) + b"\n"
    found = list(payload_units(gzip.compress(line * 40, 1), Envelope(), loads))
    assert [unit.reason for unit in found] == [None] * 40


@pytest.mark.parametrize("cut", [3, 12, -9, -1])
def test_gzip_that_is_cut_off_or_damaged_is_a_reason(cut: int) -> None:
    [unit] = payload_units(gzip.compress(encoded(ses_send()))[:cut], Envelope(), loads)
    assert unit.reason is not None and unit.reason.startswith("gzip that cannot be read")


def test_a_stream_may_carry_gzip_of_many_lines() -> None:
    lines = b"\n".join(encoded(record) for record in (ses_send(), whatsapp_statuses(whatsapp_status())))
    found = list(payload_units(gzip.compress(lines), Envelope(received_at=RECEIVED), loads))
    rows = [row for unit in found for row in checked(rows_of(unit.record, unit.envelope).rows)]
    assert [row["event_type"] for row in rows] == ["_email.send", "_WHATSAPP.SENT"]
    assert {row["arrival_timestamp"] for row in rows} == {RECEIVED}


@pytest.mark.parametrize("spelling", ["lastErrorCode", "ErrorCode"])
def test_a_row_that_could_not_be_converted_comes_back_as_it_was(spelling: str) -> None:
    """The rawData of a failed conversion is the transform's output (docs/aws.md)."""
    for sample in SAMPLES:
        rows = rows_of(sample.build(), sample.envelope).rows
        for row in rows:
            found = read(encoded(conversion_failed(spelling)(json.loads(json.dumps(row)))))
            assert (found.rows, found.failed, found.nulled) == ([row], [], 0)


def test_a_row_with_a_column_of_a_wrong_type_comes_back_without_it() -> None:
    [row] = rows_of(ses_bounce()).rows
    broken = {**json.loads(json.dumps(row)), "awsaccountid": 5, "attributes": ["odd"], "new_column": {"x": "y"}}
    found = read(encoded(broken))
    [again] = found.rows
    assert found.nulled == 2
    assert "awsaccountid" not in again and "attributes" not in again
    assert again["details"] == {
        **row["details"],
        "awsaccountid": "5",
        "attributes": '["odd"]',
        "new_column.x": "y",
    }
    assert again["event_id"] == row["event_id"]


@pytest.mark.parametrize("column", ["event_type", "occurred_at", "event_id"])
def test_a_row_without_what_makes_it_one_is_not_read(column: str) -> None:
    [row] = rows_of(ses_bounce()).rows
    broken = {**json.loads(json.dumps(row)), column: {"odd": 1}}
    assert len(read(encoded(broken)).failed) == 1
