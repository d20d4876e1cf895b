"""The global options are options of every command and group, and mean the same wherever they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from due_cli.cli.app import build_app
from due_cli.sql import files
from tests.cli.test_help import commands, help_of
from tests.commands import Due

OPTIONS = (
    *("--local", "--stack", "--region", "--profile", "-o, --output", "--to", "-q, --quiet"),
    *("--debug", "--no-color", "--no-pager"),
)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_help_shows_them_in_a_section_of_their_own(due: Due, words: tuple[str, ...]) -> None:
    section = help_of(due, words).partition("\nGlobal options:\n")[2].partition("\n\n")[0]
    shown = [line[2:] for line in section.splitlines() if not line.startswith("   ")]
    assert [line[: len(option)] for line, option in zip(shown, OPTIONS, strict=True)] == list(OPTIONS)


@pytest.mark.parametrize(
    "line",
    [
        "report bounce-rate -o json --local X",
        "report bounce-rate -ojson --local=X",
        "-o json report bounce-rate --local X",
        "--local X report -o json bounce-rate",
        "--local X --output json report bounce-rate",
        "-qojson --local X report bounce-rate",
    ],
)
def test_they_work_before_and_after_every_word(due: Due, folder: Path, tmp_path: Path, line: str) -> None:
    other = tmp_path / "other"
    due("setup", "--local", str(folder)).done()
    other.mkdir()
    assert due(*line.replace("X", str(folder)).split()).done().json == []
    assert str(other) in due(*line.replace("X", str(other)).split()).failed(3).err


def test_a_command_of_a_group_has_them(due: Due, folder: Path) -> None:
    as_csv = due("view", "list", "-o", "csv").done().out
    assert as_csv.startswith("view,about\n")
    assert due("view", "-o", "csv", "list").out == due("-ocsv", "view", "list").out == as_csv
    assert len(due("report", "-ojson").done().json) == len(files.names("reports"))


def test_the_commands_own_value_goes_before_the_roots(
    due: Due, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert due("-o", "csv", "report", "-o", "json").done().json
    assert due("-o", "csv", "report", "-o", "markdown", "bounce-rate", "-o", "json").done().json == []
    monkeypatch.setenv("DUE_OUTPUT", "csv")
    assert due("-o", "json", "report").done().json
    due("--local", str(tmp_path / "none"), "outputs", "--local", str(folder)).done()


@pytest.mark.parametrize("option", ["--local", "--stack", "--region", "--profile", "--output", "-o"])
def test_an_option_without_its_value_says_so(due: Due, option: str) -> None:
    for words in (("report", option), (option,), ("report", "bounce-rate", option)):
        assert f"Option '{option}' requires an argument." in due(*words).failed(2).err


def test_two_dashes_end_the_options(due: Due, folder: Path) -> None:
    assert due("-ojson", "status", "--", "--local", "-ocsv").failed(4).json == [
        {"message_id": name, "status": "not_found"} for name in ("--local", "-ocsv")
    ]


def test_a_word_that_an_option_takes_is_no_option(due: Due, folder: Path) -> None:
    """Only parsed settings count: a ``--debug`` that is a value asks for no traceback."""
    ran = due("report", "subject-lines", "--address", "--debug", "--since", "never").failed(2)
    assert "never" in ran.err


def test_a_command_loads_no_other_commands_module() -> None:
    program = """
import sys
from due_cli.cli.app import main
main(['status', '--help'])
loaded = {name for name in sys.modules if name.startswith('due_cli.cli.commands.')}
sys.exit(0 if loaded == {'due_cli.cli.commands.status'} else str(loaded))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_every_command_has_its_module_and_place() -> None:
    from due_cli.cli import commands as found

    apps = {name: found.load(name) for name in found.names()}
    assert len({(app.section, app.position) for app in apps.values()}) == len(apps) > 15


@pytest.mark.parametrize("tracker", ["", " at https://tracker.example/issues"])
def test_a_bug_says_where_to_report_it(due: Due, folder: Path, monkeypatch: pytest.MonkeyPatch, tracker: str) -> None:
    from email.message import Message

    from due_cli.local.target import Local

    def bug(_: Local) -> None:
        raise ValueError("boom")

    about = Message()
    about["Project-URL"] = "Source, https://tracker.example"
    if tracker:
        about["Project-URL"] = "Issues, https://tracker.example/issues"
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: about)
    monkeypatch.setattr(Local, "outputs", bug)
    ran = due("outputs").failed(1)
    assert ran.err == (
        "due: a bug: ValueError: boom\n"
        f"  try: the same command with --debug, and please report its output{tracker}, with that of due --version\n"
    )
    assert "Traceback" in due("outputs", "--debug").err


def test_no_command_has_an_option_twice() -> None:
    """A report or command may not take the name of a global option."""

    def walk(command: object) -> None:
        options = [name for parameter in getattr(command, "params", ()) for name in parameter.opts]
        assert len(options) == len(set(options)), (command, options)
        for inner in getattr(command, "commands", {}).values():
            walk(inner)

    walk(build_app())


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("report", "bounce-rate", "--since", "--until", "7d"), "--since"),
        (("--local", "--stack", "x", "outputs"), "--local"),
        (("query", "-f", "--limit", "3"), "-f"),
        (("query", "SELECT 1", "--limit", "--local=x"), "--limit"),
        (("outputs", "-o"), "-o"),
    ],
    ids=" ".join,
)
def test_an_option_whose_value_is_missing_says_so(due: Due, folder: Path, words: tuple[str, ...], option: str) -> None:
    assert f"Option '{option}' requires an argument" in due(*words).failed(2).err


@pytest.mark.parametrize("words", [("query", "SELECT 1", "--local", ""), ("--stack", "", "outputs")], ids=" ".join)
def test_an_empty_name_is_not_the_current_folder(due: Due, words: tuple[str, ...]) -> None:
    assert "the name is empty" in due(*words).failed(2).err
    assert not Path(".due").exists()


def test_a_reader_that_has_enough_of_the_help_is_no_error() -> None:
    script = f"{sys.executable} -m due_cli setup --help | true; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
