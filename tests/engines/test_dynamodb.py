"""The status table on DynamoDB Local, which knows PartiQL, checks every expression, and removes what has expired.

The tests of the functions that use the table (``tests/lambdas``) run here as they are, and a few that only a real
table can answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from due_cli.aws.client import Aws
from due_cli.aws.pipeline.status_item import EXPIRES_AT, attributes
from due_cli.aws.resources.status_table import StatusTableResource
from due_cli.aws.services.dynamodb import read_statuses
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.faults import OWN_KEY
from tests.aws_emulator.server import Handler
from tests.aws_emulator.wire import Answer, Request
from tests.engines import servers
from tests.engines.writers import Trouble, items_in, items_of, readable, stories, written_by
from tests.events.records import iso, ses_delivery, ses_send
from tests.lambdas import test_status_api, test_statuses
from tests.lambdas.conftest import functions_code
from tests.lambdas.test_status_api import api
from tests.lambdas.test_statuses import mails, transform
from tests.lambdas.world import CREDENTIALS, REGION, STATUS, Body, World, batch, results, statuses_of, text

__all__ = ["api", "functions_code", "transform"]

_OF_THE_FUNCTIONS = (test_statuses, test_status_api)
globals().update({name: each for one in _OF_THE_FUNCTIONS for name, each in vars(one).items() if name[:5] == "test_"})

MESSAGES, PROCESSES, DAYS = 10_000, 8, 90
DAY = 24 * 3600
_ARNS = "arn:aws:dynamodb:ddblocal:000000000000:table/"


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """DynamoDB Local, for the whole run."""
    with servers.dynamodb(tmp_path_factory.mktemp("dynamodb")) as started:
        yield started


@pytest.fixture
def world(emulator: AwsEmulator, dynamodb: servers.Server, functions_code: Path, tmp_path: Path) -> Iterator[World]:
    """A deployment's services, empty; those of DynamoDB are DynamoDB Local's."""
    for name in [name for name in emulator.handlers if name.startswith("dynamodb:")]:
        del emulator.handlers[name]
    emulator.handlers["dynamodb"] = _passed_on_to(dynamodb.url)
    # DynamoDB Local has no tags
    tags = Answer.of({"Tags": [{"Key": "due:stack", "Value": "due"}]})
    emulator.handlers["dynamodb:ListTagsOfResource"] = lambda _, __: tags
    with World(emulator, functions_code, {"HOME": str(tmp_path)}).filled() as made:
        yield made


def _passed_on_to(url: str) -> Handler:
    """A handler that has DynamoDB Local answer, which keeps what is of another access key apart."""
    pool = urllib3.PoolManager(maxsize=16)

    def pass_on(_: Call, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in ("content-length", "expect")}
        headers["authorization"] = headers["authorization"].replace(
            f"={OWN_KEY}/", f"={CREDENTIALS['AWS_ACCESS_KEY_ID']}/"
        )
        answer = pool.request(request.method, url, body=request.body, headers=headers)
        kept = ("content-type", "x-amzn-errortype")
        return Answer(answer.status, [pair for pair in answer.headers.items() if pair[0].lower() in kept], answer.data)

    return pass_on


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The services as who runs due has them."""
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": world.emulator.url}.items():
        monkeypatch.setenv(name, value)
    return Aws()


def test_eight_processes_leave_the_items_of_the_sorted_events(world: World) -> None:
    """They write the events of ten thousand messages, each process in an order of its own, and calls break off."""
    happened = stories(MESSAGES)
    expected = items_of(happened, DAYS)
    assert len(expected) == MESSAGES
    trouble = Trouble(world)
    met = written_by(PROCESSES, happened, world, seed=4)
    assert met["refused"] == 0
    assert items_in(world) == expected
    # And they were in each other's way, and in trouble.
    assert min(met["ConditionalCheckFailed"], met["DuplicateItem"]) > MESSAGES / 100, met
    assert len(trouble.made) == 6 and min(trouble.made.values()) > 10
    assert world.objects("errors/status/") == {}


def _table(name: str, tags: dict[str, str]) -> StatusTableResource:
    return StatusTableResource(name=name, arn=f"{_ARNS}{name}", expires=EXPIRES_AT, kms_key=None, tags=tags)


