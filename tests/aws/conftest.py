"""An AWS account for each test that asks for one, and a healthy stack for the tests of doctor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws import doctor_env
from tests.aws.doctor_env import DoctorEnv
from tests.aws_emulator.fixture import started


@pytest.fixture(scope="module")
def module_env() -> Iterator[DoctorEnv]:
    """One stack for all tests of this module: each breaks and fixes it."""
    with started(DUE_STACK="due") as emulator:
        yield doctor_env.made(emulator)


@pytest.fixture
def env(module_env: DoctorEnv) -> Iterator[DoctorEnv]:
    """The stack, healthy before the test and to be left healthy."""
    yield module_env
    module_env.emulator.faults.clear()
