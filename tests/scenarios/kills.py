"""At which calls a process is killed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.aws_emulator.calls import Call

STEPS = [pytest.param(1, marks=pytest.mark.slow), 40]


def own(call: Call) -> bool:
    """Whether due changes something by a call. Athena writes results, and views, which due then marks as its own."""
    table = call.parameters.get("TableInput", {})
    marked = any(key.startswith("due") for key in table.get("Parameters", {}))
    athenas = call.operation == "PutObject" or (table.get("TableType") == "VIRTUAL_VIEW" and not marked)
    return call.is_mutating and not athenas


@dataclass
class Once:
    """Says yes at every call that changes something, the first time that it is made, or at some of these calls.

    Used for one process after another, each call is what one of them was killed at, and they come to an end: what takes
    two calls, of which the first is made again, would never get to the second if each process were killed at its first.
    """

    step: int = 1  # the first such call, and every so manieth after it
    made: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def __call__(self, call: Call) -> bool:
        given = {key: value for key, value in call.parameters.items() if key != "ClientRequestToken"}
        what = f"{call.name} {given}"
        if not own(call) or what in self.made:
            return False
        self.made.add(what)
        self.names.add(call.name)
        return len(self.made) % self.step == 1 % self.step
