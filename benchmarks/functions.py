"""The functions of a stack, each from its package in its own process: what a core gets done, and calls of DynamoDB.

The table is an emulator's, slower than DynamoDB and on the same processors. So what counts is the time of the processor
in the function's own process: decoding, the normaliser, boto3's work for each call, the answer. Waiting is not in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from itertools import zip_longest
from json import dumps, loads
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import records as synthetic
from benchmarks.bench_run import AS_OF, BenchRun, grouped, log
from benchmarks.measure import Detail, Results, Row
from tests.aws_emulator.aws import AwsEmulator
from tests.lambdas.functions import Function, Replied, unpacked
from tests.lambdas.world import SETTINGS, World, batch, results

_RECORDS, _MESSAGES, _PAIRS = 500, 300, 6
_MIN_RECORDS = 3  # of a message, so that each has some in both batches
_REQUESTS = 300
_CALLS_PER_EVENT, _CALLS_PER_REQUEST = 0.1, 1
_COLUMNS = ("function", "a call, its processor's time", "a call, waiting for the emulator too", "calls of DynamoDB")


@dataclass(slots=True)
class _Calls:
    """Calls of one kind: the seconds of the function's processor, the seconds in all, the calls of DynamoDB."""

    name: str
    processor: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    dynamodb: int = 0

    def cells(self) -> tuple[str, ...]:
        """The row in the table of details."""
        times = (f"{median(seconds) * 1000:.1f} ms" for seconds in (self.processor, self.whole))
        return self.name, *times, f"{self.dynamodb / len(self.whole):.2f}"


@dataclass(frozen=True, slots=True)
class _Stack:
    """The account with the status table, and how a function is started in it."""

    emulator: AwsEmulator
    code: Path

    def function(self, name: str) -> Function:
        """A warm process of a function, from its package."""
        return Function(name, self.code, self.emulator.environment(**SETTINGS, HOME=str(self.code.parent)))

    def call(self, function: Function, event: Any, into: _Calls) -> Replied:
        """Calls a function once and counts."""
        before = len(self.emulator.journal.everything)
        start = time.perf_counter()
        reply = function.call(event)
        into.whole.append(time.perf_counter() - start)
        into.processor.append(reply.processor_seconds)
        into.dynamodb += len(self.emulator.journal.everything) - before
        return reply


def measure(bench: BenchRun) -> Results:
    """The transform on batches of new messages and of known ones, and the status API on what they left."""
    new, known = _Calls("transform, new messages"), _Calls("transform, known messages")
    status_calls = _Calls("status API")
    with _stack(bench) as stack:
        log(f"transforming {2 * _PAIRS} batches of {_RECORDS} records")
        messages = _transform(stack, new, known)
        log(f"asking for {_REQUESTS} statuses")
        _ask(stack, messages, status_calls)
    size = f"{_RECORDS} records over {_MESSAGES} messages, median of {_PAIRS}"
    rows = [*(_rate(one, size, _RECORDS, "events") for one in (new, known)), _calls_per_event(new, known)]
    rows += [_rate(status_calls, f"median of {_REQUESTS}", 1, "requests"), _calls_per_request(status_calls)]
    detail = Detail(f"Functions ({size}):", _COLUMNS, [one.cells() for one in (new, known, status_calls)])
    return Results(rows, [detail])


def _transform(stack: _Stack, new: _Calls, known: _Calls) -> list[str]:
    """Runs the batches; the ids of their messages."""
    rng = random.Random(9)
    messages: list[str] = []
    with stack.function("transform") as transform:
        _checked(stack.call(transform, batch(_two_batches(rng)[0]), _Calls("the first, which is cold")))
        for _ in range(_PAIRS):
            first, second = _two_batches(rng)
            for payloads, calls in ((first, new), (second, known)):
                _checked(stack.call(transform, batch(payloads), calls))
            messages += sorted({loads(payload)["mail"]["messageId"] for payload in first})
    return messages


def _two_batches(rng: random.Random) -> tuple[list[bytes], list[bytes]]:
    """Records of the same messages in two batches: first their earliest ones, then those that come after."""
    sent = int(AS_OF.replace(tzinfo=UTC).timestamp() * 1000)
    messages: list[list[bytes]] = []
    while len(messages) < _MESSAGES:
        records = [dumps(record).encode() + b"\n" for _, record in synthetic.ses_message(rng, sent)]
        if len(records) >= _MIN_RECORDS:
            messages.append(records)
    turns = [record for turn in zip_longest(*messages) for record in turn if record is not None]
    return turns[:_RECORDS], turns[_RECORDS : 2 * _RECORDS]


def _checked(reply: Replied) -> None:
    """Raises where a batch did not end as it must."""
    written = reply.logged()["statuses"]["written"]
    if results(reply) != ["Ok"] * _RECORDS or written != _MESSAGES:
        raise RuntimeError(f"a batch of {_RECORDS} records over {_MESSAGES} messages ended so: {reply.log}")


def _ask(stack: _Stack, messages: list[str], calls: _Calls) -> None:
    with stack.function("status_api") as api:
        stack.call(api, _request(messages[0]), _Calls("the first, which is cold"))
        for message in random.Random(10).sample(messages, _REQUESTS):
            reply = stack.call(api, _request(message), calls)
            if reply.answer["statusCode"] != 200:
                raise RuntimeError(f"no status of {message}: {reply.answer}")


def _request(message: str) -> dict[str, object]:
    return {"version": "2.0", "routeKey": "GET /call", "queryStringParameters": {"message_id": message}}


def _rate(calls: _Calls, size: str, each: int, what: str) -> Row:
    return Row(calls.name, size, f"{grouped(round(each / median(calls.processor)))} {what}/s", "one core", "")


def _calls_per_event(*all_calls: _Calls) -> Row:
    each = max(calls.dynamodb / len(calls.whole) / _RECORDS for calls in all_calls)
    size = f"{_RECORDS} records over {_MESSAGES} messages"
    limit = (f"≤ {_CALLS_PER_EVENT:.2f}", each <= _CALLS_PER_EVENT)
    return Row("transform, calls of DynamoDB an event", size, f"{each:.3f}", "", "", *limit)


def _calls_per_request(calls: _Calls) -> Row:
    limit = (f"= {_CALLS_PER_REQUEST}", calls.dynamodb == _CALLS_PER_REQUEST * _REQUESTS)
    return Row(
        "status API, calls of DynamoDB a request",
        f"{_REQUESTS} requests",
        f"{calls.dynamodb / _REQUESTS:.2f}",
        "",
        "",
        *limit,
    )


@contextmanager
def _stack(bench: BenchRun) -> Iterator[_Stack]:
    place = bench.scratch("functions")
    emulator = AwsEmulator()
    emulator.start()
    try:
        emulator.client("dynamodb").create_table(**World.status_table)
        yield _Stack(emulator, unpacked(place / "code"))
    finally:
        emulator.stop()
