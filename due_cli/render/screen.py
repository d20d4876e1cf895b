"""Results for a person: tables that fit the screen, timelines, checks. The only importer of rich but ``progress``."""

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

_WIDEST_CELLS = range(80, 13, -1)  # cells are shortened on a terminal, to the first of these that fits
_ROWS = 60  # more rows are left out on a terminal
_EXPANDED_ROWS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MARKS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def show(result: Result, settings: Settings, stream: TextIO) -> None:
    """Writes a result for a person to a terminal, whole where the stream is not one."""
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
        stream.write(_account(result) + "\n")
    elif isinstance(result, Done):
        stream.writelines(f"{line}\n" for line in result.lines)


def visible(value: str) -> str:
    """Text without what would move the cursor or colour the screen: recipients' texts are not to be trusted."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", value)


def cell(value: object) -> str:
    """A cell for a person: times without their zone, whole hours without seconds, NULL as a dash."""
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

    rows = iter(result.rows)
    if not stream.isatty():
        whole = _Grid(result.columns, [[cell(value) for value in row] for row in rows], 1_000_000, None)
        if whole.rows:
            _print_grid(whole, settings, stream)
        else:
            note(result.empty)
        return
    shown = [[cell(value) for value in row] for row in islice(rows, _ROWS)]
    more = next(rows, None) is not None
    if not shown:
        note(result.empty)
        return
    grid = _fitted(result.columns, shown, shutil.get_terminal_size((80, 24)).columns)
    left_out = [f"the first {_ROWS} rows"] if more else []
    if grid is not None:
        _print_grid(grid, settings, stream)
        if any(len(value) > (grid.widest or 0) for row in shown for value in row):
            left_out.append(f"cells up to {grid.widest} characters")
    else:
        stream.write(_expanded(result.columns, shown[:_EXPANDED_ROWS]))
        if len(shown) > _EXPANDED_ROWS:
            left_out = [f"the first {_EXPANDED_ROWS} rows, a line for each column"]
    if left_out:
        note(f"shown: {'; '.join(left_out)}. -o csv or -o json has everything")


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells that fit a width; none is wider than ``widest``."""

    columns: Sequence[str]
    rows: list[list[str]]
    width: int
    widest: int | None


def _fitted(columns: Sequence[str], rows: list[list[str]], width: int) -> _Grid | None:
    """The cells with as little shortened as the width needs; None where even short cells do not fit."""
    from rich.cells import cell_len

    lengths = [max(len(name), *(cell_len(row[at]) for row in rows)) for at, name in enumerate(columns)]
    for widest in _WIDEST_CELLS:
        used = sum(max(len(name), min(widest, length)) + 2 for name, length in zip(columns, lengths, strict=True))
        if used - 2 <= width:
            return _Grid(columns, rows, width, widest)
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
            max_width=None if grid.widest is None else max(grid.widest, len(name)),
        )
    for row in grid.rows:
        lines.add_row(*(Text(value) for value in row))
    _console(stream, settings, grid.width).print(lines, crop=False)


def _expanded(columns: Sequence[str], rows: list[list[str]]) -> str:
    """A line for each column of each row, for rows that are wider than any screen."""
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
            lines.append(f"         fix: {check.fix}")
    problems = result.problems
    lines.append("everything is in order" if not problems else f"{problems} problem{'s' if problems > 1 else ''} found")
    return "\n".join(lines) + "\n"


def _account(account: IngestSummary) -> str:
    parts: Iterable[tuple[int, str]] = (
        (account.kept, f"kept ({account.rows:,} rows)"),
        (account.duplicates, "duplicates"),
        (account.ignored, "ignored"),
        (account.failed, "failed"),
    )
    text_of_parts = ", ".join(f"{count:,} {what}" for count, what in parts)
    nulled = f"; {account.nulled:,} fields of a wrong type are NULL" if account.nulled else ""
    return f"{account.records:,} records: {text_of_parts}{nulled}"
