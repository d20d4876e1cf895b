"""Calling ``due`` in tests: in this process for speed, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from due_cli.cli.app import main


@dataclass(frozen=True)
class Ran:
    """What a call of due did."""

    code: int
    out: str
    err: str
    raw: bytes = b""

    def done(self) -> Ran:
        """This call, which must have succeeded."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self

    def failed(self, code: int) -> Ran:
        """This call, which must have ended with an exit code and without a traceback."""
        assert self.code == code, f"exit code {self.code}, not {code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err
        return self

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Due:
    """``due`` in this process."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *words: str) -> Ran:
        self._capture.readouterr()
        code = main(list(words))
        sys.stdout.flush()
        out, err = self._capture.readouterr()
        return Ran(int(code), out.decode(errors="replace"), err.decode(errors="replace"), out)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """The rows of a call that succeeds, as JSON objects."""
        found = self(*words, "-o", "json").done().json
        assert isinstance(found, list)
        return found

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement."""
        return self.rows("query", sql)


def process(*words: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None, timeout: float = 900) -> Ran:
    """``due`` as a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "due_cli", *words],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=timeout,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"), ran.stdout)


def write_lines(path: Path, records: Iterable[Any]) -> Path:
    """Records as JSON lines in a file; bytes stand as they are."""
    lines = (record if isinstance(record, bytes) else json.dumps(record).encode() for record in records)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
