"""Whatever bytes come, rows, documents and reasons come out, and nothing else."""

from __future__ import annotations

import json
import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Decoder, Envelope, Json, UnreadableError, documents, loads, rows_of, units
from tests.events.columns import checked
from tests.events.reading import DECODERS, faster, read
from tests.events.records import (
    HAPPENED,
    pinpoint_app,
    pinpoint_email,
    pinpoint_sms,
    ses_bounce,
    ses_click,
    ses_send,
    sms_event,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.samples import SAMPLES
from tests.events.wrapping import WRAPPERS, encoded

decoders = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)
GOOD = encoded(ses_send())


@decoders
@pytest.mark.parametrize("block", [b"", b" ", b"\n\n\r\n", b"[]", b"[ [ ] , ]", b",", b"\xef\xbb\xbf"])
def test_nothing_gives_nothing(block: bytes, decode: Decoder) -> None:
    found = read(block, decode)
    assert (found.rows, found.failed, found.ignored) == ([], [], 0)


@decoders
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"hello", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"{", "not JSON"),
        (b"}", "not JSON"),
        (GOOD[:-1], "not JSON"),
        (GOOD[:50], "not JSON"),
        (GOOD[50:], "not JSON"),
        (GOOD.replace(b":", b"=", 1), "not JSON"),
        (b"\x00\x01\x02\x03", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8: invalid start byte at byte 0"),
        (GOOD.replace(b"parcel", b"parcel \xff"), "not UTF-8"),
        (GOOD.replace(b"parcel", b"parcel \xed\xa0\x80"), "not UTF-8"),
        (GOOD.replace(b"parcel", b"parcel \x00"), "not JSON: Invalid control character"),
        (GOOD.replace(b"false", b"NaN"), "not JSON: NaN is not a JSON value"),
        (GOOD.replace(b"false", b"-Infinity"), "not JSON: -Infinity is not a JSON value"),
        (GOOD.replace(b"false", b"Infinity"), "not JSON: Infinity is not a JSON value"),
        (GOOD.replace(b"false", b"01"), "not JSON"),
        (GOOD.replace(b"false", b"'false'"), "not JSON"),
        (GOOD.replace(b"false", b"[" * 10_000 + b"]" * 10_000), "JSON nested more than 100 levels deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "JSON nested more than 100 levels deep"),
        (b'{"a":' * 10_000, "JSON nested more than 100 levels deep"),
        (b'"text"', "a JSON value that is not an object"),
        (b"5", "a JSON value that is not an object"),
        (b"null", "a JSON value that is not an object"),
        (b"{}", "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp"),
        (b'{"hello":"world"}', "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp"),
        (b'{"event_type":5}', "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp"),
    ],
)
def test_what_is_no_record_is_kept_with_its_reason_and_takes_nothing_with_it(
    broken: bytes, reason: str, decode: Decoder
) -> None:
    found = read(GOOD + b"\n" + broken + b"\n" + GOOD, decode)
    assert len(found.rows) == 2
    [(raw, said)] = found.failed
    assert raw == broken
    assert said.startswith(reason)


@decoders
def test_half_a_character_becomes_the_replacement_character(decode: Decoder) -> None:
    for half in (rb"\ud83d", rb"\uDE42", rb"\ude42\ud83d"):
        text = GOOD.replace(b"Your parcel 284275", b"a" + half + b"b").replace(b'"colour"', b'"col' + half + b'our"')
        [row] = read(text, decode).rows
        assert "a\ufffd" in json.dumps(row, ensure_ascii=False)
        assert [key for key in row["attributes"] if "\ufffd" in key]
    [row] = read(GOOD.replace(b"284275", rb"\ud83d\ude42"), decode).rows
    assert "🙂" in json.dumps(row, ensure_ascii=False)


@decoders
def test_a_nul_in_a_text_is_kept(decode: Decoder) -> None:
    [row] = read(GOOD.replace(b"284275", rb"\u0000"), decode).rows
    assert "\\u0000 is on its way" in json.dumps(row)


