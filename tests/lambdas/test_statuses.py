"""What the transform writes to the status table: right, few calls, nothing lost (docs/data.md, "Message status").

``tests/engines/test_dynamodb.py`` runs the same tests on DynamoDB Local.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import count

import pytest

from due_cli.events import Record, Status, loads, merge
from due_cli.events.status_codec import decode_record
from tests.aws_emulator.wire import Answer
from tests.events.records import (
    HAPPENED,
    Over,
    iso,
    ses_bounce,
    ses_click,
    ses_complaint,
    ses_delivery,
    ses_open,
    ses_send,
    sms_event,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.lambdas.functions import Function
from tests.lambdas.world import Body, World, batch, refusal, results, statuses_of, text
from tests.sampling import sampled

DAY = 24 * 3600


@pytest.fixture
def transform(world: World) -> Iterator[Function]:
    with world.function("transform") as function:
        yield function


def folded(statuses: list[Status]) -> dict[str, Status]:
    """The status of each message, one event after the other."""
    ids = {status.message_id for status in statuses}
    return {one: reduce(merge, [status for status in statuses if status.message_id == one]) for one in ids}


def mails(number: int, seed: int = 0) -> list[Record]:
    """The events of a message; many of them tie with those of another seed in their time."""
    chance = random.Random(f"{number} {seed}")
    mail: Over = {"messageId": f"mail-{number}", "destination": [f"{chance.choice('abc')}@example.net"]}
    found: list[Record] = [ses_send(mail=mail)]
    for make, part in ((ses_delivery, "delivery"), (ses_open, "open"), (ses_click, "click"), (ses_bounce, "bounce")):
        when = iso(HAPPENED + chance.randrange(3) * 1000)
        over: dict[str, Over] = {"mail": mail, part: {"timestamp": when}}
        found.append(make(**over))
    return found


def texts(number: int, seed: int = 0) -> list[Record]:
    """The events of an SMS."""
    chance = random.Random(f"{number} {seed}")
    return [
        sms_event(
            kind,
            messageId=f"text-{number}",
            eventTimestamp=HAPPENED + chance.randrange(3),
            totalMessagePrice=chance.choice([None, 0.01, 0.02]),
            isoCountryCode=chance.choice(["DE", "FR", None]),
        )
        for kind in ("TEXT_QUEUED", "TEXT_SENT", "TEXT_DELIVERED", "TEXT_SPAM", "RCS_READ")
    ]


def test_an_item_has_the_blogs_keys_and_expires_after_its_last_event(world: World) -> None:
    with world.function("transform", DUE_STATUS_DAYS="30") as function:
        function.call(batch([text(ses_send()), text(ses_bounce())]))
    (status,) = folded(statuses_of([ses_send(), ses_bounce()])).values()
    item = world.item(status.message_id)
    readable = {key: next(iter(value.values())) for key, value in item.items()}
    facts = readable.pop("facts")
    assert readable.pop("expires_at") == str((status.last + 30 * DAY * 1000) // 1000)
    assert readable | {"status": status.status} == status.item()
    assert "status" not in item and "a8-" not in facts


@pytest.mark.parametrize("seeds", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_thousands_of_events_shuffled_and_doubled_over_concurrent_calls(world: World, seeds: int) -> None:
    records = [record for n in range(50) for seed in range(seeds) for record in (*mails(n, seed), *texts(n, seed))]
    assert len(records) == 500 * seeds
    expected = folded(statuses_of(records))
    chance = random.Random(4)
    doubled = records + chance.sample(records, len(records) // 5)
    chance.shuffle(doubled)
    size = len(doubled) // 24
    batches = [batch(map(text, doubled[start : start + size])) for start in range(0, len(doubled), size)]
    # Some writes are lost after they were made, as when an answer does not arrive: the next attempt finds them there.
    turns = count()
    world.emulator.faults.answer(
        "dynamodb:BatchExecuteStatement", lambda body: refusal("Throttling") if next(turns) % 7 == 3 else None
    )

    def send(share: int) -> int:
        with world.function("transform") as function:
            replies = [function.call(event) for event in batches[share::4]]
        assert all(set(results(reply)) == {"Ok"} for reply in replies)
        return sum(reply.logged()["statuses"]["refused"] for reply in replies)

    with ThreadPoolExecutor(4) as pool:
        refused = sum(pool.map(send, range(4)))
    assert refused == 0
    assert world.stored() == expected


def test_a_batch_of_500_events_over_300_messages_needs_few_calls(world: World) -> None:
    records = [mails(n % 300)[n // 300 * 2] for n in range(500)]
    with world.function("transform") as function:
        world.emulator.journal.clear()
        function.call(batch(map(text, records)))
        first = Counter(world.calls)
        function.call(batch(text(mails(n % 300)[n // 300 * 2 + 1]) for n in range(500)))
        second = Counter(world.calls) - first
        function.call(batch(map(text, records)))
        third = Counter(world.calls) - first - second
    assert first == second == {"BatchGetItem": 3, "BatchExecuteStatement": 12}
    assert third == {"BatchGetItem": 3}  # nothing changed, so nothing is written
    assert first.total() / 500 <= 0.1


def test_who_loses_reads_again_and_merges(world: World) -> None:
    """Between one function's reading and its writing another one writes."""
    with world.function("transform") as one, world.function("transform") as other:
        one.call(batch([text(ses_send())]))
        turns = count()

        def other_comes_first(body: Body) -> Answer | None:
            if next(turns) == 0:
                other.call(batch([text(ses_open()), text(sms_event("TEXT_SENT"))]))
            return None

        world.emulator.faults.answer("dynamodb:BatchExecuteStatement", other_comes_first)
        reply = one.call(batch([text(ses_delivery()), text(sms_event("TEXT_DELIVERED"))]))
    assert reply.logged()["statuses"]["codes"] == {"ConditionalCheckFailed": 1, "DuplicateItem": 1}
    records = [ses_send(), ses_open(), ses_delivery(), sms_event("TEXT_SENT"), sms_event("TEXT_DELIVERED")]
    assert world.stored() == folded(statuses_of(records))


