"""Every wrapper in every other: the rows of the bare record, by ingest and by the transform, whatever is broken."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from itertools import cycle, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.aws.pipeline.records import read_stream_record
from due_cli.events import Envelope, Json, Record, loads, rows_of
from due_cli.events.envelopes import KEYS
from due_cli.ingest.batch import Block, decode, read_block
from due_cli.ingest.inputs import chunks_of
from tests.events.reading import faster, read, without_arrival
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    PUBLISHED,
    RECEIVED,
    copied,
    iso,
    pinpoint_app,
    pinpoint_email,
    pinpoint_sms,
    ses_click,
    ses_send,
    sms_event,
    sms_inbound,
    whatsapp,
    whatsapp_flow,
    whatsapp_inbound,
    whatsapp_message,
    whatsapp_status,
    whatsapp_statuses,
    whatsapp_value,
)
from tests.events.samples import SHAPES, Sample
from tests.events.test_wrappers import as_bare, bare_rows
from tests.events.wrapping import PACKED, WRAPPERS, encoded, sns

FAMILIES = [sample for sample in SHAPES if sample.envelope == Envelope()]
PAIRS = list(product(WRAPPERS, WRAPPERS))


def same_rows(outer: str, inner: str, sample: Sample) -> bool:
    bare = bare_rows(sample)
    found = read(encoded(WRAPPERS[outer](WRAPPERS[inner](sample.build()))), faster)
    return not found.failed and as_bare(found.rows, bare) == without_arrival(bare)


@pytest.mark.slow
def test_a_record_of_some_family_is_the_same_in_every_pair_of_wrappers() -> None:
    """Families take turns; every one of them is in every pair with ``make test-all``."""
    families = cycle(FAMILIES)
    assert [pair for pair in PAIRS if not same_rows(*pair, next(families))] == []


@pytest.mark.slow
@pytest.mark.parametrize("sample", FAMILIES, ids=lambda sample: sample.name)
def test_a_record_of_every_family_is_the_same_in_every_pair_of_wrappers(sample: Sample) -> None:
    assert [pair for pair in PAIRS if not same_rows(*pair, sample)] == []


# What ingest reads from a file and the transform from a stream's record, alike.
PAYLOADS: dict[str, bytes] = {
    **{name: encoded(wrap(ses_send())) for name, wrap in WRAPPERS.items()},
    **{f"bytes: {name}": pack(encoded(sns(ses_click()))) for name, pack in PACKED.items()},
    "lines": b"\n".join([encoded(ses_send()), encoded(pinpoint_email()), encoded(pinpoint_sms()), b'{"a":1}']),
    "log lines": b"".join(f"{iso(PUBLISHED)} {json.dumps(record)}\n".encode() for record in (ses_send(), sms_event())),
    "Python": repr(ses_send()).encode(),
    "webhook": encoded({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": []}]}),
    "control message": encoded({"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "message": "CWL"}]}),
    "no record": encoded({"message": "START RequestId: 1"}),
    "no JSON": b"hello",
    "cut off": encoded(ses_send())[:-9],
    "damaged gzip": gzip.compress(encoded(ses_send()))[:-9],
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_transform_opens_what_ingest_opens(payload: str) -> None:
    data = PAYLOADS[payload]
    record = {"recordId": "1", "approximateArrivalTimestamp": RECEIVED, "data": base64.b64encode(data).decode()}
    streamed = read_stream_record(record)
    ids = Counter(json.loads(line)["event_id"] for line in streamed.lines)
    assert streamed.bugs == ()
    if payload == "damaged gzip":  # of a file, the error is one of the input
        assert (ids, streamed.unreadable) == (Counter(), 1)
        return
    batches = [
        read_block(chunk) for chunk in chunks_of(io.BufferedReader(io.BytesIO(data)), "x") if isinstance(chunk, Block)
    ]
    assert ids == Counter(row.key[4:].decode() for batch in batches for row in batch.rows)
    assert streamed.unreadable == sum(len(batch.failures) for batch in batches)
    assert streamed.records == sum(batch.records for batch in batches)


class TestNoWrapper:
    """A record stays a record, whatever its fields hold."""

    INNER = json.dumps(ses_send())

    @pytest.mark.parametrize("key", sorted(KEYS))
    @pytest.mark.parametrize("value", [INNER, [INNER], {"data": INNER}])
    def test_with_a_field_that_is_called_as_one_of_a_wrapper(self, key: str, value: Json) -> None:
        for build in (pinpoint_app, ses_send, sms_event):
            [row] = read(encoded({**build(), key: value})).rows
            assert row["event_type"] == rows_of(build()).rows[0]["event_type"]

    def test_with_an_attribute_that_holds_one(self) -> None:
        [row] = read(encoded(pinpoint_app("_session.stop", attributes={"message": self.INNER, "body": "x"}))).rows
        assert row["attributes"]["message"] == self.INNER

    @pytest.mark.parametrize(
        "value",
        [
            {"message": "hello"},
            {"data": "hello world"},
            {"body": "a=1&b=2"},
            {"events": [{"a": 1}]},
            {"entry": [{"changes": [{"field": "comments", "value": {}}]}], "object": "instagram"},
            {"Messages": [{"a": 1}]},
            {"hits": 3},
        ],
    )
    def test_of_something_else_is_one_failed_record(self, value: Json) -> None:
        [(raw, reason)] = read(encoded(value)).failed
        assert (json.loads(raw), reason[:12]) == (value, "not a record")


TIMED: dict[str, Any] = {
    "SQS": lambda value: {"Messages": [{"Body": value, "Attributes": {"SentTimestamp": str(PUBLISHED)}}]},
    "SNS": lambda value: {"Type": "Notification", "Message": value, "Timestamp": iso(PUBLISHED)},
    "Kinesis": lambda value: {
        "Records": [
            {
                "Data": base64.b64encode(value.encode()).decode(),
                "ApproximateArrivalTimestamp": PUBLISHED / 1000,
            }
        ]
    },
    "log": lambda value: {"events": [{"message": value, "timestamp": PUBLISHED}]},
}


class TestWhatAWrapperKnows:
    """Its time, account and region are used where the record lacks them."""

    @pytest.mark.parametrize("wrapper", TIMED)
    def test_time(self, wrapper: str) -> None:
        for record in (
            sms_inbound(),
            sms_event("TEXT_SUCCESSFUL", eventTimestamp=ABSENT),
            whatsapp_statuses(whatsapp_status(timestamp=ABSENT)),
        ):
            [row] = read(encoded(TIMED[wrapper](json.dumps(record)))).rows
            assert row["occurred_at"] == PUBLISHED

    @pytest.mark.parametrize("wrapper", TIMED)
    def test_the_record_s_own_time_comes_first(self, wrapper: str) -> None:
        [row] = read(encoded(TIMED[wrapper](json.dumps(sms_event())))).rows
        assert row["occurred_at"] == rows_of(sms_event()).rows[0]["occurred_at"]

    def test_a_time_that_cannot_be_read_is_not_replaced(self) -> None:
        text = json.dumps(sms_event(eventTimestamp="yesterday"))
        assert len(read(encoded(TIMED["SNS"](text))).failed) == 1

    @pytest.mark.parametrize(
        "wrapped",
        [
            {"Type": "Notification", "TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "Message": sms_event()},
            {"Records": [{"eventSourceARN": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "body": json.dumps(sms_event())}]},
            {
                "requestContext": {"functionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"},
                "requestPayload": sms_event(),
            },
            {
                "deliveryStreamArn": f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/s",
                "records": [{"data": base64.b64encode(encoded(sms_event())).decode()}],
            },
        ],
    )
    def test_account_and_region(self, wrapped: Json) -> None:
        [row] = read(encoded(wrapped)).rows
        assert (row["awsaccountid"], row["details"]["region"]) == (ACCOUNT, "eu-west-1")


class TestMeta:
    """WhatsApp without AWS's header: the body of Meta's webhook, its entries, their changes and values."""

    RECORDS = (
        whatsapp_statuses(whatsapp_status(), whatsapp_status("read")),
        whatsapp_inbound(whatsapp_message()),
        whatsapp(whatsapp_value(statuses=[whatsapp_status("failed")])),
    )

    @pytest.mark.parametrize("record", RECORDS)
    def test_the_events_are_those_of_the_notification(self, record: Record) -> None:
        entry = json.loads(str(record["whatsAppWebhookEntry"]))
        forms = [{"object": "whatsapp_business_account", "entry": [entry]}, {"entry": [entry]}, entry]
        forms += [*entry["changes"]] if len(entry["changes"]) == 1 else []
        forms += [change["value"] for change in entry["changes"]] if len(entry["changes"]) == 1 else []
        expected = [row["event_id"] for row in rows_of(copied(record)).rows]
        for form in forms:
            for wrapped in (form, sns(form)):
                assert [row["event_id"] for row in read(encoded(wrapped)).rows] == expected

    def test_a_change_of_the_account_happened_when_its_entry_says(self) -> None:
        entry = json.loads(str(whatsapp_flow()["whatsAppWebhookEntry"]))
        [row] = read(encoded({**entry, "time": PUBLISHED // 1000})).rows
        assert row["occurred_at"] == PUBLISHED // 1000 * 1000

    def test_the_answer_to_a_send_is_no_message(self) -> None:
        answer: Json = {"messaging_product": "whatsapp", "contacts": [{"wa_id": "1"}], "messages": [{"id": "wamid.1"}]}
        assert len(read(encoded(sns(answer))).failed) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (repr(ses_send()), "a Python object as text (repr)"),
        ('7,"{""eventType"":""Send""}"', "CSV with JSON in a column"),
        ("\xf3\x89\x9a\xc2abc", "records aggregated by the Kinesis Producer Library"),
    ],
)
def test_what_is_nearly_json_is_named(text: str, reason: str) -> None:
    for block in (
        text.encode("latin-1"),
        encoded({"records": [{"data": base64.b64encode(text.encode("latin-1")).decode(), "recordId": "1"}]}),
    ):
        assert [said for _, said in read(block).failed][-1].startswith(reason)


_ODD: tuple[Json, ...] = (None, True, 5, "", "text", "{", "[]", "eyJh", "arn:aws:x", [], {}, [[]], {"a": 1})
_FAMILIES: tuple[Callable[[], Record], ...] = (
    ses_send,
    sms_event,
    sms_inbound,
    pinpoint_app,
    lambda: whatsapp_statuses(whatsapp_status()),
)


@st.composite
def broken_wrappers(draw: st.DrawFn) -> Json:
    """A record in wrappers, with keys dropped, renamed or doubled, and values of other types, before each next one."""
    value: Json = draw(st.sampled_from(_FAMILIES))()
    for _ in range(draw(st.integers(1, 3))):
        value = WRAPPERS[draw(st.sampled_from(sorted(WRAPPERS)))](value)
        for _ in range(draw(st.integers(0, 2))):
            _break(draw, value)
    return value


def _break(draw: st.DrawFn, value: Json) -> None:
    places: list[tuple[Any, Any]] = []
    open_values: list[Any] = [value]
    while open_values:
        one = open_values.pop()
        items = list(one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ())
        places += [(one, key) for key, _ in items]
        open_values += [inner for _, inner in items]
    if not places:
        return
    inside, key = draw(st.sampled_from(places))
    kind = draw(st.sampled_from(("drop", "rename", "double", "retype", "list", "text")))
    if kind == "drop":
        del inside[key]
    elif kind in ("rename", "double") and isinstance(inside, dict):
        other = draw(st.sampled_from(sorted(KEYS)))
        inside[other] = inside[key] if kind == "double" else inside.pop(key)
    elif kind == "list":
        inside[key] = [inside[key], inside[key]]
    elif kind == "text":
        inside[key] = json.dumps(inside[key])
    else:
        inside[key] = draw(st.sampled_from(_ODD))


@given(broken_wrappers())
def test_broken_wrappers_give_rows_and_reasons_that_add_up(value: Json) -> None:
    text = encoded(value)
    batch = read_block(Block("x", 1, text))
    kept = len({row.record for row in batch.rows})
    assert batch.records == kept + batch.ignored + len(batch.failures)
    assert not [failure.reason for failure in batch.failures if "a bug in due" in failure.reason]
    one, other = read(text, loads), read(text, decode)
    assert (one.rows, one.failed, one.ignored) == (other.rows, other.failed, other.ignored)
    streamed = read_stream_record({"data": base64.b64encode(text).decode()})
    assert (streamed.records, streamed.unreadable, streamed.bugs) == (batch.records, len(batch.failures), ())
