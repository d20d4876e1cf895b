"""What a break is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Break:
    """A text of one file, what stands there instead, and the tests that must notice: those that ``chosen`` names."""

    kind: str
    what: str
    path: str
    old: str
    new: str
    tests: str
    chosen: str = "test"
