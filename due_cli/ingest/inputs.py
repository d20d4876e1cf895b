"""Inputs to blocks: files, folders, gzip and standard input, in bounded memory whatever their size."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from due_cli.errors import DueError, NotFoundError
from due_cli.events.documents import MAX_RECORD_BYTES, boundary, first_documents
from due_cli.events.wrappers import GZIP_MAGIC
from due_cli.ingest.batch import Block

STDIN = "-"
_READ_BYTES = 1024 * 1024
_SCAN_BYTES = 2 * MAX_RECORD_BYTES  # without a line break between objects for this long, look for objects' ends
_HOLD_BYTES = 64 * 1024 * 1024  # nothing larger is held; the end of such a piece is the end of its line
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Endless:
    """The beginning or a further part of a piece too large to hold; the parts of one share ``line``."""

    origin: str
    line: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """An input that ended in an error; ``reason`` says it."""

    origin: str
    reason: str


Piece = Block | Endless | Broken


class Readable(Protocol):
    """What is read from: a file, a pipe, an unzipping stream."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


def found(paths: list[str]) -> list[str]:
    """The files of paths, folders walked in order; ``-`` stays.

    Raises :class:`NotFoundError` for a path that is not there, before anything is read, and :class:`DueError` for a
    folder that cannot be listed.
    """
    files: list[str] = []
    for path in paths:
        if path == STDIN:
            files.append(path)
        elif Path(path).is_dir():
            files.extend(_walked(path))
        elif Path(path).exists():
            files.append(path)
        else:
            raise NotFoundError(f"no such file or folder: {path}", "give files, folders, or - for standard input")
    return files


def size_of(files: list[str]) -> int | None:
    """Bytes to read in all, for progress; None where standard input or gzip makes it unknown."""
    if any(file == STDIN or file.endswith(".gz") for file in files):
        return None
    return sum(Path(file).stat().st_size for file in files)


def pieces(files: list[str]) -> Iterator[Piece]:
    """The pieces of every input in order; an input that cannot be opened is one :class:`Broken` piece."""
    for file in files:
        if file == STDIN:
            with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
                yield from _pieces_of(stream, "standard input")
            continue
        try:
            with Path(file).open("rb") as stream:
                yield from _pieces_of(stream, file)
        except OSError as error:
            yield Broken(file, f"{file}: {(error.strerror or str(error)).lower()}")


def _walked(folder: str) -> Iterator[str]:
    def refused(error: OSError) -> None:
        raise DueError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (str(Path(place) / name) for name in sorted(names) if not name.startswith("."))


def _pieces_of(stream: io.BufferedReader, origin: str) -> Iterator[Piece]:
    head = stream.peek(len(_PARQUET_MAGIC))
    if head.startswith(_PARQUET_MAGIC):
        yield Broken(origin, f"{origin}: a Parquet file; put it under events/YYYY/MM/DD/HH/, where it is read as it is")
    elif head.startswith(GZIP_MAGIC):
        unzipped = _Unzipped(stream)
        yield from _cut(unzipped, origin)
        if unzipped.error:
            yield Broken(origin, f"{origin}: {unzipped.error}; what came before was read")
    else:
        yield from _cut(stream, origin)


class _Unzipped:
    """A gzip stream that ends where it is cut off or damaged, and says so."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = gzip.GzipFile(fileobj=stream)
        self.error: str | None = None

    def read(self, size: int, /) -> bytes:
        try:
            return b"" if self.error else self._stream.read1(size)
        except (OSError, EOFError, zlib.error) as error:
            self.error = f"gzip that is cut off or damaged ({error})"
            return b""


def _cut(stream: Readable, origin: str) -> Iterator[Piece]:
    """Pieces that end between documents."""
    held, line, scanned = b"", 1, 0
    while data := stream.read(_READ_BYTES):
        unsearched = max(0, len(held) - 3)
        held += data
        at = boundary(held[unsearched:])
        at += unsearched if at else 0
        if not at and len(held) >= max(_SCAN_BYTES, 2 * scanned):
            at, scanned = first_documents(held), len(held)
        if at:
            yield Block(origin, line, held[:at])
            line += held.count(b"\n", 0, at)
            held, scanned = held[at:], 0
        elif len(held) > _HOLD_BYTES:
            held = yield from _endless(stream, origin, line, held)
            line, scanned = line + 1, 0
    if held:
        yield Block(origin, line, held)


def _endless(stream: Readable, origin: str, line: int, held: bytes) -> Generator[Endless, None, bytes]:
    """Hands on a piece as it is read, to the end of its line; returns what was read beyond it."""
    while held:
        end = held.find(b"\n")
        if end >= 0:
            yield Endless(origin, line, held[:end], last=True)
            return held[end + 1 :]
        yield Endless(origin, line, held, last=False)
        held = stream.read(_READ_BYTES)
    yield Endless(origin, line, b"", last=True)
    return b""