@decoders
def test_of_a_key_that_comes_twice_the_last_counts(decode: Decoder) -> None:
    [row] = read(b'{"eventType":"Open",' + GOOD[1:], decode).rows
    assert row["event_type"] == "_email.send"


@decoders
@pytest.mark.parametrize("number", [b"1" * 30, b"-" + b"1" * 30, b"1" * 5000, b"1e400", b"-1e400", b"1e-400", b"0.1e1"])
def test_a_number_of_any_size_is_a_row(number: bytes, decode: Decoder) -> None:
    samples = {
        "processing_time_millis": encoded(pinpoint_email("_email.delivered")).replace(b"543", number),
        "message_send_timestamp": encoded(pinpoint_email("_email.delivered")).replace(b"1794000000123,", number + b","),
        "a price": encoded(pinpoint_sms()).replace(b"645.5", number),
        "dollars": encoded(sms_event()).replace(b"0.00645", number),
        "parts": encoded(sms_event()).replace(b'"totalMessageParts":2', b'"totalMessageParts":' + number),
        "details": encoded(sms_event()).replace(b"1794000000123", number),
        "attributes": encoded(pinpoint_app()).replace(b'"seven"', number),
        "tags": encoded(ses_send()).replace(b'"spring"', number),
    }
    for text in samples.values():
        assert number in text
        found = read(text, decode)
        assert len(found.rows) == 1
    found = read(samples["details"], decode)
    if b"1" * 30 in number:
        assert found.rows[0]["details"]["messageRequestTimestamp"] == number.decode()
    if b"e400" in number:  # as it was written, because no number of ours is that large
        assert found.rows[0]["details"]["messageRequestTimestamp"] == number.decode()
        assert read(samples["attributes"], decode).rows[0]["attributes"]["level"] == number.decode()


@decoders
@pytest.mark.parametrize(
    ("time", "read_as"),
    [
        (b"1794000061234", HAPPENED),
        (b"1794000061234.0", HAPPENED),
        (b"1.794000061234e12", HAPPENED),
        (b"1794000061234.9", HAPPENED),
        (b'"1794000061234"', HAPPENED),
        (b'"2026-11-06T21:21:01.234Z"', HAPPENED),
        (b"1794000061", None),
        (b"1794000061234000", None),
        (b"-1", None),
        (b"0", None),
        (b"1e400", None),
        (b"1e300", None),
        (b"1" * 40, None),
        (b"true", None),
    ],
)
def test_a_time_is_read_however_it_is_written_and_refused_where_it_is_none(
    time: bytes, read_as: int | None, decode: Decoder
) -> None:
    found = read(encoded(sms_event()).replace(b"1794000061234", time), decode)
    assert [row["occurred_at"] for row in found.rows] == ([read_as] if read_as else [])
    assert len(found.failed) == (read_as is None)


class TestLarge:
    """Size alone is no reason, up to the limit; and nothing takes long."""

    @decoders
    def test_a_hundred_thousand_keys(self, decode: Decoder) -> None:
        many: dict[str, Json] = {f"key {number}": number for number in range(100_000)}
        start = process_time()
        [row] = read(encoded({**pinpoint_app(), "attributes": many}), decode).rows
        assert len(row["attributes"]) == 100_000
        [document] = documents(encoded({**ses_send(), "brandNew": many}), decode)
        [unit] = units(document, decode)
        [row] = rows_of(unit.record, unit.envelope).rows
        assert row["details"]["brandNew.key 99999"] == "99999"
        assert process_time() - start < 10

    @decoders
    def test_five_megabytes(self, decode: Decoder) -> None:
        large = encoded(ses_send(send={"filler": "x" * 5_000_000}))
        found = read(GOOD + b"\n" + large + b"\n" + GOOD, decode)
        assert len(found.rows) == 2
        assert found.failed == [(large, "larger than 4 MB")]

    @decoders
    def test_five_megabytes_in_a_wrapper(self, decode: Decoder) -> None:
        large = ses_send(send={"filler": "x" * 5_000_000})
        for wrap in (WRAPPERS["Firehose"], WRAPPERS["Lambda SNS"], WRAPPERS["SNS"]):
            [(_, reason)] = read(encoded(wrap(large)), decode).failed
            assert reason == "larger than 4 MB"

    @decoders
    def test_a_hundred_levels(self, decode: Decoder) -> None:
        deep: Json = 1
        for _ in range(95):
            deep = {"x": deep}
        [row] = read(encoded(ses_send(send={"deep": deep})), decode).rows
        assert len(read(encoded({**ses_send(), "brandNew": deep}), decode).rows) == 1
        assert '{"x":{"x"' in json.dumps(row).replace("\\", "").replace(" ", "")


