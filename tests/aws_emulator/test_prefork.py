"""The processes of functions: what they have, and how their end is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.aws_emulator.prefork import Forked

_TELL = """
import importlib.util, json, os, sys
seen = [name for name in ("boto3", "due_cli", "tests", "pytest", "duckdb") if importlib.util.find_spec(name)]
files = sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else ["0", "1", "2", "3"]
told = [seen, "boto3" in sys.modules, dict(os.environ), os.getcwd(), sys.argv[1:], sys.stdin.read(), files]
print(json.dumps(told))
"""


def begun(tmp_path: Path, code: str, *arguments: str) -> Forked:
    script = tmp_path / "script.py"
    script.write_text(code, "utf-8")
    return Forked(script, *arguments, environment={"ONE": "1", "TZ": "UTC"}, folder=tmp_path)


def test_it_has_boto3_its_environment_and_nothing_of_who_began_it(tmp_path: Path) -> None:
    waiting = begun(tmp_path, "import sys; sys.stdin.read()")  # its pipes are not for the next
    one = begun(tmp_path, _TELL, "a b", "é")
    one.stdin.write("typed ☃".encode())
    one.stdin.close()
    told = json.loads(one.stdout.readall())
    assert told[:3] == [["boto3"], True, {"ONE": "1", "TZ": "UTC"}]
    assert told[3:6] == [str(tmp_path), ["a b", "é"], "typed ☃"]
    assert told[6] == ["0", "1", "2", "3"]  # the last is of the listing itself
    assert one.wait() == 0
    waiting.kill()
    assert waiting.wait() == -9
    for each in (one, waiting):
        each.close()


@pytest.mark.parametrize(
    ("code", "ended", "said"),
    [
        ("raise SystemExit(3)", 3, b""),
        ("raise KeyError('x')", 1, b"KeyError: 'x'"),
        ("import os; os.kill(os.getpid(), 15)", -15, b""),
    ],
)
def test_its_end_is_told(tmp_path: Path, code: str, ended: int, said: bytes) -> None:
    one = begun(tmp_path, code)
    assert one.wait() == ended
    assert said in one.stdout.readall()
    one.kill()
    one.close()


def test_one_that_nobody_waits_for_ends_none_of_the_others(tmp_path: Path) -> None:
    begun(tmp_path, "import sys; sys.stdin.read()").close()
    one = begun(tmp_path, "")
    assert one.wait() == 0
    one.close()
