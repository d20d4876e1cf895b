"""An AWS account for each test that asks for one."""

from __future__ import annotations

from tests.aws.front.fixture import front

__all__ = ["front"]
