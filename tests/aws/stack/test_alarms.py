"""The table of alarms in docs/stack.md against those of a stack, and the command that each alarm's text says to run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.stack.alarms import Signal, signals
from due_cli.aws.stack.names import names_of
from due_cli.cli.app import build_app

STACK_PAGE = Path(__file__).parents[3] / "docs" / "stack.md"
NAMES = names_of("due", "123456789012", "us-east-1")
SIGNALS = {NAMES.alarm(signal.key): signal for signal in signals(NAMES)}


def table() -> dict[str, str]:
    """What the page says to do, by the name of the alarm; one row may name several."""
    text = STACK_PAGE.read_text("utf-8").partition("| alarm | raised when |")[2].partition("\n\n")[0]
    rows: dict[str, str] = {}
    for line in text.splitlines()[2:]:
        named, _, action = (cell.strip() for cell in line.strip().strip("|").split(" | "))
        first = ""
        for name in re.findall(r"`([^`]+)`", named):
            first = name if name.startswith("due-") else f"{first.rpartition('-')[0]}{name}"
            assert first not in rows, f"{first} is in two rows"
            rows[first] = action
    return rows


def test_the_table_has_each_alarm_and_no_other() -> None:
    assert table().keys() == SIGNALS.keys()


@pytest.mark.parametrize("name", SIGNALS)
def test_the_table_says_to_do_what_the_alarm_says(name: str) -> None:
    quota, action = "quota", table()[name]
    signal = SIGNALS[name]
    if quota in signal.meaning:
        assert "have the quota raised" in action
    else:
        assert f"`due {signal.command}`" in action


@pytest.mark.parametrize("name", SIGNALS)
def test_the_command_is_one_of_dues(name: str) -> None:
    assert takes(SIGNALS[name])


def takes(signal: Signal) -> bool:
    """Whether due has the command of an alarm, with its subcommand and options."""
    group: Any = build_app()
    words = signal.command.split()
    while words and not words[0].startswith("-"):
        group = group.commands[words.pop(0)]
    return set(words) <= {option for parameter in group.params for option in parameter.opts}
