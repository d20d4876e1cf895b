"""Ctrl-C while due waits for AWS: it ends at once, and does nothing any more that was still to come."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.scenarios.commands import Commands
from tests.scenarios.test_setup import SETUP
from tests.scenarios.test_teardown import TEARDOWN

STREAM = {"Name": "DeliveryStreamName", "Value": "due-events"}


@pytest.mark.slow
def test_an_interrupted_teardown_keeps_what_the_stream_holds(emulator: AwsEmulator, commands: Commands) -> None:
    """It waits minutes for the stream to deliver: Ctrl-C ends that at once, and removes nothing any more."""
    assert commands.due(*SETUP).code == 0
    ago = datetime.now(UTC) - timedelta(minutes=1)  # metrics are asked for up to the second
    point = {"MetricName": "IncomingRecords", "Value": 5.0, "Dimensions": [STREAM], "Timestamp": ago}
    emulator.client("cloudwatch").put_metric_data(Namespace="AWS/Firehose", MetricData=[point])
    before = time.monotonic()

    deleted: list[Call] = []

    def is_last_before(call: Call) -> bool:
        deleted.extend([call] if call.operation == "DeleteTable" else [])
        return deleted == [call]

    ended = commands.interrupted(TEARDOWN, is_last_before, later=5)
    assert ended.code == 130, ended
    assert "due-events has 420 seconds to deliver" in ended.err
    assert time.monotonic() - before < 60
    assert emulator.client("firehose").list_delivery_streams()["DeliveryStreamNames"] == ["due-events"]


def test_an_interrupted_doctor_stops_its_query(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.athena.slow = 60.0
    looks: list[Call] = []

    def is_first_look(call: Call) -> bool:
        looks.extend([call] if call.operation == "GetQueryExecution" else [])
        return looks == [call]

    ended = commands.interrupted(("doctor",), is_first_look)
    assert ended.code == 130, ended
    assert len(emulator.journal.of("athena:StopQueryExecution")) == 1
