"""Every command says what it does, with an example that works as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from due_cli.cli.app import build_app
from due_cli.cli.command import Section
from tests.commands import Due, write_lines

RECORD = {
    "eventType": "Send",
    "send": {},
    "mail": {
        "timestamp": "2026-11-15T11:35:12.649Z",
        "messageId": "0100019a-example-000000",
        "destination": ["a@b.example"],
    },
}
_EXAMPLE = re.compile(r"^ {4}(\S.*)$")


def commands() -> list[tuple[str, ...]]:
    """Every command and group, by its words."""
    found: list[tuple[str, ...]] = []

    def walk(command: object, words: tuple[str, ...]) -> None:
        found.append(words)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*words, name))

    walk(build_app(), ())
    return found


_HELP: dict[tuple[str, ...], str] = {}


def help_of(due: Due, words: tuple[str, ...]) -> str:
    """The help of a command, which is printed once and not for each test that reads it."""
    if words not in _HELP:
        _HELP[words] = due(*words, "--help").done().out
    return _HELP[words]


def examples(text: str) -> list[str]:
    after = text.partition("Examples:\n")[2]
    return [match[1] for line in after.splitlines() if (match := _EXAMPLE.match(line))]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_names_the_command_and_shows_an_example(due: Due, words: tuple[str, ...]) -> None:
    text = help_of(due, words)
    assert text.startswith(f"Usage: {' '.join(('due', *words))} ")
    assert max(map(len, text.splitlines())) <= 100
    if words not in {("view",), ("failed",)}:
        assert examples(text), text


# Their examples need an account: tests/scenarios runs them.
ON_AWS = ("due attach-", "due detach-", "due setup --plan")


def test_every_example_works_as_it_stands(due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    bin_folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    texts = {words: help_of(due, words) for words in commands()}
    run = [example for text in texts.values() for example in examples(text)]
    assert len(run) > 25
    Path("records").mkdir()
    write_lines(Path("records/send.json"), [RECORD, b"{broken"])
    subprocess.run(["gzip", "-k", "records/send.json"], check=True)
    Path("records/send.json.gz").rename("records.json.gz")
    prepare = ["due setup --local ./events", "due ingest ./records"]
    last = ["due view drop purchases", "due failed discard --all --yes", "due teardown --yes"]
    skipped = {"due demo", "due demo --local ./tour", "due teardown --delete-data --yes", "due failed show abcdef"}
    here = {line for line in run if not line.startswith(ON_AWS)}
    ordered = [*prepare, *sorted(here - {*last, *skipped}, key=lambda line: "view create" not in line), *last]
    assert {*last, *skipped} <= set(run)
    for line in ordered:
        program, *words = shlex.split(line)
        if program == "due":
            code, out, err = (ran := due(*words)).code, ran.out, ran.err
        else:  # a pipe
            shell = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
            code, out, err = shell.returncode, shell.stdout, shell.stderr
        expected = {0, 7} if "doctor" in line else {0}
        assert code in expected, f"{line}\n{out}\n{err}"


def test_a_wrong_option_is_a_usage_error_that_names_it(due: Due) -> None:
    ran = due("report", "bounce-rate", "--sinse", "7d").failed(2)
    assert "--sinse" in ran.err
    assert ran.out == ""


def test_an_unknown_report_names_a_near_one(due: Due) -> None:
    assert "bounce-rate" in due("report", "bounce-rates").failed(2).err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_the_common_shells(due: Due, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import sys

    environment = {**os.environ, "_DUE_COMPLETE": f"complete_{shell}", "COMP_WORDS": "due rep", "COMP_CWORD": "1"}
    environment |= {
        "_TYPER_COMPLETE_ARGS": "due rep",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "rep",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    command = [str(Path(sys.executable).parent / "due")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "report" in ran.stdout, shlex.join(command) + ran.stderr


def test_every_command_is_in_a_section_of_the_help(due: Due) -> None:
    text = help_of(due, ())
    sections = [line for line in text.splitlines() if re.fullmatch(r"[A-Z].*:", line)]
    assert sections[: len(Section)] == [f"{section}:" for section in Section]
    for words in commands():
        if len(words) == 1:
            assert re.search(rf"^  {words[0]} +[A-Z]", text, re.MULTILINE), words


def test_no_short_help_is_cut(due: Due) -> None:
    assert "..." not in help_of(due, ()).partition("Options:")[0].replace("...\n", "", 1)


def test_help_is_a_command_too(due: Due) -> None:
    assert due("help", "report", "bounce-rate").done().out == help_of(due, ("report", "bounce-rate"))
    assert due("help").done().out == help_of(due, ())
    assert "No such command 'nope'" in due("help", "nope").failed(2).err
    assert due("-V").done().out == due("--version").done().out


def test_help_is_as_wide_as_the_terminal(due: Due, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, widest in ((60, 60), (80, 80), (200, 120)):
        monkeypatch.setenv("COLUMNS", str(columns))
        width = max(map(len, due("setup", "--help").done().out.splitlines()))
        assert widest - 20 < width <= widest
