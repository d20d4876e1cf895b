"""However large an input is, ``due ingest`` into a stack takes no more memory than it may, and hardly more for more."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, Request
from tests.local.large_input import large_input
from tests.memory import PeakMemory, peak_memory

__all__ = ["emulator", "made_once", "stack"]

LIMIT = 512_000_000
INPUT, TIMES = 64_000_000, 4  # as for a folder (tests/local/test_memory.py): its buffers are full with the smaller one
MORE = (TIMES - 1) * INPUT * 2 // 3  # less than the rest of the input, which its rows would take at the least


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(
    emulator: AwsEmulator, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status table forgets what it takes: moto's would be slow."""

    def read(_: Call, __: Request) -> Answer:
        return Answer.of({"Responses": {}, "UnprocessedKeys": {}})

    def write(call: Call, _: Request) -> Answer:
        return Answer.of({"Responses": [{} for _ in call.parameters["Statements"]]})

    monkeypatch.setitem(emulator.handlers, "dynamodb:BatchGetItem", read)
    monkeypatch.setitem(emulator.handlers, "dynamodb:BatchExecuteStatement", write)
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(large_input(0, INPUT))
    packed.write_bytes(gzip.compress(large_input(10**9, (TIMES - 1) * INPUT), compresslevel=1))
    little, few = _ingested(tmp_path / "little", plain)
    streaming.clear(emulator, stack)
    much, many = _ingested(tmp_path / "much", plain, packed)
    assert many > (TIMES - 0.1) * few
    assert len(streaming.rows(emulator, stack)) > 0.8 * many
    assert max(little.together, much.together) < LIMIT, f"{little.together:,} and {much.together:,} bytes"
    assert much.peaks - little.peaks < MORE, f"{little.peaks:,} bytes became {much.peaks:,}"


def _ingested(home: Path, *inputs: Path) -> tuple[PeakMemory, int]:
    """The greatest memory of an ingest and its processes, and how many records it read."""
    home.mkdir()
    words = ["ingest", *map(str, inputs), "-o", "json"]
    peak, out = peak_memory([sys.executable, "-m", "due_cli", *words], {**os.environ, "HOME": str(home)})
    return peak, int(json.loads(out)["records"])
