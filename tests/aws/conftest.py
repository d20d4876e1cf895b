"""An AWS account for each test that asks for one, and a stack to be made ill for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws import clinic
from tests.aws.clinic import Clinic
from tests.aws.front.fixture import front, started

__all__ = ["front"]


@pytest.fixture(scope="module")
def ward() -> Iterator[Clinic]:
    """One stack for all tests of this module: each makes it ill and well again."""
    with started(DUE_STACK="due") as front:
        yield clinic.made(front)


@pytest.fixture
def ill(ward: Clinic) -> Iterator[Clinic]:
    """The stack, well before and to be left well."""
    yield ward
    ward.front.faults.clear()
