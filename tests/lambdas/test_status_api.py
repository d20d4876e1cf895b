"""The function behind the HTTP API (docs/data.md, "Message status")."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from due_cli.aws.pipeline.status_item import attributes
from tests.events.records import ses_delivery, ses_send, sms_event
from tests.lambdas.functions import Function
from tests.lambdas.test_statuses import folded
from tests.lambdas.world import STATUS, World, refusal, statuses_of

DAY = 24 * 3600
NEVER = 100 * 365  # days


@pytest.fixture
def api(world: World) -> Iterator[Function]:
    with world.function("status_api", without="DUE_STREAM") as function:
        yield function


def get(**parameters: str) -> Any:
    """A request in payload format 2.0."""
    event: Any = {"version": "2.0", "routeKey": "GET /call", "rawPath": "/call", "rawQueryString": ""}
    return {**event, "queryStringParameters": parameters} if parameters else event


def test_a_known_message_is_its_item(world: World, api: Function) -> None:
    records = [ses_send(), ses_delivery(), sms_event("TEXT_SENT", messageId="é 1")]
    statuses = folded(statuses_of(records))
    for status in statuses.values():
        world.dynamodb.put_item(TableName=STATUS, Item=attributes(status, NEVER))
    for message, status in statuses.items():
        world.emulator.journal.clear()
        answer = api.call(get(message_id=message)).answer
        assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "application/json")
        assert json.loads(answer["body"]) == status.item()
        assert json.loads(answer["body"])["status"] == ("buffered" if status.channel == "sms" else "delivered")
        assert world.calls == ["GetItem"]


def test_an_unknown_message_is_not_found(world: World, api: Function) -> None:
    answer = api.call(get(message_id="who")).answer
    assert (answer["statusCode"], json.loads(answer["body"])["message_id"]) == (404, "who")
    assert world.calls == ["GetItem"]


def test_an_expired_message_is_not_found(world: World, api: Function) -> None:
    (status,) = statuses_of([ses_send()])
    now = time.time()
    for seconds, code in ((-5, 404), (60, 200)):
        item = attributes(status._replace(last=int((now + seconds) * 1000) - DAY * 1000), 1)
        world.dynamodb.put_item(TableName=STATUS, Item=item)
        assert api.call(get(message_id=status.message_id)).answer["statusCode"] == code


def test_an_item_older_than_time_to_live_can_be_says_four_years() -> None:
    """DynamoDB deletes no item whose time is more than five years past."""
    (status,) = statuses_of([ses_send()])
    expires = int(attributes(status._replace(last=946_684_800_000), 90)["expires_at"]["N"])
    assert time.time() - 5 * 365 * DAY < expires < time.time() - 3 * 365 * DAY


@pytest.mark.parametrize("event", [get(), get(other="x"), get(message_id="")])
def test_no_id_is_a_bad_request(world: World, api: Function, event: Any) -> None:
    answer = api.call(event).answer
    assert (answer["statusCode"], "message_id" in answer["body"]) == (400, True)
    assert world.calls == []


def test_an_id_that_no_table_can_hold_is_not_found(world: World, api: Function) -> None:
    assert api.call(get(message_id="é" * 1025)).answer["statusCode"] == 404
    assert world.calls == []


def test_a_table_that_does_not_answer_is_an_error_that_an_alarm_counts(world: World, api: Function) -> None:
    world.emulator.faults.answer("dynamodb:GetItem", lambda body: refusal("AccessDeniedException"))
    error = api.call(get(message_id="m")).error
    assert error and "AccessDenied" in error


def test_a_missing_variable_is_named(world: World) -> None:
    with world.function("status_api", without="DUE_STATUS_TABLE") as function:
        error = function.call(get(message_id="m")).error
    assert error == "EnvironmentVariableError: the environment variable DUE_STATUS_TABLE is not set"
