"""The transform: Firehose's contract, limits and failures (docs/aws.md)."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from itertools import count

import pytest

from due_cli.aws.pipeline.records import read_stream_record
from due_cli.events import Envelope, Json, Record, RecordRows, reading, rows_of
from due_cli.events.model import Row, without_empty
from tests.aws_emulator.wire import Answer
from tests.events import wrapping
from tests.events.records import RECEIVED, ses_bounce, ses_open, ses_send, sms_event, whatsapp_status, whatsapp_statuses
from tests.lambdas.functions import Function
from tests.lambdas.world import Body, World, batch, refusal, results, rows, text

PING: Record = {"event_type": "_test.event_stream", "event_timestamp": RECEIVED}
ADDRESSES = ("@", "+1206", "dora")


@pytest.fixture
def transform(world: World) -> Iterator[Function]:
    with world.function("transform") as function:
        yield function


def large(number: int, size: int) -> bytes:
    """An event of about so many bytes."""
    return text(ses_send(mail={"messageId": f"m{number}", "headers": [{"name": "X", "value": "x" * size}]}))


def stored(record: Record, envelope: Envelope) -> list[Row]:
    """The rows of a record as the table has them."""
    return list(map(without_empty, rows_of(record, envelope).rows))


def test_every_record_is_answered_in_order_with_its_rows(transform: Function) -> None:
    send, bounce = ses_send(), ses_bounce()
    three = whatsapp_statuses(*(whatsapp_status(word) for word in ("sent", "delivered", "read")))
    payloads = [
        text(send),
        text(PING),
        b"no JSON at all",
        text(three),
        text(send) + text(bounce),
        gzip.compress(text(bounce)),
        text(wrapping.sns(send)),
        b"",
    ]
    reply = transform.call(batch(payloads))
    assert results(reply) == ["Ok", "Dropped", "ProcessingFailed", "Ok", "Ok", "Ok", "Ok", "Dropped"]
    answers = reply.answer["records"]
    envelope = Envelope(received_at=RECEIVED)
    assert rows(answers[0]) == stored(ses_send(), envelope)
    assert [row["event_type"] for row in rows(answers[3])] == [
        "_WHATSAPP.SENT",
        "_WHATSAPP.DELIVERED",
        "_WHATSAPP.READ",
    ]
    assert rows(answers[4]) == stored(ses_send(), envelope) + stored(ses_bounce(), envelope)
    assert rows(answers[0])[0]["arrival_timestamp"] == RECEIVED
    assert all("data" not in answer for answer in answers if answer["result"] != "Ok")
    assert all(base64.b64decode(answer["data"]).endswith(b"}\n") for answer in answers if "data" in answer)


def test_the_log_is_one_line_of_counts_without_addresses(transform: Function) -> None:
    broken = b'{"to": "dora@post.example.net"'
    reply = transform.call(batch([text(ses_send()), text(sms_event("TEXT_SENT")), broken, text(PING)]))
    logged = reply.logged()
    assert (logged["batch"], logged["records"], logged["rows"], logged["unreadable"]) == (4, 4, 2, 1)
    assert logged["answers"] == {"Ok": 2, "ProcessingFailed": 1, "Dropped": 1}
    assert logged["statuses"]["written"] == 2
    assert not any(address in reply.log for address in ADDRESSES)


def test_data_that_is_not_base64_fails_alone(transform: Function) -> None:
    event = batch([text(ses_send()), b""])
    event["records"][1]["data"] = "?"
    assert results(transform.call(event)) == ["Ok", "ProcessingFailed"]


def test_a_row_passes_unchanged(transform: Function) -> None:
    first = transform.call(batch([text(ses_bounce()), text(sms_event("TEXT_DELIVERED"))])).answer["records"]
    again = transform.call(batch([base64.b64decode(answer["data"]) for answer in first])).answer["records"]
    assert [answer["data"] for answer in again] == [answer["data"] for answer in first]


def test_what_could_be_read_beside_something_broken_goes_back_to_the_stream(world: World, transform: Function) -> None:
    reply = transform.call(batch([text(ses_send()) + b"{broken\n" + text(ses_bounce()), text(ses_open())]))
    assert results(reply) == ["ProcessingFailed", "Ok"]
    (put,) = world.put
    assert [json.loads(line)["event_type"] for line in put.splitlines()] == ["_email.send", "_email.hardbounce"]
    assert results(transform.call(batch([put]))) == ["Ok"]


def test_an_answer_over_six_megabytes_goes_back_to_the_stream(world: World, transform: Function) -> None:
    tries = count()

    def every_third_fails_twice(body: Body) -> Answer:
        first = next(tries) < 2
        return world.take(body, lambda index: first and index % 3 == 0)

    world.emulator.faults.answer("firehose:PutRecordBatch", every_third_fails_twice)
    # Eight events in one gzip record are eight times as large when they come out.
    payloads = [gzip.compress(b"".join(large(number * 8 + one, 100_000) for one in range(8))) for number in range(12)]
    event = batch(payloads)
    reply = transform.call(event)
    answer = json.dumps(reply.answer)
    found = results(reply)
    assert len(answer) <= 6_000_000 and found.count("Ok") >= 5
    assert found.count("Dropped") == 12 - found.count("Ok") > 0
    back = [json.loads(line)["event_id"] for data in world.put for line in data.splitlines()]
    kept = [row["event_id"] for one in reply.answer["records"] if "data" in one for row in rows(one)]
    assert len(set(back)) == len(back) and not set(back) & set(kept) and len(back) + len(kept) == 96
    assert reply.logged()["returned"]["codes"]["ServiceUnavailableException"] >= 2


def test_only_what_was_put_is_dropped(world: World, transform: Function) -> None:
    world.emulator.faults.answer("firehose:PutRecordBatch", lambda body: world.take(body, lambda index: index == 0))
    payloads = [gzip.compress(large(number, 950_000)) for number in range(8)]
    reply = transform.call(batch(payloads))
    found = results(reply)
    back = {json.loads(line)["facets"]["email_channel"]["mail_event"]["mail"]["message_id"] for line in world.put}
    dropped = {f"m{number}" for number, result in enumerate(found) if result == "Dropped"}
    assert dropped == back != set()
    assert found.count("ProcessingFailed") == 1  # the first of each attempt fails for ever


def test_a_stream_that_takes_nothing_fails_only_what_has_no_room(world: World, transform: Function) -> None:
    world.emulator.faults.answer("firehose:PutRecordBatch", lambda body: refusal("ServiceUnavailableException", 503))
    found = results(transform.call(batch(gzip.compress(large(number, 950_000)) for number in range(8))))
    assert found.count("Ok") == 4 and found.count("ProcessingFailed") == 4


def test_a_row_larger_than_a_record_of_the_stream_fails_where_there_is_no_room(transform: Function) -> None:
    payloads = [gzip.compress(large(number, 1_500_000)) for number in range(4)]
    assert results(transform.call(batch(payloads))) == ["Ok", "Ok", "ProcessingFailed", "ProcessingFailed"]


def test_a_bug_fails_its_record_only_and_is_named_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rows_of

    def with_a_bug(record: Json, envelope: Envelope) -> RecordRows:
        if isinstance(record, dict) and record.get("eventType") == "Open":
            raise KeyError("dora@post.example.net")
        return real(record, envelope)

    monkeypatch.setattr(reading, "rows_of", with_a_bug)
    (one,) = batch([text(ses_send()) + text(ses_open()) + text(ses_bounce())])["records"]
    found = read_stream_record(one)
    assert (found.records, found.unreadable, len(found.lines), found.bugs) == (3, 1, 2, ("KeyError",))


@pytest.mark.parametrize("name", ["DUE_STATUS_TABLE", "DUE_STATUS_DAYS", "DUE_STREAM", "DUE_BUCKET"])
def test_a_missing_variable_is_named(world: World, name: str) -> None:
    with world.function("transform", without=name) as function:
        assert function.call(batch([])).error == f"EnvironmentVariableError: the environment variable {name} is not set"


def test_days_are_a_number(world: World) -> None:
    with world.function("transform", DUE_STATUS_DAYS="ninety") as function:
        error = function.call(batch([])).error
    assert error and "DUE_STATUS_DAYS" in error and "ninety" in error
