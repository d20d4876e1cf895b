"""How soon ``due`` starts: beside the AWS CLI, whose users it is for."""

from __future__ import annotations

import shutil
import subprocess
from functools import partial
from pathlib import Path

from benchmarks.bench_run import BenchRun, log
from benchmarks.measure import Results, Row, at_most, due_command, medians, run

_TIMES = 15


def measure(bench: BenchRun) -> Results:
    """``due --version`` and ``due --help`` against ``aws --version``, whole processes."""
    aws = _aws()
    if aws is None:
        met = False if bench.strict else None
        return Results([Row("start", "", "", "no `aws` on PATH", "", "not measured", met)])
    environment = bench.environment()
    commands = [[*due_command(), "--version"], [*due_command(), "--help"], [aws, "--version"]]
    works = [partial(run, command, environment) for command in commands]
    medians(works, 1)
    log(f"starting processes {_TIMES} times each")
    version, help_text, reference = medians(works, _TIMES)
    size = f"median of {_TIMES}"
    theirs = f"{reference * 1000:.0f} ms (`aws --version`)"
    return Results(
        [
            Row("`due --version`", size, f"{version * 1000:.0f} ms", theirs, *at_most(version / reference, 1 / 3)),
            Row("`due --help`", size, f"{help_text * 1000:.0f} ms", theirs, *at_most(help_text / reference, 1 / 2)),
        ]
    )


def _aws() -> str | None:
    """The AWS CLI itself: a version manager's shell script in front of it would be measured with it."""
    path = shutil.which("aws")
    if path is not None and "shims" in Path(path).parts:
        located = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True, check=False)
        return located.stdout.strip() or path
    return path
