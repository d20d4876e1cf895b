"""``due failed`` on objects of a stack that are not as small and whole as most."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from due_cli.aws.stack.stack import Stack
from due_cli.events.documents import MAX_RECORD_BYTES
from tests.aws import streaming
from tests.aws.streaming import conversion_failed, emulator, made_once, processing_failed, put, stack
from tests.aws.test_failed import CUT, FAILED, UNCONVERTED, listed, replayed, rows_in, text
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.events.records import ses_delivery, ses_send

__all__ = ["emulator", "made_once", "stack"]

ROWS = 3000


def many_rows() -> list[bytes]:
    """The rows of deliveries, each with its own text in it, which gzip makes no smaller."""
    chance = random.Random(7)
    (row,) = [json.loads(rows_in(ses_delivery()))]
    found = []
    for number in range(ROWS):
        own = {"event_id": f"event-{number}", "details": {"own": base64.b64encode(chance.randbytes(400)).decode()}}
        found.append(text({**row, **own}) + b"\n")
    return found


@pytest.mark.slow
def test_rows_that_are_larger_than_a_record_are_brought_in(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    rows = many_rows()
    document = text(conversion_failed(b"".join(rows)))
    assert len(document) > MAX_RECORD_BYTES
    put(emulator, stack, f"{UNCONVERTED}/one", document, processing_failed(CUT))
    assert listed(due)[0]["reason"].startswith("DataFormatConversion.InvalidSchema")
    account = replayed(due)
    assert [account[key] for key in ("records", "kept", "failed", "rows")] == [ROWS + 1, ROWS, 1, ROWS]
    found = {row["event_id"]: dict(row["details"])["own"] for row in streaming.rows(emulator, stack)}
    assert found == {row["event_id"]: row["details"]["own"] for row in map(json.loads, rows)}
    assert [row["reason"].split(":")[0] for row in listed(due)] == ["not JSON"]


@pytest.fixture
def damaged(emulator: AwsEmulator, stack: Stack) -> str:
    """The key of an object of gzip that is cut off."""
    readable = processing_failed(text(ses_send()), "Lambda.FunctionError")
    key = put(emulator, stack, f"{FAILED}/damaged.gz", readable, *(processing_failed(b"%d" % n) for n in range(2000)))
    body = streaming.objects(emulator, stack, key)[key][:-400]
    emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=key, Body=body)
    return key


def whole_and_first(due: Due, damaged: str) -> tuple[str, dict[str, Any]]:
    """The id of what cannot be told apart in the object, and the first record of it."""
    rows = listed(due)
    (whole,) = [row["id"] for row in rows if row["origin"] == damaged]
    return whole, rows[0]


@pytest.mark.slow
def test_what_a_damaged_object_keeps_is_not_said_to_be_deleted(due: Due, damaged: str) -> None:
    whole, first = whole_and_first(due, damaged)
    ran = due("failed", "discard", first["id"], "--yes").done()
    assert ran.out == "Deleted 0 failed records\n"
    assert f"{damaged} stays as it is" in ran.err and f"due failed discard {whole}" in ran.err
    assert first in listed(due)
    assert due("failed", "discard", whole, "--yes").done().out == "Deleted 1 failed record\n"
    assert due("failed", "discard", first["id"], "--yes").done().out == "Deleted 1 failed record\n"
    assert {row["id"] for row in listed(due)}.isdisjoint({whole, first["id"]})


@pytest.mark.slow
def test_what_is_replayed_out_of_a_damaged_object_is_said_to_stay_there(due: Due, damaged: str) -> None:
    whole, first = whole_and_first(due, damaged)
    ran = due("failed", "replay", first["id"], "-o", "json").done()
    assert ran.json["kept"] == 1
    assert f"{damaged} stays as it is" in ran.err and f"due failed discard {whole}" in ran.err
    assert first in listed(due)
    due("failed", "discard", whole, "--yes").done()
    assert "stays as it is" not in due("failed", "replay", first["id"]).done().err
    assert first["id"] not in {row["id"] for row in listed(due)}
