"""A copy of the tree, with and without a break, judged by its tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.engines import fetch
from tests.mutants.model import Break

ROOT = Path(__file__).parents[2]
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "due-demo", "dist", "build")
_PATIENCE = 1200  # seconds for one run


def copied(place: Path) -> Path:
    """A copy of the tree."""
    return Path(shutil.copytree(ROOT, place / "tree", ignore=_LEFT_OUT))


def ran(tree: Path, tests: str, chosen: str, *, to_the_end: bool = False) -> tuple[int, str]:
    """The exit code of tests in a tree, which end at the first that fails if not told otherwise, and what they said."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # a source of the same size and second would be taken for the one before
        "DUE_ENGINES": "1",
        "DUE_ENGINES_CACHE": str(fetch.cache()),
    }
    options = ["-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-k", chosen]
    words = [sys.executable, "-m", "pytest", *options, *tests.split()]
    words += [] if to_the_end else ["-x"]
    done = subprocess.run(
        words, cwd=tree, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    return done.returncode, done.stdout + done.stderr


def noticed(tree: Path, one: Break) -> str | None:
    """The test that fails with a break; None where all pass. Raises ValueError where the break cannot be made."""
    file = tree / one.path
    text = file.read_text("utf-8")
    if text.count(one.old) != 1:
        raise ValueError(f"{one.path} has the text to be broken {text.count(one.old)} times, not once")
    file.write_text(text.replace(one.old, one.new), "utf-8")
    try:
        code, said = ran(tree, one.tests, one.chosen)
    finally:
        file.write_text(text, "utf-8")
    if code == 0:
        return None
    if code != 1 or not failed_in(said):
        raise ValueError(f"the tests did not run:\n{said[-2000:]}")
    return failed_in(said)[0]


def failed_in(said: str) -> list[str]:
    """The tests that failed, out of what a run printed."""
    return _FAILED.findall(said)
