"""Every report and list on terminals of four widths: kept files show what a person sees.

``DUE_WRITE_GOLDEN=1`` writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from rich.cells import cell_len

from due_cli.core.progress import Silent
from due_cli.core.results import Table
from due_cli.core.settings import Settings
from due_cli.demo import write_month
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.target import Local
from due_cli.render.table import write_table
from due_cli.sql import files
from due_cli.sql.reports import bind
from tests.demo.reading import UNTIL

pytestmark = pytest.mark.slow  # a month and all reports; tests/cli/test_tables.py has the rules on a few rows

GOLDEN = Path(__file__).with_name("golden")
WIDTHS = (60, 80, 100, 200)
ROWS = 8
QUERIES = {
    "query-all-columns": "SELECT * FROM email_hardbounce ORDER BY event_timestamp, event_id",
    "query-values": """SELECT NULL AS nothing, '' AS empty, 1234567 AS sends, 2026 AS year, 1234567.125 AS average,
        0.0000123 AS complaint_rate, true AS is_open, TIMESTAMP '2026-11-01 00:00:00' AS sent,
        2500 AS price_in_millicents, 1793491200000 AS occurred_at, ARRAY['a', 'b'] AS destination""",
    "query-one-row": "SELECT * FROM email_hardbounce ORDER BY event_timestamp, event_id LIMIT 1",
}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


NAMES = (*files.names("reports"), "list-views", "list-failed", "list-failed-all", *QUERIES)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The first rows of each report and list of a small month; when and where the test ran is replaced."""
    month = write_month(tmp_path_factory.mktemp("month"), UNTIL, records=5_000)
    folder = Folder(tmp_path_factory.mktemp("database"))
    set_up(folder, "due_eventdb", None, Silent())
    target = Local(folder)
    target.ingest([str(file) for file in month.files], Silent())
    tables = {
        "list-views": _first_rows(target.views()),
        "list-failed": _first_rows(target.failed(by_reason=True)),
        "list-failed-all": _first_rows(target.failed(by_reason=False)),
    }
    for name, sql in QUERIES.items():
        result = target.query(sql)
        assert isinstance(result, Table)
        tables[name] = _first_rows(result)
    values: dict[str, str | int | None] = {
        "tag": month.tag,
        "address": month.address,
        "min-sends": 2,
        "known-for": "1d",
    }
    for name in files.names("reports"):
        options = {option.name: values[option.name] for option in files.query("reports", name).options}
        tables[name] = _first_rows(target.report(bind(name, options, "30d", UNTIL.isoformat(), now=UNTIL)))
    return tables


def _first_rows(table: Table) -> Table:
    rows = iter(table.rows)
    first = [list(row) for row in islice(rows, ROWS)]
    if isinstance(rows, Generator):
        rows.close()
    if "newest" in table.columns:
        newest = list(table.columns).index("newest")
        for row in first:
            row[newest] = UNTIL.isoformat()
    if "kept_at" in table.columns:
        kept_at, origin = map(list(table.columns).index, ("kept_at", "origin"))
        for row in first:
            row[kept_at], row[origin] = UNTIL.isoformat(), Path(str(row[origin])).name
    return replace(table, rows=first)


def screens(table: Table, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table on terminals of each width."""
    parts = []
    for width in WIDTHS:
        text, left_out = on_screen(table, width, monkeypatch)
        parts.append(f"{width} columns\n\n{text}" + "".join(f"({part})\n" for part in left_out))
    return "\n".join(parts)


def on_screen(table: Table, width: int, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """A table on a terminal, and what was left out."""
    monkeypatch.setenv("COLUMNS", str(width))
    terminal = Terminal()
    left_out = write_table(table, Settings(color=False, pager=False), terminal)
    return terminal.getvalue(), left_out


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_is_as_it_was(name: str, tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch) -> None:
    golden = GOLDEN / f"{name}.txt"
    text = screens(tables[name], monkeypatch)
    if os.environ.get("DUE_WRITE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_what_identifies_or_measures_is_whole_and_no_line_is_wider_than_the_screen(
    name: str, tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from outside: each number, time, id and address of the columns that are shown stands there whole."""
    table = tables[name]
    rows = list(table.rows)
    for width in (*range(20, 130, 7), 200):
        text, left_out = on_screen(table, width, monkeypatch)
        without = next((part.removeprefix("without ") for part in left_out if part.startswith("without ")), "")
        omitted = without.split(", ") if without else []
        lines = text.splitlines()
        assert not [line for line in lines if line != line.rstrip()]
        if len(rows) > 1:
            assert all(cell_len(line) <= width for line in lines) or len(table.columns) - len(omitted) == 1
        flat = text.replace(",", "")
        for column, *values in zip(table.columns, *rows, strict=True):
            for value in values:
                is_whole = isinstance(value, (int, str)) and not isinstance(value, bool) and len(str(value)) <= 80
                if column not in omitted and is_whole and " " not in str(value):
                    assert str(value).replace(",", "") in flat, (column, value, width)
