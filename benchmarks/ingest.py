"""How fast raw records come in, and in how much memory."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import records
from benchmarks.bench_run import BenchRun, grouped, log, remove
from benchmarks.measure import (
    MEGABYTE,
    Peak,
    Results,
    Row,
    at_least,
    at_most,
    due_command,
    run,
    run_sampled,
    seconds_of,
)

_CORES = 2
_MEMORY_LIMIT = 512 * MEGABYTE
_LOWEST, _GOAL = 0.1, 0.2

# The reference: one JSON file to one Parquet file by DuckDB alone, with the types that it detects.
_REFERENCE = """
import duckdb
with duckdb.connect() as connection:
    connection.execute("SET threads = {threads}")
    connection.execute("COPY (SELECT * FROM read_json('{source}')) TO '{target}' (FORMAT parquet)")
"""


def measure(bench: BenchRun) -> Results:
    """``due ingest`` of SES and of Pinpoint records, as a whole process into a fresh folder, against DuckDB alone."""
    rows = []
    peaks: dict[str, Peak] = {}
    for family, name in (("ses", "SES"), ("pinpoint", "Pinpoint")):
        source = records.file_of(bench, family)
        with _on_cores(_CORES):
            reference, ours, peaks[name] = _figures(bench, source)
        rate, theirs = bench.sizes.records / ours, bench.sizes.records / reference
        size = f"{grouped(bench.sizes.records)} records, {source.stat().st_size / MEGABYTE:,.0f} MB, {_CORES} cores"
        limit = f"≥ {_LOWEST} (aim {_GOAL})"
        rows.append(
            Row(
                f"ingest, {name}",
                size,
                f"{grouped(round(rate))} records/s",
                f"{grouped(round(theirs))} records/s (DuckDB `read_json` to Parquet)",
                *at_least(rate / theirs, _LOWEST, limit),
            )
        )
    name, peak = max(peaks.items(), key=lambda each: each[1].bytes)
    size = f"{grouped(bench.sizes.records)} records, {name}"
    used = f"{peak.bytes / MEGABYTE:.0f} MB"
    rows.append(
        Row("ingest, peak memory of all its processes", size, used, "512 MB", *at_most(peak.bytes / _MEMORY_LIMIT, 1))
    )
    return Results(rows)


def _figures(bench: BenchRun, source: Path) -> tuple[float, float, Peak]:
    """Seconds of the reference (before and after), seconds and peak memory of due."""
    place, environment = bench.scratch("ingest"), bench.environment()
    folder = place / "due"
    due = due_command()
    run([*due, "setup", "--local", str(folder)], environment)
    target = place / "reference.parquet"
    reference = [sys.executable, "-c", _REFERENCE.format(source=source, target=target, threads=_CORES)]
    log(f"ingesting {source.name}")
    before = seconds_of(lambda: run(reference, environment))
    ours, peak, output = run_sampled([*due, "ingest", str(source), "--local", str(folder), "-o", "json"], environment)
    after = seconds_of(lambda: run(reference, environment))
    _check(json.loads(output), bench.sizes.records)
    remove(place)
    return statistics.mean((before, after)), ours, peak


def _check(summary: dict[str, int], expected: int) -> None:
    """A fast ingest that loses records would not be one."""
    kept = summary["kept"] + summary["duplicates"]
    if summary["records"] != expected or kept != expected or summary["duplicates"] == 0:
        raise RuntimeError(f"due ingest was given {expected} records and reported {summary}")


@contextmanager
def _on_cores(cores: int) -> Iterator[None]:
    """Processes that are started meanwhile run on so many cores, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)