def test_a_record_deeper_than_a_decoder_may_read_is_a_reason_too() -> None:
    deep: Json = "x"
    for _ in range(20_000):
        deep = {"x": deep}
    for record in ({**ses_send(), "brandNew": deep}, {**pinpoint_app(), "attributes": {"deep": deep}}):
        with pytest.raises(UnreadableError, match="deep"):
            rows_of(record)
    while isinstance(deep, dict):  # an object so deep cannot be left to the interpreter to take apart
        deep = deep.pop("x")


@pytest.mark.parametrize("value", [None, True, 5, 0.5, "text", "", [], [1], {}])
def test_any_json_value_is_refused_as_a_record(value: Json) -> None:
    for envelope in (
        Envelope(),
        Envelope(bus_source="aws.ses", detail_type="Email Sent"),
        Envelope(bus_source="aws.sms-voice", detail_type="Text Message Delivery Status Updated"),
        Envelope(bus_source="aws.social-messaging", detail_type="WhatsApp Message Sent"),
        Envelope(bus_source="aws.else", detail_type="Else"),
    ):
        with pytest.raises(UnreadableError):
            rows_of(value, envelope)


_VALUE = re.compile(rb":([^,}\]]+)")

# What a broken line is made of: the records themselves, and what a decoder may stumble over.
_RECORDS = [encoded(sample.build()) for sample in SAMPLES]
_WRAPPED = [encoded(wrap(build())) for wrap in WRAPPERS.values() for build in (ses_click, sms_event, ses_bounce)]
_WRAPPED.append(encoded(WRAPPERS["SNS"](whatsapp_statuses(whatsapp_status(), whatsapp_status("read")))))
_SHARDS = st.sampled_from(
    [
        *rb'{ } [ ] " \ \u \ud800 : , null true NaN -1 0.5 1e999 [] {} "" [null] {"a":{"b":[]}}'.split(),
        *(b"", b"\n", b"\x00", b"\xff", b"\xe2\x80\xa8", b"9" * 25),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real record with some of its bytes, or some of its values, replaced."""
    text = draw(st.sampled_from(_RECORDS) | st.sampled_from(_WRAPPED))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = at + draw(st.integers(0, 3))
        if draw(st.booleans()) and (value := _VALUE.search(text, at)):  # so that it stays JSON more often than not
            at, end = value.span(1)
        text = text[:at] + draw(_SHARDS) + text[end:]
    return text


@given(mutated())
def test_a_damaged_record_gives_rows_or_reasons_and_the_same_by_every_decoder(text: bytes) -> None:
    one, other = read(text, loads), read(text, faster)
    assert (one.rows, one.failed, one.ignored, one.nulled) == (other.rows, other.failed, other.ignored, other.nulled)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_KEYS = (
    "event_type event_timestamp arrival_timestamp attributes facets event_id occurred_at details source eventType mail "
    "notificationType bounce eventTimestamp messageId inboundMessageId whatsAppWebhookEntry Records records Sns "
    "Message TopicArn detail detail-type data recordId kinesis body receiptHandle rawData errorCode"
).split()


@given(st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6))
def test_any_object_of_known_keys_gives_rows_or_reasons(value: dict[str, Json]) -> None:
    for document in documents(json.dumps(value).encode(), loads):
        for unit in units(document, loads):
            if unit.reason is None:
                try:
                    checked(rows_of(unit.record, unit.envelope).rows)
                except UnreadableError as error:
                    assert str(error)
