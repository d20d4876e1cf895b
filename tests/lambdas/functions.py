"""A function run as Lambda runs it: from its package alone, in a process that has boto3 and nothing of due's."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from due_cli.aws.stack.package import package
from tests.aws_emulator.prefork import Forked

_RUNNER = Path(__file__).with_name("runner.py")


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


def unpacked(place: Path) -> Path:
    """The functions' package in a folder, as Lambda unpacks it."""
    with zipfile.ZipFile(io.BytesIO(package().content)) as archive:
        archive.extractall(place)
    return place


class Function:
    """One warm process of a function; ``with`` it."""

    def __init__(self, name: str, code: Path, variables: dict[str, str], seconds: int = 60) -> None:
        arguments = (str(code), name, str(seconds * 1000))
        self._process = Forked(_RUNNER, *arguments, environment=variables, folder=code, stderr=sys.stderr.fileno())
        self._replies = io.BufferedReader(self._process.stdout)

    def __enter__(self) -> Function:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.stdin.close()
        code = self._process.wait()
        self._replies.close()
        self._process.close()
        assert code == 0

    def call(self, event: Any) -> Replied:
        """Invokes it once."""
        line = json.dumps(event).encode() + b"\n"
        assert self._process.stdin.write(line) == len(line)
        reply = json.loads(self._replies.readline())
        return Replied(reply.get("answer"), reply.get("error"), reply["log"], reply["processor_seconds"])
