"""Counts of use: sent to the endpoint that was asked for, never otherwise, and never at the event's cost."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import Package
from tests.lambdas.test_partition import KEY, hours, s3_event
from tests.lambdas.world import World

DEPLOYMENT = "5c0fa4f8-e4ba-5d02-9101-c795472fccd0"


class Endpoint:
    """A server of the user's own; ``posts`` is what it was sent."""

    def __init__(self, status: int = 200) -> None:
        self.posts: list[dict[str, Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.posts.append({"type": self.headers["Content-Type"], **json.loads(body)})
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/generic"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def test_the_guides_fields_are_posted(world: World, endpoint: Endpoint) -> None:
    with world.function("partition", DUE_USAGE_ENDPOINT=endpoint.url, DUE_USAGE_ID=DEPLOYMENT) as partition:
        keys = [KEY, KEY.replace("/03/", "/04/"), "events/x"]
        assert partition.call(s3_event(keys)).answer == {"objects": 3, "hours": 2, "made": 2}
    (post,) = endpoint.posts
    sent = datetime.fromisoformat(post.pop("TimeStamp"))
    assert sent.utcoffset() == timedelta(0)
    assert post == {
        "type": "application/json; charset=utf-8",
        "Solution": "SO0105",
        "UUID": DEPLOYMENT,
        "Data": {"S3PartitionTriggers": 3},
    }


def test_nothing_is_sent_unless_it_was_asked_for(world: World, endpoint: Endpoint) -> None:
    with world.function("partition", DUE_USAGE_ID=DEPLOYMENT) as partition:
        assert partition.call(s3_event([KEY])).error is None
    with world.function("partition", DUE_USAGE_ENDPOINT="", DUE_USAGE_ID=DEPLOYMENT) as partition:
        assert partition.call(s3_event([KEY])).error is None
    with world.function("partition", DUE_USAGE_ENDPOINT=endpoint.url, DUE_USAGE_ID=DEPLOYMENT) as partition:
        assert partition.call({"Service": "Amazon S3", "Event": "s3:TestEvent"}).error is None
    assert endpoint.posts == []


@contextmanager
def silent(*, drips: bool) -> Iterator[str]:
    """An endpoint that takes the connection and never answers, or a byte of an answer a second."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(30):
                    if over.wait(0.5):
                        break
                    if drips:
                        connection.sendall(b"H")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        over.set()
        thread.join(5)


@pytest.mark.parametrize("drips", [False, True])
def test_an_endpoint_that_hangs_costs_two_seconds_and_no_event(world: World, drips: bool) -> None:
    with silent(drips=drips) as url, world.function("partition", DUE_USAGE_ENDPOINT=url) as partition:
        began = time.monotonic()
        assert partition.call(s3_event([KEY])).answer == {"objects": 1, "hours": 1, "made": 1}
        first = time.monotonic() - began
    assert hours(world) == ["2026-11-22 03:00:00"]
    assert 1.9 < first < 8  # two seconds, and the start of a cold process on a busy machine


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://no-such-host.invalid/", "no address at all"])
def test_an_endpoint_that_is_not_there_costs_no_event(world: World, url: str) -> None:
    with world.function("partition", DUE_USAGE_ENDPOINT=url) as partition:
        assert partition.call(s3_event([KEY])).error is None


def test_an_answer_that_refuses_costs_no_event(world: World) -> None:
    endpoint = Endpoint(500)
    with world.function("partition", DUE_USAGE_ENDPOINT=endpoint.url) as partition:
        assert partition.call(s3_event([KEY])).error is None
    assert len(endpoint.posts) == 1
    endpoint.close()


def environments(stack: str, **chosen: Any) -> dict[str, dict[str, str]]:
    """The usage variables of each function of a stack."""
    nodes = desired(names_of(stack, "123456789012", "eu-west-1"), Options(**chosen), Package(b"", ""))
    found = {node.key: node.resource.desired().get("Environment") for node in nodes}
    return {
        key: {name: value for name, value in variables.items() if name.startswith("DUE_USAGE")}
        for key, variables in found.items()
        if isinstance(variables, dict)
    }


def test_only_the_partition_function_is_told_and_only_when_asked() -> None:
    assert environments("due") == {"transform": {}, "partition": {}, "status-api": {}}
    asked = environments("due", usage_endpoint="https://metrics.example.com/generic")
    told = asked.pop("partition")
    assert asked == {"transform": {}, "status-api": {}}
    assert told["DUE_USAGE_ENDPOINT"] == "https://metrics.example.com/generic"
    assert str(uuid.UUID(told["DUE_USAGE_ID"])) == told["DUE_USAGE_ID"]


def test_the_deployments_id_is_its_own_and_stays() -> None:
    url = "https://metrics.example.com/generic"
    ids = [environments(stack, usage_endpoint=url)["partition"]["DUE_USAGE_ID"] for stack in ("due", "due", "other")]
    assert ids[0] == ids[1] != ids[2]
    other = environments("due", usage_endpoint="https://elsewhere.example.com/")["partition"]["DUE_USAGE_ID"]
    assert other == ids[0]
