"""One month for the tests of a module."""

from __future__ import annotations

import pytest

from due_cli.demo import Month, write_month
from tests.demo.reading import UNTIL, MonthRows, normalise


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return write_month(tmp_path_factory.mktemp("month"), UNTIL, records=9_000)


@pytest.fixture(scope="module")
def result(month: Month) -> MonthRows:
    return normalise(month)
