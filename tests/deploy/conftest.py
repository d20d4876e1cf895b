"""An AWS account to deploy to."""

from __future__ import annotations

import pytest

from due_cli.aws.clients import Aws
from tests.aws.front.aws import Front
from tests.aws.front.fixture import front

__all__ = ["front"]


@pytest.fixture
def aws(front: Front) -> Aws:
    """An account with nothing in it."""
    return Aws()
