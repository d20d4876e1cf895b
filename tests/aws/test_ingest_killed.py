"""``due ingest`` and ``due failed replay`` killed at any call and run again: all is as if nothing had happened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, processing_failed, put, stack
from tests.aws.test_ingest import CUT, HOUR_MS, YEAR_AGO, by_hour, opened
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import write_lines
from tests.events.records import iso, ses_delivery, ses_send
from tests.scenarios.commands import Commands, preloaded

__all__ = ["emulator", "made_once", "stack"]

STEPS = [pytest.param(1, marks=pytest.mark.slow), 4]
FAILED = "errors/processing-failed/2026/11/22/03/"


@dataclass
class EachOnce:
    """Says yes at every n-th call that changes something, the first time that it is made."""

    step: int
    made: set[str] = field(default_factory=set)
    killed: int = 0

    def __call__(self, call: Call) -> bool:
        what = f"{call.name} {call.parameters.get('Key') or call.parameters}"
        if not call.is_mutating or what in self.made:
            return False
        self.made.add(what)
        if len(self.made) % self.step != 1 % self.step:
            return False
        self.killed += 1
        return True


@pytest.fixture
def commands(emulator: AwsEmulator, tmp_path: Path) -> Commands:
    """Commands of a person with a home of their own."""
    return Commands(emulator, tmp_path, preloaded())


def recent(number: int) -> dict[str, Any]:
    """A mail whose status is kept."""
    sent = int(time.time()) // 3600 * HOUR_MS - 48 * HOUR_MS
    return {"messageId": f"m-{number}", "timestamp": iso(sent + number)}


def mails(first: int, last: int) -> Iterator[dict[str, Any]]:
    for number in range(first, last):
        yield ses_send(mail=recent(number))
        yield ses_delivery(mail=recent(number), delivery={"timestamp": recent(number)["timestamp"]})


def state(emulator: AwsEmulator, stack: Stack, commands: Commands) -> dict[str, Any]:
    """Everything that an ingest leaves in an account."""
    table = {"TableName": stack.names.status_table}
    items = emulator.client("dynamodb").scan(**table)["Items"]
    listed = json.loads(commands.due("failed", "list", "-o", "json").out)
    objects = streaming.objects(emulator, stack, "")
    return {
        "keys": sorted(objects),
        "rows": by_hour({key: body for key, body in objects.items() if key.endswith(".parquet")}),
        "partitions": streaming.hours(emulator, stack),
        "statuses": sorted(items, key=lambda item: item["message_id"]["S"]),
        "failed": sorted((one["id"], one["reason"]) for one in listed),
    }


def run_killed(commands: Commands, each: EachOnce, *words: str) -> None:
    """Runs a command, killed at one call after another, until one run gets to its end."""
    while (ended := commands.due(*words, killed_by=each)).code:
        assert ended.code == -9, ended.err


@pytest.mark.parametrize("step", STEPS)
def test_an_ingest_killed_at_any_call_ends_as_if_undisturbed(
    emulator: AwsEmulator, stack: Stack, commands: Commands, tmp_path: Path, step: int
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    write_lines(folder / "a.json", [*(opened(n, YEAR_AGO + n % 3 * HOUR_MS) for n in range(30)), CUT])
    write_lines(folder / "b.json", mails(0, 30))
    write_lines(folder / "c.json", [*mails(20, 40), {"no": "record"}])
    assert commands.due("ingest", str(folder)).code == 0
    emulator.functions.settle()
    undisturbed = state(emulator, stack, commands)
    assert len(undisturbed["keys"]) == 7 and len(undisturbed["statuses"]) == 40 and len(undisturbed["failed"]) == 2
    streaming.clear(emulator, stack)

    each = EachOnce(step)
    run_killed(commands, each, "ingest", str(folder))
    emulator.functions.settle()
    assert each.killed >= len(undisturbed["keys"]) // step
    assert state(emulator, stack, commands) == undisturbed


@pytest.mark.parametrize("step", STEPS)
def test_a_replay_killed_at_any_call_ends_as_if_undisturbed(
    emulator: AwsEmulator, stack: Stack, commands: Commands, step: int
) -> None:
    def fill() -> None:
        for name, first in (("a", 0), ("b", 10), ("c", 15)):
            several = "\n".join(map(json.dumps, mails(first, first + 10))).encode()
            put(
                emulator, stack, f"{FAILED}{name}", processing_failed(several), processing_failed(several + b"\n" + CUT)
            )

    fill()
    assert commands.due("failed", "replay").code == 0
    emulator.functions.settle()
    undisturbed = state(emulator, stack, commands)
    assert len(undisturbed["statuses"]) == 25 and len(undisturbed["failed"]) == 1
    streaming.clear(emulator, stack)
    fill()

    each = EachOnce(step)
    run_killed(commands, each, "failed", "replay")
    emulator.functions.settle()
    assert each.killed >= 8 // step
    assert state(emulator, stack, commands) == undisturbed
