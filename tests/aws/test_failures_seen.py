"""What goes wrong on its way through the stream is a value of the metric that an alarm is on."""

from __future__ import annotations

import time
from datetime import timedelta

from due_cli.aws.resources.alarm import Alarm, Expression
from due_cli.aws.services.cloudwatch import read_metrics
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.package import Package
from due_cli.aws.stack.stack import Stack
from tests.aws.streaming import emulator, made_once, objects, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.events.records import ses_send

__all__ = ["emulator", "made_once", "stack"]

MINUTE = timedelta(minutes=1)


def sums(stack: Stack) -> dict[str, float]:
    """What the metrics of failures, which are those without a dimension, add up to, by their alarms."""
    found = {}
    for node in desired(stack.names, stack.options, Package(b"", "")):
        if isinstance(node.resource, Alarm) and not isinstance(node.resource.metric, Expression):
            metric = node.resource.metric
            if metric.dimension is None:
                values = read_metrics(stack.aws, {"m": metric}, 5 * MINUTE, MINUTE)["m"]
                found[node.resource.name] = sum(values)
    return found


def test_each_kind_of_failure_reaches_its_alarm(emulator: AwsEmulator, stack: Stack) -> None:
    name = stack.names.stream
    emulator.firehose.put(name, ses_send(mail={"messageId": "one"}))
    emulator.flush()
    assert sums(stack) == {"due-failed-records": 0, "due-untransformed": 0, "due-statuses-refused": 0}
    emulator.firehose.put(name, b"no JSON", b"nor this", ses_send(mail={"messageId": "x" * 3000}))
    emulator.flush()
    emulator.faults.refuse("lambda:Invoke", "TooManyRequestsException", by="service")
    emulator.firehose.put(name, ses_send(mail={"messageId": "two"}))
    emulator.flush()
    emulator.faults.clear()
    assert len([key for key in objects(emulator, stack, "errors/") if "processing-failed" in key]) == 2
    deadline = time.monotonic() + 10
    while sums(stack)["due-untransformed"] == 0 and time.monotonic() < deadline:
        time.sleep(0.2)  # moto leaves the present second out
    found = sums(stack)
    assert found.pop("due-untransformed") >= 1
    assert found == {"due-failed-records": 2, "due-statuses-refused": 1}
