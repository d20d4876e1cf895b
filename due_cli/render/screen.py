"""Results for a person: tables that fit the screen, timelines, checks. The only importer of rich but ``progress``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from due_cli.render.data import plain, text
from due_cli.results import Account, Checks, Done, Record, Result, Statuses, Table, Timeline
from due_cli.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

_CELL = 44  # a longer cell is shortened on a terminal
_ROWS = 60  # more rows are left out on a terminal
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
    elif isinstance(result, Account):
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

    return Console(
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

    terminal = stream.isatty()
    rows = iter(result.rows)
    shown = [[cell(value) for value in row] for row in (islice(rows, _ROWS) if terminal else rows)]
    more = terminal and next(rows, None) is not None
    if not shown:
        note(result.empty)
        return
    width = shutil.get_terminal_size((80, 24)).columns if terminal else 1_000_000
    columns = list(result.columns)
    fitting = _fitting(columns, shown, width) if terminal else len(columns)
    _print_table(columns[:fitting], [row[:fitting] for row in shown], settings, stream, width, terminal)
    left_out = []
    if more:
        left_out.append(f"the first {_ROWS} rows")
    if fitting < len(columns):
        left_out.append(f"{fitting} of {len(columns)} columns (not: {', '.join(columns[fitting:])})")
    if terminal and any(len(value) > _CELL for row in shown for value in row[:fitting]):
        left_out.append(f"cells up to {_CELL} characters")
    if left_out:
        note(f"shown: {'; '.join(left_out)}. -o json or -o csv has everything")


def _fitting(columns: Sequence[str], rows: list[list[str]], width: int) -> int:
    """How many columns fit, from the left; at least one."""
    from rich.cells import cell_len

    used = 0
    for index, name in enumerate(columns):
        widest = max((cell_len(row[index]) for row in rows), default=0)
        used += min(_CELL, max(len(name), widest)) + 2
        if used - 2 > width and index:
            return index
    return len(columns)


def _print_table(
    columns: Sequence[str], rows: list[list[str]], settings: Settings, stream: TextIO, width: int, terminal: bool
) -> None:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for index, name in enumerate(columns):
        right = all(_is_number(row[index]) for row in rows)
        grid.add_column(
            Text(name),
            justify="right" if right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=_CELL if terminal else None,
        )
    for row in rows:
        grid.add_row(*(Text(value) for value in row))
    _console(stream, settings, width).print(grid, crop=terminal)


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
        if check.mend:
            lines.append(f"         mend: {check.mend}")
    problems = result.problems
    lines.append("everything is in order" if not problems else f"{problems} problem{'s' if problems > 1 else ''} found")
    return "\n".join(lines) + "\n"


def _account(account: Account) -> str:
    parts: Iterable[tuple[int, str]] = (
        (account.kept, f"kept ({account.rows:,} rows)"),
        (account.duplicates, "duplicates"),
        (account.ignored, "ignored"),
        (account.failed, "failed"),
    )
    text_of_parts = ", ".join(f"{count:,} {what}" for count, what in parts)
    nulled = f"; {account.nulled:,} fields of a wrong type are NULL" if account.nulled else ""
    return f"{account.records:,} records: {text_of_parts}{nulled}"
