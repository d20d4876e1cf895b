"""Whole stacks: ``due`` as processes against an AWS account that only the front knows."""

from __future__ import annotations

from tests.aws.front.fixture import front
from tests.stacks.commands import commands

__all__ = ["commands", "front"]
