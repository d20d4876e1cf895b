"""However much is put to the stream, ``due ingest`` holds no more than a few calls' worth of it."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, Request
from tests.local.large_input import large_input
from tests.memory import peak_memory

__all__ = ["emulator", "made_once", "stack"]

INPUT, TIMES = 16_000_000, 4
MORE = INPUT  # a third of what the larger input has more


@pytest.mark.slow
def test_memory_does_not_grow_with_what_is_put(
    emulator: AwsEmulator, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream forgets what it takes, so that the test itself holds nothing."""
    taken = 0

    def take(call: Call, _: Request) -> Answer:
        nonlocal taken
        count = len(call.parameters["Records"])
        taken += count
        return Answer.of({"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}] * count})

    monkeypatch.setitem(emulator.handlers, "firehose:PutRecordBatch", take)
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(large_input(0, INPUT))
    packed.write_bytes(gzip.compress(large_input(10**9, (TIMES - 1) * INPUT), compresslevel=1))
    little, few = _ingested(tmp_path / "little", plain)
    much, many = _ingested(tmp_path / "much", plain, packed)
    assert many > (TIMES - 0.1) * few
    assert taken >= few + many
    assert much - little < MORE, f"{little:,} bytes became {much:,}"


def _ingested(home: Path, *inputs: Path) -> tuple[int, int]:
    """The greatest memory of an ingest and its processes, and how many records it put."""
    home.mkdir()
    words = ["ingest", *map(str, inputs), "-o", "json"]
    peak, out = peak_memory([sys.executable, "-m", "due_cli", *words], {**os.environ, "HOME": str(home)})
    return peak.peaks, int(json.loads(out)["records"])
