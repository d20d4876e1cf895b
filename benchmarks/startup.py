"""How soon ``due`` starts: beside the AWS CLI, whose users it is for."""

from __future__ import annotations

import shutil
import subprocess
from functools import partial
from pathlib import Path

from benchmarks.measure import Found, Row, at_most, due_command, medians, run
from benchmarks.setting import Setting, say

_TIMES = 15


def measured(setting: Setting) -> Found:
    """``due --version`` and ``due --help`` against ``aws --version``, whole processes."""
    aws = _aws()
    if aws is None:
        met = False if setting.strict else None
        return Found([Row("start", "", "", "no `aws` on PATH", "", "not measured", met)])
    environment = setting.environment()
    commands = [[*due_command(), "--version"], [*due_command(), "--help"], [aws, "--version"]]
    works = [partial(run, command, environment) for command in commands]
    medians(works, 1)
    say(f"starting processes {_TIMES} times each")
    version, help_text, reference = medians(works, _TIMES)
    size = f"median of {_TIMES}"
    theirs = f"{reference * 1000:.0f} ms (`aws --version`)"
    return Found(
        [
            Row("`due --version`", size, f"{version * 1000:.0f} ms", theirs, *at_most(version / reference, 1 / 3)),
            Row("`due --help`", size, f"{help_text * 1000:.0f} ms", theirs, *at_most(help_text / reference, 1 / 2)),
        ]
    )


def _aws() -> str | None:
    """The AWS CLI itself: a version manager's shell script in front of it would be measured with it."""
    found = shutil.which("aws")
    if found is not None and "shims" in Path(found).parts:
        asked = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True, check=False)
        return asked.stdout.strip() or found
    return found
