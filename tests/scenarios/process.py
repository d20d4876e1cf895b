"""What a process of ``Commands`` runs; it imports nothing of the tests, as each process would import that anew."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def run(words: tuple[str, ...], environment: dict[str, str], out: str, err: str) -> None:
    """Run one command with its output in two files, and exit with its code."""
    os.environ.update(environment)
    os.chdir(environment["HOME"])
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  lives as long as the process
    from due_cli.cli import app

    sys.argv = ["due", *words]
    app.run()
