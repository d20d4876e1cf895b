"""However large the input is, an ingest takes no more memory than it may, and hardly more for four times as much."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from tests.local.conftest import NewDatabase
from tests.local.database import is_balanced
from tests.local.large_input import large_input
from tests.memory import PeakMemory, peak_memory

MEGABYTE = 1_000_000
LIMIT = 512 * MEGABYTE
INPUT = 64 * MEGABYTE
TIMES = 4
GROWTH = (TIMES - 1) * INPUT * 2 // 3  # less than the rest of the input, which its rows would take at the least


def ingest_measured(database: Path, *inputs: Path) -> tuple[PeakMemory, dict[str, int]]:
    """The peak memory of an ingest and its workers, and the summary."""
    words = ["ingest", *map(str, inputs), "--local", str(database), "-o", "json"]
    peak, output = peak_memory([sys.executable, "-m", "due_cli", *words])
    summary: dict[str, int] = json.loads(output)
    assert is_balanced(summary)
    assert summary["kept"] > 0.8 * summary["records"], summary
    return peak, summary


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(new_database: NewDatabase, tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(large_input(0, INPUT))
    packed.write_bytes(gzip.compress(large_input(10**9, (TIMES - 1) * INPUT), compresslevel=1))
    small_peak, small = ingest_measured(new_database(), plain)
    large_peak, large = ingest_measured(new_database(), plain, packed)
    assert large["records"] > (TIMES - 0.1) * small["records"]
    assert max(small_peak.together, large_peak.together) < LIMIT
    assert large_peak.peaks - small_peak.peaks < GROWTH, f"{small_peak.peaks:,} bytes became {large_peak.peaks:,}"
