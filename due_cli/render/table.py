"""Rows as a table for a person, as wide as the terminal; piped, as wide as they are.

The widths come from the first rows, so that a long result begins at once. What identifies or measures is never cut: on
a terminal headers wrap first, then text is shortened, then whole columns are left out, and a note says so.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from itertools import chain, islice
from typing import TextIO

from due_cli.core.results import Table, Value
from due_cli.core.settings import Settings
from due_cli.render.data import plain, text

NULL = "NULL"
_SAMPLE_ROWS = 1_000
_MAX_ROWS = 60  # on a terminal without a pager
_GAP = "  "
_MIN_TEXT = 12  # text is not shortened further
_MAX_IDENTIFIER = 80
_MIN_HEADER = 6  # the word of a header is not broken further
_IDENTIFIER = re.compile(r"(^|_)(id|year|month|day|hour|code|number|epoch|timestamp|at|ms)$")
_MILLICENTS = re.compile(r"_in_millicents(_usd)?$")
_MILLICENTS_OF_A_DOLLAR = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BOLD, _NORMAL = "\x1b[1m", "\x1b[0m"


class _Kind(Enum):
    """What the values of a column are to a person."""

    TEXT = auto()  # words, maps, lists: may be shortened
    IDENTIFIER = auto()  # an id, an address, a time, a year: as it is
    MEASURE = auto()  # a number that is counted or measured: with separators
    RATE = auto()
    MILLICENTS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of a layout: ``header`` are its lines, ``content`` is the width of the sample's values.

    ``width`` is what it has on the screen; with ``is_cut``, longer text is shortened to it, but not below ``least``.
    """

    name: str
    kind: _Kind
    header: tuple[str, ...]
    content: int
    least: int
    width: int
    is_cut: bool = False

    def cell(self, value: Value) -> str:
        """A value, as wide as the column."""
        written = _cell(value, self.kind)
        width = _width(written)
        if self.is_cut and width > self.width:
            from rich.cells import set_cell_size

            return set_cell_size(written, self.width - 1) + "…"
        padding = " " * (self.width - width)
        return padding + written if self.kind in _RIGHT else written + padding


