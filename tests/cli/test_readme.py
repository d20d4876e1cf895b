"""The README shows what due prints: its transcripts are run again on the month that they were taken from."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_cli.cli.app import build_app
from due_cli.demo import write_month
from due_cli.sql import files
from tests.commands import Due, process

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
TAKEN_AT = datetime(2026, 11, 22, 5, tzinfo=UTC)


def transcripts(section: str) -> list[tuple[str, str]]:
    """The commands of a section's console blocks, each with the output under it."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = piece.partition("\n")
            found.append((command, output.strip("\n")))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The database of the month that the README shows, and what its ingest said."""
    place = tmp_path_factory.mktemp("readme")
    (place / "records").mkdir()
    write_month(place / "records", TAKEN_AT)
    environment = {"HOME": str(place)}
    process("setup", "--local", str(place / "events"), environment=environment).done()
    ran = process("ingest", str(place / "records"), "--local", str(place / "events"), environment=environment)
    return place / "events", ran.done().out.strip()


@pytest.mark.slow
def test_what_you_get_is_what_due_prints(due: Due, shop: tuple[Path, str]) -> None:
    shown = transcripts("What you get")
    assert len(shown) == 2
    for command, output in shown:
        ran = due(*shlex.split(command)[1:], "--local", str(shop[0])).done()
        assert ran.out.strip("\n") == output, command


def test_the_account_of_the_ingest_is_the_one_that_due_printed(shop: tuple[Path, str]) -> None:
    outputs = dict(transcripts("Use it with your own events"))
    assert outputs["due ingest ./exported-records"] == shop[1]


def test_the_tables_name_every_command_report_and_option() -> None:
    group = build_app()
    for name, command in group.commands.items():
        assert f"`due {name}" in README, name
        for inner in getattr(command, "commands", {}):
            assert f"`{inner}`" in README or f"due {name} {inner}" in README, f"{name} {inner}"
    for name in files.names("reports"):
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
        for option in files.query("reports", name).options:
            assert f"--{option.name}" in row


def test_the_changelogs_newest_entry_is_this_version() -> None:
    from due_cli import __version__

    changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", changelog, re.MULTILINE)[0] == __version__
