"""What stands around records (design: event types): each wrapper as a function of the record or its text."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

from due_cli.events.model import Json, Record
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
    return {
        "Type": "Notification",
        "MessageId": "55d56c63-ebfd-7a3d-9c3b-dfad3c5fb522",
        "TopicArn": f"arn:aws:sns:us-west-2:{ACCOUNT}:MyTopic",
        "Message": json.dumps(value),
        "Timestamp": iso(PUBLISHED),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
    }


def lambda_sns(value: Json) -> Json:
    """The event of a function that a topic invokes."""
    notification = sns(value)
    return {
        "Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "a", "Sns": notification}]
    }


def event_bridge(source: str, detail_type: str) -> Wrap:
    """An event of a bus."""

    def wrap(value: Json) -> Json:
        return {
            "version": "0",
            "id": "5c0fa4f8-e4ba-ed02-6101-c795472fccd0",
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": iso(PUBLISHED),
            "region": "us-east-1",
            "resources": [],
            "detail": value,
        }

    return wrap


def firehose(value: Json) -> Json:
    """The event of a Firehose transform."""
    return {
        "invocationId": "invocation-1",
        "deliveryStreamArn": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/due",
        "region": "us-east-1",
        "records": [
            {
                "recordId": "49546986683135544286507457936321625675700192471156785154",
                "approximateArrivalTimestamp": RECEIVED,
                "data": base64.b64encode(encoded(value) + b"\n").decode(),
            }
        ],
    }


def firehose_gzip(value: Json) -> Json:
    """The same with gzip in the base64."""
    return _with_data(firehose(value), gzip.compress(encoded(value)))


def kinesis(value: Json) -> Json:
    """The event of a function that reads a Kinesis stream: seconds with a fraction."""
    inner: Record = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "1",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "data": base64.b64encode(encoded(value)).decode(),
        "approximateArrivalTimestamp": RECEIVED / 1000,
    }
    return {"Records": [{"kinesis": inner, "eventSource": "aws:kinesis", "eventID": "shardId-0:1"}]}


def sqs(value: Json) -> Json:
    """The event of a function that reads a queue."""
    message: Record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": json.dumps(value),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }
    return {"Records": [message]}


def processing_failed(value: Json) -> Json:
    """An object that Firehose left under ``errors/`` because the transform failed."""
    return {
        "attemptsMade": 4,
        "arrivalTimestamp": RECEIVED,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "The Lambda function was successfully invoked but it returned an error result.",
        "attemptEndingTimestamp": RECEIVED + 90_000,
        "rawData": base64.b64encode(encoded(value)).decode(),
        "lambdaArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:due:$LATEST",
    }


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


def _with_data(event: Json, data: bytes) -> Json:
    assert isinstance(event, dict) and isinstance(event["records"], list)
    for record in event["records"]:
        assert isinstance(record, dict)
        record["data"] = base64.b64encode(data).decode()
    return event
