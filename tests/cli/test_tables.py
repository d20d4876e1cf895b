"""Tables for a person: what is wrapped, shortened and left out on a terminal, and what is whole in a pipe."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from due_cli.core.results import Table
from due_cli.core.settings import Settings
from due_cli.render.data import csv_text
from due_cli.render.table import write_table
from tests.commands import Due

COLUMNS = ("time_window", "subject", "total_sends", "message_id", "year", "bounce_rate", "cost_in_millicents")
SENT = datetime(2026, 11, 3, 8, 0)
ROW: Sequence[object] = (SENT, "A long evening of small things", 1925, "0100019a-aaaa-000000", 2026, 0.00002, 645.0)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def screen(table: Table, width: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The lines on a terminal without a pager, and what was left out."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.delenv("DUE_PAGER", raising=False)
    terminal = Terminal()
    left_out = write_table(table, Settings(color=False), terminal)
    return terminal.getvalue().splitlines(), left_out


def piped(table: Table) -> str:
    stream = io.StringIO()
    assert write_table(table, Settings(), stream) == []
    return stream.getvalue()


def test_headers_wrap_first_then_text_is_shortened_then_columns_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(COLUMNS, [ROW, ROW])
    wide, none = screen(table, 150, monkeypatch)
    assert wide[0].split() == ["time_window", "UTC", *COLUMNS[1:]]
    assert not none
    wrapped, none = screen(table, 122, monkeypatch)
    assert not none
    assert wrapped[2].startswith("───")
    assert all(str(text) in wrapped[3] for text in ("2026-11-03 08:00:00", ROW[1], "1,925", " 2026 ", "0.000020"))
    assert "645 ($0.00645)" in wrapped[3]
    short, left_out = screen(table, 105, monkeypatch)
    assert left_out == ["subject shortened"]
    assert "…" in short[-1]
    narrow, left_out = screen(table, 70, monkeypatch)
    assert left_out == ["subject shortened", "without bounce_rate, cost_in_millicents"]
    assert all(text in narrow[-1] for text in ("2026-11-03 08:00:00", "1,925", "0100019a-aaaa-000000", "2026"))


@pytest.mark.parametrize("width", range(20, 130))
def test_no_line_is_wider_than_the_screen_or_ends_in_space(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, left_out = screen(Table(COLUMNS, [ROW, ROW]), width, monkeypatch)
    assert max(map(len, lines)) <= width or left_out[-1] == "without " + ", ".join(COLUMNS[1:])
    assert [line for line in lines if line != line.rstrip()] == []


def test_an_id_among_text_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = "37f6d2c81b0e49a5bd5c73e904af6182"
    table = Table(("campaign", "sends"), [("No Campaign that one could name in a few words", 7), (identity, 3)])
    lines, left_out = screen(table, 45, monkeypatch)
    assert left_out == ["campaign shortened"]
    assert any(identity in line for line in lines)


def test_one_row_that_is_too_wide_is_a_line_for_each_column(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, left_out = screen(Table(COLUMNS, [ROW]), 60, monkeypatch)
    assert [line.split()[0] for line in lines] == list(COLUMNS)
    assert not left_out


def test_null_is_not_the_empty_text() -> None:
    table = Table(("a", "b"), [(None, ""), ("x", "NULL")])
    assert piped(table).splitlines()[2:] == ["NULL", "x     NULL"]
    stream = io.StringIO()
    csv_text(table, stream)
    assert stream.getvalue() == 'a,b\n,""\nx,NULL\n'


def test_separators_are_in_measures_alone() -> None:
    table = Table(
        ("sends", "year", "event_timestamp", "account_id", "open_rate", "average"),
        [(1234567, 2026, 1793491200000, 123456789012, 0.5, 1234.125)],
    )
    assert piped(table).splitlines()[2].split() == [
        *("1,234,567", "2026", "1793491200000", "123456789012"),
        *("0.5000", "1,234.125"),
    ]


def test_a_later_value_that_is_wider_is_whole_and_the_first_line_comes_at_once() -> None:
    seen = 0

    def rows() -> Iterator[tuple[str, int]]:
        nonlocal seen
        for number in range(5_000):
            seen = number
            yield ("x" * (40 if number == 4_000 else 3), number)

    class Watched(io.StringIO):
        first_line_after = -1

        def writelines(self, lines: object) -> None:
            for line in lines:  # type: ignore[attr-defined]  # any iterable
                if self.first_line_after < 0:
                    self.first_line_after = seen
                self.write(line)

    stream = Watched()
    write_table(Table(("text", "n"), rows()), Settings(), stream)
    assert stream.first_line_after < 1_000
    assert "x" * 40 + "  4,000\n" in stream.getvalue()


def test_rows_beyond_the_screen_are_counted_and_a_pager_has_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = Table(("n",), [(number,) for number in range(12_345)])
    lines, left_out = screen(table, 80, monkeypatch)
    assert left_out == ["60 of 12,345 rows"]
    assert len(lines) == 62
    paged = tmp_path / "paged"
    monkeypatch.setenv("DUE_PAGER", f"tee {paged}")
    terminal = Terminal()
    assert write_table(table, Settings(), terminal) == []
    assert terminal.getvalue() == ""
    assert len(paged.read_text().splitlines()) == 12_347
    monkeypatch.setenv("DUE_PAGER", "no-such-pager")
    assert write_table(table, Settings(), Terminal()) == left_out
    assert write_table(table, Settings(pager=False), Terminal()) == left_out


@pytest.mark.parametrize("output", ["table", "json", "csv", "markdown"])
def test_a_limit_holds_in_every_format(output: str, due: Due, folder: Path) -> None:
    sql = "SELECT n FROM UNNEST(sequence(1, 500)) AS x (n) ORDER BY n"
    out = due("query", sql, "--limit", "3", "-o", output).done().out
    assert "3" in out
    assert "4" not in out
    assert "at least 1" in due("query", sql, "--limit", "0").failed(2).err


def test_two_columns_of_one_name_are_refused_as_json_and_kept_otherwise(due: Due, folder: Path) -> None:
    ran = due("query", "SELECT 1 AS a, 2 AS a", "-o", "json").failed(2)
    assert ran.err.startswith("due: two columns are named a")
    assert due("query", "SELECT 1 AS a, 2 AS a", "-o", "csv").done().out == "a,a\n1,2\n"


def test_columns_without_a_name_have_athenas(due: Due, folder: Path) -> None:
    sql = "SELECT COUNT(*), event_type, MAX(event_timestamp) AS last, 1 + 1 FROM all_events GROUP BY event_type"
    assert due("query", sql, "-o", "csv").done().out == "_col0,event_type,last,_col3\n"
    assert json.loads(due("query", "SELECT 1 UNION ALL SELECT 2 ORDER BY 1", "-o", "json").done().out) == [
        {"_col0": 1},
        {"_col0": 2},
    ]
