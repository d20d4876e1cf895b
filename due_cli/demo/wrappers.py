"""What stands around the records of a file: nothing, or what a topic, a queue, a stream or a function puts there."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from due_cli.demo.outbox import Parcel, Record, encoded
from due_cli.demo.shop import ACCOUNT, REGION
from due_cli.events.times import iso

Wrapper = Callable[[Sequence[Parcel]], bytes]
_FIREHOSE_BATCH, _KINESIS_BATCH, _QUEUE_BATCH = 200, 100, 10


def lines(parcels: Sequence[Parcel]) -> bytes:
    """One record a line."""
    return b"".join(parcel.text + b"\n" for parcel in parcels)


def zipped(parcels: Sequence[Parcel]) -> bytes:
    """One record a line, gzipped; without a time in the header, so that the same lines give the same bytes."""
    return gzip.compress(lines(parcels), 3, mtime=0)


def run_together(parcels: Sequence[Parcel]) -> bytes:
    """One record after the other with nothing between them, as some consumers of a stream store it."""
    return b"".join(parcel.text for parcel in parcels)


def pretty(parcels: Sequence[Parcel]) -> bytes:
    """A JSON array as a person or a script saves it."""
    listed = [json.loads(parcel.text) for parcel in parcels]
    return json.dumps(listed, indent=2, ensure_ascii=False).encode() + b"\n"


def notifications(topic: str) -> Wrapper:
    """What an HTTP subscriber of an SNS topic received, one request a line."""
    return lambda parcels: _lines_of(_notification(parcel, topic, "URL") for parcel in parcels)


def lambda_notifications(topic: str) -> Wrapper:
    """The events of a function that subscribes to an SNS topic, one a line."""

    def event(parcel: Parcel) -> Record:
        return {
            "Records": [
                {
                    "EventSource": "aws:sns",
                    "EventVersion": "1.0",
                    "EventSubscriptionArn": f"{_arn('sns', topic)}:{_id(topic.encode())}",
                    "Sns": _notification(parcel, topic, "Url"),
                }
            ]
        }

    return lambda parcels: _lines_of(event(parcel) for parcel in parcels)


def queue(topic: str) -> Wrapper:
    """The events of a function that reads an SQS queue, which subscribes to an SNS topic."""

    def message(parcel: Parcel) -> Record:
        body = encoded(_notification(parcel, topic, "URL"))
        return {
            "messageId": _id(body),
            "receiptHandle": base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "body": body.decode(),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": str(parcel.arrived),
                "ApproximateFirstReceiveTimestamp": str(parcel.arrived),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": _arn("sqs", topic),
            "awsRegion": REGION,
        }

    return lambda parcels: _lines_of(
        {"Records": [message(parcel) for parcel in batch]} for batch in _batches(parcels, _QUEUE_BATCH)
    )


def firehose(stream: str, *, compress: bool = False) -> Wrapper:
    """The events of a Firehose stream's transformation function; the data of each record may be gzipped."""

    def record(parcel: Parcel) -> Record:
        data = gzip.compress(parcel.text, 3, mtime=0) if compress else parcel.text + b"\n"
        return {
            "recordId": hashlib.sha256(parcel.text).hexdigest()[:40],
            "approximateArrivalTimestamp": parcel.arrived,
            "data": base64.b64encode(data).decode(),
        }

    def event(batch: Sequence[Parcel]) -> Record:
        return {
            "invocationId": _id(batch[0].text),
            "deliveryStreamArn": _arn("firehose", f"deliverystream/{stream}"),
            "region": REGION,
            "records": [record(parcel) for parcel in batch],
        }

    return lambda parcels: _lines_of(event(batch) for batch in _batches(parcels, _FIREHOSE_BATCH))


def kinesis(stream: str) -> Wrapper:
    """The events of a function that reads a Kinesis data stream."""

    def record(parcel: Parcel) -> Record:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": _id(parcel.text),
                "sequenceNumber": str(int(_id(parcel.text).replace("-", ""), 16)),
                "data": base64.b64encode(parcel.text).decode(),
                "approximateArrivalTimestamp": parcel.arrived / 1000,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventName": "aws:kinesis:record",
            "eventSourceARN": _arn("kinesis", f"stream/{stream}"),
            "awsRegion": REGION,
        }

    return lambda parcels: _lines_of(
        {"Records": [record(parcel) for parcel in batch]} for batch in _batches(parcels, _KINESIS_BATCH)
    )


def leftovers(parcels: Sequence[Parcel]) -> bytes:
    """The objects that Firehose leaves under its error prefix for records that a function could not transform."""
    return _lines_of(
        {
            "attemptsMade": 4,
            "arrivalTimestamp": parcel.published,
            "errorCode": "Lambda.FunctionTimedOut",
            "errorMessage": "The Lambda function timed out.",
            "attemptEndingTimestamp": parcel.arrived,
            "rawData": base64.b64encode(parcel.text).decode(),
            "lambdaArn": _arn("lambda", "function:transform"),
        }
        for parcel in parcels
    )


def on_bus(record: Record, source: str, detail_type: str, at: int) -> Record:
    """A record as EventBridge delivers it; the bus knows the time to the second."""
    return {
        "version": "0",
        "id": _id(encoded(record)),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": iso(at)[:19] + "Z",
        "region": REGION,
        "resources": [],
        "detail": record,
    }


def _notification(parcel: Parcel, topic: str, url: str) -> Record:
    """``url`` is how the receiver spells it: functions get ``SigningCertUrl``, HTTP subscribers ``SigningCertURL``."""
    host = f"https://sns.{REGION}.amazonaws.com"
    return {
        "Type": "Notification",
        "MessageId": _id(parcel.text),
        "TopicArn": _arn("sns", topic),
        "Message": parcel.text.decode(),
        "Timestamp": iso(parcel.published),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        f"SigningCert{url}": f"{host}/SimpleNotificationService-EXAMPLE.pem",
        f"Unsubscribe{url}": f"{host}/?Action=Unsubscribe&SubscriptionArn={_arn('sns', topic)}:EXAMPLE",
    }


def _lines_of(records: Iterator[Record]) -> bytes:
    return b"".join(encoded(record) + b"\n" for record in records)


def _batches(parcels: Sequence[Parcel], size: int) -> Iterator[Sequence[Parcel]]:
    remaining = iter(parcels)
    while batch := list(islice(remaining, size)):
        yield batch


def _id(text: bytes) -> str:
    """An id of the text alone, so that a repeated delivery repeats it."""
    digits = hashlib.sha256(text).hexdigest()[:32]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
