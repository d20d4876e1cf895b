"""A copy of the tree, with and without an error put in, judged by its tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.engines import fetch
from tests.mutants.model import ROOT, Mutant

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "due-demo", "dist", "build")
_LONGEST_SECONDS = 1200  # for one run


def copy_tree(place: Path) -> Path:
    """Copy the tree into a folder and return the copy."""
    return Path(shutil.copytree(ROOT, place / "tree", ignore=_LEFT_OUT))


def run_tests(tree: Path, tests: str, chosen: str, *, to_the_end: bool = False) -> tuple[int, str]:
    """Return the exit code and output of tests in a tree; they end at the first that fails if not told otherwise."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # a source of the same size and second would be taken for the one before
        "DUE_ENGINES": "1" if tests.startswith("tests/engines/") else "",
        "DUE_ENGINES_CACHE": str(fetch.cache()),
    }
    options = ["-q", "--tb=no", "-rfE", "-k", chosen]
    options += ["-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    command = [sys.executable, "-m", "pytest", *options, *tests.split(), *([] if to_the_end else ["-x"])]
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False
    )
    return done.returncode, done.stdout + done.stderr


def first_failure(tree: Path, mutant: Mutant) -> str | None:
    """Return the test that fails with a mutant, None where all pass.

    Raises ValueError where the mutant does not apply, or its tests do not run.
    """
    file = tree / mutant.path
    text = file.read_text("utf-8")
    file.write_text(mutant.applied(tree), "utf-8")
    try:
        code, output = run_tests(tree, mutant.tests, mutant.chosen)
    finally:
        file.write_text(text, "utf-8")
    if code == 0:
        return None
    if code != 1 or not failures_in(output):
        raise ValueError(f"the tests did not run:\n{output[-2000:]}")
    return failures_in(output)[0]


def failures_in(output: str) -> list[str]:
    """The tests that failed, out of what a run printed."""
    return _FAILED.findall(output)
