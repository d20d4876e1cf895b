"""The schemas of many Parquet files, told apart by the bytes of their footers.

A footer begins with the version and the schema (parquet.thrift, FileMetaData), and files of one writer begin alike. So
the schema of a file is mostly recognised by comparing bytes, a tenth of the work of reading a footer. What the schema
says, and whether the rest of the file is in order, is for DuckDB to tell.
"""

from __future__ import annotations

import hashlib
import os

from due_cli.local.folder import PARQUET_MAGIC

_END_BYTES = 8  # the length of the footer, and the magic
_TAIL_BYTES = 16 * 1024  # more than most footers
_SCHEMA = 2  # the number of the field
# Types of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)


class Schemas:
    """Gives files of the same schema the same key."""

    def __init__(self) -> None:
        self._keys: dict[bytes, str] = {}  # by the first bytes of a footer, up to the end of its schema
        self._lengths: set[int] = set()

    def key(self, path: str) -> str:
        """The key of a file's schema; raises ValueError for a file that is not Parquet, and OSError."""
        footer = _footer(path)
        for length in self._lengths:
            key = self._keys.get(footer[:length])
            if key is not None:
                return key
        schema = footer[: _schema_end(footer)]
        key = hashlib.sha256(schema).hexdigest()
        self._keys[schema] = key
        self._lengths.add(len(schema))
        return key

    def fault(self, path: str) -> str | None:
        """What is wrong with the beginning and the end of a file's footer, or None."""
        try:
            self.key(path)
        except OSError as error:
            return f"is not readable: {error.strerror}"
        except ValueError as error:
            return f"is not readable: {error}"
        return None


def _footer(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
        length = int.from_bytes(tail[-_END_BYTES : -len(PARQUET_MAGIC)], "little") + _END_BYTES
        if not tail.endswith(PARQUET_MAGIC) or length + len(PARQUET_MAGIC) > size:
            raise ValueError("no Parquet footer")
        if length > len(tail):
            file.seek(size - length)
            tail = file.read()
    return tail[-length:-_END_BYTES]


def _schema_end(footer: bytes) -> int:
    """Where the schema ends; the end of the footer where it is not laid out as expected."""
    at = number = 0
    try:
        while number < _SCHEMA:
            delta, kind = footer[at] >> 4, footer[at] & 15
            number += delta
            at = skip_value(footer, at + 1, kind)
    except (IndexError, RecursionError):
        return len(footer)
    return at if number == _SCHEMA else len(footer)


def skip_value(data: bytes, at: int, kind: int) -> int:
    """Where a value of a type ends that begins at ``at``."""
    if kind in (_TRUE, _FALSE):
        return at
    if kind == _BYTE:
        return at + 1
    if kind == _DOUBLE:
        return at + 8
    if kind in _INTEGERS:
        return varint(data, at)[1]
    if kind == _BINARY:
        length, at = varint(data, at)
        return at + length
    if kind in (_LIST, _SET):
        count, inner = data[at] >> 4, data[at] & 15
        at += 1
        if count == 15:
            count, at = varint(data, at)
        if count > len(data):
            raise IndexError(count)
        for _ in range(count):
            at = at + 1 if inner in (_TRUE, _FALSE) else skip_value(data, at, inner)
        return at
    if kind != _STRUCT:
        raise IndexError(kind)
    while header := data[at]:
        at = skip_value(data, at + 1 if header >> 4 else varint(data, at + 1)[1], header & 15)
    return at + 1


def varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned integer, and where it ends."""
    value = shift = 0
    while data[at] & 128:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
    return value | data[at] << shift, at + 1
