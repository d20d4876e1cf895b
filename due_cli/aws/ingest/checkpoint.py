"""How far an ingest has come, noted in the user's state folder, so that the same command goes on from there.

One file for each set of paths and each stack, a line for each stretch of an input that the stream has acknowledged.
A line is added whole or is left out when it is read, so a killed ingest puts again what was under way and no more. The
file goes when the ingest is done: what is ingested again on purpose is put again, and its ``event_id`` makes that
change nothing.
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

_COUNTS = tuple(one.name for one in fields(IngestSummary) if one.name != "problems")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ingest stands in an input: after so many pieces, whose bytes together have that CRC-32.

    ``account`` is that of the records so far, ``done`` whether they are all. An input that breaks is never done:
    its problems are not noted, so whoever goes on has to meet them again.
    """

    pieces: int = 0
    checksum: int = 0
    done: bool = False
    account: IngestSummary = field(default_factory=IngestSummary)


_Identity = tuple[str, int, int]


class Journal:
    """The places of the inputs of one ingest. An input that was changed since is one that was never begun."""

    def __init__(self, places: dict[_Identity, Place], file: BinaryIO | None) -> None:
        self._places, self._file = places, file
        self._identities: dict[str, _Identity | None] = {}

    def place(self, path: str) -> Place:
        """Where an earlier ingest came to in an input; at its beginning where there was none."""
        self._identities[path] = identity = _identity(path)
        return self._places.get(identity, Place()) if identity else Place()

    def reached(self, path: str, place: Place) -> None:
        """Notes a place that :meth:`place` will give; standard input has none."""
        identity = self._identities.get(path)
        if self._file is None or identity is None:
            return
        counts = [getattr(place.account, name) for name in _COUNTS]
        line = json.dumps([*identity, place.pieces, place.checksum, place.done, counts])
        self._file.write(line.encode() + b"\n")
        self._file.flush()


@contextmanager
def journal(stack: Sequence[str], paths: list[str], progress: Progress) -> Iterator[Journal]:
    """The journal of an ingest of paths into a stack (account, region, name); waits for another one of the same paths.

    It is kept where the ingest ends early, and removed where it comes to its end.
    """
    file, places, opened = _file(stack, paths), {}, None
    with ExitStack() as entered:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            entered.enter_context(
                exclusive_lock(file, lambda: progress.note("another due ingests these paths: waiting for it"))
            )
            places = dict(_places(file))
            opened = entered.enter_context(file.open("ab"))
        except OSError as error:
            progress.note(f"an ingest that is cut off will begin anew, because {file.parent} cannot be used: {error}")
        yield Journal(places, opened)
        if opened is not None:
            file.unlink(missing_ok=True)


def _file(stack: Sequence[str], paths: list[str]) -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    folder = (Path(base) if base else Path.home() / ".local" / "state") / "due" / "ingest"
    words = "\0".join([*stack, *(os.path.abspath(path) for path in paths)])  # noqa: PTH100  names that Path refuses too
    return folder / f"{hashlib.sha256(os.fsencode(words)).hexdigest()[:32]}.jsonl"


def _identity(path: str) -> _Identity | None:
    """What an input is known by; None for one that cannot be read twice."""
    if path == STDIN:
        return None
    try:
        about = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    is_file = stat.S_ISREG(about.st_mode)
    return (os.path.abspath(path), about.st_size, about.st_mtime_ns) if is_file else None  # noqa: PTH100


def _places(file: Path) -> Iterator[tuple[_Identity, Place]]:
    for line in file.read_bytes().splitlines():
        with suppress(ValueError, TypeError):
            path, size, modified, pieces, checksum, done, counts = json.loads(line)
            yield (
                (path, size, modified),
                Place(pieces, checksum, done, IngestSummary(**dict(zip(_COUNTS, counts, strict=True)))),
            )
