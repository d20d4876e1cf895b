"""The emulator for a test or for several, found by due and boto3 through the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.aws_emulator.aws import AwsEmulator


@contextmanager
def started(**more: str) -> Iterator[AwsEmulator]:
    """An AWS account with nothing in it, for longer than a test; ``more`` are further variables of its environment."""
    with pytest.MonkeyPatch.context() as patch, emulated(patch, **more) as emulator:
        yield emulator


@contextmanager
def emulated(patch: pytest.MonkeyPatch, **more: str) -> Iterator[AwsEmulator]:
    """An account that due and boto3 find by the environment, in this process or a child of it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.delenv(name, raising=False)
    emulator = AwsEmulator()
    for name, value in emulator.environment(**more).items():
        patch.setenv(name, value)
    emulator.start()
    try:
        yield emulator
    finally:
        emulator.stop()
