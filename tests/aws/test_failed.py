"""``due failed`` on a stack: the four kinds of leftovers, in either spelling, listed, shown, replayed and discarded."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.ingest.wrapping import with_arrival
from due_cli.aws.pipeline.records import encode_row
from due_cli.aws.stack import person_policies
from due_cli.aws.stack.stack import Stack
from due_cli.events import rows_of, status_of
from due_cli.events.status_codec import encode_record
from due_cli.events.times import iso
from tests.aws import streaming
from tests.aws.streaming import HOUR, conversion_failed, emulator, made_once, processing_failed, put, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import Due, process, write_lines
from tests.events.records import ses_bounce, ses_delivery, ses_send
from tests.local.processes import ended, started
from tests.sampling import sampled

__all__ = ["emulator", "made_once", "stack"]

CUT = b'{"eventType": "Send", cut'
FAILED, UNCONVERTED = f"errors/processing-failed/{HOUR}", f"errors/format-conversion-failed/{HOUR}"
OLD = {"timestamp": "2024-11-23T03:00:00.000Z"}  # so long ago that the status of a message has expired
DELIVERED = {"timestamp": "2024-11-23T04:00:00.000Z"}
EVENTS = "aws/lambda/async/due-partition/2026/11/22/2026-11-22T03.10.00-2f9e"


def text(record: object) -> bytes:
    return json.dumps(record).encode()


def rows_in(record: Any) -> bytes:
    """The rows of a record as the transform gives them to Firehose."""
    return b"".join(map(encode_row, rows_of(json.loads(json.dumps(record))).rows))


def status_in(record: Any) -> bytes:
    """The line that the transform keeps of a status that the table would not take."""
    (status,) = filter(None, map(status_of, rows_of(json.loads(json.dumps(record))).rows))
    return encode_record(status)


def event(*hours: str) -> dict[str, Any]:
    """What Lambda keeps of an event that the partition function failed on for good."""
    objects = [
        {"bucket": {"name": "due-events-123456789012-us-east-1"}, "object": {"key": f"events/{hour}/a.parquet"}}
        for hour in hours
    ]
    return {
        "version": "1.0",
        "timestamp": "2026-11-22T03:10:00.000Z",
        "requestContext": {"requestId": "1", "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": {"Records": [{"eventName": "ObjectCreated:Put", "s3": one} for one in objects]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no partition of due_eventdb.all_events", "errorType": "PartitionError"},
    }


def by_message(emulator: AwsEmulator, stack: Stack) -> dict[str, dict[str, Any]]:
    """The rows of the table by their messages."""
    rows = streaming.rows(emulator, stack)
    return {row["facets"]["email_channel"]["mail_event"]["mail"]["message_id"]: row for row in rows}


def listed(due: Due) -> list[dict[str, Any]]:
    return due.rows("failed", "list")


def replayed(due: Due, *identities: str) -> dict[str, Any]:
    account = due("failed", "replay", *identities, "-o", "json").done().json
    assert isinstance(account, dict)
    counted = sum(account[key] for key in ("kept", "duplicates", "ignored", "failed"))
    assert account["records"] == counted
    return account


@pytest.fixture
def filled(emulator: AwsEmulator, stack: Stack) -> dict[str, bytes]:
    """One of each kind, as it was received by its name."""
    found = {
        "unreadable": CUT,
        "readable": text(ses_send(mail={"messageId": "readable", **OLD})),
        "rows": rows_in(ses_delivery(mail={"messageId": "rows", **OLD}, delivery=DELIVERED)),
        "other rows": rows_in(ses_delivery(mail={"messageId": "other rows", **OLD}, delivery=DELIVERED)),
        "status": status_in(ses_bounce(mail={"messageId": "status"})).strip(),
        "event": text(event("2026/11/22/03")),
    }
    put(emulator, stack, EVENTS, event("2026/11/22/03"))
    put(emulator, stack, f"errors/status/{HOUR}/one.jsonl", found["status"])
    lower = processing_failed(found["unreadable"])
    upper = processing_failed(found["readable"], "Lambda.FunctionError", lambdaARN="arn")
    put(emulator, stack, f"{FAILED}/one", lower, upper)
    put(emulator, stack, f"{UNCONVERTED}/one", conversion_failed(found["rows"]))
    put(emulator, stack, f"{UNCONVERTED}/two", conversion_failed(found["other rows"], capitals=True))
    return found


def test_each_kind_is_listed_and_shown_as_it_was_received(due: Due, filled: dict[str, bytes]) -> None:
    rows = listed(due)
    shown = {due("failed", "show", row["id"][:8]).done().raw: row for row in rows}
    assert shown.keys() == set(filled.values())
    for raw, row in shown.items():
        assert row["bytes"] == len(raw)
        assert row["kept_at"].startswith("2026-") and row["kept_at"].endswith("Z")
    reasons = {name: shown[raw]["reason"] for name, raw in filled.items()}
    assert reasons["unreadable"].startswith("not JSON")
    assert "can be read now" in reasons["readable"] and "Lambda.FunctionError" in reasons["readable"]
    assert reasons["rows"] == reasons["other rows"]
    assert reasons["rows"].startswith("DataFormatConversion.InvalidSchema: The schema is invalid")
    assert "status table" in reasons["status"]
    assert "no partition of due_eventdb.all_events" in reasons["event"]
    assert shown[CUT]["origin"] == f"{FAILED}/one:1"
    assert shown[CUT]["kept_at"] == "2026-11-22T03:01:00Z"


def test_a_replay_brings_in_what_can_be_read_and_leaves_the_rest(
    emulator: AwsEmulator, stack: Stack, due: Due, filled: dict[str, bytes]
) -> None:
    account = replayed(due)
    assert [account[key] for key in ("records", "kept", "failed", "rows")] == [6, 5, 1, 3]
    assert [row["reason"].split(":")[0] for row in listed(due)] == ["not JSON"]
    assert list(streaming.objects(emulator, stack, "errors/")) == [f"{FAILED}/one"]
    assert due("failed", "show", listed(due)[0]["id"]).done().raw == CUT
    assert streaming.hours(emulator, stack) == ["2024-11-23 04:00:00", "2026-11-22 03:00:00"]
    assert streaming.statuses(emulator, stack).keys() == {"status"}
    assert not emulator.journal.of(streaming.PUT)
    found = by_message(emulator, stack)
    assert found.keys() == {"readable", "rows", "other rows"}
    assert found["readable"]["arrival_timestamp"] == 1_795_316_400_000  # when the stream had it first
    before = json.loads(filled["rows"])
    assert {key: found["rows"][key] for key in ("event_id", "arrival_timestamp")} == {
        key: before[key] for key in ("event_id", "arrival_timestamp")
    }
    assert replayed(due)["failed"] == 1


@pytest.mark.slow
def test_an_id_is_replayed_or_discarded_alone(
    emulator: AwsEmulator, stack: Stack, due: Due, filled: dict[str, bytes]
) -> None:
    ids = {row["reason"].split(":")[0]: row["id"] for row in listed(due)}
    assert replayed(due, ids["Lambda.FunctionError"][:6])["kept"] == 1
    assert len(listed(due)) == 5
    assert by_message(emulator, stack).keys() == {"readable"}
    assert "5 failed" not in due("failed", "discard", ids["not JSON"], "--yes").done().out
    assert len(listed(due)) == 4
    assert f"{FAILED}/one" not in streaming.objects(emulator, stack, "errors/")
    assert due("failed", "replay", "zzzz").failed(4).err.count("due failed list") == 1
    due("failed", "discard", "--yes").failed(2)
    due("failed", "show", "").failed(2)
    assert "Deleted 4 failed records" in due("failed", "discard", "--all", "--yes").done().out
    assert listed(due) == []
    assert {key.partition("/")[0] for key in streaming.objects(emulator, stack, "")} == {"events"}


def test_the_same_record_is_listed_once_and_leaves_every_object(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    raw = text(ses_send())
    for name in "abc":
        put(emulator, stack, f"{FAILED}/{name}", processing_failed(raw), processing_failed(CUT))
    assert len(listed(due)) == 2
    assert replayed(due)["kept"] == 1
    assert len(streaming.rows(emulator, stack)) == 1
    assert len(listed(due)) == 1
    due("failed", "discard", listed(due)[0]["id"], "--yes").done()
    assert streaming.objects(emulator, stack, "errors/") == {}


def test_objects_come_oldest_first_and_by_pages(
    emulator: AwsEmulator, stack: Stack, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    wanted = []
    for number in range(12):
        hour = f"2026/11/{10 + number}/03"
        kind = ("processing-failed", "format-conversion-failed")[number % 2]
        wanted.append(put(emulator, stack, f"errors/{kind}/{hour}/x", processing_failed(b"%d" % number)) + ":1")
    wanted.append(put(emulator, stack, EVENTS, event("2026/11/22/03")) + ":1")
    emulator.journal.clear()
    assert [row["origin"] for row in listed(due)] == wanted
    assert len(emulator.journal.of("s3:ListObjectsV2")) > 4


@pytest.mark.parametrize("between", sampled([b"\n", b"", b"\n\n  "], 1))
@pytest.mark.parametrize("name", ["one", "one.gz"])
def test_documents_are_found_however_they_are_written(
    emulator: AwsEmulator, stack: Stack, due: Due, name: str, between: bytes
) -> None:
    """One after another, pretty-printed, zipped; an object that is rewritten stays what it was."""
    lines = [processing_failed(b"%d" % number) for number in range(3)]
    key = put(
        emulator,
        stack,
        f"{FAILED}/{name}",
        *lines,
        json.dumps(processing_failed(b"3"), indent=1).encode(),
        between=between,
    )
    rows = listed(due)
    assert [due("failed", "show", row["id"]).done().raw for row in rows] == [b"0", b"1", b"2", b"3"]
    due("failed", "discard", rows[1]["id"], rows[3]["id"], "--yes").done()
    assert [row["id"] for row in listed(due)] == [rows[0]["id"], rows[2]["id"]]
    assert streaming.objects(emulator, stack, "errors/")[key].startswith(b"\x1f\x8b") == (name == "one.gz")


@pytest.mark.slow
def test_what_is_not_as_aws_writes_it_is_listed_and_hides_nothing(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    put(emulator, stack, f"{FAILED}/a", b"no JSON at all", processing_failed(CUT), {"rawData": "%%%", "errorCode": "E"})
    damaged = put(emulator, stack, f"{FAILED}/b.gz", *(processing_failed(os.urandom(9)) for _ in range(2000)))
    body = streaming.objects(emulator, stack, damaged)[damaged][:-2000]
    emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=damaged, Body=body)
    put(emulator, stack, "errors/loose", {"unknown": True}, ses_send(mail={"messageId": "loose"}))
    put(emulator, stack, f"errors/status/{HOUR}/x", {"message_id": "m", "status_facts": "[]"})
    put(emulator, stack, EVENTS, {"requestContext": {}, "requestPayload": {"Records": []}})
    rows = listed(due)
    reasons = " | ".join(row["reason"] for row in rows if not row["origin"].startswith(damaged))
    for part in (
        "not JSON",
        "rawData that is not base64",
        "not in a form",
        "a status that cannot be read",
        "no reason",
    ):
        assert part in reasons
    (whole,) = [row for row in rows if row["origin"] == damaged]
    assert "cut off or damaged" in whole["reason"] and whole["bytes"] == len(body)
    assert due("failed", "show", whole["id"]).done().raw == body
    assert len([row for row in rows if row["origin"].startswith(f"{damaged}:")]) > 100
    assert replayed(due)["kept"] == 2  # the loose record, and the event without an object
    due("failed", "discard", "--all", "--yes").done()
    assert listed(due) == []


@pytest.mark.slow
def test_what_aws_will_not_take_stays(emulator: AwsEmulator, stack: Stack, due: Due, filled: dict[str, bytes]) -> None:
    emulator.faults.refuse("dynamodb:BatchExecuteStatement", "AccessDeniedException", status=403)
    emulator.faults.refuse("lambda:Invoke", "AccessDeniedException", status=403)
    ran = due("failed", "replay", "-o", "json").failed(5)
    lambda_, table = ran.json["problems"]
    assert "access denied" in lambda_
    assert table.startswith("due-message-status denies writes: the statuses of 1 message are kept under errors/status/")
    assert [ran.json[key] for key in ("kept", "failed")] == [3, 3]
    emulator.faults.clear()
    emulator.journal.clear()
    assert len(listed(due)) == 3
    assert replayed(due)["kept"] == 2
    assert not emulator.journal.of("s3:PutObject")
    assert [row["id"] for row in listed(due)] == [
        row["id"] for row in listed(due) if row["reason"].startswith("not JSON")
    ]


def test_statuses_of_a_record_that_the_table_denies_are_kept(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    recent = iso(int(time.time() * 1000))
    record = json.dumps(ses_send(mail={"messageId": "m-1", "timestamp": recent})).encode()
    put(emulator, stack, f"{FAILED}/one", processing_failed(record))
    emulator.faults.deny("dynamodb:BatchExecuteStatement")
    ran = due("failed", "replay", "-o", "json").failed(5)
    assert ran.json["kept"] == 1
    assert "the statuses of 1 message are kept under errors/status/" in ran.json["problems"][0]
    assert [row["origin"].startswith("errors/status/") for row in listed(due)] == [True]
    due("failed", "replay").failed(5)
    emulator.faults.clear()
    due("failed", "replay").done()
    assert streaming.statuses(emulator, stack).keys() == {"m-1"}
    assert listed(due) == []


def test_an_event_that_the_function_fails_on_again_stays(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    put(emulator, stack, EVENTS, event("2026/11/22/03"))
    emulator.faults.refuse("glue:BatchCreatePartition", "AccessDeniedException", status=403, by="*")
    assert replayed(due)["failed"] == 1
    assert len(listed(due)) == 1
    assert streaming.hours(emulator, stack) == []


def killed_in_a_replay(emulator: AwsEmulator, at: str) -> None:
    """A replay that is killed as soon as a call has taken effect."""
    with started("failed", "replay") as running:
        emulator.faults.hook(lambda _: os.kill(running.pid, signal.SIGKILL), name=at)
        assert ended(running).code == -signal.SIGKILL
    emulator.faults.clear()


@pytest.mark.parametrize("at", sampled(["s3:PutObject", "glue:BatchCreatePartition", "s3:DeleteObject"], 1))
def test_nothing_is_lost_and_nothing_doubled_when_a_replay_is_killed(
    emulator: AwsEmulator, stack: Stack, due: Due, filled: dict[str, bytes], at: str
) -> None:
    killed_in_a_replay(emulator, at)
    replayed(due)
    assert by_message(emulator, stack).keys() == {"readable", "rows", "other rows"}
    assert len(streaming.rows(emulator, stack)) == 3
    assert streaming.statuses(emulator, stack).keys() == {"status"}
    assert streaming.hours(emulator, stack) == ["2024-11-23 04:00:00", "2026-11-22 03:00:00"]
    assert [row["bytes"] for row in listed(due)] == [len(CUT)]


@pytest.mark.slow
def test_a_record_stays_listed_until_its_rows_are_stored(
    emulator: AwsEmulator, stack: Stack, due: Due, filled: dict[str, bytes]
) -> None:
    emulator.faults.deny("s3:PutObject")
    due("failed", "replay").failed(5)
    raws = {due("failed", "show", row["id"]).done().raw for row in listed(due)}
    assert {filled["readable"], filled["rows"], filled["other rows"], CUT} <= raws


@pytest.mark.slow
def test_what_fails_again_while_others_are_replayed_waits_for_the_next(
    emulator: AwsEmulator, stack: Stack, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firehose may keep a record again before the replay has seen the last object."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "1")
    raw = text(ses_send())
    put(emulator, stack, f"{FAILED}/a", processing_failed(raw, "Lambda.FunctionError"))
    for number in range(30):  # so many that they are listed after the first was put
        put(emulator, stack, f"{FAILED}/b{number}", processing_failed(b"%d" % number))

    def fail_again(call: Call) -> None:
        if call.parameters.get("Key") == f"{FAILED}/a":
            time.sleep(1.1)  # S3 dates objects to the second
            put(emulator, stack, f"{FAILED}/z", processing_failed(raw, "Lambda.FunctionError"))

    emulator.faults.hook(fail_again, name="s3:GetObject")
    assert replayed(due)["kept"] == 1
    emulator.faults.clear()
    assert f"{FAILED}/z" in streaming.objects(emulator, stack, "errors/")
    assert replayed(due)["kept"] == 1


def test_two_that_rewrite_an_object_lose_nothing(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    """The object is changed between reading and writing: it is read again."""
    key = put(emulator, stack, f"{FAILED}/a", *(processing_failed(b"%d" % number) for number in range(4)))
    ids = [row["id"] for row in listed(due)]
    reads = 0

    def change(_: Call) -> None:
        nonlocal reads
        reads += 1
        if reads == 3:  # twice to find the record, then to write the object without it
            put(emulator, stack, key, *(processing_failed(b"%d" % number) for number in (1, 2, 3)))

    emulator.faults.hook(change, name="s3:GetObject")
    due("failed", "discard", ids[1], "--yes").done()
    emulator.faults.clear()
    assert [call.status for call in emulator.journal.of("s3:PutObject")][-2:] == [412, 200]
    assert [row["id"] for row in listed(due)] == [ids[2], ids[3]]


@pytest.mark.slow
def test_the_rights_that_due_prints_are_enough(
    emulator: AwsEmulator, stack: Stack, tmp_path: Path, filled: dict[str, bytes]
) -> None:
    person = emulator.iam.user("person", person_policies.rights("operator", stack.names, stack.options))
    emulator.iam.denied.clear()
    source = write_lines(tmp_path / "one.json", [ses_bounce()])
    process("ingest", str(source), environment=person).done()
    assert process("failed", "replay", "-o", "json", environment=person).done().json["kept"] == 5
    process("failed", "discard", "--all", "--yes", environment=person).done()
    assert emulator.iam.denied == []


def test_a_record_that_failed_twice_is_one_record(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    """A record that was put again in a wrapper of due's own is still the record that it was."""
    raw = b"still unreadable"
    put(emulator, stack, f"{FAILED}/a", processing_failed(raw))
    put(emulator, stack, f"{FAILED}/b", processing_failed(with_arrival(raw, 1_795_316_400_000)))
    (row,) = listed(due)
    assert due("failed", "show", row["id"]).done().raw == raw
