"""The synthetic month has every wrapper that due can read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from due_cli.demo import Month
from tests.demo.reading import GZIP, UNTIL, decompressed

WRAPPERS = {
    "lines",
    "gzip lines",
    "run together",
    "pretty array",
    "SNS over HTTP",
    "SNS in a function's event",
    "SNS in SQS",
    "EventBridge",
    "EventBridge in SNS",
    "Firehose",
    "gzip in Firehose",
    "Firehose failure",
    "Kinesis",
}


def test_every_wrapper_occurs(month: Month) -> None:
    assert {name for path in month.files for name in wrappers_of(path)} == WRAPPERS


def wrappers_of(path: Path) -> Iterator[str]:
    """From the bytes alone, not by the code that wrote them or the code that reads them."""
    text = decompressed(path)
    if b"\n" not in text and b"}{" in text:
        yield "run together"
    elif text.startswith(b"[\n  {\n"):
        yield "pretty array"
    else:
        for line in text.splitlines():
            name = wrapper_of(line)
            if name is not None:
                yield f"gzip {name}" if path.suffix == ".gz" else name


def wrapper_of(line: bytes) -> str | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if "detail-type" in value:
        return "EventBridge"
    if value.get("Type") == "Notification":
        return "EventBridge in SNS" if '"detail-type":' in value["Message"] else "SNS over HTTP"
    if "rawData" in value:
        return "Firehose failure"
    for record in value.get("records", ()):
        return firehose_record(record)
    for record in value.get("Records", ()):
        return lambda_record(record)
    return "lines" if {"event_type", "eventType", "whatsAppWebhookEntry"} & value.keys() else None


def firehose_record(record: dict[str, Any]) -> str | None:
    try:
        data = base64.b64decode(record["data"], validate=True)
    except binascii.Error:
        return None
    assert record["approximateArrivalTimestamp"] <= UNTIL.timestamp() * 1000
    return "gzip in Firehose" if data.startswith(GZIP) else "Firehose"


def lambda_record(record: dict[str, Any]) -> str | None:
    if record.get("EventSource") == "aws:sns":
        return "SNS in a function's event" if record["Sns"]["Type"] == "Notification" else None
    if record["eventSource"] == "aws:sqs":
        return "SNS in SQS" if json.loads(record["body"])["Type"] == "Notification" else None
    return "Kinesis" if base64.b64decode(record["kinesis"]["data"]).startswith(b"{") else None
