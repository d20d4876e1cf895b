"""A whole stack of due 0.1.0, made again by the calls that its setup made, goes through a setup of this release."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from due_cli.sql import files
from tests.aws.athena.test_backfill import OWN_OPTIONS
from tests.aws_emulator.aws import AwsEmulator
from tests.scenarios.account import contents
from tests.scenarios.commands import Commands

FIRST_RELEASE = Path(__file__).parents[1] / "first_release"
STACK = FIRST_RELEASE / "stack"
BUCKET = "due-events-123456789012-us-east-1"
FUNCTIONS = ("due-transform", "due-partition", "due-status-api")
FAR = 4_102_444_800  # no status expires before 2100, whenever this runs
PERIOD = ("--since", "2026-11-01", "--until", "2027-01-01")
MESSAGES = [json.loads(line)["message_id"]["S"] for line in (STACK / "statuses.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def first_stack(emulator: AwsEmulator) -> AwsEmulator:
    """That stack: two attached sets, an hour of events with its partition, and the statuses of its messages."""
    emulator.iam.firehose_says = ("aws:SourceAccount",)  # all that it trusts
    for name in ("marketing", "news"):
        emulator.client("sesv2").create_configuration_set(ConfigurationSetName=name)
    made: dict[str, str] = {}
    for line in (STACK / "setup.jsonl").read_text("utf-8").splitlines():
        for name, value in made.items():
            line = line.replace(f"{{{name}}}", value)
        call = json.loads(line)
        if call["operation"] == "PutBucketNotificationConfiguration":
            put_events(emulator)
        if call["operation"] == "CreateFunction":
            call["parameters"]["Code"]["ZipFile"] = package()
        client = emulator.client(call["service"])
        answer = getattr(client, xform_name(call["operation"]))(**call["parameters"])
        made.update((name, answer[name]) for name in ("ApiId", "IntegrationId") if name in answer)
        if call["operation"] == "StartQueryExecution":
            wait_for(client, answer["QueryExecutionId"])
    for line in (STACK / "statuses.jsonl").read_text("utf-8").splitlines():
        item = {**json.loads(line), "expires_at": {"N": str(FAR)}}
        emulator.client("dynamodb").put_item(TableName="due-message-status", Item=item)
    emulator.journal.clear()
    return emulator


def package() -> bytes:
    """A package of functions, which is not today's."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("due_cli/__init__.py", '__version__ = "0.1.0"\n')
    return target.getvalue()


def wait_for(client: Any, query: str) -> None:
    """Waits until a query of Athena's has ended well."""
    while (state := client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]) in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(0.01)
    assert state == "SUCCEEDED"


def put_events(emulator: AwsEmulator) -> None:
    """Puts its objects, and adds their hours as its partition function did, before S3 calls the function."""
    glue, table = emulator.client("glue"), {"DatabaseName": "due_eventdb"}
    descriptor = glue.get_table(**table, Name="all_events")["Table"]["StorageDescriptor"]
    for file in sorted((STACK / "events").rglob("*.parquet")):
        key = file.relative_to(STACK).as_posix()
        emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
        _, year, month, day, hour, _ = key.split("/")
        storage = {**descriptor, "Location": f"s3://{BUCKET}/{key.rpartition('/')[0]}/"}
        partition = {"Values": [f"{year}-{month}-{day} {hour}:00:00"], "StorageDescriptor": storage}
        glue.create_partition(**table, TableName="all_events", PartitionInput=partition)


def answers(commands: Commands) -> dict[str, Any]:
    """Every report, and the statuses of the messages."""
    asked = {name: ("report", name, *PERIOD, *OWN_OPTIONS.get(name, ())) for name in files.names("reports")}
    found = {}
    for name, words in {**asked, "statuses": ("status", *MESSAGES)}.items():
        ended = commands.due(*words, "--stack", "due", "-o", "json")
        assert ended.code == 0, ended
        found[name] = json.loads(ended.out)
    return found


def destinations(emulator: AwsEmulator) -> dict[str, list[dict[str, Any]]]:
    """The event destinations of the sets."""
    ses = emulator.client("sesv2")
    return {
        name: ses.get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"]
        for name in ("marketing", "news")
    }


def code(emulator: AwsEmulator) -> dict[str, str]:
    """The digest of each function's package."""
    functions = emulator.client("lambda").list_functions()["Functions"]
    return {one["FunctionName"]: one["CodeSha256"] for one in functions}


@pytest.mark.slow
def test_it_becomes_a_stack_of_this_release(first_stack: AwsEmulator, commands: Commands) -> None:
    tracked, packages, before = destinations(first_stack), code(first_stack), answers(commands)
    assert all(one["status"] != "not_found" for one in before["statuses"])
    assert sum(bool(rows) for rows in before.values()) > len(before) // 2
    assert all("OPEN" in one["MatchingEventTypes"] for [one] in tracked.values())
    ended = commands.due("setup", "--yes")
    assert ended.code == 0, ended
    assert destinations(first_stack) == tracked
    assert {name for name, digest in code(first_stack).items() if packages[name] != digest} == set(FUNCTIONS)
    assert answers(commands) == before
    first_stack.journal.clear()
    left = contents(first_stack)
    again = commands.due("setup", "--yes")
    assert again.code == 0, again
    assert first_stack.journal.mutating == []
    assert contents(first_stack) == left
    first_stack.iam.firehose_says = ("sts:ExternalId",)
    doctor = json.loads(commands.due("doctor", "-o", "json").out)
    assert {check["check"] for check in doctor if check["outcome"] == "problem"} <= {"alarms"}  # moto's are raised
