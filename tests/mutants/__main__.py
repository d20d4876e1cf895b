"""Breaks due on purpose, one place at a time, and sees a suite turn red for each: ``make breaks``.

Each break is made in a copy of the tree, whose tests are first seen green. Those of views and reports are judged by
the tests on Trino, the others by the tests of the room that they are in. A line for each break says what was broken and
which test noticed; the exit code is 1 where one was noticed by none, or where its text is not in the tree any more.
Words are the kinds to be judged: ``make breaks ARGS="'partition hour'"``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.mutants.events import EVENTS
from tests.mutants.judge import copied, noticed, ran
from tests.mutants.stacks import STACKS


def main(kinds: list[str]) -> int:
    """Sees the tests green, then each break red; those of some kinds, if any are named."""
    chosen = [one for one in (*EVENTS, *STACKS) if not kinds or one.kind in kinds]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="due-breaks-") as place:
        tree = copied(Path(place))
        for tests in dict.fromkeys(one.tests for one in chosen):
            code, said = ran(tree, tests, " or ".join(f"({one.chosen})" for one in chosen if one.tests == tests))
            if code:
                _say(f"{tests} is red without a break:\n{said[-2000:]}")
                return 1
        for one in chosen:
            try:
                test = noticed(tree, one)
            except ValueError as error:
                test, survived = f"NOT JUDGED: {error}", survived + 1
            else:
                survived += test is None
            _say(f"{one.kind}: {one.what} ({one.path}): {test or 'NOTICED BY NONE'}")
    _say(f"{len(chosen) - survived} of {len(chosen)} breaks turned a test red")
    return 1 if survived else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
