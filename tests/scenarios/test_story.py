"""The story of a stack, as ``make story`` shows it, and as docs/stack.md tells it."""

from __future__ import annotations

import re
from contextlib import nullcontext

from due_cli.sql import files
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone
from tests.cli.test_readme import transcripts
from tests.scenarios import story
from tests.scenarios.account import contents
from tests.scenarios.commands import Commands

_CUT = "…"


def test_it_runs_from_nothing_to_nothing(emulator: AwsEmulator, commands: Commands) -> None:
    """Every command succeeds, every report answers, and nothing is left but what was there before."""
    before = contents(emulator)
    printed: dict[str, str] = {}
    for step in story.story(story.this_hour(), commands.home):
        if isinstance(step, story.Happening):
            step.happens(emulator)
            continue
        with story.delivering(emulator) if "--send-test" in step.words else nullcontext():
            ended = commands.due(*step.words)
        assert ended.code == 0, (step.typed, ended.err)
        printed[step.typed] = ended.out
    emulator.pinpoint.gone = Gone.NO  # so that its projects can be listed again
    assert contents(emulator) == before
    assert emulator.iam.denied == []
    for name in files.names("reports"):
        outputs = [out for typed, out in printed.items() if typed.split()[1:3] == ["report", name]]
        assert outputs and all(len(out.splitlines()) > 2 for out in outputs), name
    _as_documented(printed)


def _as_documented(printed: dict[str, str]) -> None:
    """It shows some of it, each line as it is printed but for the hour; a line may stand for those left out."""
    shown = [(typed, out) for typed, out in transcripts("docs/stack.md") if out]
    assert len(shown) >= 5
    assert {typed for typed, _ in transcripts("README.md", "On AWS")} <= printed.keys()
    for typed, out in shown:
        lines = iter(_timeless(printed[typed]))
        for line in _timeless(out):
            assert line == _CUT or line in lines, (typed, line)


def _timeless(text: str) -> list[str]:
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:", "DATE HH:", line.rstrip()) for line in text.splitlines()]
