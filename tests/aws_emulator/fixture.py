"""The front as a fixture: ``from tests.aws_emulator.fixture import front`` in a conftest or a test module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.aws_emulator.aws import Front


@contextmanager
def started(**more: str) -> Iterator[Front]:
    """An AWS account with nothing in it, for longer than a test; ``more`` are further variables of its environment."""
    with pytest.MonkeyPatch.context() as patch, _found_by(patch, **more) as front:
        yield front


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """An AWS account with nothing in it; what a test changes of its environment ends with it."""
    with _found_by(monkeypatch) as found:
        yield found


@contextmanager
def _found_by(patch: pytest.MonkeyPatch, **more: str) -> Iterator[Front]:
    """An account that due and boto3 find by the environment, in this process or a child of it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.delenv(name, raising=False)
    front = Front()
    for name, value in front.environment(**more).items():
        patch.setenv(name, value)
    front.start()
    try:
        yield front
    finally:
        front.stop()
