"""Completion in the shells that are here: what the shell offers after a line that is begun."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due

BIN = Path(sys.executable).parent
DUE = BIN / "due"


def bash(*words: str) -> list[str]:
    """What bash offers for the last of some words."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    source = subprocess.run([DUE], env={**environment, "_DUE_COMPLETE": "source_bash"}, capture_output=True, check=True)
    line = " ".join(map(shlex.quote, words))
    script = (
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _due_completion due; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    command = ["bash", "--norc", "-c", f"{source.stdout.decode()}\n{script}"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return ran.stdout.split()


def protocol(shell: str, *words: str) -> list[str]:
    """What due answers zsh and fish when they ask."""
    environment = {**os.environ, "_DUE_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": " ".join(words)}
    environment["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    ran = subprocess.run([DUE], env=environment, capture_output=True, text=True, check=False)
    return ran.stdout.split()


LINES = (
    (("due", "report", "bounce"), {"bounce-rate"}),
    (("due", "report", "bounce-rate", "--since", "la"), {"last-week", "last-month"}),
    (("due", "query", "--until", "y"), {"yesterday"}),
    (("due", "report", "-o", "n"), {"ndjson"}),
    (("due", "-o", "par"), {"parquet"}),
    (("due", "doctor", "--region", "eu-west-"), {"eu-west-1", "eu-west-2", "eu-west-3"}),
    (("due", "view", "show", "email_h"), {"email_hardbounce"}),
    (("due", "report", "--stack", "d"), {"due"}),
)


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize(
    ("words", "offered"), [*LINES[:2], *(pytest.param(*line, marks=pytest.mark.slow) for line in LINES[2:])]
)
def test_bash_offers_values(words: tuple[str, ...], offered: set[str]) -> None:
    assert set(bash(*words)) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_answered(shell: str) -> None:
    assert [word for word in protocol(shell, "due", "report", "-o", "nd") if "ndjson" in word]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_views_of_the_folder_that_is_named(due: Due, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    due("view", "create", "purchases", "--event-type", "purchase", "--attribute", "currency").done()
    monkeypatch.setenv("HOME", "/nowhere")
    assert bash("due", "view", "drop", "--local", str(folder), "pur") == ["purchases"]
    assert bash("due", "view", "drop", "pur") == []


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_configuration_sets_are_asked_for_once(emulator: AwsEmulator) -> None:
    for name in ("marketing", "receipts"):
        emulator.client("sesv2").create_configuration_set(ConfigurationSetName=name)
    emulator.journal.clear()
    for _ in range(2):
        assert bash("due", "attach-config-set", "mark") == ["marketing"]
    assert len(emulator.journal.of("sesv2:ListConfigurationSets")) == 1
