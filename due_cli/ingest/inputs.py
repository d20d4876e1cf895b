"""Files, folders, compressed or not, and standard input as chunks, in bounded memory whatever their size."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import stat
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from due_cli.core.errors import NotFoundError
from due_cli.events.compression import ERRORS, MAGIC_BYTES, Format, format_of, utf16_encoding, zip_members
from due_cli.events.documents import MAX_RECORD_BYTES, boundary, first_documents
from due_cli.events.model import UnreadableError
from due_cli.events.not_records import HEAD_BYTES, UnreadableFile, describe_file, has_json
from due_cli.ingest.batch import Block

STDIN = "-"
_READ_BYTES = 1024 * 1024
_SCAN_BYTES = 2 * MAX_RECORD_BYTES  # without a line break between objects for this long, look for objects' ends
_HOLD_BYTES = 64 * 1024 * 1024  # no larger record is held; the end of its line is its end
_MOST_LINES = 10_000
_PARQUET_MAGIC = b"PAR1"
_COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
_MOST_COMPRESSIONS = 4  # one in another
_SPOOL_BYTES = 8 * 1024 * 1024  # of a file without JSON so far, in memory
_LINE_START_BYTES = 512  # more than what tells that a line is JSON
_ZIP_ERRORS: tuple[type[Exception], ...] = (*ERRORS, UnreadableError)
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
    """A part of a record too large to hold; the parts of one have the same ``line``."""

    origin: str
    line: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class InputError:
    """The end of an input that could not be read to its own end; ``reason`` names input and error."""

    origin: str
    reason: str


Chunk = Block | OversizedRecord | InputError | UnreadableFile


class Readable(Protocol):
    """A file, a pipe or a decompressed stream."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


def find_files(paths: list[str]) -> list[str | InputError]:
    """The files of paths, folders walked in order; ``-`` stays, and a path that cannot be listed is an error.

    Raises :class:`NotFoundError` for a path that is not there, before anything is read.
    """
    files: list[str | InputError] = []
    for path in paths:
        if path == STDIN:
            files.append(path)
            continue
        try:
            is_folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116  names that Path refuses too
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(
                f"no such file or folder: {display_path(path)}", "give files, folders, or - for standard input"
            ) from None
        except (OSError, ValueError) as error:
            files.append(_input_error(path, error))
        else:
            files.extend(_walk(path) if is_folder else [path])
    return files


def total_size(files: list[str | InputError]) -> int | None:
    """Bytes to read in all, for progress; None where a pipe or compression makes that unknown."""
    size = 0
    for file in files:
        if isinstance(file, InputError):
            continue
        if file == STDIN or file.endswith(_COMPRESSED):
            return None
        with suppress(OSError):
            status = Path(file).stat()
            if not stat.S_ISREG(status.st_mode):
                return None
            size += status.st_size
    return size


def chunks(files: list[str | InputError]) -> Iterator[Chunk]:
    """The chunks of every input in order; an input that cannot be read is one :class:`InputError`."""
    for file in files:
        if isinstance(file, InputError):
            yield file
            continue
        try:
            if file == STDIN and sys.stdin is None:
                yield InputError("standard input", "standard input: it is closed")
            elif file == STDIN:
                with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
                    yield from chunks_of(stream, "standard input")
            else:
                with Path(file).open("rb") as stream:
                    yield from chunks_of(stream, display_path(file))
        except OSError as error:
            yield _input_error("standard input" if file == STDIN else file, error)


