"""``due demo``: its story, and that what it suggests works as it is typed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from due_cli.core.progress import Silent
from due_cli.core.results import Done, Record, Table
from due_cli.demo.tour import tour
from tests.commands import Due

NOTEBOOK = Path(__file__).parents[2] / "examples" / "bounces.ipynb"
Parts = dict[str, tuple[str, object]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Parts]:
    """The folder in which a small demo ran, and its parts by the command of each."""
    place = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        parts: Parts = {}
        for heading, part in tour(None, Silent(), records=6_000):
            story, _, command = heading.partition("$ ")
            kept = (
                part
                if not isinstance(part, Table)
                else [dict(zip(part.columns, row, strict=True)) for row in part.rows]
            )
            parts[command or story] = (story.strip(), kept)
    return place, parts


def test_the_incident_stands_out(demo: tuple[Path, Parts]) -> None:
    (rows,) = (part for command, (_, part) in demo[1].items() if "report bounce-rate" in command)
    assert isinstance(rows, list)
    worst = max(rows, key=lambda row: row["total_hardbounces"])
    assert worst["bounce_rate"] > 0.05
    assert worst["total_sends"] == max(row["total_sends"] for row in rows)


def test_every_command_that_is_shown_runs_as_it_stands(
    due: Due, demo: tuple[Path, Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, parts = demo
    monkeypatch.chdir(place)
    _, menu = parts["Try it yourself"]
    assert isinstance(menu, Done)
    tries = [line.removeprefix("  $ ") for line in menu.lines if line.startswith("  $ ")]
    assert len(tries) * 2 == len(menu.lines) >= 14
    for command in [*(one for one in parts if one.startswith("due ")), *tries]:
        ran = due(*shlex.split(command)[1:])
        assert ran.code == (7 if command.endswith("doctor") else 0), command  # the failed records are a problem
        assert len(ran.out.splitlines()) > 1 or "ingest" in command, command


def test_a_program_gets_what_is_worth_a_look(demo: tuple[Path, Parts]) -> None:
    _, record = demo[1]["Where it is"]
    assert isinstance(record, Record)
    assert list(record.fields)[:2] == ["database", "records"]


def test_the_notebook_runs(demo: tuple[Path, Parts], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells one after another, as Jupyter runs them, on a demo."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    monkeypatch.chdir(demo[0])
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        exec(compile(cell, f"{NOTEBOOK.name}[{number}]", "exec"), names)
    assert names["bounces"]["campaign"].iloc[0] == "clearance"
    assert names["days"]["bounce_rate"].max() > 0.03
    assert names["result"]["status"].tolist() == ["hardbounce"]
