"""Lines of ``errors/status/`` put to the stream again: each is a status or a failed record, and fails nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Json, Status, UnreadableError
from due_cli.events.status import KEYS
from due_cli.events.status_codec import decode_record, encode_record
from tests.aws_emulator.wire import Answer
from tests.events.records import HAPPENED, ses_send
from tests.lambdas.functions import Function
from tests.lambdas.world import World, batch, refusal, results, rows, statuses_of, text

NEIGHBOUR = ses_send(mail={"messageId": "neighbour"})
REFUSED = ses_send(mail={"messageId": "refused"})
YEAR_10000 = 253_402_300_800_000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
times = st.sampled_from([HAPPENED, HAPPENED + 1, HAPPENED + 1000])
events = st.tuples(times | json_values, st.text(max_size=4))
odd = (
    st.sampled_from(["push", "", YEAR_10000, -YEAR_10000, 10**400, float("inf"), float("nan"), "\ud800"]) | json_values
)


@st.composite
def facts(draw: st.DrawFn) -> str:
    """The facts of a status as text, at most one of its seven parts not what it should be."""
    channel = draw(st.sampled_from(sorted(KEYS)))
    keys = st.sampled_from(KEYS[channel])
    found: list[Any] = [
        channel,
        draw(times),
        draw(st.dictionaries(keys, times, max_size=3)),
        draw(st.lists(st.tuples(times, st.text(max_size=4)), min_size=1, max_size=3)),
        draw(st.dictionaries(keys, st.tuples(st.just(0), st.text(max_size=4)), max_size=3)),
        draw(st.none() | st.tuples(events, st.text(max_size=4))),
        draw(st.none() | st.floats(0, 1e300)),
    ]
    at = draw(st.integers(-1, len(found) - 1))
    if at >= 0:
        part = found[at]
        found[at] = dict.fromkeys(part, draw(odd)) if isinstance(part, dict) and draw(st.booleans()) else draw(odd)
    return json.dumps(found)


any_facts = facts() | json_values.map(json.dumps) | st.text(max_size=20)


def line(status_facts: Json) -> bytes:
    """A line with such facts of a message."""
    return text({"message_id": "replayed", "status_facts": status_facts})


def with_part(number: int, part: str) -> str:
    """The facts of an e-mail that was sent, one of their seven parts another JSON text."""
    parts = ['"email"', str(HAPPENED), f'{{"send":{HAPPENED}}}', f'[[{HAPPENED},"a"]]', "{}", "null", "null"]
    return f"[{','.join([*parts[:number], part, *parts[number + 1 :]])}]"


UNREADABLE = {
    "a channel of another version": (with_part(0, '"push"'), "an unknown channel: push"),
    "a last time beyond the year 9999": (with_part(1, str(YEAR_10000)), "an impossible time: 253402300800000"),
    "a fact beyond the year 9999": (with_part(2, f'{{"send":{YEAR_10000}}}'), "an impossible time"),
    "a fact at an infinite time": (with_part(2, '{"send":1e400}'), "an impossible time"),
    "a fact without a time": (with_part(2, '{"send":null}'), "an impossible time"),
    "an event in 1970": (with_part(3, '[[0,"a"]]'), "an impossible time"),
    "a value of half an event": (with_part(4, '{"client":[0.5,"x"]}'), "not a message status"),
    "a value of an event that is not there": (with_part(4, '{"client":[1,"x"]}'), "not a message status"),
    "a record status in microseconds": (with_part(5, f'[[{HAPPENED * 1000},"a"],"SENT"]'), "an impossible time"),
    "an infinite price": (with_part(6, "1e400"), "an impossible price"),
    "a price that is no number": (with_part(6, '"nan"'), "an impossible price"),
    "a price that no double holds": (with_part(6, "1" + "0" * 400), "not a message status"),
    "what is not JSON": (with_part(6, "NaN"), "not JSON"),
    "lists in lists": ("[" * 100_000, "nested"),
    "nothing": ("[]", "not a message status"),
}


@pytest.fixture
def transform(world: World) -> Iterator[Function]:
    with world.function("transform") as function:
        yield function


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_line_that_cannot_be_read_fails_alone_and_says_why(world: World, transform: Function, what: str) -> None:
    status_facts, reason = UNREADABLE[what]
    with pytest.raises(UnreadableError, match=reason):
        decode_record(json.loads(line(status_facts)))
    reply = transform.call(batch([text(NEIGHBOUR), line(status_facts), line(with_part(6, "null"))]))
    assert results(reply) == ["Ok", "ProcessingFailed", "Dropped"]
    assert (reply.logged()["unreadable"], reply.logged()["bugs"]) == (1, {})
    assert world.stored().keys() == {"neighbour", "replayed"}


@given(any_facts)
def test_any_facts_are_a_status_or_cannot_be_read(status_facts: str) -> None:
    try:
        status = decode_record(json.loads(line(status_facts)))
    except UnreadableError:
        return
    assert status is not None and status.item()["message_id"] == "replayed"
    assert decode_record(json.loads(encode_record(status))) == status


@given(lines=st.lists(any_facts | json_values, min_size=1, max_size=4))
def test_whatever_a_line_says_every_record_is_answered_and_its_neighbours_are_untouched(
    transform: Function, lines: list[Json]
) -> None:
    payloads = [payload for one in lines for payload in (line(one), text(NEIGHBOUR))]
    reply = transform.call(batch(payloads))
    found = results(reply)
    assert len(found) == len(payloads)
    assert set(found[::2]) <= {"Dropped", "ProcessingFailed"} and set(found[1::2]) == {"Ok"}
    for answer in reply.answer["records"][1::2]:
        assert [row["event_type"] for row in rows(answer)] == ["_email.send"]
    assert reply.logged()["bugs"] == {}


def test_an_item_of_a_channel_that_this_version_does_not_know_is_left_alone(world: World, transform: Function) -> None:
    theirs = {"message_id": {"S": "refused"}, "facts": {"S": with_part(0, '"push"')}}
    world.dynamodb.put_item(TableName="due-status", Item=theirs)
    reply = transform.call(batch([text(NEIGHBOUR), text(REFUSED)]))
    assert results(reply) == ["Ok", "Ok"]
    assert world.item("refused") == theirs and world.item("neighbour")
    assert reply.logged()["statuses"]["codes"] == {"Unreadable": 1}


def test_a_line_that_nobody_took_is_not_dropped(world: World, transform: Function) -> None:
    """Only the record whose status was refused is all that is left of it."""
    lines = [encode_record(status) for status in statuses_of([NEIGHBOUR, REFUSED])]
    world.emulator.faults.answer(
        "dynamodb:BatchExecuteStatement",
        lambda body: refusal("ValidationException") if '"refused"' in json.dumps(body) else None,
    )
    world.emulator.faults.answer("s3:PutObject", lambda body: Answer(403))
    reply = transform.call(batch([*lines, text(REFUSED)]))
    assert results(reply) == ["Dropped", "ProcessingFailed", "Ok"]
    assert reply.logged()["statuses"]["kept"] is False

    world.emulator.faults.clear()  # what Firehose kept of it under errors/ is put again
    assert results(transform.call(batch([lines[1]]))) == ["Dropped"]
    stored = world.stored()
    assert {one: stored[one] for one in ("refused", "neighbour")} == _by_message(statuses_of([NEIGHBOUR, REFUSED]))


def _by_message(statuses: list[Status]) -> dict[str, Status]:
    return {status.message_id: status for status in statuses}
