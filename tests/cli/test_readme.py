"""The README and the recipes show what due prints: their commands are run as typed, on the month they are taken from.

``DUE_WRITE_GOLDEN=1`` writes the outputs anew: read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_cli.cli.app import build_app
from due_cli.demo import write_month
from due_cli.sql import files
from tests.commands import Due

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/recipes.md")
ELSEWHERE = ("On AWS", "Your own events, on your machine")  # in a stack, and in a new folder
TAKEN_AT = datetime(2026, 11, 22, 5, tzinfo=UTC)
# When records were read changes, and where the database is.
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=  )"), "2026-11-22T05:00:00Z"),
    (re.compile(r"\S+/events(?=/|\b)"), "events"),
)


def transcripts(document: str, section: str | None = None) -> list[tuple[str, str]]:
    """The commands of a document's console blocks, or of a section of it, each with the output under it."""
    text = (ROOT / document).read_text("utf-8")
    if section is not None:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = piece.partition("\n")
            found.append((command, output.strip("\n")))
    return found


def typed(command: str, place: Path) -> str:
    """What a command prints, typed in a shell in a folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(place), "DUE_LOCAL": "events"}
    ran = subprocess.run(command, shell=True, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0 or command == "due doctor", f"{command}\n{ran.stderr}"
    return unchanging(ran.stdout.strip("\n"))


def unchanging(text: str) -> str:
    for pattern, replacement in _CHANGING:
        text = pattern.sub(replacement, text)
    return text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The database of the month, made by the README's own commands, and what these printed."""
    place = tmp_path_factory.mktemp("readme")
    (place / "exported-records").mkdir()
    write_month(place / "exported-records", TAKEN_AT)
    setup, ingest, *others = (command for command, _ in transcripts("README.md", ELSEWHERE[1]))
    printed = {setup: typed(setup, place)}
    typed(f"{setup} --status-days 36500", place)  # statuses as they were in that month, whenever this runs
    return place, {**printed, **{command: typed(command, place) for command in (ingest, *others)}}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 250


def test_your_own_events_are_ingested_as_it_says(shop: tuple[Path, dict[str, str]]) -> None:
    _, printed = shop
    outputs = {command: output for command, output in transcripts("README.md", ELSEWHERE[1]) if output}
    assert outputs["due ingest ./exported-records"] == printed["due ingest ./exported-records"]
    assert printed["due setup --local ./events"].startswith("Created events database due_eventdb in ")


def cases() -> list[tuple[str, str]]:
    elsewhere = {command for section in ELSEWHERE for command, _ in transcripts("README.md", section)}
    return [
        (document, command)
        for document in DOCUMENTS
        for command, _ in transcripts(document)
        if command not in elsewhere and not command.startswith(("uv ", "due demo", "due erase"))
    ]


@pytest.mark.parametrize(("document", "command"), cases())
def test_a_command_prints_what_is_shown(
    document: str, command: str, shop: tuple[Path, dict[str, str]], due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop[0])
    monkeypatch.setenv("DUE_LOCAL", "events")
    for_shell = " | " in command or " || " in command
    printed = (
        typed(command, shop[0]) if for_shell else unchanging(due(*shlex.split(command)[1:]).done().out.strip("\n"))
    )
    shown = dict(transcripts(document))[command]
    if os.environ.get("DUE_WRITE_GOLDEN"):
        path = ROOT / document
        before, _, after = path.read_text("utf-8").partition(f"\n$ {command}\n")
        path.write_text(f"{before}\n$ {command}\n{printed}\n{after[len(shown) :].lstrip(chr(10))}", "utf-8")
        shown = printed
    assert printed == shown


def test_the_recipes_are_two_for_each_of_five_people() -> None:
    headings = re.findall(r"^## (.*?):", (ROOT / "docs" / "recipes.md").read_text("utf-8"), re.MULTILINE)
    people = ("Developer", "Analyst", "On call", "Operator", "Script")
    assert headings == [person for person in people for _ in range(2)]


def test_every_link_leads_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_tables_name_every_command_report_and_option() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    group = build_app()
    for name, command in group.commands.items():
        assert f"`due {name}" in text, name
        for inner in getattr(command, "commands", {}):
            assert f"`{inner}`" in text or f"due {name} {inner}" in text, f"{name} {inner}"
    for name in files.names("reports"):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        for option in files.query("reports", name).options:
            assert f"--{option.name}" in row


def test_the_changelogs_newest_entry_is_this_version() -> None:
    from due_cli import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", changelog, re.MULTILINE)[0] == __version__