def display_path(path: str) -> str:
    """A path as text that can be kept and printed: its name may be any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def _input_error(path: str, error: OSError | ValueError) -> InputError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputError(display_path(path), f"{display_path(path)}: {reason.lower()}")


def _walk(folder: str) -> list[str | InputError]:
    """The files below a folder, in order; pipes and sockets, which would block, are left out."""
    files: list[str | InputError] = []

    def add_error(error: OSError) -> None:
        files.append(_input_error(str(error.filename), error))

    for parent, folders, names in os.walk(folder, onerror=add_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (str(Path(parent) / name) for name in sorted(names) if not name.startswith("."))
        files.extend(path for path in paths if _is_file(path))
    return files


def _is_file(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return True  # opening it will say what is wrong
    return stat.S_ISREG(mode)


def chunks_of(stream: io.BufferedReader, origin: str) -> Iterator[Chunk]:
    """The chunks of one input, compressed or not; one that is damaged ends with an :class:`InputError`."""
    yield from _chunks(stream, origin, 0)


def _chunks(stream: IO[bytes], origin: str, depth: int) -> Iterator[Chunk]:
    """The chunks of a stream that was decompressed ``depth`` times."""
    head = _read(stream, MAGIC_BYTES)
    prefixed = _PrefixedStream(head, stream)
    if head.startswith(_PARQUET_MAGIC):
        yield InputError(
            origin, f"{origin}: a Parquet file; put it under events/YYYY/MM/DD/HH/, where it is read as it is"
        )
    elif compressed := format_of(head):
        if depth == _MOST_COMPRESSIONS:
            yield InputError(origin, f"{origin}: compressed more than {_MOST_COMPRESSIONS} times")
        elif compressed.open is None:
            yield from _zip_chunks(prefixed, origin, depth)
        else:
            yield from _decompressed_chunks(compressed, prefixed, origin, depth)
    elif encoding := utf16_encoding(head):
        yield from _text_chunks(_Utf16Stream(prefixed, encoding), origin)
    else:
        yield from _text_chunks(prefixed, origin)


def _read(stream: Readable, size: int) -> bytes:
    """As many bytes, fewer only at the end: a pipe and a decompressed stream give them in parts."""
    parts: list[bytes] = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _decompressed_chunks(compressed: Format, stream: Readable, origin: str, depth: int) -> Iterator[Chunk]:
    try:
        decompressed = _DecompressedStream(compressed, stream)
    except UnreadableError as error:
        yield InputError(origin, f"{origin}: {error}")
        return
    yield from _chunks(cast("IO[bytes]", decompressed), origin, depth + 1)
    if decompressed.error:
        yield InputError(origin, f"{origin}: {decompressed.error}; what came before was read")


def _zip_chunks(stream: Readable, origin: str, depth: int) -> Iterator[Chunk]:
    """The chunks of each member of a ZIP archive, whose directory is at its end."""
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
        while data := stream.read(_READ_BYTES):
            file.write(data)
        file.seek(0)
        try:
            for name, member in zip_members(cast("IO[bytes]", file)):
                yield from _chunks(member, f"{origin}/{name}", depth + 1)
        except _ZIP_ERRORS as error:
            yield InputError(origin, f"{origin}: ZIP that cannot be read: {error}; what came before was read")


def _text_chunks(stream: Readable, origin: str) -> Iterator[Chunk]:
    """The chunks of a text; a text in which no JSON value was found is one :class:`UnreadableFile`."""
    data = _read(stream, _READ_BYTES)
    if not data or has_json(data):
        yield from split(_PrefixedStream(data, stream), origin)
        return
    head, size, before, digest = data[:HEAD_BYTES], 0, b"", hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
        while data:
            file.write(data)
            digest.update(data)
            size += len(data)
            if has_json(before + data):
                break
            before = data[-_LINE_START_BYTES:]
            data = _read(stream, _READ_BYTES)
        what = None if data else describe_file(head, size)
        if what is None:
            file.seek(0)
            yield from split(_ChainedStream(cast("Readable", file), stream), origin)
        else:
            yield UnreadableFile(origin, size, digest.hexdigest(), head, what)


class _PrefixedStream:
    """A stream whose beginning was read already; a pipe cannot be put back."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        # read of a pipe would miss a Ctrl-C between two waits for it
        read = getattr(self._stream, "read1", self._stream.read)
        parts = []
        while size and (part := read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class _ChainedStream:
    """One stream after another."""

    def __init__(self, *streams: Readable) -> None:
        self._streams = list(streams)

    def read(self, size: int, /) -> bytes:
        while self._streams:
            if data := self._streams[0].read(size):
                return data
            del self._streams[0]
        return b""


class _DecompressedStream:
    """A compressed stream that ends where it is cut off or damaged; ``error`` says how."""

    def __init__(self, compressed: Format, stream: Readable) -> None:
        assert compressed.open is not None  # noqa: S101  ZIP is read by its members
        self._name = compressed.name
        self._stream = compressed.open(cast("IO[bytes]", stream))
        self.error: str | None = None

    def read(self, size: int, /) -> bytes:
        try:
            read1 = getattr(self._stream, "read1", self._stream.read)
            return b"" if self.error else cast("bytes", read1(size))
        except ERRORS as error:
            self.error = f"{self._name} that is cut off or damaged ({error})"
            return b""


class _Utf16Stream:
    """A text in UTF-16 as UTF-8."""

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int, /) -> bytes:
        while data := self._stream.read(size):
            if text := self._decoder.decode(data).encode("utf-8", "replace"):
                return text
        return self._decoder.decode(b"", final=True).encode()


def split(stream: Readable, origin: str) -> Iterator[Chunk]:
    """The chunks of a stream; each ends between documents."""
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
            at = _fallback_boundary(held)
            if not at:
                held = yield from _oversized_record(stream, origin, line, held)
                line, scanned = line + 1, 0
        if at:
            yield from _halve(Block(origin, line, held[:at]))
            line += held.count(b"\n", 0, at)
            held, scanned = held[at:], 0
    if held:
        yield from _halve(Block(origin, line, held))


def _fallback_boundary(held: bytes) -> int:
    """Where to cut without a boundary: before an object at the start of a line, else after a line; 0 for one line."""
    for mark in (b"\n{", b"\n"):
        at = max(held.find(mark, _READ_BYTES), held.find(mark, 0, _READ_BYTES))
        if at >= 0:
            return at + 1
    return 0


def _halve(block: Block) -> Iterator[Block]:
    """A block in smaller ones where it has very many lines: their rows are held at once, and are larger than they."""
    lines = block.data.count(b"\n")
    at = boundary(block.data[: len(block.data) // 2]) if lines > _MOST_LINES else 0
    if not at:
        yield block
        return
    yield from _halve(Block(block.origin, block.line, block.data[:at]))
    after = block.line + block.data.count(b"\n", 0, at)
    yield from _halve(Block(block.origin, after, block.data[at:]))


def _oversized_record(stream: Readable, origin: str, line: int, held: bytes) -> Generator[OversizedRecord, None, bytes]:
    """Yield a record as it is read, to the end of its line; return what was read beyond it."""
    while held:
        end = held.find(b"\n")
        if end >= 0:
            yield OversizedRecord(origin, line, held[:end], last=True)
            return held[end + 1 :]
        yield OversizedRecord(origin, line, held, last=False)
        held = stream.read(_READ_BYTES)
    yield OversizedRecord(origin, line, b"", last=True)
    return b""
