"""An AWS account to deploy to."""

from __future__ import annotations

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Node
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.names import Names, names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.stack import Stack
from tests.aws.stack import sending
from tests.aws_emulator.aws import AwsEmulator


@pytest.fixture
def aws(emulator: AwsEmulator) -> Aws:
    """An account with nothing in it."""
    return Aws()


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """A stack with two configuration sets beside it."""
    sending.make_sets(emulator, "marketing", "receipts")
    return sending.a_stack(emulator)


@pytest.fixture
def names(aws: Aws) -> Names:
    """Those of a stack named due."""
    return names_of("due", aws.caller.account, aws.caller.region, aws.caller.partition)


@pytest.fixture
def nodes(names: Names) -> list[Node[Aws]]:
    """A whole stack."""
    return desired(names, Options(alarm_email="oncall@example.com", transform_concurrency=5), package())
