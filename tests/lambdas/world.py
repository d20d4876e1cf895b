"""The services that the functions work with, the functions themselves, and the events that they are called with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from due_cli.aws.pipeline.status_item import FACTS, KEY
from due_cli.events import Json, Record, Status, rows_of, status_of
from due_cli.events.status_codec import decode
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.wire import Answer
from tests.events.records import RECEIVED
from tests.lambdas.functions import Function, Replied

REGION = "eu-west-1"
Body = dict[str, Any]
STREAM, BUCKET, DATABASE, TABLE, STATUS = "due-stream", "due-bucket", "due_eventdb", "all_events", "due-status"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
SETTINGS = {
    "DUE_STATUS_TABLE": STATUS,
    "DUE_STATUS_DAYS": "90",
    "DUE_STREAM": STREAM,
    "DUE_BUCKET": BUCKET,
    "DUE_DATABASE": DATABASE,
    "DUE_TABLE": TABLE,
    MEMORY: "512",
}
_EVENTS = {
    "Name": TABLE,
    "StorageDescriptor": {
        "Columns": [{"Name": "event_type", "Type": "string"}],
        "Location": f"s3://{BUCKET}/events/",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    },
    "PartitionKeys": [{"Name": "ingest_timestamp", "Type": "timestamp"}],
}


class World:
    """The emulated services and how to run a function in them."""

    status_table: dict[str, Any] = {  # noqa: RUF012  never changed
        "TableName": STATUS,
        "KeySchema": [{"AttributeName": KEY, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": KEY, "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }

    def __init__(self, emulator: AwsEmulator, code: Path, variables: dict[str, str]) -> None:
        self.emulator = emulator
        self.put: list[bytes] = []  # what the stream took
        self._code = code
        self._variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": emulator.url, **variables}
        emulator.handlers["firehose:PutRecordBatch"] = lambda call, _: self.take(call.parameters)

    @property
    def calls(self) -> list[str]:
        """The operations that functions called."""
        key = CREDENTIALS["AWS_ACCESS_KEY_ID"]
        return [call.operation for call in self.emulator.journal if call.access_key == key]

    @cached_property
    def dynamodb(self) -> Any:
        return self.emulator.client("dynamodb", region=REGION)

    @cached_property
    def s3(self) -> Any:
        return self.emulator.client("s3", region=REGION)

    @cached_property
    def glue(self) -> Any:
        return self.emulator.client("glue", region=REGION)

    @contextmanager
    def filled(self) -> Iterator[World]:
        """A table, a bucket and a Glue table, all empty; the table is deleted at the end."""
        self.dynamodb.create_table(**self.status_table)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.glue.create_database(DatabaseInput={"Name": DATABASE})
        self.glue.create_table(DatabaseName=DATABASE, TableInput=_EVENTS)
        yield self
        self.dynamodb.delete_table(TableName=STATUS)

    def take(self, body: Body, failing: Callable[[int], bool] = lambda index: False) -> Answer:
        """The stream takes what PutRecordBatch brings within its limits, but for those that fail."""
        records = [base64.b64decode(record["Data"]) for record in body["Records"]]
        if len(records) > 500 or sum(map(len, records)) > 4 * 2**20 or max(map(len, records)) > 1000 * 1024:
            return refusal("InvalidArgumentException")
        failed = [failing(index) for index in range(len(records))]
        self.put += [data for data, fails in zip(records, failed, strict=True) if not fails]
        answers = [{"ErrorCode": "ServiceUnavailableException"} if fails else {"RecordId": "1"} for fails in failed]
        return Answer.of({"FailedPutCount": sum(failed), "RequestResponses": answers})

    def function(self, name: str, *, seconds: int = 60, without: str = "", **changed: str) -> Function:
        """A process of a function; ``without`` one of its variables."""
        settings = {key: value for key, value in {**SETTINGS, **changed}.items() if key != without}
        return Function(name, self._code, {**self._variables, **settings}, seconds)

    def stored(self) -> dict[str, Status]:
        """Every status of the table, read from its facts."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=STATUS)
        items = [item for page in pages for item in page["Items"]]
        return {item[KEY]["S"]: decode(item[KEY]["S"], item[FACTS]["S"]) for item in items}

    def item(self, message_id: str) -> Any:
        """An item of the table as it is stored."""
        return self.dynamodb.get_item(TableName=STATUS, Key={KEY: {"S": message_id}}).get("Item")

    def objects(self, prefix: str) -> dict[str, bytes]:
        """The objects of the bucket under a prefix."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        return {one["Key"]: self.s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found}


def refusal(code: str, status: int = 400) -> Answer:
    """An error as AWS's JSON services spell it."""
    return Answer.of({"__type": f"com.amazonaws#{code}", "message": "injected"}, status)


def text(value: Json) -> bytes:
    """A record as a service puts it to the stream."""
    return json.dumps(value).encode() + b"\n"


def batch(payloads: Iterable[bytes]) -> dict[str, Any]:
    """What Firehose calls the transform with."""
    return {
        "invocationId": "invocation-1",
        "deliveryStreamArn": f"arn:aws:firehose:{REGION}:317167123431:deliverystream/{STREAM}",
        "region": REGION,
        "records": [
            {
                "recordId": f"record-{number}",
                "approximateArrivalTimestamp": RECEIVED,
                "data": base64.b64encode(payload).decode(),
            }
            for number, payload in enumerate(payloads)
        ],
    }


def statuses_of(records: Iterable[Record]) -> list[Status]:
    """What records say, by the normaliser alone."""
    return [
        status
        for record in records
        for row in rows_of(json.loads(json.dumps(record))).rows
        if (status := status_of(row)) is not None
    ]


def results(reply: Replied) -> list[str]:
    """The results in order, after the ids were found complete."""
    assert reply.error is None
    records = reply.answer["records"]
    assert [one["recordId"] for one in records] == [f"record-{number}" for number in range(len(records))]
    return [one["result"] for one in records]


def rows(record: Any) -> list[Any]:
    """The rows that an answer carries."""
    return [json.loads(line) for line in base64.b64decode(record["data"]).splitlines()]
