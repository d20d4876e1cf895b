"""The wrappers of records, each as a function of the record or its text."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

from due_cli.demo.templates import WRAPPERS as TEMPLATES
from due_cli.demo.templates import render
from due_cli.events.model import Json
from tests.events.records import ACCOUNT, PUBLISHED, RECEIVED

Wrap = Callable[[Json], Json]


def encoded(value: Json) -> bytes:
    """JSON as the services write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def in_text(value: Json) -> Json:
    """JSON in a string."""
    return json.dumps(value)


def in_arrays(value: Json) -> Json:
    """An array of arrays."""
    return [[value]]


def sns(value: Json) -> Json:
    """What an HTTP subscription of a topic receives."""
    return _wrapped("SNS", text=json.dumps(value))


def lambda_sns(value: Json) -> Json:
    """The event of a function that a topic invokes."""
    return _wrapped("SNS in a function's event", subscription="subscription-1", notification=sns(value))


def event_bridge(source: str, detail_type: str) -> Wrap:
    """An event of a bus."""
    return lambda value: _wrapped("EventBridge", bus_source=source, detail_type=detail_type, detail=value)


def firehose(value: Json) -> Json:
    """The event of a Firehose transform."""
    return _firehose(encoded(value) + b"\n")


def firehose_gzip(value: Json) -> Json:
    """The same with gzip in the base64."""
    return _firehose(gzip.compress(encoded(value)))


def kinesis(value: Json) -> Json:
    """The event of a function that reads a Kinesis stream: seconds with a fraction."""
    data = base64.b64encode(encoded(value)).decode()
    record = {"sequence": "49590338271490256608559692538361571095921575989136588898", "data": data}
    return _wrapped("Kinesis", records=[{**record, "arrived_seconds": RECEIVED / 1000}])


def sqs(value: Json) -> Json:
    """The event of a function that reads a queue."""
    return _wrapped("SQS", messages=[{"receipt": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": json.dumps(value)}])


def processing_failed(value: Json) -> Json:
    """An object that Firehose left under ``errors/`` because the transform failed."""
    return _wrapped(
        "Firehose failure",
        published=RECEIVED,
        ended=RECEIVED + 90_000,
        error_code="Lambda.FunctionError",
        error_message="The Lambda function was successfully invoked but it returned an error result.",
        data=base64.b64encode(encoded(value)).decode(),
    )


def conversion_failed(spelling: str) -> Wrap:
    """An object that Firehose left because the conversion to Parquet failed: ``lastErrorCode`` or ``ErrorCode``."""

    def wrap(value: Json) -> Json:
        return {
            "attemptsMade": 1,
            "arrivalTimestamp": RECEIVED,
            spelling: "DataFormatConversion.ParseError",
            spelling.replace("Code", "Message"): "The column is of another type.",
            "attemptEndingTimestamp": RECEIVED + 90_000,
            "rawData": base64.b64encode(encoded(value)).decode(),
            "sequenceNumber": "4955",
            "subSequenceNumber": None,
            "dataCatalogTable": {"databaseName": "due_eventdb", "tableName": "all_events"},
        }

    return wrap


WRAPPERS: dict[str, Wrap] = {
    "SNS": sns,
    "Lambda SNS": lambda_sns,
    "Firehose": firehose,
    "Firehose gzip": firehose_gzip,
    "Kinesis": kinesis,
    "SQS": sqs,
    "arrays": in_arrays,
    "text": in_text,
    "processing failed": processing_failed,
    "conversion failed, lastErrorCode": conversion_failed("lastErrorCode"),
    "conversion failed, ErrorCode": conversion_failed("ErrorCode"),
}


def _firehose(data: bytes) -> Json:
    record = {"id": "49546986683135544286507457936321625675700192471156785154", "data": base64.b64encode(data).decode()}
    return _wrapped("Firehose", invocation="invocation-1", records=[record])


def _wrapped(template: str, **values: object) -> Json:
    common = {
        "account": ACCOUNT,
        "region": "us-east-1",
        "name": "due",
        "id": "55d56c63-ebfd-7a3d-9c3b-dfad3c5fb522",
        "at": PUBLISHED,
        "published": PUBLISHED,
        "arrived": RECEIVED,
    }
    wrapped: Json = render(TEMPLATES[template], {**common, **values})
    return wrapped
