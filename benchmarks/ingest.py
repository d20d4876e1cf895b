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
from benchmarks.measure import MEGABYTE, Found, Peak, Row, at_least, at_most, due_command, run, run_sampled, seconds_of
from benchmarks.setting import Setting, count, remove, say

_CORES = 2
_MOST_MEMORY = 512 * MEGABYTE
_LEAST, _AIM = 0.1, 0.2


def measured(setting: Setting) -> Found:
    """``due ingest`` of SES and of Pinpoint records, as a whole process into a fresh folder, against DuckDB alone."""
    rows = []
    peaks: dict[str, Peak] = {}
    for family, name in (("ses", "SES"), ("pinpoint", "Pinpoint")):
        source = records.file_of(setting, family)
        with _on_cores(_CORES):
            reference, ours, peaks[name] = _taken(setting, source)
        rate, theirs = setting.sizes.records / ours, setting.sizes.records / reference
        size = f"{count(setting.sizes.records)} records, {source.stat().st_size / MEGABYTE:,.0f} MB, {_CORES} cores"
        limit = f"≥ {_LEAST} (aim {_AIM})"
        rows.append(
            Row(
                f"ingest, {name}",
                size,
                f"{count(round(rate))} records/s",
                f"{count(round(theirs))} records/s (DuckDB `read_json` to Parquet)",
                *at_least(rate / theirs, _LEAST, limit),
            )
        )
    name, peak = max(peaks.items(), key=lambda each: each[1].bytes)
    size = f"{count(setting.sizes.records)} records, {name}"
    used = f"{peak.bytes / MEGABYTE:.0f} MB"
    rows.append(
        Row("ingest, peak memory of all its processes", size, used, "512 MB", *at_most(peak.bytes / _MOST_MEMORY, 1))
    )
    return Found(rows)


def _taken(setting: Setting, source: Path) -> tuple[float, float, Peak]:
    """Seconds of the reference (before and after), seconds and peak memory of due."""
    place, environment = setting.scratch("ingest"), setting.environment()
    folder = place / "due"
    due = due_command()
    run([*due, "setup", "--local", str(folder)], environment)
    target = place / "reference.parquet"
    reference = [sys.executable, "-m", "benchmarks.reference_ingest", str(source), str(target), str(_CORES)]
    say(f"ingesting {source.name}")
    before = seconds_of(lambda: run(reference, environment))
    ours, peak, output = run_sampled([*due, "ingest", str(source), "--local", str(folder), "-o", "json"], environment)
    after = seconds_of(lambda: run(reference, environment))
    _check(json.loads(output), setting.sizes.records)
    remove(place)
    return statistics.mean((before, after)), ours, peak


def _check(account: dict[str, int], expected: int) -> None:
    """A fast ingest that loses records would not be one."""
    kept = account["kept"] + account["duplicates"]
    if account["records"] != expected or kept != expected or account["duplicates"] == 0:
        raise RuntimeError(f"due ingest was given {expected} records and says {account}")


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
