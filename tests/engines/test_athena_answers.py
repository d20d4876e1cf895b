"""The tests of what Athena answers (``tests/athena``), with Trino behind its API in the place of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.athena import stacks, test_reports, test_values, test_views
from tests.aws.athena.awkward import RECORDS
from tests.aws.athena.conftest import BothTargets, progress
from tests.aws_emulator.fixture import started
from tests.engines import servers
from tests.engines.chain import Trino
from tests.queries.filing import ingested
from tests.queries.scenes import HAND

__all__ = ["progress"]

_TESTS = (test_reports, test_values, test_views)
globals().update({name: each for module in _TESTS for name, each in vars(module).items() if name[:5] == "test_"})


@pytest.fixture(scope="module")
def both(server: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothTargets]:
    """The events that were counted by hand and some with awkward values, on both targets."""
    hand = [record for case in HAND for record in case.records]
    database = ingested(tmp_path_factory.mktemp("both"), hand, RECORDS, by_hour=True)
    with started() as emulator:
        emulator.athena.engine = Trino(server, emulator)
        stack = stacks.create_stack(views=True)
        stacks.add_files(emulator, stack, database)
        yield BothTargets(emulator, stack, database)