_RIGHT = (_Kind.MEASURE, _Kind.RATE, _Kind.MILLICENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """The columns that are shown, and the names of those that do not fit."""

    columns: tuple[_Column, ...]
    omitted: tuple[str, ...] = ()

    def lines(self, rows: Iterable[Sequence[Value]], *, bold: bool = False) -> Iterator[str]:
        """The header and a line a row."""
        for line in self.header():
            yield f"{_BOLD}{line}{_NORMAL}\n" if bold else f"{line}\n"
        yield _GAP.join("─" * column.width for column in self.columns) + "\n"
        cells = [column.cell for column in self.columns]
        for row in rows:
            yield _GAP.join([cell(value) for cell, value in zip(cells, row, strict=False)]).rstrip() + "\n"

    def header(self) -> list[str]:
        """The lines of the header, each column's at the bottom."""
        height = max(len(column.header) for column in self.columns)
        lines = []
        for number in range(height):
            words = []
            for column in self.columns:
                at = number - (height - len(column.header))
                word = column.header[at] if at >= 0 else ""
                padding = " " * (column.width - _width(word))
                words.append(padding + word if column.kind in _RIGHT else word + padding)
            lines.append(_GAP.join(words).rstrip())
        return lines


def visible(value: str) -> str:
    """Text with control characters escaped: texts from recipients must not move the cursor or color the screen."""
    return value if value.isprintable() else _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", value)


def write_table(table: Table, settings: Settings, stream: TextIO) -> list[str]:
    """Write the rows of a table; return what was left out, which only happens on a terminal.

    On a terminal with a pager (``DUE_PAGER``, else ``PAGER``) all rows go to it, if they do not fit the screen.
    """
    rows = iter(table.rows)
    sample = list(islice(rows, _SAMPLE_ROWS))
    rows = chain(sample, rows)
    columns = _natural(table.columns, sample)
    if not stream.isatty():
        stream.writelines(_Layout(columns=columns).lines(rows))
        return []
    screen = shutil.get_terminal_size((80, 24))
    layout = _fit(columns, screen.columns)
    if layout.omitted and len(sample) == 1:
        write_record(dict(zip(table.columns, sample[0], strict=True)), stream)
        return []
    left_out = _left_out(layout, sample)
    pager = os.environ.get("DUE_PAGER", os.environ.get("PAGER", "")) if settings.pager else ""
    if pager and len(sample) + len(layout.header()) + 2 > screen.lines and _page(pager, layout.lines(rows)):
        return left_out
    stream.writelines(layout.lines(islice(rows, _MAX_ROWS), bold=settings.color))
    more = sum(1 for _ in rows)
    return [f"{_MAX_ROWS} of {_MAX_ROWS + more:,} rows", *left_out] if more else left_out


def write_record(fields: dict[str, Value], stream: TextIO) -> None:
    """Write one line a field."""
    width = max(map(len, fields))
    for name, value in fields.items():
        stream.write(f"{name:<{width}}{_GAP}{_cell(value, _kind(name, [value]))}".rstrip() + "\n")


def _natural(names: Sequence[str], sample: Sequence[Sequence[Value]]) -> tuple[_Column, ...]:
    """The columns as wide as their header and the values of a sample."""
    return tuple(_column(name, [row[at] for row in sample]) for at, name in enumerate(names))


def _column(name: str, values: Sequence[Value]) -> _Column:
    kind = _kind(name, values)
    header = f"{visible(name)} UTC" if any(isinstance(value, datetime) for value in values) else visible(name)
    content = least = max((_width(_cell(value, kind)) for value in values), default=0)
    if kind is _Kind.TEXT:
        whole = (_width(_cell(value, kind)) for value in values if isinstance(value, str) and not _is_text(value))
        least = max(min(content, _MIN_TEXT), *whole, 0)
    width = max(content, _width(header))
    return _Column(name=name, kind=kind, header=(header,), content=content, least=least, width=width)


def _kind(name: str, values: Iterable[Value]) -> _Kind:
    """The kind of a column, by its name and some of its values."""
    present = [value for value in values if value is not None]
    if not present:
        return _Kind.IDENTIFIER
    if all(isinstance(value, str) for value in present):
        return _Kind.TEXT if any(_is_text(str(value)) for value in present) else _Kind.IDENTIFIER
    if any(isinstance(value, (str, dict, list, tuple)) for value in present):
        return _Kind.TEXT
    if _IDENTIFIER.search(name) or not all(_is_number(value) for value in present):
        return _Kind.IDENTIFIER
    if _MILLICENTS.search(name):
        return _Kind.MILLICENTS
    return _Kind.RATE if name.endswith("_rate") else _Kind.MEASURE


def _is_text(value: str) -> bool:
    """Whether a value is text to read, which may be shortened, and no id, address or name."""
    return " " in value or len(value) > _MAX_IDENTIFIER


def _is_number(value: Value) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool)


def _cell(value: Value, kind: _Kind) -> str:
    """A value for a person: times without zone and empty milliseconds, measures with separators."""
    if value is None:
        return NULL
    if type(value) is str:
        return value if value.isprintable() else visible(value.replace("\n", " "))
    if isinstance(value, datetime):
        return str(plain(value)).replace("T", " ").removesuffix("Z").removesuffix(".000")
    if isinstance(value, bool):
        return str(value).lower()
    if not _is_number(value) or kind is _Kind.IDENTIFIER:
        return visible(text(value).replace("\n", " "))
    if kind is _Kind.RATE and isinstance(value, float) and math.isfinite(value):
        return _rate(value)
    if kind is _Kind.MILLICENTS:
        return f"{_measure(value)} (${_dollars(value)})"
    return _measure(value)


def _measure(value: Value) -> str:
    return f"{value:,}".removesuffix(".0")


