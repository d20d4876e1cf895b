"""Checkpoints of an ingest in the user's state folder, so that the same command goes on where it was cut off.

One file for each set of paths and each stack, a line for each chunk of an input that the stream has acknowledged. A
line that was not written whole is left out when the file is read, so a killed ingest puts again what was under way and
no more. The file is removed when the ingest is done: what is ingested again on purpose is put again, and its
``event_id`` makes that change nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import BinaryIO

from due_cli.core.locks import exclusive_lock
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.ingest.inputs import STDIN

# What a line of the file counts; it stays as the first release wrote it, so that what was begun then goes on.
_COUNTS = tuple(count.name for count in fields(IngestSummary) if count.name not in ("problems", "duplicate_rows"))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far an ingest is in an input: after so many chunks, whose bytes together have that CRC-32.

    ``summary`` is that of the records so far, ``done`` whether they are all. An input that ends in an error is never
    done: its problems are not in the file, so whoever goes on has to meet them again.
    """

    chunks: int = 0
    checksum: int = 0
    done: bool = False
    summary: IngestSummary = field(default_factory=IngestSummary)


_Identity = tuple[str, int, int]


class Journal:
    """The checkpoints of the inputs of one ingest. An input that was changed since has none."""

    def __init__(self, checkpoints: dict[_Identity, Checkpoint], file: BinaryIO | None) -> None:
        self._checkpoints, self._file = checkpoints, file
        self._identities: dict[str, _Identity | None] = {}

    def checkpoint(self, path: str) -> Checkpoint:
        """How far an earlier ingest was in an input; its beginning where there was none."""
        self._identities[path] = identity = _identity(path)
        return self._checkpoints.get(identity, Checkpoint()) if identity else Checkpoint()

    def write(self, path: str, checkpoint: Checkpoint) -> None:
        """Write the checkpoint that :meth:`checkpoint` will give; standard input has none."""
        identity = self._identities.get(path)
        if self._file is None or identity is None:
            return
        counts = [getattr(checkpoint.summary, name) for name in _COUNTS]
        line = json.dumps([*identity, checkpoint.chunks, checkpoint.checksum, checkpoint.done, counts])
        self._file.write(line.encode() + b"\n")
        self._file.flush()


@contextmanager
def open_journal(stack: Sequence[str], paths: list[str], progress: Progress) -> Iterator[Journal]:
    """The journal of an ingest of paths into a stack (account, region, name); waits for another one of the same paths.

    It stays where the ingest ends early, and is removed at the ingest's end.
    """
    path, checkpoints, file = _path(stack, paths), {}, None
    with ExitStack() as opened:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            opened.enter_context(
                exclusive_lock(path, lambda: progress.note("another due ingests these paths: waiting for it"))
            )
            checkpoints = dict(_read(path))
            file = opened.enter_context(path.open("ab"))
        except OSError as error:
            progress.note(f"an ingest that is cut off will begin anew, because {path.parent} cannot be used: {error}")
        yield Journal(checkpoints, file)
        if file is not None:
            path.unlink(missing_ok=True)


def _path(stack: Sequence[str], paths: list[str]) -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    folder = (Path(base) if base else Path.home() / ".local" / "state") / "due" / "ingest"
    words = "\0".join([*stack, *(os.path.abspath(path) for path in paths)])  # noqa: PTH100  names that Path refuses too
    return folder / f"{hashlib.sha256(os.fsencode(words)).hexdigest()[:32]}.jsonl"


def _identity(path: str) -> _Identity | None:
    """Path, size and time of an input; None for one that cannot be read twice."""
    if path == STDIN:
        return None
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    is_file = stat.S_ISREG(status.st_mode)
    return (os.path.abspath(path), status.st_size, status.st_mtime_ns) if is_file else None  # noqa: PTH100


def _read(file: Path) -> Iterator[tuple[_Identity, Checkpoint]]:
    for line in file.read_bytes().splitlines():
        with suppress(ValueError, TypeError):
            path, size, modified, chunks, checksum, done, counts = json.loads(line)
            summary = IngestSummary(**dict(zip(_COUNTS, counts, strict=True)))
            yield (path, size, modified), Checkpoint(chunks, checksum, done, summary)
