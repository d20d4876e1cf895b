"""However large the input is, an ingest takes no more memory than it may, and hardly more for four times as much."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from benchmarks.measure import MEGABYTE, run_sampled
from tests.local.conftest import NewDatabase
from tests.local.large import large
from tests.local.looking import balanced

MOST = 512 * MEGABYTE
INPUT = 64 * MEGABYTE
TIMES = 4
MORE = (TIMES - 1) * INPUT * 2 // 3  # less than the rest of the input, which its rows would take at the least


def _ingested(database: Path, *inputs: Path) -> tuple[int, dict[str, int]]:
    """The greatest memory of an ingest and its workers, and the account."""
    words = ["ingest", *map(str, inputs), "--local", str(database), "-o", "json"]
    _, peak, out = run_sampled([sys.executable, "-m", "due_cli", *words])
    account: dict[str, int] = json.loads(out)
    assert balanced(account)
    assert account["kept"] > 0.8 * account["records"], account
    return peak.bytes, account


def test_memory_does_not_grow_with_thelarge(new_database: NewDatabase, tmp_path: Path) -> None:
    """Sampled over all processes at once: the kernel's own peaks are of each process alone and at other moments."""
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(large(0, INPUT))
    packed.write_bytes(gzip.compress(large(10**9, (TIMES - 1) * INPUT), compresslevel=1))
    little, account = _ingested(new_database(), plain)
    much, larger = _ingested(new_database(), plain, packed)
    assert larger["records"] > (TIMES - 0.1) * account["records"]
    assert max(little, much) < MOST
    assert much - little < MORE, f"{little:,} bytes became {much:,}"
