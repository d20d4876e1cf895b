"""Inputs to blocks: files, folders, gzip and standard input, in bounded memory whatever their size."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from due_cli.core.errors import NotFoundError
from due_cli.events.documents import MAX_RECORD_BYTES, boundary, first_documents
from due_cli.events.wrappers import GZIP_MAGIC
from due_cli.ingest.batch import Block

STDIN = "-"
_READ_BYTES = 1024 * 1024
_SCAN_BYTES = 2 * MAX_RECORD_BYTES  # without a line break between objects for this long, look for objects' ends
_HOLD_BYTES = 64 * 1024 * 1024  # nothing larger is held; the end of such a piece is the end of its line
_MOST_LINES = 10_000
_PARQUET_MAGIC = b"PAR1"
_BETWEEN = re.compile(rb"[\s,\[\]]*+")
# Lines before the next object that are documents of their own whatever follows: they hold no brace, or begin with
# something that is neither an object nor a value of an array.
_NO_OBJECT = re.compile(
    rb"""(?:[\s,\[\]]*+(?:
        [^{\n]*+\n
        | (?!\{|(?:"(?:[^"\\\n]|\\[^\n])*+"|[-+.\w]+)[ \t]*[,\]])[^\n]*+\n
    )){1,10000}+""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class OversizedRecord:
    """The beginning or a further part of a piece too large to hold; the parts of one share ``line``."""

    origin: str
    line: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class InputError:
    """An input that ended in an error; ``reason`` says it."""

    origin: str
    reason: str


Chunk = Block | OversizedRecord | InputError


class Readable(Protocol):
    """What is read from: a file, a pipe, an unzipping stream."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


def found(paths: list[str]) -> list[str | InputError]:
    """The files of paths, folders walked in order; ``-`` stays, and what cannot be listed is :class:`InputError`.

    Raises :class:`NotFoundError` for a path that is not there, before anything is read.
    """
    files: list[str | InputError] = []
    for path in paths:
        if path == STDIN:
            files.append(path)
            continue
        try:
            folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116  names that Path refuses too
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(
                f"no such file or folder: {shown(path)}", "give files, folders, or - for standard input"
            ) from None
        except (OSError, ValueError) as error:
            files.append(_refused(path, error))
        else:
            files.extend(_walked(path) if folder else [path])
    return files


def size_of(files: list[str | InputError]) -> int | None:
    """Bytes to read in all, for progress; None where a pipe or gzip makes it unknown."""
    size = 0
    for file in files:
        if isinstance(file, InputError):
            continue
        if file == STDIN or file.endswith(".gz"):
            return None
        with suppress(OSError):
            about = Path(file).stat()
            if not stat.S_ISREG(about.st_mode):
                return None
            size += about.st_size
    return size


def pieces(files: list[str | InputError]) -> Iterator[Chunk]:
    """The pieces of every input in order; an input that cannot be read is one :class:`InputError` piece."""
    for file in files:
        if isinstance(file, InputError):
            yield file
            continue
        try:
            if file == STDIN and sys.stdin is None:
                yield InputError("standard input", "standard input: it is closed")
            elif file == STDIN:
                with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
                    yield from pieces_of(stream, "standard input")
            else:
                with Path(file).open("rb") as stream:
                    yield from pieces_of(stream, shown(file))
        except OSError as error:
            yield _refused("standard input" if file == STDIN else file, error)


def shown(path: str) -> str:
    """A path as text that can be kept and printed: its name may be any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def _refused(path: str, error: OSError | ValueError) -> InputError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputError(shown(path), f"{shown(path)}: {reason.lower()}")


def _walked(folder: str) -> list[str | InputError]:
    """The files below a folder, in order; pipes and sockets, which would be waited for, are no files."""
    files: list[str | InputError] = []

    def refused(error: OSError) -> None:
        files.append(_refused(str(error.filename), error))

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (str(Path(place) / name) for name in sorted(names) if not name.startswith("."))
        files.extend(path for path in paths if _is_file(path))
    return files


def _is_file(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return True  # opening it says what is wrong
    return stat.S_ISREG(mode)


def pieces_of(stream: io.BufferedReader, origin: str) -> Iterator[Chunk]:
    """The pieces of one input, gzip or not; what it is damaged by is a :class:`InputError` piece at its end."""
    head = stream.read(len(_PARQUET_MAGIC))
    whole = _Prefixed(head, stream)
    if head.startswith(_PARQUET_MAGIC):
        yield InputError(
            origin, f"{origin}: a Parquet file; put it under events/YYYY/MM/DD/HH/, where it is read as it is"
        )
    elif head.startswith(GZIP_MAGIC):
        unzipped = _Unzipped(whole)
        yield from cut(unzipped, origin)
        if unzipped.error:
            yield InputError(origin, f"{origin}: {unzipped.error}; what came before was read")
    else:
        yield from cut(whole, origin)


class _Prefixed:
    """A stream whose beginning was read already; a pipe cannot be put back."""

    def __init__(self, head: bytes, stream: io.BufferedReader) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        parts = []
        while size and (part := self._stream.read1(size)):  # read would miss a Ctrl-C between two waits for a pipe
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class _Unzipped:
    """A gzip stream that ends where it is cut off or damaged, and says so."""

    def __init__(self, stream: Readable) -> None:
        self._stream = gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[call-overload]  # reads, nothing else
        self.error: str | None = None

    def read(self, size: int, /) -> bytes:
        try:
            return b"" if self.error else self._stream.read1(size)
        except (OSError, EOFError, zlib.error) as error:
            self.error = f"gzip that is cut off or damaged ({error})"
            return b""


def cut(stream: Readable, origin: str) -> Iterator[Chunk]:
    """Pieces that end between documents."""
    held, line, scanned = b"", 1, 0
    while data := stream.read(_READ_BYTES):
        unsearched = max(0, len(held) - 3)
        held += data
        if _BETWEEN.fullmatch(held):
            line += held.count(b"\n")
            held = b""
            continue
        while b"\n" in data and (text := _NO_OBJECT.match(held)):
            yield Block(origin, line, text[0])
            line += text[0].count(b"\n")
            held, scanned, unsearched = held[text.end() :], 0, 0
        at = boundary(held[unsearched:])
        at += unsearched if at else 0
        if not at and len(held) >= max(_SCAN_BYTES, 2 * scanned):
            at, scanned = first_documents(held), len(held)
        if not at and len(held) > _HOLD_BYTES:
            at = _anywhere(held)
            if not at:
                held = yield from _endless(stream, origin, line, held)
                line, scanned = line + 1, 0
        if at:
            yield from _in_parts(Block(origin, line, held[:at]))
            line += held.count(b"\n", 0, at)
            held, scanned = held[at:], 0
    if held:
        yield from _in_parts(Block(origin, line, held))


def _anywhere(held: bytes) -> int:
    """Where to cut what shows no place: before an object at the start of a line, else after a line; 0 for one line."""
    for mark in (b"\n{", b"\n"):
        found = max(held.find(mark, _READ_BYTES), held.find(mark, 0, _READ_BYTES))
        if found >= 0:
            return found + 1
    return 0


def _in_parts(block: Block) -> Iterator[Block]:
    """A block of very many lines in several: what they become is held at once, and is larger than they are."""
    lines = block.data.count(b"\n")
    at = boundary(block.data[: len(block.data) // 2]) if lines > _MOST_LINES else 0
    if not at:
        yield block
        return
    yield from _in_parts(Block(block.origin, block.line, block.data[:at]))
    after = block.line + block.data.count(b"\n", 0, at)
    yield from _in_parts(Block(block.origin, after, block.data[at:]))


def _endless(stream: Readable, origin: str, line: int, held: bytes) -> Generator[OversizedRecord, None, bytes]:
    """Hands on a piece as it is read, to the end of its line; returns what was read beyond it."""
    while held:
        end = held.find(b"\n")
        if end >= 0:
            yield OversizedRecord(origin, line, held[:end], last=True)
            return held[end + 1 :]
        yield OversizedRecord(origin, line, held, last=False)
        held = stream.read(_READ_BYTES)
    yield OversizedRecord(origin, line, b"", last=True)
    return b""
