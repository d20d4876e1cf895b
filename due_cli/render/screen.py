"""Results for a person: tables that fit the screen, timelines, checks, summaries."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from due_cli.core.results import Checks, Done, IngestSummary, Record, Result, Statuses, Table, Timeline
from due_cli.core.settings import Settings
from due_cli.render.data import plain, text

if TYPE_CHECKING:
    from rich.console import Console

_CELL_WIDTHS = range(80, 13, -1)  # on a terminal, cells are shortened to the first of these that fits
_MAX_ROWS = 60  # on a terminal
_EXPANDED_ROWS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MARKS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def show(result: Result, settings: Settings, stream: TextIO) -> None:
    """Write a result for a person; shortened only if the stream is a terminal."""
    if isinstance(result, Table):
        _table(result, settings, stream)
    elif isinstance(result, Statuses):
        stream.write("\n".join(_timeline(line) for line in result.timelines))
    elif isinstance(result, Checks):
        stream.write(_checks(result))
    elif isinstance(result, Record):
        width = max(len(name) for name in result.fields)
        lines = (f"{name:<{width}}  {cell(value)}" for name, value in result.fields.items())
        stream.write("\n".join(lines) + "\n")
    elif isinstance(result, IngestSummary):
        stream.write(_summary(result) + "\n")
    elif isinstance(result, Done):
        stream.writelines(f"{line}\n" for line in result.lines)


def visible(value: str) -> str:
    """Text with control characters escaped: texts from recipients must not move the cursor or color the screen."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", value)


def cell(value: object) -> str:
    """A cell for a person: times without zone and empty milliseconds, NULL as a dash."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return str(plain(value)).replace("T", " ").removesuffix("Z").removesuffix(".000")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.2f}"
    return visible(text(value).replace("\n", " "))


def _console(stream: TextIO, settings: Settings, width: int) -> Console:
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Piped(
        file=stream,
        width=width,
        no_color=not settings.color,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def _table(result: Table, settings: Settings, stream: TextIO) -> None:
    from due_cli.render import note

    rows = ([cell(value) for value in row] for row in result.rows)
    shown = list(islice(rows, _MAX_ROWS) if stream.isatty() else rows)
    if not shown:
        note(result.empty if isinstance(result.empty, str) else result.empty())
        return
    if not stream.isatty():
        _print_grid(_Grid(result.columns, shown, 1_000_000, None), settings, stream)
        return
    left_out = [f"the first {_MAX_ROWS} rows"] if next(rows, None) is not None else []
    grid = _fit(result.columns, shown, shutil.get_terminal_size((80, 24)).columns)
    if grid is not None:
        _print_grid(grid, settings, stream)
        if any(len(value) > (grid.max_cell or 0) for row in shown for value in row):
            left_out.append(f"cells up to {grid.max_cell} characters")
    else:
        stream.write(_expanded(result.columns, shown[:_EXPANDED_ROWS]))
        if len(shown) > _EXPANDED_ROWS:
            left_out = [f"the first {_EXPANDED_ROWS} rows, a line for each column"]
    if left_out:
        note(f"shown: {'; '.join(left_out)}. -o csv or -o json has everything")


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells for a screen of some width; they are shortened to ``max_cell`` characters."""

    columns: Sequence[str]
    rows: list[list[str]]
    width: int
    max_cell: int | None


def _fit(columns: Sequence[str], rows: list[list[str]], width: int) -> _Grid | None:
    """The cells, shortened no more than the width requires; None if even short cells do not fit."""
    from rich.cells import cell_len

    lengths = [max(len(name), *(cell_len(row[at]) for row in rows)) for at, name in enumerate(columns)]
    for max_cell in _CELL_WIDTHS:
        used = sum(max(len(name), min(max_cell, length)) + 2 for name, length in zip(columns, lengths, strict=True))
        if used - 2 <= width:
            return _Grid(columns, rows, width, max_cell)
    return None


def _print_grid(grid: _Grid, settings: Settings, stream: TextIO) -> None:
    from rich import box
    from rich.table import Table as Lines
    from rich.text import Text

    lines = Lines(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for at, name in enumerate(grid.columns):
        right = all(_is_number(row[at]) for row in grid.rows)
        lines.add_column(
            Text(name),
            justify="right" if right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=None if grid.max_cell is None else max(grid.max_cell, len(name)),
        )
    for row in grid.rows:
        lines.add_row(*(Text(value) for value in row))
    _console(stream, settings, grid.width).print(lines, crop=False)


def _expanded(columns: Sequence[str], rows: list[list[str]]) -> str:
    """One line per column of each row, for rows that are wider than the screen."""
    width = max(len(name) for name in columns)
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"row {number}")
        lines += [f"  {name:<{width}}  {value}" for name, value in zip(columns, row, strict=True) if value != "-"]
    return "\n".join(lines) + "\n"


def _is_number(value: str) -> bool:
    return value == "-" or value.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def _timeline(line: Timeline) -> str:
    item = line.item
    status = str(item["status"])
    if not line.moments:
        return f"{visible(str(item['message_id']))}  {status.replace('_', ' ')}\n"
    about = [f"{item['event_type']}"]
    for label, key in (
        ("from", "from_address"),
        ("from", "origination_phone_number"),
        ("to", "destination"),
        ("to", "destination_phone_number"),
        ("campaign", "campaign_id"),
        ("journey", "journey_id"),
    ):
        if item.get(key) not in (None, "NA"):
            about.append(f"{label} {visible(str(item[key]))}")
    lines = [f"{visible(str(item['message_id']))}  {status}", "  " + ", ".join(about)]
    width = max(len(moment.fact) for moment in line.moments)
    for moment in line.moments:
        at = moment.at.replace("T", " ").removesuffix("Z")
        lines.append(f"  {at}  {moment.fact:<{width}}  {visible(moment.meaning)}")
    if item.get("answer") not in (None, "NA"):
        lines.append(f"  answer: {visible(str(item['answer']))}")
    if isinstance(item.get("final"), bool):
        lines.append(f"  final: {'yes' if item['final'] else 'no, another receipt may come'}")
    price = item.get("price_in_millicents_usd")
    if isinstance(price, (int, float)):
        lines.append(f"  cost {price / 100_000:.5f} USD")
    if item.get("from") == "events":
        lines.append("  (from the events: the status store does not have this message)")
    return "\n".join(lines) + "\n"


def _checks(result: Checks) -> str:
    lines = []
    for check in result.checks:
        lines.append(f"{_MARKS[check.outcome]:<8} {check.check}: {visible(check.found)}")
        if check.fix:
            lines.append(f"         {'to change it' if check.outcome == 'ok' else 'fix'}: {check.fix}")
    problems = result.problems
    lines.append("everything is in order" if not problems else f"{problems} problem{'s' if problems > 1 else ''} found")
    return "\n".join(lines) + "\n"


def _summary(summary: IngestSummary) -> str:
    parts: Iterable[tuple[int, str]] = (
        (summary.kept, f"kept ({summary.rows:,} rows)"),
        (summary.duplicates, "duplicates"),
        (summary.ignored, "ignored"),
        (summary.failed, "failed"),
    )
    text_of_parts = ", ".join(f"{count:,} {what}" for count, what in parts)
    repeated = summary.duplicate_rows - summary.duplicates  # beyond one row of each duplicate record
    duplicate_rows = f"; {repeated:,} more rows of events that were stored already" if repeated > 0 else ""
    nulled = f"; {summary.nulled:,} fields with an unexpected type set to NULL" if summary.nulled else ""
    return f"{summary.records:,} records: {text_of_parts}{duplicate_rows}{nulled}"
