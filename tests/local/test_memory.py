"""However large the input is, an ingest takes no more memory than it may, and hardly more for four times as much."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import MEGABYTE, run_sampled
from tests.events.records import SAMPLES
from tests.local.conftest import NewDatabase
from tests.local.looking import balanced

MOST = 512 * MEGABYTE
INPUT = 64 * MEGABYTE
TIMES = 4
MORE = (TIMES - 1) * INPUT * 2 // 3  # less than the rest of the input, which its rows would take at the least
HOURS = 24


def _lines(start: int) -> Iterator[bytes]:
    """Records of every kind, again and again, each with an id and most with an hour of their own; some are broken."""
    padding = {"padding": "as long as real ones " * 50}
    samples = [json.dumps({**sample.build(), **padding}) for sample in SAMPLES]
    number = start
    while True:
        seconds = 1_794_000 + 4 * (number % HOURS)  # the beginning of HAPPENED and of the times beside it
        for sample in samples:
            number += 1
            line = sample.replace('-1"', f'-{number}"').replace("status-1", f"status-{number}")
            yield line.replace("1794000", str(seconds)).encode()
        yield b'{"event_type": "_email.send", "cut off: %d' % number


def _input(start: int, most: int) -> bytes:
    lines, size = _lines(start), 0
    taken = []
    while size < most:
        taken.append(next(lines))
        size += len(taken[-1])
    return b"\n".join(taken)


def _ingested(database: Path, *inputs: Path) -> tuple[int, dict[str, int]]:
    """The greatest memory of an ingest and its workers, and the account."""
    words = ["ingest", *map(str, inputs), "--local", str(database), "-o", "json"]
    _, peak, out = run_sampled([sys.executable, "-m", "due_cli", *words])
    account: dict[str, int] = json.loads(out)
    assert balanced(account)
    assert account["kept"] > 0.8 * account["records"], account
    return peak.bytes, account


def test_memory_does_not_grow_with_the_input(new_database: NewDatabase, tmp_path: Path) -> None:
    """Sampled over all processes at once: the kernel's own peaks are of each process alone and at other moments."""
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(_input(0, INPUT))
    packed.write_bytes(gzip.compress(_input(10**9, (TIMES - 1) * INPUT), compresslevel=1))
    little, account = _ingested(new_database(), plain)
    much, larger = _ingested(new_database(), plain, packed)
    assert larger["records"] > (TIMES - 0.1) * account["records"]
    assert max(little, much) < MOST
    assert much - little < MORE, f"{little:,} bytes became {much:,}"
