"""Errors put into due on purpose, each in one place, and the tests that must notice it (``make mutants``)."""

from __future__ import annotations

from tests.mutants.events import EVENTS
from tests.mutants.stacks import STACKS

MUTANTS = (*EVENTS, *STACKS)