def _rate(value: float) -> str:
    """A rate with four decimals, or as many as show two digits of a small one."""
    size = abs(value)
    decimals = 4 if not 0 < size < 0.001 else 1 - math.floor(math.log10(size))
    return f"{value:,.{decimals}f}"


def _dollars(millicents: Value) -> str:
    """An amount in dollars: cents at least, and what is less than a cent."""
    amount = f"{float(str(millicents)) / _MILLICENTS_OF_A_DOLLAR:,.5f}".rstrip("0")
    whole, _, cents = amount.partition(".")
    return f"{whole}.{cents:<02}"


def _width(written: str) -> int:
    """How many places of a terminal a text takes."""
    if written.isascii():
        return len(written)
    from rich.cells import cell_len

    return cell_len(written)


def _fit(columns: tuple[_Column, ...], screen: int) -> _Layout:
    """The columns fitted to a screen: headers wrap, then text is shortened, then the last columns are left out."""
    shown = len(columns)
    while True:
        widths = _fitted(columns[:shown], screen - len(_GAP) * (shown - 1))
        if widths is not None or shown == 1:
            break
        shown -= 1
    fitted = columns[:shown] if widths is None else map(_narrowed, columns[:shown], widths)
    return _Layout(columns=tuple(fitted), omitted=tuple(column.name for column in columns[shown:]))


def _fitted(columns: Sequence[_Column], space: int) -> list[int] | None:
    """The widths of columns in a space without the gaps between them; None where they do not fit."""
    words = [max(map(_width, _words(column.header[0]))) for column in columns]
    contents = [column.content for column in columns]
    cut = [column.least for column in columns]
    widths = [column.width for column in columns]
    for least in (
        map(max, contents, words),  # headers are wrapped
        map(max, cut, words),  # and text is shortened
        (max(width, min(word, _MIN_HEADER)) for width, word in zip(cut, words, strict=True)),  # and words are broken
    ):
        widths = _reduced(widths, list(least), space)
    return widths if sum(widths) <= space else None


def _reduced(widths: list[int], least: list[int], space: int) -> list[int]:
    """The widths, the greatest reduced first, none below its least, until they fit into a space."""
    widths = list(widths)
    while sum(widths) > space:
        reducible = [at for at, width in enumerate(widths) if width > least[at]]
        if not reducible:
            break
        widths[max(reducible, key=lambda at: widths[at])] -= 1
    return widths


def _narrowed(column: _Column, width: int) -> _Column:
    """A column of another width: its header in lines, its text cut where it was wider."""
    lines = [""]
    for word in _words(column.header[0]):
        if lines[-1] and _width(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
        while _width(lines[-1]) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    header = tuple(line.strip() for line in lines)
    return replace(column, header=header, width=width, is_cut=width < column.content)


def _words(header: str) -> list[str]:
    """The parts between which a header may be broken."""
    return re.findall(r".*?[_ ]+|.+$", header) or [""]


def _left_out(layout: _Layout, sample: Sequence[Sequence[Value]]) -> list[str]:
    """What a layout does not show of the rows of a sample."""
    cut = [
        column.name
        for at, column in enumerate(layout.columns)
        if column.is_cut and any(_width(_cell(row[at], column.kind)) > column.width for row in sample)
    ]
    shortened = [f"{', '.join(cut)} shortened"] if cut else []
    return [*shortened, f"without {', '.join(layout.omitted)}"] if layout.omitted else shortened


def _page(pager: str, lines: Iterable[str]) -> bool:
    """Write lines to a pager until it ends; False where it cannot be started."""
    environment = {"LESS": "FRX", **os.environ}  # as git does: quit if one screen is enough, no wrapping by default
    try:
        process = subprocess.Popen(shlex.split(pager), stdin=subprocess.PIPE, text=True, env=environment)
    except (OSError, ValueError):
        return False
    assert process.stdin is not None  # noqa: S101  a pipe, as asked
    with suppress(BrokenPipeError, KeyboardInterrupt):  # the reader has seen enough
        process.stdin.writelines(lines)
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's
    try:
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
    finally:
        signal.signal(signal.SIGINT, previous)
    return True
