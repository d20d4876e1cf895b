"""The compressed formats that records come in: gzip, bzip2, xz, ZIP and, where the interpreter has it, zstd.

Standard library only, because the transform opens what ``due ingest`` opens.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import IO, Any, NamedTuple, cast

from due_cli.events.model import UnreadableError

GZIP_MAGIC = b"\x1f\x8b"
_OFFICE = "[Content_Types].xml"
MAGIC_BYTES = 6  # as many as tell every format


def _gzip(stream: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=stream, mode="rb"))


def _bzip2(stream: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", bz2.BZ2File(stream, "rb"))


def _xz(stream: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", lzma.LZMAFile(stream, "rb"))


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    try:
        module: Any = import_module("compression.zstd")  # Python 3.14
    except ImportError:
        raise UnreadableError(
            "zstd, which due reads with Python 3.14 or later: decompress it first (zstd -d)"
        ) from None
    return cast("IO[bytes]", module.ZstdFile(stream, "rb"))


class Format(NamedTuple):
    """A compressed format; ``open`` is None for ZIP, which holds members."""

    name: str
    magic: tuple[bytes, ...]
    open: Callable[[IO[bytes]], IO[bytes]] | None


_FORMATS = (
    Format("gzip", (GZIP_MAGIC,), _gzip),
    Format("bzip2", tuple(b"BZh%d1A" % level for level in range(1, 10)), _bzip2),
    Format("xz", (b"\xfd7zXZ\x00",), _xz),
    Format("ZIP", (b"PK\x03\x04", b"PK\x05\x06"), None),
    Format("zstd", (b"\x28\xb5\x2f\xfd",), _zstd),
)
_MAGIC = tuple(magic for one in _FORMATS for magic in one.magic)


def format_of(head: bytes) -> Format | None:
    """The compressed format of bytes that begin so; None for anything else."""
    if not head.startswith(_MAGIC):
        return None
    return next(one for one in _FORMATS if head.startswith(one.magic))


def error_types() -> tuple[type[Exception], ...]:
    """The exceptions with which a damaged compressed stream ends."""
    types: tuple[type[Exception], ...] = (
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        NotImplementedError,  # ZIP with a method that the standard library lacks
    )
    try:
        return (*types, import_module("compression.zstd").ZstdError)
    except ImportError:
        return types


ERRORS = error_types()


def zip_members(file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """The name and the stream of each file in a ZIP archive; the streams are read one after another.

    Raises one of :data:`ERRORS` for a damaged archive, :class:`UnreadableError` for one with a password.
    """
    with zipfile.ZipFile(file) as archive:
        if _OFFICE in archive.namelist():
            raise UnreadableError("an Office document: export its records as JSON lines")
        for member in archive.infolist():
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise UnreadableError(f"ZIP member {member.filename} has a password")
            with archive.open(member) as stream:
                yield member.filename, stream


def utf16_encoding(head: bytes) -> str | None:
    """The encoding of text in UTF-16, by its byte order mark or the NUL beside its first character; else None."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:1] in (b"{", b"[", b'"') and head[1:2] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[1:2] in (b"{", b"[", b'"'):
        return "utf-16-be"
    return None
