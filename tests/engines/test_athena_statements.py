"""The tests of what is typed to Athena and of its views (``tests/athena``), with Trino behind its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.athena import stacks, test_adhoc, test_view_resource
from tests.aws.athena.conftest import StackAccount, emulator, stack
from tests.aws_emulator.fixture import started
from tests.engines import servers
from tests.engines.chain import Trino

__all__ = ["emulator", "stack"]

_TESTS = (test_adhoc, test_view_resource)
globals().update({name: each for module in _TESTS for name, each in vars(module).items() if name[:5] == "test_"})


@pytest.fixture(scope="module")
def account(server: servers.Server) -> Iterator[StackAccount]:
    """A stack without events and without views."""
    with started() as emulator:
        emulator.athena.engine = Trino(server, emulator)
        yield StackAccount(emulator, stacks.create_stack(views=False))