def test_the_table_is_made_as_setup_makes_it(aws: Aws) -> None:
    table = _table("made", {"due:stack": "due"})
    assert table.current(aws) is None
    table.create(aws)
    assert table.current(aws) == {**table.desired(), "TimeToLive": None}
    table.update(aws, frozenset({"TimeToLive"}))
    assert table.current(aws) == table.desired()
    table.create(aws)  # by a setup that was killed before
    table.delete(aws)
    assert table.current(aws) is None
    table.delete(aws)


def test_what_has_expired_is_removed_and_nothing_else(world: World, aws: Aws) -> None:
    """DynamoDB takes an item whose attribute is a number of epoch seconds in the last five years."""
    _table(STATUS, {}).update(aws, frozenset({"TimeToLive"}))
    now = int(time.time() * 1000)
    ages = {"new": 0, "nearly": DAYS - 1, "just over": DAYS + 1, "years": 3 * 365, "from long ago": 20 * 365}
    records = [
        ses_send(mail={"messageId": name, "timestamp": iso(now - days * DAY * 1000)}) for name, days in ages.items()
    ]
    with world.function("transform", DUE_STATUS_DAYS=str(DAYS)) as function:
        assert set(results(function.call(batch(map(text, records))))) == {"Ok"}
    assert set(items_in(world)) <= ages.keys()
    kept = {name for name, days in ages.items() if days < DAYS}
    end = time.monotonic() + 120
    while set(items_in(world)) != kept and time.monotonic() < end:
        time.sleep(1)
    assert set(items_in(world)) == kept


def test_readers_pass_over_what_has_expired(world: World, aws: Aws) -> None:
    """DynamoDB removes it days later."""
    (status,) = statuses_of([ses_send()])
    now = time.time()
    names = {"over": -5, "soon": 60}
    for name, seconds in names.items():
        last = int((now + seconds - DAYS * DAY) * 1000)
        world.dynamodb.put_item(TableName=STATUS, Item=attributes(status._replace(message_id=name, last=last), DAYS))
    assert set(read_statuses(aws, STATUS, list(names))) == {"soon"}
    with world.function("status_api", without="DUE_STREAM") as function:
        codes = {name: function.call(test_status_api.get(message_id=name)).answer["statusCode"] for name in names}
    assert codes == {"over": 404, "soon": 200}


def test_an_event_after_the_end_brings_the_message_back(world: World, aws: Aws) -> None:
    """Expiry counts from the last event, and what was known before is not lost while the item is there."""
    now = int(time.time() * 1000)
    old, new = now - (DAYS + 5) * DAY * 1000, now - DAY * 1000
    mail = {"messageId": "back", "timestamp": iso(old)}
    with world.function("transform", DUE_STATUS_DAYS=str(DAYS)) as function:
        function.call(batch([text(ses_send(mail=mail))]))
        assert read_statuses(aws, STATUS, ["back"]) == {}
        function.call(batch([text(ses_delivery(mail=mail, delivery={"timestamp": iso(new)}))]))
    item = read_statuses(aws, STATUS, ["back"])["back"].item()
    assert (item["send"], item["delivered"]) == (iso(old), iso(new))
    assert readable(world.item("back"))[EXPIRES_AT] == new // 1000 + DAYS * DAY


def test_hundreds_of_messages_are_read_in_parts_whatever_is_left_out(world: World, aws: Aws) -> None:
    wanted = [f"mail-{number}" for number in range(250)]
    with world.function("transform") as function:
        for start in range(0, 250, 100):
            numbers = range(start, min(start + 100, 250))
            function.call(batch(text(mails(number)[0]) for number in numbers))
    world.dynamodb.put_item(TableName=STATUS, Item={"message_id": {"S": "theirs"}, "facts": {"S": "not ours"}})
    busy = [True] * 4

    def half_is_left(body: Body) -> Answer | None:
        if not busy:
            return None
        busy.pop()
        ((name, asked),) = body["RequestItems"].items()
        some, left = asked["Keys"][:30], asked["Keys"][30:]
        found = world.dynamodb.batch_get_item(RequestItems={name: {**asked, "Keys": some}})["Responses"]
        return Answer.of({"Responses": found, "UnprocessedKeys": {name: {**asked, "Keys": left}} if left else {}})

    world.emulator.faults.answer("dynamodb:BatchGetItem", half_is_left)
    found = read_statuses(aws, STATUS, [*wanted, "theirs", "unknown", "", "é" * 1025])
    assert sorted(found) == sorted(wanted)
    assert found["mail-7"] == statuses_of(mails(7)[:1])[0]
    assert not busy
