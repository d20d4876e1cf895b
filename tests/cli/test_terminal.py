"""In a real terminal: nothing wider than it, no color where none is asked for, few redraws, any locale."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest

from tests.commands import Due, process, write_lines
from tests.events.records import ses_bounce, ses_delivery, ses_send

_REDRAW = re.compile(r"\x1b\[2K")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
REPORT = ("report", "bounce-rate", "--since", "2026-11-01", "--until", "2026-12-01")


@pytest.fixture
def filled(due: Due, folder: Path, tmp_path: Path) -> Path:
    due("ingest", str(write_lines(tmp_path / "few.json", [ses_send(), ses_delivery(), ses_bounce()]))).done()
    return folder


def terminal(*words: str, columns: int = 80, variables: Mapping[str, str] | None = None) -> str:
    """What a terminal gets from a command that succeeds."""
    environment = {**os.environ, "TERM": "xterm-256color", **(variables or {})}
    environment.pop("COLUMNS", None)
    output, code = pexpect.run(
        f"{sys.executable} -m due_cli {' '.join(words)}",
        env=environment,
        dimensions=(40, columns),
        withexitstatus=True,
        timeout=120,
    )
    assert code == 0, output
    text: str = output.decode("utf-8")
    return text


@pytest.mark.parametrize(
    "columns", [60, pytest.param(80, marks=pytest.mark.slow), pytest.param(200, marks=pytest.mark.slow)]
)
def test_a_report_fits_the_terminal(filled: Path, columns: int) -> None:
    lines = _COLOR.sub("", terminal(*REPORT, columns=columns)).splitlines()
    table = lines[: next(number for number, line in enumerate(lines) if not line or line.startswith("2026-11-01 "))]
    assert len(table) >= 3
    assert max(map(len, table)) <= columns


def test_no_color_is_none(filled: Path) -> None:
    assert _COLOR.search(terminal(*REPORT))
    assert not _COLOR.search(terminal(*REPORT, variables={"NO_COLOR": "1"}))


@pytest.mark.slow
def test_piped_there_is_neither_color_nor_width(filled: Path) -> None:
    ran = process(*REPORT, environment={"COLUMNS": "20"}).done()
    assert "\x1b" not in ran.out + ran.err
    assert "complaint_rate" in ran.out


@pytest.mark.slow
def test_a_locale_without_letters_changes_nothing(filled: Path) -> None:
    usual = process(*REPORT).done().out
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert process(*REPORT, environment=plain).done().out == usual
    assert "─" in terminal(*REPORT, variables=plain)


@pytest.mark.slow
def test_progress_is_redrawn_rarely(folder: Path, tmp_path: Path) -> None:
    """No more than twenty times a second, for links that are slow."""
    records = [ses_send(mail={"messageId": f"m-{number}"}) for number in range(1_500)]
    file = write_lines(tmp_path / "records.json", records)
    began = time.monotonic()
    shown = terminal("ingest", str(file))
    redraws = len(_REDRAW.findall(shown))
    assert "Ingesting" in shown
    assert 1 <= redraws <= 20 * (time.monotonic() - began)
