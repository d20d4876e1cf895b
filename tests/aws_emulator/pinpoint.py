"""Pinpoint where it is gone: each way in which a service that ended can fail to answer."""

from __future__ import annotations

import json
import socket
import time
from enum import StrEnum
from typing import Any

from moto.pinpoint.models import pinpoint_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request


class Gone(StrEnum):
    """How Pinpoint does not answer."""

    NO = "it answers"
    NO_ADDRESS = "its name does not resolve"
    REFUSED = "its address takes no connections"
    TIMEOUT = "it never answers"
    HTTP_403 = "403 without a body"
    HTTP_404 = "404 without a body"
    FORBIDDEN = "ForbiddenException"
    NOT_FOUND = "NotFoundException"
    BAD_REQUEST = "BadRequestException"


class Pinpoint:
    """Puts Pinpoint into one of its ways to be gone."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.gone = Gone.NO
        self.seconds = 120.0  # how long it keeps who waits
        self._closed = False
        core.handlers["pinpoint"] = self._handle
        core.watchers.append(self._attached)

    def publish(self, project: str, *records: dict[str, Any], region: str = "us-east-1") -> int:
        """Puts event records where the event stream of a project leads; how many it took."""
        found = pinpoint_backends[ACCOUNT][region].apps[project].event_stream
        source = arn("mobiletargeting", region, f"apps/{project}")
        if found is None or not self.core.iam.assumable(found.role_arn, "pinpoint", source):
            return 0
        if not self.core.iam.permits(found.role_arn, Need("firehose:DescribeDeliveryStream", (found.stream_arn,))):
            return 0  # Pinpoint looks at a stream before it puts anything there (developer guide, permissions)
        client = self.core.as_role(found.role_arn, "firehose", region)
        name = found.stream_arn.rsplit("/", 1)[-1]
        for start in range(0, len(records), 500):
            batch = [{"Data": json.dumps(one) + "\n"} for one in records[start : start + 500]]
            client.put_record_batch(DeliveryStreamName=name, Records=batch)
        return len(records)

    def _attached(self, call: Call, _: Request, __: Answer) -> None:
        """Pinpoint tries a stream that it is given with a record of its own."""
        if call.name == "pinpoint:PutEventStream":
            moment = int(self.core.clock.now() * 1000)
            record = {"event_type": "_test.event_stream", "event_timestamp": moment, "arrival_timestamp": moment}
            self.publish(call.parameters["ApplicationId"], record, region=call.region)

    def environment(self) -> dict[str, str]:
        """What is to be added to the environment; only two of the ways need it."""
        if self.gone is Gone.NO_ADDRESS:
            return {"AWS_ENDPOINT_URL_PINPOINT": "http://pinpoint.gone.invalid"}
        if self.gone is Gone.REFUSED:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                return {"AWS_ENDPOINT_URL_PINPOINT": f"http://127.0.0.1:{free.getsockname()[1]}"}
        return {}

    def close(self) -> None:
        """Lets go of who waits."""
        self._closed = True

    def _handle(self, call: Call, _: Request) -> Answer | None:
        if self.gone is Gone.TIMEOUT:
            until = time.monotonic() + self.seconds
            while time.monotonic() < until and not self._closed and self.gone is Gone.TIMEOUT:
                time.sleep(0.05)
            return Answer(504)
        if self.gone in (Gone.HTTP_403, Gone.HTTP_404):
            return Answer(403 if self.gone is Gone.HTTP_403 else 404)
        if self.gone in (Gone.FORBIDDEN, Gone.NOT_FOUND, Gone.BAD_REQUEST):
            statuses = {Gone.FORBIDDEN: 403, Gone.NOT_FOUND: 404, Gone.BAD_REQUEST: 400}
            raise RefusedError(self.gone.value, "Amazon Pinpoint is no longer available.", statuses[self.gone])
        return None
