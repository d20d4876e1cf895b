"""An AWS account to deploy to."""

from __future__ import annotations

import pytest

from due_cli.aws.clients import Aws
from due_cli.deploy.stack import Stack
from tests.aws.front.aws import Front
from tests.aws.front.fixture import front
from tests.deploy import sending

__all__ = ["front"]


@pytest.fixture
def aws(front: Front) -> Aws:
    """An account with nothing in it."""
    return Aws()


@pytest.fixture
def stack(front: Front) -> Stack:
    """A stack with two configuration sets beside it."""
    sending.make_sets(front, "marketing", "receipts")
    return sending.a_stack(front)
