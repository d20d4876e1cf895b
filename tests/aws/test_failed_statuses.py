"""Lines of ``errors/status/`` that this version cannot read: they are listed, and fail nothing beside them."""

from __future__ import annotations

import json

from due_cli.aws.stack.stack import Stack
from tests.aws import streaming
from tests.aws.streaming import HOUR, emulator, made_once, put, stack
from tests.aws.test_failed import by_message, listed, replayed, status_in, text
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.events.records import ses_delivery, ses_send

__all__ = ["emulator", "made_once", "stack"]


def changed(**parts: object) -> list[bytes]:
    """Lines of statuses, each with one part that is something else."""
    places = {"channel": 0, "last": 1, "times": 2}
    found = []
    for name, part in parts.items():
        line = json.loads(status_in(ses_send(mail={"messageId": name})))
        facts = json.loads(line["status_facts"])
        facts[places[name]] = part
        found.append(text({**line, "status_facts": json.dumps(facts).replace("Infinity", "1e400")}))
    return found


CHANGED = changed(channel="push", last=253_402_300_800_000, times={"send": float("inf")})
REASONS = [
    "the status of a message of an unknown channel: push",
    "the status of a message with an impossible time: 253402300800000",
    "the status of a message with an impossible time: 1e400",
]


def test_a_replay_leaves_them_and_brings_in_the_status_beside_them(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    good = status_in(ses_delivery(mail={"messageId": "good"})).strip()
    put(emulator, stack, f"errors/status/{HOUR}/one.jsonl", *CHANGED, good)
    account = replayed(due)
    assert [account[name] for name in ("records", "kept", "failed")] == [4, 1, 3]
    assert streaming.statuses(emulator, stack).keys() == {"good"}
    rows = listed(due)
    assert [row["reason"] for row in rows] == [f"a status that cannot be read: {reason}" for reason in REASONS]
    assert [due("failed", "show", row["id"]).done().raw for row in rows] == CHANGED


def test_put_to_the_stream_they_are_failed_records_with_their_reasons(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    for one in (*CHANGED, text(ses_send(mail={"messageId": "beside"}))):
        emulator.firehose.put(stack.names.stream, one)
    emulator.flush()
    assert by_message(emulator, stack).keys() == {"beside"}
    assert [row["reason"] for row in listed(due)] == REASONS
