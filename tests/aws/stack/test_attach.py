"""The four commands: what they print, and their exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.stack import sending
from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due, process


@pytest.fixture
def stack(emulator: AwsEmulator) -> AwsEmulator:
    """An account with a stack named due, as far as these commands look at it."""
    account.function(emulator, account.PASSING, "due-transform")
    sending.make_sets(emulator, "marketing", "receipts")
    sending.a_stack(emulator)
    return emulator


def test_sets_and_projects_are_attached_and_detached(stack: AwsEmulator, due: Due) -> None:
    project = sending.make_project(stack, "shop")
    ran = process("attach-config-set", "marketing", "--stack", "due").done()
    assert ran.out.splitlines() == [
        "Attached configuration set marketing to the delivery stream due-events",
        "Opens and clicks of marketing are left out: for them SES inserts an invisible image and rewrites the links of "
        "the mail; to have them: due attach-config-set --stack due marketing --tracking on",
    ]
    due("attach-project", project, "--stack", "due").done()
    assert sending.stream_of(stack, project)
    assert "is already attached to" in due("attach-config-set", "marketing", "--stack", "due").done().out
    ran = due("attach-config-set", "--all", "--via", "pinpoint", "--stack", "due").done()
    assert "Moved configuration set marketing from" in ran.out
    assert "Attached configuration set receipts to the project shop" in ran.out
    due("detach-project", project, "--stack", "due").failed(5)
    due("detach-config-set", "marketing", "receipts", "--stack", "due").done()
    due("detach-project", project, "--stack", "due").done()
    assert sending.stream_of(stack, project) is None
    assert stack.ses.destinations("marketing") == stack.ses.destinations("receipts") == []


def test_their_exit_codes(stack: AwsEmulator, due: Due, tmp_path: Path) -> None:
    ran = due("attach-config-set", "marketting", "--stack", "due").failed(4)
    assert "did you mean marketing?" in ran.err
    assert "did you mean" not in ran.out
    due("attach-config-set", "--stack", "due").failed(2)
    due("attach-config-set", "marketing", "--via", "sns", "--stack", "due").failed(2)
    due("detach-config-set", "--stack", "due").failed(2)
    due("attach-project", "x", "--stack", "due").failed(4)
    due("attach-config-set", "marketing", "--stack", "other").failed(3)
    ran = due("attach-config-set", "marketing", "--local", str(tmp_path)).failed(2)
    assert "is a folder" in ran.err
