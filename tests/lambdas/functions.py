"""A function run as Lambda runs it: from its zip alone, in a process that has boto3 and nothing of due's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

_RUNNER = """
import contextlib, importlib, io, json, sys, time
code, libraries, name, milliseconds = sys.argv[1:]
sys.path[:0] = [code, libraries]
handler = importlib.import_module(f"due_cli.lambdas.{name}").handler
class Context:
    def get_remaining_time_in_millis(self):
        return int(milliseconds)
for line in sys.stdin:
    event = json.loads(line)
    out = io.StringIO()
    reply = {}
    begun = time.process_time()
    try:
        with contextlib.redirect_stdout(out):
            reply["answer"] = handler(event, Context())
    except Exception as error:
        reply["error"] = f"{type(error).__name__}: {error}"
    reply["processor_seconds"] = time.process_time() - begun
    reply["log"] = out.getvalue()
    print(json.dumps(reply), flush=True)
"""
# What boto3 needs; everything else that is installed beside it stays out of sight.
_LIBRARIES = "boto3 botocore s3transfer jmespath dateutil urllib3 six.py".split()


class Replied(NamedTuple):
    """What an invocation gave: the answer, or the error that it raised, what it logged, and its processor's time."""

    answer: Any
    error: str | None
    log: str
    processor_seconds: float

    def logged(self) -> Any:
        """The one JSON line of the log."""
        (line,) = self.log.splitlines()
        return json.loads(line)


def libraries(place: Path) -> Path:
    """A folder with boto3 alone."""
    import boto3  # noqa: TID251  where it is installed

    place.mkdir()
    installed = Path(boto3.__file__).parents[1]
    for name in _LIBRARIES:
        (place / name).symlink_to(installed / name)
    return place


class Function:
    """One warm process of a function; ``with`` it."""

    def __init__(self, name: str, code: Path, boto: Path, variables: dict[str, str], seconds: int = 60) -> None:
        command = [sys.executable, "-I", "-S", "-c", _RUNNER, str(code), str(boto), name, str(seconds * 1000)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables, encoding="utf-8"
        )

    def __enter__(self) -> Function:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(60) == 0

    def call(self, event: Any) -> Replied:
        """Invokes it once."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        return Replied(reply.get("answer"), reply.get("error"), reply["log"], reply["processor_seconds"])
