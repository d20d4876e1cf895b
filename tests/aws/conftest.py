"""An AWS account for each test that asks for one, and a stack to be made ill for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws import doctor_env
from tests.aws.doctor_env import DoctorEnv
from tests.aws_emulator.fixture import started


@pytest.fixture(scope="module")
def ward() -> Iterator[DoctorEnv]:
    """One stack for all tests of this module: each makes it ill and well again."""
    with started(DUE_STACK="due") as emulator:
        yield doctor_env.made(emulator)


@pytest.fixture
def ill(ward: DoctorEnv) -> Iterator[DoctorEnv]:
    """The stack, well before and to be left well."""
    yield ward
    ward.emulator.faults.clear()
