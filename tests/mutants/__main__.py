"""Puts errors into due, one at a time, and sees a test turn red for each: ``make mutants``.

Each is put into a copy of the tree, whose tests are first seen green; two copies are judged side by side, but for the
tests on the engines, of which each needs the machine for itself. A line for each mutant says what was changed and which
test noticed; the exit code is 1 where none did, or where its text is not in the tree. Words are the kinds to be judged:
``make mutants ARGS="'partition hour'"``. With DUE_NO_ENGINES=1, those that need the engines are left out.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from tests.mutants import MUTANTS
from tests.mutants.judge import copy_tree, first_failure, run_tests
from tests.mutants.model import Mutant

_SIDE_BY_SIDE = 2


def main(kinds: list[str]) -> int:
    """See the tests green, then each mutant noticed; those of some kinds, if any are named."""
    mutants = [one for one in MUTANTS if not kinds or one.kind in kinds]
    if os.environ.get("DUE_NO_ENGINES") == "1":
        left_out = [one for one in mutants if one.needs_engines]
        mutants = [one for one in mutants if not one.needs_engines]
        _print(f"DUE_NO_ENGINES=1: left out {len(left_out)} mutants that the tests on Trino and DynamoDB Local judge")
    with tempfile.TemporaryDirectory(prefix="due-mutants-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(_SIDE_BY_SIDE):
            (Path(folder) / str(number)).mkdir()
            trees.put(copy_tree(Path(folder) / str(number)))
        noticed = 0
        for engines in (False, True):
            these = [one for one in mutants if one.needs_engines is engines]
            with ThreadPoolExecutor(1 if engines else _SIDE_BY_SIDE) as pool:
                red = "\n".join(filter(None, pool.map(partial(_red, trees, these), _rooms(these))))
                if red:
                    _print(red)
                    return 1
                noticed += sum(pool.map(partial(_judged, trees), these))
    _print(f"{noticed} of {len(mutants)} mutants turned a test red")
    return 0 if noticed == len(mutants) else 1


def _rooms(mutants: Iterable[Mutant]) -> list[str]:
    return list(dict.fromkeys(one.tests for one in mutants))


def _red(trees: SimpleQueue[Path], mutants: Iterable[Mutant], tests: str) -> str:
    """What to say where tests fail without a mutant."""
    tree = trees.get()
    try:
        code, output = run_tests(tree, tests, " or ".join(f"({one.chosen})" for one in mutants if one.tests == tests))
    finally:
        trees.put(tree)
    return f"{tests} is red without a mutant:\n{output[-2000:]}" if code else ""


def _judged(trees: SimpleQueue[Path], mutant: Mutant) -> bool:
    """Judge one mutant, say how it went, and return whether a test noticed."""
    tree = trees.get()
    try:
        test = first_failure(tree, mutant)
        text = test or "NOTICED BY NONE"
    except ValueError as error:
        test, text = None, f"NOT JUDGED: {error}"
    finally:
        trees.put(tree)
    _print(f"{mutant.kind}: {mutant.what} ({mutant.path}): {text}")
    return test is not None


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
