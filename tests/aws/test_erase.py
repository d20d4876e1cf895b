"""A person who is erased from a stack is in no object, no version of one and no status any more."""

from __future__ import annotations

import base64
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws.streaming import HOUR, emulator, made_once, objects, processing_failed, put, rows, stack, statuses
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due, write_lines
from tests.erase.oracle import multiset, names, row_names
from tests.events.records import sms_event
from tests.local.test_erase import bounce, mail

__all__ = ["emulator", "made_once", "stack"]

MARIA = "maria@b.co"
RECORDS = [
    mail(MARIA, message="m1"),
    mail(f"Maria Brown <{MARIA}>", "bob@b.co", message="m2", subject=f"For {MARIA}"),
    bounce(MARIA, MARIA, "bob@b.co", message="m2"),
    mail("anna.maria@b.co", message="m3"),
    sms_event("TEXT_DELIVERED"),
]


@pytest.fixture
def filled(due: Due, emulator: AwsEmulator, stack: Stack, tmp_path: Path) -> Stack:
    """The stack with events, statuses, failed records, query results and old versions."""
    client, bucket = emulator.client("s3"), stack.names.bucket
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    due("ingest", str(write_lines(tmp_path / "in.jsonl", RECORDS))).done()
    log = gzip.compress(json.dumps({"broken": MARIA}).encode())
    put(emulator, stack, f"errors/processing-failed/{HOUR}/a", processing_failed(log), processing_failed(b"bob@b.co"))
    put(emulator, stack, f"errors/processing-failed/{HOUR}/b", processing_failed(MARIA.upper().encode()))
    put(emulator, stack, "athena-results/1.csv", f'"{MARIA}","1"'.encode())
    put(emulator, stack, "athena-results/2.csv", b'"bob@b.co","1"')
    deleted = put(emulator, stack, "events/2020/01/01/00/old", MARIA.encode())
    client.delete_object(Bucket=bucket, Key=deleted)
    return stack


def named(emulator: AwsEmulator, stack: Stack) -> list[str]:
    """What names the person, in every version of every object and every item."""
    client, bucket, found = emulator.client("s3"), stack.names.bucket, []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in page.get("Versions", ()):
            body = client.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            if body.startswith(b"PAR1"):
                table = pq.read_table(io.BytesIO(body)).to_pylist()
                found += [one["Key"]] * any(row_names(row, MARIA) for row in table)
            elif names(body, MARIA) or (b"rawData" in body and _in_failed(body)):
                found.append(one["Key"])
    items = emulator.client("dynamodb").scan(TableName=stack.names.status_table)["Items"]
    return [*found, *(str(item) for item in items if names(json.dumps(item).encode(), MARIA))]


def _in_failed(body: bytes) -> bool:
    return any(names(base64.b64decode(json.loads(line)["rawData"]), MARIA) for line in body.splitlines() if line)


def erase(due: Due, *words: str) -> dict[str, Any]:
    certificate = due("erase", MARIA, *words, "-o", "json").done().json
    assert isinstance(certificate, dict)
    return certificate


def test_nothing_names_the_person_and_the_rest_is_as_it_was(due: Due, emulator: AwsEmulator, filled: Stack) -> None:
    before = rows(emulator, filled)
    assert len(named(emulator, filled)) >= 6
    plan = erase(due, "--plan")
    assert plan["planned"] and len(named(emulator, filled)) >= 6
    certificate = erase(due, "--yes")
    assert named(emulator, filled) == []
    assert certificate["rows"] == plan["rows"] == {"naming": 3, "removed": 2, "changed": 1}
    assert certificate["others"] == plan["others"]
    assert certificate["others"] == {
        "statuses": 2,
        "objects_of_failed_records": 2,
        "query_results": 1,
        "old_versions": 1,
    }
    after = rows(emulator, filled)
    others = multiset([row for row in before if not row_names(row, MARIA)])
    assert {row: count for row, count in others.items() if multiset(after).get(row) != count} == {}
    assert len(after) == len(before) - 2
    assert "athena-results/2.csv" in objects(emulator, filled, "athena-results/")
    (failed,) = due.rows("failed", "list")
    assert due("failed", "show", failed["id"]).out == "bob@b.co"
    stored = statuses(emulator, filled)
    assert "m1" not in stored and "m3" in stored
    assert stored["m2"].earliest["destination"][1] == "bob@b.co"
    assert erase(due, "--yes")["rows"]["naming"] == 0


def test_with_a_pseudonym_every_row_stays(due: Due, emulator: AwsEmulator, filled: Stack) -> None:
    before = rows(emulator, filled)
    times = {message: status.times for message, status in statuses(emulator, filled).items()}
    erase(due, "--mode", "pseudonymise", "--yes")
    assert named(emulator, filled) == []
    after = rows(emulator, filled)
    assert len(after) == len(before)
    assert {message: status.times for message, status in statuses(emulator, filled).items()} == times
    pseudonyms = {
        address
        for row in after
        if row["facets"]
        for address in row["facets"]["email_channel"]["mail_event"]["mail"]["destination"]
        if address.endswith("@erased.invalid")
    }
    assert len(pseudonyms) == 1
    changed = {row["event_id"] for row in before if row_names(row, MARIA)}
    assert changed.isdisjoint(row["event_id"] for row in after)
    items = emulator.client("dynamodb").scan(TableName=filled.names.status_table)["Items"]
    assert not [one for one in changed if one in json.dumps(items)]


@pytest.mark.parametrize("call", ["s3:PutObject", "s3:DeleteObject", "dynamodb:PutItem", "dynamodb:DeleteItem"])
def test_cut_off_and_run_again_it_goes_on(due: Due, emulator: AwsEmulator, filled: Stack, call: str) -> None:
    emulator.faults.deny(call, times=1)
    due("erase", MARIA, "--mode", "erase", "--yes").failed(5)
    assert named(emulator, filled)
    erase(due, "--yes")
    assert named(emulator, filled) == []
    assert {row["event_type"] for row in rows(emulator, filled)} == {"_email.send", "_SMS.SUCCESS"}
