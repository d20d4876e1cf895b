"""Many writers of one status table through a server that breaks calls off, and the items that they must leave."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from typing import Any

from due_cli.aws.pipeline.status_item import KEY, attributes
from due_cli.events import Record, Row, Status, merge, rows_of, status_of
from tests.aws_emulator.wire import Answer
from tests.events.records import HAPPENED, copied, sms_event, whatsapp_status, whatsapp_statuses
from tests.lambdas.test_statuses import mails, texts
from tests.lambdas.world import STATUS, Body, World, batch, refusal, results, text

_A_BATCH = 500  # the most records that Firehose calls the transform with
_SECONDS = 900  # Lambda's longest: eight processes share the machine's processors
_TWICE = 0.2  # the share of events that both writers of a message get

Item = dict[str, str | Decimal]


def stories(messages: int) -> list[list[Record]]:
    """What happened to each of so many messages of every channel; many events of one tie in their time."""
    return [list(_MAKERS[number % len(_MAKERS)](number)) for number in range(messages)]


def items_of(stories: Iterable[Iterable[Record]], days: int) -> dict[str, Item]:
    """The items that the events leave in the order in which they happened."""
    rows: list[Row] = [row for story in stories for record in story for row in rows_of(copied(record)).rows]
    found: dict[str, Status] = {}
    for row in sorted(rows, key=lambda row: (row["occurred_at"], row["event_id"])):
        status = status_of(row)
        if status is not None:
            known = found.get(status.message_id)
            found[status.message_id] = merge(known, status) if known else status
    return {message: readable(attributes(status, days)) for message, status in found.items()}


def items_in(world: World) -> dict[str, Item]:
    """The items of the table."""
    pages = world.dynamodb.get_paginator("scan").paginate(TableName=STATUS, ConsistentRead=True)
    return {item[KEY]["S"]: readable(item) for page in pages for item in page["Items"]}


def readable(item: dict[str, Any]) -> Item:
    """An item as values; DynamoDB spells a number in its own way."""
    read = {"S": str, "N": Decimal, "BOOL": bool}
    return {name: read[kind](content) for name, value in item.items() for kind, content in value.items()}


def written_by(processes: int, stories: Iterable[list[Record]], world: World, seed: int) -> Counter[str]:
    """The events of each message written by two processes, each in an order of its own; what the writers met."""
    chance = random.Random(seed)
    parts: list[list[list[Record]]] = [[] for _ in range(processes)]
    for story in stories:
        left, right = chance.sample(parts, 2)
        half, both = len(story) // 2, int(len(story) * _TWICE)
        shuffled = chance.sample(story, len(story))
        left.append(shuffled[: half + both])
        right.append(shuffled[half:][::-1])
    shares = [[record for story in chance.sample(part, len(part)) for record in story] for part in parts]

    def write(share: list[Record]) -> Counter[str]:
        met: Counter[str] = Counter()
        with world.function("transform", seconds=_SECONDS) as function:
            for start in range(0, len(share), _A_BATCH):
                reply = function.call(batch(map(text, share[start : start + _A_BATCH])))
                assert set(results(reply)) == {"Ok"}, reply.log
                log = reply.logged()["statuses"]
                met.update(log["codes"])
                met["refused"] += log["refused"]
        return met

    with ThreadPoolExecutor(processes) as pool:
        return sum(pool.map(write, shares), Counter())


class Trouble:
    """Breaks calls of the table off in turn, in every way in which DynamoDB does; ``made`` counts them."""

    def __init__(self, world: World) -> None:
        self.made: Counter[str] = Counter()
        self._world = world
        self._writes, self._reads = count(), count()
        self._ways = (self._nothing, self._half_and_an_error, self._half_of_the_statements, self._all_and_an_error)
        world.emulator.faults.answer("dynamodb:BatchExecuteStatement", self._writing)
        world.emulator.faults.answer("dynamodb:BatchGetItem", self._reading)

    def _writing(self, body: Body) -> Answer | None:
        turn = next(self._writes)
        if turn % 5:
            return None
        way = self._ways[turn // 5 % len(self._ways)]
        self.made[way.__name__] += 1
        return way(body["Statements"])

    def _nothing(self, statements: list[Body]) -> Answer:
        return refusal("ThrottlingException")

    def _half_and_an_error(self, statements: list[Body]) -> Answer:
        """As when the service fails midway: the writer cannot know which half was written."""
        self._carried_out(statements[: len(statements) // 2])
        return refusal("InternalServerError", 500)

    def _half_of_the_statements(self, statements: list[Body]) -> Answer:
        half = len(statements) // 2
        throttled = {"Error": {"Code": "ThrottlingError", "Message": ""}}
        answers = [*self._carried_out(statements[:half]), *[throttled] * (len(statements) - half)]
        return Answer.of({"Responses": answers})

    def _all_and_an_error(self, statements: list[Body]) -> Answer:
        """As when the answer does not arrive."""
        self._carried_out(statements)
        return refusal("ServiceUnavailable", 503)

    def _carried_out(self, statements: list[Body]) -> list[Any]:
        if not statements:
            return []
        answers: list[Any] = self._world.dynamodb.batch_execute_statement(Statements=statements)["Responses"]
        return answers

    def _reading(self, body: Body) -> Answer | None:
        turn = next(self._reads)
        if turn % 7 == 0:
            self.made["throttled read"] += 1
            return refusal("ProvisionedThroughputExceededException")
        if turn % 7 != 3:
            return None
        self.made["half read"] += 1
        ((name, wanted),) = body["RequestItems"].items()
        keys = wanted["Keys"]
        some, left = keys[: len(keys) // 2], keys[len(keys) // 2 :]
        found: Body = {name: []}
        if some:
            found = self._world.dynamodb.batch_get_item(RequestItems={name: {**wanted, "Keys": some}})["Responses"]
        return Answer.of({"Responses": found, "UnprocessedKeys": {name: {**wanted, "Keys": left}}})


def _calls(number: int) -> Iterator[Record]:
    for at, kind in enumerate(("INITIATED", "RINGING", "ANSWERED", "COMPLETED")):
        yield sms_event(f"VOICE_{kind}", messageId=f"call-{number}", eventTimestamp=HAPPENED + at // 2)


def _chats(number: int) -> Iterator[Record]:
    for at, status in enumerate(("sent", "delivered", "read")):
        when = str(HAPPENED // 1000 + at // 2)
        yield whatsapp_statuses(whatsapp_status(status, id=f"chat-{number}", timestamp=when))


_MAKERS: tuple[Callable[[int], Iterable[Record]], ...] = (mails, texts, mails, texts, _calls, _chats)
