"""``python -m benchmarks``: measures, prints the table as Markdown, exits 1 where a promised ratio was missed."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.measure import Detail, Found, Row
from benchmarks.setting import FULL, QUICK, Setting, say

# Each is a module with a function ``measured``; imported when it runs, so that one does not need another's data.
SECTIONS = ("startup", "status", "ingest", "reports", "day", "history", "setup", "functions", "trino")
_COLUMNS = ("what", "size", "ours", "reference", "ratio", "limit", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the sections that were asked for; 1 where a promise was not kept."""
    asked = _parsed(arguments)
    sizes = QUICK if asked.quick else FULL
    setting = Setting(asked.cache.absolute(), sizes, asked.strict)
    names = [asked.only] if asked.only else list(SECTIONS)
    found: list[Found] = []
    for name in names:
        say(f"== {name}")
        found.append(importlib.import_module(f"benchmarks.{name}").measured(setting))
    rows = [row for one in found for row in one.rows]
    print(f"Measured on {machine.description()}." + (" Small sizes, for a quick look only." if asked.quick else ""))
    print("\n" + markdown(_COLUMNS, [_cells(row) for row in rows]))
    for detail in (detail for one in found for detail in one.details):
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
    parser.add_argument("--cache", type=Path, default=_cache(), metavar="DIR", help="where made-up data is kept")
    return parser.parse_args(arguments)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "due-bench"


if __name__ == "__main__":
    sys.exit(main())