def test_what_a_call_leaves_unprocessed_is_asked_again(world: World, transform: Function) -> None:
    records = [record for n in range(150) for record in mails(n)[:2]]
    transform.call(batch(text(mails(n)[0]) for n in range(150)))
    turns = count()

    def half_is_left(body: Body) -> Answer | None:
        if next(turns) > 3:
            return None
        ((name, wanted),) = body["RequestItems"].items()
        keys = wanted["Keys"]
        read, left = keys[: len(keys) // 2], keys[len(keys) // 2 :]
        found = world.dynamodb.batch_get_item(RequestItems={name: {**wanted, "Keys": read}})["Responses"]
        return Answer.of({"Responses": found, "UnprocessedKeys": {name: {**wanted, "Keys": left}}})

    world.emulator.faults.answer("dynamodb:BatchGetItem", half_is_left)
    transform.call(batch(map(text, records)))
    assert world.stored() == folded(statuses_of(records))


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded", "InternalServerError"])
def test_a_statement_that_fails_for_a_moment_is_tried_again(world: World, transform: Function, code: str) -> None:
    turns = count()

    def every_second_fails(body: Body) -> Answer | None:
        if next(turns) > 0:
            return None
        answers = [{"Error": {"Code": code, "Message": ""}}] * len(body["Statements"])
        return Answer.of({"Responses": answers})

    world.emulator.faults.answer("dynamodb:BatchExecuteStatement", every_second_fails)
    reply = transform.call(batch(text(mails(n)[0]) for n in range(40)))
    assert reply.logged()["statuses"]["written"] == 40
    assert reply.logged()["statuses"]["codes"] == {code: 25}


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchExecuteStatement"])
@pytest.mark.parametrize(
    "code", sampled(["ProvisionedThroughputExceededException", "InternalServerError", "AccessDeniedException"], 1)
)
def test_what_the_table_never_takes_is_kept_for_replay_and_costs_no_event(
    world: World, transform: Function, operation: str, code: str
) -> None:
    world.emulator.faults.answer(
        f"dynamodb:{operation}", lambda body: refusal(code, 500 if code.startswith("Internal") else 400)
    )
    records = [record for n in range(3) for record in mails(n)]
    with world.function("transform", seconds=10) as function:
        reply = function.call(batch(map(text, records)))
    assert set(results(reply)) == {"Ok"}
    assert reply.logged()["statuses"]["refused"] == 3
    assert "@" not in reply.log
    ((key, body),) = world.objects("errors/").items()
    assert re.fullmatch(r"errors/status/\d{4}/\d\d/\d\d/\d\d/[0-9a-f-]{36}\.jsonl", key)
    found = [decode_record(loads(line)) for line in body.splitlines()]
    assert {status.message_id: status for status in found if status} == folded(statuses_of(records))
    assert world.stored() == {}

    world.emulator.faults.clear()  # the replay
    again = transform.call(batch(line + b"\n" for line in body.splitlines()))
    assert set(results(again)) == {"Dropped"}
    assert world.stored() == folded(statuses_of(records))


def test_even_without_s3_an_event_is_not_lost(world: World) -> None:
    world.emulator.faults.answer("dynamodb:BatchExecuteStatement", lambda body: refusal("AccessDeniedException"))
    world.emulator.faults.answer("s3:PutObject", lambda body: Answer(403))
    with world.function("transform") as function:
        reply = function.call(batch([text(ses_send())]))
    assert results(reply) == ["Ok"]
    assert reply.logged()["statuses"]["kept"] is False


def test_one_message_that_no_table_takes_does_not_stop_the_others(world: World) -> None:
    long, large = "i" * 2049, [*("x" * 200 + "@example.net" for _ in range(2000))]
    odd = [ses_send(mail={"messageId": long}), ses_send(mail={"messageId": "large", "destination": [*large]})]
    neighbours = [record for n in range(30) for record in mails(n)]
    with world.function("transform") as function:
        reply = function.call(batch(map(text, [*odd, *neighbours])))
    assert set(results(reply)) == {"Ok"}
    assert reply.logged()["statuses"]["refused"] >= 1
    assert {one: status for one, status in world.stored().items() if one != "large"} == folded(statuses_of(neighbours))


def test_one_statement_that_spoils_its_call_does_not_stop_the_others(world: World, transform: Function) -> None:
    def spoilt(body: Body) -> Answer | None:
        return refusal("ValidationException") if '"mail-7"' in json.dumps(body) else None

    world.emulator.faults.answer("dynamodb:BatchExecuteStatement", spoilt)
    reply = transform.call(batch(text(mails(n)[0]) for n in range(20)))
    assert (reply.logged()["statuses"]["written"], reply.logged()["statuses"]["refused"]) == (19, 1)
    assert world.stored().keys() == {f"mail-{n}" for n in range(20)} - {"mail-7"}


def test_an_item_of_something_else_is_left_alone(world: World, transform: Function) -> None:
    theirs = {"message_id": {"S": "mail-1"}, "facts": {"S": "not ours"}}
    world.dynamodb.put_item(TableName="due-status", Item=theirs)
    reply = transform.call(batch([text(mails(1)[0]), text(mails(2)[0])]))
    assert reply.logged()["statuses"]["codes"] == {"Unreadable": 1}
    assert world.item("mail-1") == theirs and world.item("mail-2")
    assert len(world.objects("errors/status/")) == 1


def test_every_channel_survives_the_table(world: World) -> None:
    records: list[Record] = [
        ses_complaint(),
        *mails(1),
        *texts(1),
        sms_event("VOICE_ANSWERED", messageId="call-1"),
        sms_event("TEXT_SENT", messageId="dear", totalMessagePrice=1e300),
        sms_event("TEXT_SENT", messageId="quo'te\"d é 😀", context={"a": "b"}),
        whatsapp_statuses(whatsapp_status("read")),
    ]
    with world.function("transform") as function:
        reply = function.call(batch(map(text, records)))
    assert reply.logged()["statuses"]["refused"] == 0
    assert world.stored() == folded(statuses_of(records))


def test_a_line_kept_for_replay_is_one_status() -> None:
    assert decode_record({"message_id": "m", "event_type": "x"}) is None
    with pytest.raises(ValueError, match="not a message status"):
        decode_record({"message_id": "m", "status_facts": "[]"})
