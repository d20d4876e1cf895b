"""Compaction: its cost beside DuckDB sorting and writing the same rows, its memory, and a report on a year of it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import dataset
from benchmarks.bench_run import BenchRun, grouped, log
from benchmarks.measure import MEGABYTE, Results, Row, at_least, at_most, due_command, medians, run, run_sampled
from due_cli.core.progress import Silent
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.state import open_state

_YEAR_MONTHS = 12
_YEAR_EVENTS = 200_000
_TIMES = 7
_LEAST, _MOST_MEMORY, _MOST_SECONDS = 0.3, 512 * 2**20, 0.150
_DAY = 24

# A process of its own for DuckDB: sort the rows of each day by type and message, and write them.
_SORT = """
import json, sys, duckdb
connection = duckdb.connect()
connection.execute("SET threads = 1; SET preserve_insertion_order = true")
for number, files in enumerate(json.load(sys.stdin)):
    names = "[" + ", ".join("'" + name.replace("'", "''") + "'" for name in files) + "]"
    rows = f"SELECT * FROM read_parquet({names}) ORDER BY event_type, facets.email_channel.mail_event.mail.message_id"
    target = f"{sys.argv[1]}/{number}.parquet"
    connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""


def measure(bench: BenchRun) -> Results:
    """``due compact`` of a month of hours, and a report on a year of days."""
    return Results([*_compaction(bench), _year(bench)])


def _compaction(bench: BenchRun) -> list[Row]:
    whole = dataset.folder_of(bench, bench.sizes.events, 1)
    folder = _linked(whole, bench.scratch("compact") / "database")
    days = _days(folder)
    place = bench.scratch("sorted")
    log(f"sorting {len(days)} days by DuckDB alone")
    reference = _cpu(partial(_sort, days, place, bench.environment()))
    before = sum(path.stat().st_size for path in folder.events.rglob("*.parquet"))
    log("compacting")
    start = _used()
    _, peak, _ = run_sampled([*due_command(), "compact", "--local", str(folder.root)], bench.environment())
    ours = _used() - start
    after = sum(path.stat().st_size for path in folder.events.rglob("*.parquet"))
    size = f"{grouped(dataset.rows_of(folder))} events, 30 days"
    return [
        Row(
            "`due compact`, processor time",
            size,
            f"{ours:.1f} s",
            f"{reference:.1f} s (DuckDB sorts and writes each day, one thread)",
            *at_least(reference / ours, _LEAST),
        ),
        Row(
            "`due compact`, peak memory",
            size,
            f"{peak.bytes / 2**20:.0f} MB",
            "512 MB",
            *at_most(peak.bytes / _MOST_MEMORY, 1.0),
        ),
        Row(
            "files of days, bytes",
            size,
            f"{after / MEGABYTE:.0f} MB",
            f"{before / MEGABYTE:.0f} MB (files of hours)",
            f"{after / before:.2f}",
        ),
    ]


def _year(bench: BenchRun) -> Row:
    hours = dataset.folder_of(bench, _YEAR_EVENTS, _YEAR_MONTHS)
    days = _linked(hours, bench.scratch("year") / "database")
    empty = Folder(bench.scratch("empty") / "database")
    set_up(empty, "due_eventdb", None, Silent())
    run([*due_command(), "compact", "--local", str(days.root)], bench.environment())

    def ask(folder: Folder) -> str:
        words = ["report", "bounce-rate", "--since", "2000-01-01", "--local", str(folder.root), "-o", "csv"]
        return run([*due_command(), *words], bench.environment())

    if ask(days) != ask(hours):
        raise RuntimeError("a report on files of days differs from that on files of hours")
    log(f"reporting on a year {_TIMES} times")
    started, of_days, of_hours = medians([partial(ask, folder) for folder in (empty, days, hours)], _TIMES)
    return Row(
        "`due report bounce-rate` on a year of days, beyond start-up",
        f"{grouped(dataset.rows_of(days))} events",
        f"{(of_days - started) * 1000:.0f} ms",
        f"{(of_hours - started) * 1000:.0f} ms (files of hours)",
        *at_most((of_days - started) / _MOST_SECONDS, 1.0, f"≤ {_MOST_SECONDS * 1000:.0f} ms"),
    )


def _linked(whole: Folder, root: Path) -> Folder:
    """A copy of a folder whose Parquet files are the very same."""
    shutil.copytree(whole.root, root, copy_function=_link)
    return Folder(root)


def _link(source: str, target: str) -> str:
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)
    return target


def _days(folder: Folder) -> list[list[str]]:
    with open_state(folder) as state:
        days: dict[int, list[str]] = {}
        for file in state.data_files():
            days.setdefault(file.hour // _DAY, []).append(str(folder.root / file.path))
    return list(days.values())


def _sort(days: list[list[str]], place: Path, environment: dict[str, str]) -> None:
    program = [sys.executable, "-c", _SORT, str(place)]
    subprocess.run(program, input=json.dumps(days), text=True, env=environment, check=True)


def _cpu(work: Callable[[], object]) -> float:
    """The processor time of the processes that a work runs."""
    start = _used()
    work()
    return _used() - start


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
