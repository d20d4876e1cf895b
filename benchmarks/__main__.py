"""``python -m benchmarks``: measures, prints the table as Markdown, exits 1 where a ratio is beyond its limit."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.bench_run import FULL, QUICK, BenchRun, log
from benchmarks.measure import Detail, Results, Row

# Name -> module and function; a module is imported when it runs, so that no section needs the libraries of another.
SECTIONS = {
    "startup": "startup.measure",
    "status": "status.measure",
    "ingest": "ingest.measure",
    "erase": "erase.measure",
    "aws-ingest": "aws_ingest.measure",
    "tables": "tables.measure",
    "reports": "reports.measure",
    "day": "reports.measure_day",
    "history": "reports.measure_history",
    "adopted": "adopted.measure",
    "compact": "compact.measure",
    "setup": "setup.measure",
    "functions": "functions.measure",
    "trino": "trino.measure",
}
_PACKAGES = {"DuckDB": "duckdb", "sqlglot": "sqlglot", "pyarrow": "pyarrow"}
_COLUMNS = ("what", "size", "ours", "reference", "ratio", "limit", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen sections; 1 where a ratio is beyond its limit."""
    options = _parsed(arguments)
    bench = BenchRun(options.cache.absolute(), QUICK if options.quick else FULL, options.strict)
    results: list[Results] = []
    for name in [options.only] if options.only else SECTIONS:
        log(f"== {name}")
        module, _, function = SECTIONS[name].partition(".")
        results.append(getattr(importlib.import_module(f"benchmarks.{module}"), function)(bench))
    rows = [row for each in results for row in each.rows]
    print(f"Measured on {_machine()}." + (" Small sizes, for a quick look only." if options.quick else ""))
    print("\n" + markdown(_COLUMNS, [_cells(row) for row in rows]))
    for detail in (detail for each in results for detail in each.details):
        print("\n" + _titled(detail))
    return int(any(row.met is False for row in rows))


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose source lines up too."""
    table = [list(columns), *(list(row) for row in rows)]
    widths = [max(3, *(len(row[place]) for row in table)) for place in range(len(columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _titled(detail: Detail) -> str:
    return f"{detail.title}\n\n{markdown(detail.columns, detail.rows)}"


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "ok", False: "MISSED", None: ""}[row.met]
    return (row.what, row.size, row.ours, row.reference, row.ratio, row.limit, verdict)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("-k", dest="only", choices=SECTIONS, metavar="NAME", help=f"one section: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a quick look")
    parser.add_argument("--strict", action="store_true", help="count what cannot be measured here as missed")
    parser.add_argument("--cache", type=Path, default=_cache(), metavar="DIR", help="where synthetic data is kept")
    return parser.parse_args(arguments)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "due-bench"


def _machine() -> str:
    """Cores, memory and versions of this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    parts = [
        f"{cores} cores ({_processor()})",
        f"{_memory_gib():.0f} GiB memory",
        f"{platform.system()} {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(package)}" for name, package in _PACKAGES.items()),
    ]
    return ", ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / 2**30


if __name__ == "__main__":
    sys.exit(main())
