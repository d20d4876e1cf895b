"""A failed record of which a part can be read: that part is brought in once, and the rest stays where it was."""

from __future__ import annotations

import gzip
import json

import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, processing_failed, put, stack
from tests.aws.test_failed import CUT, FAILED, by_message, killed_in_a_replay, listed, replayed, text
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.events.records import ses_send

__all__ = ["emulator", "made_once", "stack"]

ARRIVED = 1_795_316_460_000  # 2026-11-22T03:01:00Z


def test_a_record_among_several_that_cannot_be_read(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    """Those beside it are stored once, whether or not the transform had put them; it stays, in the same object."""
    beside = [text(ses_send(mail={"messageId": name})) for name in ("in", "out")]
    ping = text({"event_type": "_test.event_stream", "event_timestamp": 1_795_316_400_000})
    several = b"\n".join((beside[0], CUT, text([json.loads(beside[1]), {"no": "record"}]), ping))
    key = put(emulator, stack, f"{FAILED}/a.gz", processing_failed(several), processing_failed(b"other"))
    put(emulator, stack, f"{FAILED}/b", processing_failed(several, "Lambda.FunctionError"))
    account = replayed(due)
    assert [account[name] for name in ("records", "kept", "ignored", "failed", "rows")] == [6, 2, 1, 3, 2]
    assert len(streaming.rows(emulator, stack)) == 2
    left = [due("failed", "show", row["id"]).done().raw for row in listed(due)]
    assert left == [CUT, b'{"no": "record"}', b"other"]
    assert gzip.decompress(streaming.objects(emulator, stack, "errors/")[key]).count(b"\n") == 3
    again = replayed(due)
    assert [again[name] for name in ("records", "kept", "failed")] == [3, 0, 3]
    assert {one["arrival_timestamp"] for one in by_message(emulator, stack).values()} == {1_795_316_400_000}
    assert by_message(emulator, stack).keys() == {"in", "out"}


def test_what_the_transform_could_not_put_back_is_stored_by_a_replay(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    emulator.firehose.put(stack.names.stream, text(ses_send(mail={"messageId": "out"})) + b"\n" + CUT)
    emulator.faults.refuse(streaming.PUT, "AccessDeniedException", status=403, by="function")
    emulator.flush()
    emulator.faults.clear()
    assert emulator.firehose.buffered(stack.names.stream) == 0
    account = replayed(due)
    assert [account[name] for name in ("records", "kept", "failed")] == [2, 1, 1]
    assert by_message(emulator, stack).keys() == {"out"}
    assert [due("failed", "show", row["id"]).done().raw for row in listed(due)] == [CUT]


@pytest.mark.parametrize("at", ["s3:PutObject", "glue:BatchCreatePartition"])
def test_a_record_is_taken_apart_again_where_that_was_cut_off(
    emulator: AwsEmulator, stack: Stack, due: Due, at: str
) -> None:
    beside = b"".join(text(ses_send(mail={"messageId": name})) + b"\n" for name in "abc")
    put(emulator, stack, f"{FAILED}/a", processing_failed(beside + CUT))
    killed_in_a_replay(emulator, at)
    replayed(due)
    assert sorted(by_message(emulator, stack)) == list("abc")
    assert len(streaming.rows(emulator, stack)) == 3
    assert [due("failed", "show", row["id"]).done().raw for row in listed(due)] == [CUT]


def test_what_came_while_lambda_was_short_is_replayed_to_the_hour_of_its_arrival(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    with emulator.at(ARRIVED / 1000):
        emulator.firehose.put(stack.names.stream, text(ses_send(mail={"messageId": "late"})))
        emulator.faults.refuse("lambda:Invoke", "TooManyRequestsException", status=429, by="service")
        emulator.flush()
    emulator.faults.clear()
    assert streaming.rows(emulator, stack) == []
    assert replayed(due)["kept"] == 1
    assert streaming.hours(emulator, stack) == ["2026-11-22 03:00:00"]
    assert by_message(emulator, stack)["late"]["arrival_timestamp"] // 1000 == ARRIVED // 1000
    assert streaming.objects(emulator, stack, "errors/") == {}
