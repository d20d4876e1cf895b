"""A stack in the emulator's account as far as records flow: what takes, transforms, stores and keeps them."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest

from due_cli.aws.client import Aws
from due_cli.aws.pipeline.status_item import FACTS, KEY
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack
from due_cli.events.status import Status
from due_cli.events.status_codec import decode
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started

_LEFT_OUT = ("view-", "alarm-", "api", "status-api", "workgroup", "ses-role", "sms-role", "sns-role")
HOUR = "2026/11/22/03"
PUT = "firehose:PutRecordBatch"


@pytest.fixture(scope="module")
def made_once() -> Iterator[tuple[AwsEmulator, Stack]]:
    """One stack for the tests of a module, because making it takes longer than most of them."""
    with started(DUE_STACK="due") as emulator:
        yield emulator, made()


@pytest.fixture
def emulator(made_once: tuple[AwsEmulator, Stack]) -> Iterator[AwsEmulator]:
    """The account with the stack in it, as if it were new."""
    emulator, stack = made_once
    yield emulator
    emulator.faults.clear()
    emulator.firehose.unwilling.records = 0
    taken(emulator, stack)
    emulator.functions.settle()
    emulator.functions.cool()
    emulator.functions.invocations.clear()
    clear(emulator, stack)
    emulator.journal.clear()


def clear(emulator: AwsEmulator, stack: Stack) -> None:
    """Removes every object, status and partition."""
    for key in objects(emulator, stack, ""):
        emulator.client("s3").delete_object(Bucket=stack.names.bucket, Key=key)
    for message in statuses(emulator, stack):
        emulator.client("dynamodb").delete_item(TableName=stack.names.status_table, Key={KEY: {"S": message}})
    glue, table = emulator.client("glue"), {"DatabaseName": stack.options.database, "TableName": "all_events"}
    for hour in hours(emulator, stack):
        glue.delete_partition(**table, PartitionValues=[hour])


@pytest.fixture
def stack(made_once: tuple[AwsEmulator, Stack]) -> Stack:
    """The stack."""
    return made_once[1]


def taken(emulator: AwsEmulator, stack: Stack) -> list[bytes]:
    """What was put to the stream and not delivered yet; it is not delivered any more."""
    with emulator.firehose._lock:
        records = emulator.firehose._buffers.pop(stack.names.stream_arn, [])
    return [record.data for record in records]


def made(**chosen: Any) -> Stack:
    """A stack, without events."""
    aws = Aws()
    caller = aws.caller
    names = names_of("due", caller.account, caller.region, caller.partition)
    stack = Stack(aws=aws, names=names, options=Options(**chosen))
    nodes = [node for node in desired(stack.names, stack.options, package()) if not node.key.startswith(_LEFT_OUT)]
    execute(planned(nodes, aws), aws)
    return stack


def objects(emulator: AwsEmulator, stack: Stack, prefix: str) -> dict[str, bytes]:
    """The objects of the bucket under a prefix."""
    s3, found = emulator.client("s3"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=stack.names.bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            found[one["Key"]] = s3.get_object(Bucket=stack.names.bucket, Key=one["Key"])["Body"].read()
    return found


def rows(emulator: AwsEmulator, stack: Stack) -> list[dict[str, Any]]:
    """The rows that the stream has stored."""
    files = objects(emulator, stack, "events/").values()
    return [row for file in files for row in pq.read_table(io.BytesIO(file)).to_pylist()]


def put(emulator: AwsEmulator, stack: Stack, key: str, *lines: Any, between: bytes = b"\n") -> str:
    """An object of documents, as AWS writes them; bytes stand as they are, and a key that ends in .gz is gzip."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    body = b"".join(part + between for part in parts)
    content = gzip.compress(body) if key.endswith(".gz") else body
    emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=key, Body=content)
    return key


def processing_failed(raw: bytes, code: str = "Lambda.ProcessingFailedStatus", **more: Any) -> dict[str, Any]:
    """What Firehose writes of a record that the transform failed."""
    return {
        "attemptsMade": 1,
        "arrivalTimestamp": 1_795_316_400_000,  # 2026-11-22T03:00:00Z
        "errorCode": code,
        "errorMessage": "ProcessingFailed status set for record",
        "attemptEndingTimestamp": 1_795_316_460_000,
        "rawData": base64.b64encode(raw).decode(),
        "lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:due-transform",
        **more,
    }


def conversion_failed(rows_of_it: bytes, *, capitals: bool = False) -> dict[str, Any]:
    """What Firehose writes of rows that it could not convert, in either spelling of its error codes."""
    code, words = ("ErrorCode", "ErrorMessage") if capitals else ("lastErrorCode", "lastErrorMessage")
    return {
        "attemptsMade": 1,
        "arrivalTimestamp": 1_795_316_400_000,
        code: "DataFormatConversion.InvalidSchema",
        words: "The schema is invalid. Error parsing the schema: type mismatch",
        "attemptEndingTimestamp": 1_795_316_460_000,
        "rawData": base64.b64encode(rows_of_it).decode(),
        "sequenceNumber": "4965",
        "subSequenceNumber": None,
        "dataCatalogTable": {"databaseName": "due_eventdb", "tableName": "all_events", "versionId": "LATEST"},
    }


def statuses(emulator: AwsEmulator, stack: Stack) -> dict[str, Status]:
    """The status table."""
    pages = emulator.client("dynamodb").get_paginator("scan").paginate(TableName=stack.names.status_table)
    items = [item for page in pages for item in page["Items"]]
    return {item[KEY]["S"]: decode(item[KEY]["S"], item[FACTS]["S"]) for item in items}


def hours(emulator: AwsEmulator, stack: Stack) -> list[str]:
    """The partitions of the table."""
    found = emulator.client("glue").get_partitions(DatabaseName=stack.options.database, TableName="all_events")
    return sorted(one["Values"][0] for one in found["Partitions"])
