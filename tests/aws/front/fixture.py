"""The front as a fixture: ``from tests.aws.front.fixture import front`` in a conftest or a test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.front.aws import Front


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """An AWS account with nothing in it; due and boto3 in this process or a child of it find it by the environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    found = Front()
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    found.start()
    yield found
    found.stop()
