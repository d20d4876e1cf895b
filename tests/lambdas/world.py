"""The services that the functions work with, the functions themselves, and the events that they are called with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3  # noqa: TID251  the tests prepare what the functions find

from due_cli.aws.pipeline.status_item import FACTS, KEY, decoded
from due_cli.events import Json, Record, Status, rows_of, status_of
from tests.events.records import RECEIVED
from tests.lambdas.emulator import FunctionsEmulator
from tests.lambdas.functions import Function, Replied

REGION = "eu-west-1"
STREAM, BUCKET, DATABASE, TABLE, STATUS = "due-stream", "due-bucket", "due_eventdb", "all_events", "due-status"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
SETTINGS = {
    "DUE_STATUS_TABLE": STATUS,
    "DUE_STATUS_DAYS": "90",
    "DUE_STREAM": STREAM,
    "DUE_BUCKET": BUCKET,
    "DUE_DATABASE": DATABASE,
    "DUE_TABLE": TABLE,
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

    def __init__(
        self,
        emulator: FunctionsEmulator,
        code: Path,
        boto: Path,
        variables: dict[str, str],
        client: Callable[[str], Any],
    ) -> None:
        """``client`` makes clients that go past the emulator."""
        self.emulator = emulator
        self._code, self._boto, self._client = code, boto, client
        self._variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": emulator.url, **variables}

    @cached_property
    def dynamodb(self) -> Any:
        return self._client("dynamodb")

    @cached_property
    def s3(self) -> Any:
        return self._client("s3")

    @cached_property
    def glue(self) -> Any:
        return self._client("glue")

    @contextmanager
    def filled(self) -> Iterator[World]:
        """A table, a bucket and a Glue table, all empty, for as long as this lasts."""
        self.dynamodb.create_table(**self.status_table)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.glue.create_database(DatabaseInput={"Name": DATABASE})
        self.glue.create_table(DatabaseName=DATABASE, TableInput=_EVENTS)
        yield self
        self.glue.delete_database(Name=DATABASE)
        self.dynamodb.delete_table(TableName=STATUS)
        for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            self.s3.delete_object(Bucket=BUCKET, Key=found["Key"])
        self.s3.delete_bucket(Bucket=BUCKET)
        self._close()

    def _close(self) -> None:
        for name in ("dynamodb", "s3", "glue"):
            if name in self.__dict__:
                getattr(self, name).close()

    def function(self, name: str, *, seconds: int = 60, without: str = "", **changed: str) -> Function:
        """A process of a function; ``without`` one of its variables."""
        settings = {key: value for key, value in {**SETTINGS, **changed}.items() if key != without}
        return Function(name, self._code, self._boto, {**self._variables, **settings}, seconds)

    def stored(self) -> dict[str, Status]:
        """Every status of the table, read from its facts."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=STATUS)
        items = [item for page in pages for item in page["Items"]]
        return {item[KEY]["S"]: decoded(item[KEY]["S"], item[FACTS]["S"]) for item in items}

    def item(self, message_id: str) -> Any:
        """An item of the table as it is stored."""
        return self.dynamodb.get_item(TableName=STATUS, Key={KEY: {"S": message_id}}).get("Item")

    def objects(self, prefix: str) -> dict[str, bytes]:
        """The objects of the bucket under a prefix."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        return {one["Key"]: self.s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found}


def client_of(service: str, endpoint: str) -> Any:
    """A client that finds its service at an endpoint."""
    make: Any = boto3.client
    return make(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )


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
