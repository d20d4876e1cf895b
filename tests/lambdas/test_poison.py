"""One record that breaks the transform costs none of those beside it: tried on the package that is deployed."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from due_cli.events import Json
from tests.events.records import ses_bounce, ses_send
from tests.lambdas.functions import Function
from tests.lambdas.world import World, batch, results, text

# Where a record is read and where its status is merged: the module, the function, and what of the record is there.
READING = {
    "normaliser": ("due_cli/events/ses.py", "def rows_of(record", "record"),
    "unwrapping": ("due_cli/events/wrappers.py", "    def value(self, value", "value"),
    "opening": ("due_cli/aws/pipeline/records.py", "def _read(record", "base64.b64decode(record['data'])"),
    "encoding": ("due_cli/aws/pipeline/records.py", "def encode_row(row", "row"),
    "summary": ("due_cli/events/status.py", "def status_of(row", "row"),
}
MERGING = {
    "item": ("due_cli/aws/pipeline/status_item.py", "def attributes(status", "status"),
    "messages": ("due_cli/events/status.py", "def merge_by_message(statuses", "(statuses := list(statuses))"),
}
# A record says by its message id where it breaks what.
POISON = """

def _poison(place, value):
    content = repr(value)
    if f"poison-{place}-bug" in content:
        raise KeyError("dora@post.example.net")
    if f"poison-{place}-recursion" in content:
        _poison(place, value)
    if f"poison-{place}-memory" in content:
        bytearray(2**62)
    if f"poison-{place}-slow" in content:
        __import__("time").sleep(0.3)
"""
ERRORS = ("bug", "recursion", "memory")


@pytest.fixture(scope="session")
def poisoned(functions_code: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that is deployed, with the errors that records can ask for."""
    target = Path(shutil.copytree(functions_code, tmp_path_factory.mktemp("poisoned") / "functions"))
    for place, (module, function, value) in {**READING, **MERGING}.items():
        head, found, rest = (target / module).read_text("utf-8").partition(function)
        signature, _, body = rest.partition(":\n")
        indent = " " * (len(function) - len(function.lstrip()) + 4)
        call = f"{indent}_poison({place!r}, {value})\n"
        assert found, (module, function)
        (target / module).write_text(f"{head}{found}{signature}:\n{call}{body}{POISON}", "utf-8")
    return target


@pytest.fixture
def breakable(world: World, poisoned: Path) -> Iterator[Function]:
    with World(world.emulator, poisoned, {}).function("transform") as function:
        yield function


def of_messages(*names: str) -> list[bytes]:
    return [text(ses_send(mail={"messageId": name})) for name in names]


def test_an_error_in_the_reading_of_a_record_fails_that_record_alone(world: World, breakable: Function) -> None:
    names = [f"poison-{place}-{error}" for place in READING for error in ERRORS]
    reply = breakable.call(batch(of_messages("first", *names, "last")))
    assert results(reply) == ["Ok", *(["ProcessingFailed"] * len(names)), "Ok"]
    assert world.stored().keys() == {"first", "last"}
    assert reply.logged()["unreadable"] == len(names)
    assert reply.logged()["bugs"].keys() == {"KeyError", "RecursionError", "MemoryError"}
    assert "dora" not in reply.log


@pytest.mark.parametrize("place", MERGING)
def test_an_error_in_the_merging_of_statuses_costs_no_event(world: World, breakable: Function, place: str) -> None:
    names = [f"poison-{place}-{error}" for error in ERRORS]
    reply = breakable.call(batch(of_messages("first", *names, "last")))
    assert results(reply) == ["Ok"] * (len(names) + 2)
    kept = b"".join(world.objects("errors/status/").values()).decode()
    assert all(name in kept for name in names) and reply.logged()["statuses"]["kept"]
    assert world.stored().keys() == ({"first", "last"} if place == "item" else set())
    assert place == "item" or ("first" in kept and "last" in kept)


@pytest.fixture
def transform(world: World) -> Iterator[Function]:
    with world.function("transform", AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128") as function:
        yield function


HOSTILE = {
    "deep arrays": b'{"eventType":' + b"[" * 900_000,
    "deep objects": b'{"Records":' * 80_000,
    "deep in a message": json.dumps({"Type": "Notification", "TopicArn": "t", "Message": '{"a":' * 20_000}).encode(),
    "a bomb": gzip.compress(bytes(200 * 2**20)),
    "a bomb of records": gzip.compress(text(ses_send()) * 6_000),
    "a bomb in a bomb": gzip.compress(gzip.compress(bytes(200 * 2**20))),
    "an endless number": b'{"eventType":"Send","mail":{"messageId":"m","timestamp":' + b"9" * 500_000 + b"}}",
    "a time beyond time": text(ses_send(mail={"timestamp": 10**300})),
    "half a surrogate": text(ses_send(mail={"messageId": "\ud800"})),
    "every type wrong": text({"eventType": ["Send"], "mail": {"messageId": {}, "headers": 1, "commonHeaders": []}}),
    "no bytes of text": bytes(range(256)) * 100,
}


def test_hostile_records_cost_nothing_but_themselves(world: World, transform: Function) -> None:
    hostile = list(HOSTILE.values())
    payloads = [text(ses_send(mail={"messageId": "first"})), *hostile, text(ses_bounce(mail={"messageId": "last"}))]
    event = batch(payloads)
    odd: list[Json] = [None, "soon", -(10**30), {}, []]
    for number, record in enumerate(event["records"][1:-1]):
        record["approximateArrivalTimestamp"] = odd[number % len(odd)]
    found = results(transform.call(event))
    assert (found[0], found[-1]) == ("Ok", "Ok")
    assert {"first", "last"} <= world.stored().keys()
    fails = {name for name, result in zip(HOSTILE, found[1:-1], strict=True) if result == "ProcessingFailed"}
    assert fails >= HOSTILE.keys() - {"half a surrogate", "a time beyond time", "an endless number"}


def test_a_record_that_takes_too_long_is_kept_and_the_others_go_on(world: World, poisoned: Path) -> None:
    first, slow = of_messages("first", "poison-normaliser-slow")
    # Half a second to read in, a third of it a record.
    with World(world.emulator, poisoned, {}).function("transform", seconds=1) as function:
        reply = function.call(batch([first, slow]))
    assert results(reply) == ["Ok", "ProcessingFailed"]
    assert base64.b64decode(reply.answer["records"][0]["data"])
    assert world.put == []  # nothing of the slow one, which is kept whole
