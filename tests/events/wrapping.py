"""The wrappers of records, each as a function of the record or its text."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

from due_cli.demo.templates import WRAPPERS as TEMPLATES
from due_cli.demo.templates import render
from due_cli.events.model import Json
from tests.events.records import ACCOUNT, PUBLISHED, RECEIVED, iso

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


def received(record: Json, at: int) -> Json:
    """A Firehose copy of a record that the stream received at ``at``."""
    event = firehose(record)
    assert isinstance(event, dict) and isinstance(event["records"], list)
    for inner in event["records"]:
        assert isinstance(inner, dict)
        inner["approximateArrivalTimestamp"] = at
    return event


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


def zipped(data: bytes) -> bytes:
    """A ZIP archive with one member, as Firehose writes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("due-1-2026-11-22-03-00-00-1", data)
    return file.getvalue()


# Bytes of a file or a stream's record, by what was done to them.
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip in gzip": lambda data: gzip.compress(gzip.compress(data)),
    "gzip, two members": lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "ZIP": zipped,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-16, big-endian": lambda data: data.decode().encode("utf-16-be"),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
}


def _in_a_stream(pack: Callable[[bytes], bytes]) -> Wrap:
    return lambda value: _firehose(pack(encoded(value)))


def _in_a_field(name: str) -> Wrap:
    return lambda value: {name: json.dumps(value), "@timestamp": iso(PUBLISHED), "host": "h"}


def _base64(value: Json) -> str:
    return base64.b64encode(encoded(value)).decode()


def _log(value: Json) -> bytes:
    """A data message of CloudWatch Logs."""
    event: Json = {"id": "3", "timestamp": PUBLISHED, "message": json.dumps(value)}
    return encoded({"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "g", "logEvents": [event]})


TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:due"
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
    **{name: _in_a_stream(pack) for name, pack in PACKED.items()},
    "SNS, Type and Message": lambda value: {"Type": "Notification", "Message": json.dumps(value)},
    "SNS, an object": lambda value: {"Type": "Notification", "TopicArn": TOPIC_ARN, "Message": value},
    "Firehose HTTP": lambda value: {
        "requestId": "request-1",
        "timestamp": RECEIVED,
        "records": [{"data": _base64(value)}],
    },
    "put-record-batch": lambda value: {"DeliveryStreamName": "due", "Records": [{"Data": _base64(value)}]},
    "put-record": lambda value: {"DeliveryStreamName": "due", "Record": {"Data": _base64(value)}},
    "Kinesis, data alone": lambda value: {"Records": [{"kinesis": {"data": _base64(value)}}]},
    "get-records": lambda value: {
        "Records": [
            {
                "SequenceNumber": "4955",
                "ApproximateArrivalTimestamp": RECEIVED / 1000,
                "Data": _base64(value),
                "PartitionKey": "1",
            }
        ],
        "MillisBehindLatest": 0,
    },
    "SQS, body alone": lambda value: {"Records": [{"body": json.dumps(value)}]},
    "receive-message": lambda value: {
        "Messages": [{"Body": json.dumps(value), "Attributes": {"SentTimestamp": str(PUBLISHED)}}]
    },
    "Lambda destination": lambda value: {
        "version": "1.0",
        "timestamp": iso(PUBLISHED),
        "requestContext": {"functionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:1", "condition": "Success"},
        "requestPayload": value,
        "responsePayload": {"ok": True},
    },
    "log subscription": lambda value: {"awslogs": {"data": base64.b64encode(gzip.compress(_log(value))).decode()}},
    "log data message": lambda value: json.loads(_log(value)),
    "log data in Firehose": lambda value: _firehose(gzip.compress(_log(value))),
    "filter-log-events": lambda value: {
        "events": [
            {"logStreamName": "s", "timestamp": PUBLISHED, "message": json.dumps(value), "ingestionTime": RECEIVED}
        ],
        "searchedLogStreams": [],
    },
    "log line": lambda value: f"{iso(PUBLISHED)}\t6f1c-4a\tINFO\t{json.dumps(value)}",
    "exported log line": lambda value: f"{iso(PUBLISHED)} {json.dumps(value)}\n",
    "Logs Insights": lambda value: {
        "results": [
            [
                {"field": "@timestamp", "value": iso(PUBLISHED)[:-1].replace("T", " ")},
                {"field": "@message", "value": json.dumps(value)},
            ]
        ],
        "status": "Complete",
    },
    "API Gateway": lambda value: {
        "resource": "/events",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"accountId": ACCOUNT, "requestTimeEpoch": PUBLISHED},
        "body": json.dumps(value),
        "isBase64Encoded": False,
    },
    "Lambda URL, base64": lambda value: {
        "version": "2.0",
        "requestContext": {"accountId": "anonymous", "timeEpoch": PUBLISHED},
        "body": _base64(value),
        "isBase64Encoded": True,
    },
    "headers and body": lambda value: {"headers": {"x-amz-sns-message-type": "Notification"}, "body": value},
    "put-events": lambda value: {
        "Entries": [{"Source": "shop", "DetailType": "mail", "Detail": json.dumps(value), "Time": PUBLISHED / 1000}]
    },
    "EventBridge replay": lambda value: {
        **event_bridge("shop", "mail")(value),  # type: ignore[dict-item]  # an object
        "replay-name": "replay-1",
    },
    **{
        f"field {name}": _in_a_field(name)
        for name in ("message", "log", "MESSAGE", "_raw", "@message", "msg", "data", "event", "rawBody")
    },
    "_source": lambda value: {"_index": "mail", "_id": "1", "_source": value},
    "search hits": lambda value: {
        "took": 3,
        "hits": {"total": {"value": 1}, "hits": [{"_id": "1", "_source": {"message": json.dumps(value)}}]},
    },
}

# Where a wrapper says what an inbound message lacks: the time at which it was sent.
TIMED = (
    "SNS",
    "Lambda SNS",
    "SQS",
    "receive-message",
    "Lambda destination",
    "log subscription",
    "log data message",
    "log data in Firehose",
    "filter-log-events",
    "log line",
    "exported log line",
    "Logs Insights",
    "API Gateway",
    "Lambda URL, base64",
    "put-events",
    "EventBridge replay",
    "field message",
)


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
