"""Checkpoints of an ingest in the user's state folder, so that the same command goes on where it was cut off.

One file for each set of paths and each stack, a line for each input that is in the stack. A line that was not written
whole is left out when the file is read, so a killed ingest reads again the inputs that were under way and no more. The
file is removed when the ingest is done: what is ingested again on purpose is read again, and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from due_cli.core.locks import exclusive_lock
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.core.settings import state_folder
from due_cli.ingest.inputs import STDIN

# An input that ends in an error has no checkpoint: whoever goes on has to meet its problems again.
_COUNTS = tuple(count.name for count in fields(IngestSummary) if count.name != "problems")

_Identity = tuple[str, int, int, int]


class Journal:
    """The inputs that are done, with their summaries. An input that was changed since is not."""

    def __init__(self, done: dict[_Identity, IngestSummary], file: BinaryIO | None) -> None:
        self._done, self._file = done, file
        self._identities: dict[str, _Identity | None] = {}

    def summary(self, path: str) -> IngestSummary | None:
        """The summary of an input that an earlier ingest is done with; None for one that has to be read."""
        self._identities[path] = identity = _identity(path)
        return self._done.get(identity) if identity else None

    def write(self, path: str, summary: IngestSummary) -> None:
        """Write that an input is done as it was when :meth:`summary` was called; standard input never is."""
        identity = self._identities.get(path)
        if self._file is None or identity is None:
            return
        counts = [getattr(summary, name) for name in _COUNTS]
        self._file.write(json.dumps([*identity, counts]).encode() + b"\n")
        self._file.flush()


@contextmanager
def open_journal(stack: Sequence[str], paths: list[str], progress: Progress) -> Iterator[Journal]:
    """The journal of an ingest of paths into a stack (account, region, name); waits for another one of the same paths.

    It stays where the ingest ends early, and is removed at the ingest's end.
    """
    path, done, file = _path(stack, paths), {}, None
    with ExitStack() as opened:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            opened.enter_context(
                exclusive_lock(path, lambda: progress.note("another process is ingesting these paths; waiting for it"))
            )
            done = dict(_read(path))
            file = opened.enter_context(path.open("ab"))
        except OSError as error:
            progress.note(f"an ingest that is cut off will begin anew, because {path.parent} cannot be used: {error}")
        yield Journal(done, file)
        if file is not None:
            path.unlink(missing_ok=True)


def _path(stack: Sequence[str], paths: list[str]) -> Path:
    folder = state_folder(os.environ) / "ingest"
    words = "\0".join([*stack, *(os.path.abspath(path) for path in paths)])  # noqa: PTH100  names that Path refuses too
    return folder / f"{hashlib.sha256(os.fsencode(words)).hexdigest()[:32]}.jsonl"


def _identity(path: str) -> _Identity | None:
    """Path, size and times of change of an input; None for one that cannot be read twice."""
    if path == STDIN:
        return None
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return os.path.abspath(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns  # noqa: PTH100


def _read(file: Path) -> Iterator[tuple[_Identity, IngestSummary]]:
    for line in file.read_bytes().splitlines():
        with suppress(ValueError, TypeError):  # a line of due 0.1.0 among them, which counted chunks put to the stream
            path, size, modified, changed, counts = json.loads(line)
            yield (path, size, modified, changed), IngestSummary(**dict(zip(_COUNTS, counts, strict=True)))
