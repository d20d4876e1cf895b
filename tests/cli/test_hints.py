"""Suggested commands run as they stand, on the target that was named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from due_cli.cli.hints import with_target
from due_cli.core.settings import Settings
from tests.commands import Due, write_lines

ON_AWS = Settings(stack="mine", region="eu-west-1", profile="my profile")
_OPTIONS = " --stack mine --region eu-west-1 --profile 'my profile'"


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("due failed list", f"due failed list{_OPTIONS}"),
        ("due failed list shows whole ids", f"due failed list{_OPTIONS} shows whole ids"),
        ("due setup --policy prints it", f"due setup{_OPTIONS} --policy prints it"),
        ("due report NAME --since 7d", f"due report{_OPTIONS} NAME --since 7d"),
        ("due report bounce-rate", f"due report bounce-rate{_OPTIONS}"),
        ("first due doctor, or due view drop x", f"first due doctor{_OPTIONS}, or due view drop{_OPTIONS} x"),
        ("due query 'SELECT * FROM due_eventdb.x'", f"due query{_OPTIONS} 'SELECT * FROM due_eventdb.x'"),
        (
            "due setup --stack other, or due doctor",
            f"due setup --region eu-west-1 --profile 'my profile' --stack other, or due doctor{_OPTIONS}",
        ),
        ("due speaks Athena's SQL; residue doctor", "due speaks Athena's SQL; residue doctor"),
        ("aws configure list-profiles, aws sso login", "aws configure list-profiles, aws sso login"),
        ("aws kms list-keys", "aws kms list-keys --region eu-west-1 --profile 'my profile'"),
        (
            "aws logs tail x --region us-east-1; due doctor",
            f"aws logs tail --profile 'my profile' x --region us-east-1; due doctor{_OPTIONS}",
        ),
        ("", ""),
    ],
)
def test_the_target_is_added_to_each_command(text: str, completed: str) -> None:
    assert with_target(text, ON_AWS) == completed
    assert with_target(text, Settings()) == text


def test_a_folder_is_quoted() -> None:
    assert with_target("due doctor --repair", Settings(local=Path("a b"))) == "due doctor --local 'a b' --repair"


def suggested(due: Due, text: str) -> None:
    """Runs each command that a text suggests; no one may say that there is no database."""
    for line in re.findall(r"due [a-z].*", text):
        ran = due(*shlex.split(line)[1:])
        assert ran.code != 3, (line, ran.err)


def test_hints_next_steps_and_fixes_name_the_folder_that_was_named(due: Due, tmp_path: Path) -> None:
    place = tmp_path / "my events"
    where = ("--local", str(place))
    due("setup", *where).done()
    (Path.home() / ".config" / "due" / "config.toml").unlink()
    broken = str(write_lines(tmp_path / "broken.json", [b"{broken"]))
    for words, code in (
        (("ingest", broken, *where), 1),  # every record failed
        (("failed", "show", "zzz", *where), 4),
        ((*where, "failed", "show", "zzz"), 4),
        (("view", "create", "shop", "--event-type", "x", "--attribute", "y", *where), 0),
        (("view", "show", "nothing", *where), 4),
        (("doctor", *where), 7),
    ):
        ran = due(*words)
        assert ran.code == code, ran.err
        hints = re.findall(r"(?:next|try|fix): (.*)", ran.out + ran.err)
        assert hints and all(f"--local {shlex.quote(str(place))}" in hint for hint in hints), ran
        suggested(due, "\n".join(hints))
    fixes = [check["mend"] for check in due("doctor", *where, "-o", "json").failed(7).json if check["mend"]]
    assert fixes and all(f"--local {shlex.quote(str(place))}" in fix for fix in fixes)
