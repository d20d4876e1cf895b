"""How long it takes to erase one person from a folder, and in how much memory."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from pathlib import Path

from benchmarks import dataset
from benchmarks.bench_run import BenchRun, grouped, log, remove
from benchmarks.measure import MEGABYTE, Results, Row, at_most, due_command, run, run_sampled, seconds_of
from due_cli.local.folder import Folder

_PERSON = "customer1234@post34.example.net"  # benchmarks/sql/rows.sql
_LIMIT = 1.5
_MEMORY_LIMIT = 512 * MEGABYTE

# The reference: every column of every file read once.
_REFERENCE = """
import duckdb
with duckdb.connect() as connection:
    for batch in connection.sql("SELECT * FROM read_parquet('{events}/**/*.parquet')").to_arrow_reader(100_000):
        pass
"""


def measure(bench: BenchRun) -> Results:
    """``due erase`` as a whole process, against DuckDB that reads all columns once."""
    whole = dataset.folder_of(bench, bench.sizes.events, 1)
    place = bench.scratch("erase")
    folder = _copy(whole, place / "due")
    events = dataset.rows_of(folder)
    environment = bench.environment()
    reference = [sys.executable, "-c", _REFERENCE.format(events=folder.events)]
    log(f"erasing one person from {grouped(events)} events")
    before = seconds_of(lambda: run(reference, environment))
    command = [*due_command(), "erase", _PERSON, "--yes", "-o", "json", "--local", str(folder.root)]
    ours, peak, output = run_sampled(command, environment)
    after = seconds_of(lambda: run(reference, environment))
    _check(json.loads(output), events - dataset.rows_of(folder))
    remove(place)
    theirs = statistics.mean((before, after))
    size = f"{grouped(events)} events"
    used = f"{peak.bytes / MEGABYTE:.0f} MB"
    return Results(
        [
            Row(
                "erase one person",
                size,
                f"{ours:.1f} s",
                f"{theirs:.1f} s (DuckDB reads all columns once)",
                *at_most(ours / theirs, _LIMIT),
            ),
            Row("erase, peak memory", size, used, "512 MB", *at_most(peak.bytes / _MEMORY_LIMIT, 1)),
        ]
    )


def _copy(whole: Folder, root: Path) -> Folder:
    """A folder with the very same files of events, which an erasure replaces and does not change."""
    shutil.copytree(whole.root, root, copy_function=os.link, ignore=shutil.ignore_patterns(".due"))
    shutil.copytree(whole.private, root / ".due")
    return Folder(root)


def _check(certificate: dict[str, dict[str, int]], removed: int) -> None:
    """An erasure that finds nobody would be fast."""
    if not removed or certificate["rows"]["removed"] != removed:
        raise RuntimeError(f"due erase reported {certificate['rows']}, and {removed} rows are gone")
