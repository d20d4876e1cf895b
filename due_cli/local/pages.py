"""A search in the values of a Parquet file that decodes none of them: in its footer, its dictionaries and plain pages.

A page of a column of texts is either numbers that point into a dictionary, which are not texts and not read, or texts
one after the other, each behind its length. In another encoding a text may be in parts: then the answer is yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.local.footers import skip_value, varint

_TEXTS = "BYTE_ARRAY"
_SEARCHED_BYTES = 16 * 1024 * 1024  # of texts at a time
_PLAIN = 0  # of parquet.thrift's Encoding
_POINTERS = (2, 8)  # PLAIN_DICTIONARY, RLE_DICTIONARY
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3  # of PageType
_HEADER_OF = {_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}  # the field of a page's header that is the header of its type
_ENCODING_IN = {_DATA: 2, _DICTIONARY: 2, _DATA_V2: 4}
_CODECS = {
    "UNCOMPRESSED": None,
    "SNAPPY": "snappy",
    "GZIP": "gzip",
    "BROTLI": "brotli",
    "ZSTD": "zstd",
    "LZ4": "lz4_raw",
}
_END_BYTES = 8  # the length of the footer, and the magic
_TRUE = 1  # a type of Thrift's compact protocol

_Fields = dict[int, tuple[int, int]]  # of a Thrift struct: the type of each field, and where its value begins


def may_contain(path: Path, pattern: str, *, without: frozenset[str] = frozenset()) -> bool:
    """Whether a pattern may be in one file, as :func:`files_that_may_contain` has it."""
    return bool(files_that_may_contain([path], pattern, without=without))


def files_that_may_contain(paths: Iterable[Path], pattern: str, *, without: frozenset[str] = frozenset()) -> set[Path]:
    """The files in whose values or footers a pattern (RE2, for bytes) may be; for the others it is certain.

    Columns of the names ``without`` are not searched. Raises ValueError, which names the file, for one that is
    not readable.
    """
    found: set[Path] = set()
    search = _Search(pattern, found)
    for path in paths:
        try:
            for page in _texts_of(path, without):
                if page is None:
                    found.add(path)
                if path in found:
                    break
                search.add(path, page)
        except (pa.ArrowException, IndexError, KeyError, OSError, ValueError, RecursionError) as error:
            raise ValueError(f"{path} is not readable: {str(error).partition(chr(10))[0]}") from None
    search.flush()
    return found


class _Search:
    """Texts of files, searched many at a time: to read the pattern takes longer than to search a page."""

    def __init__(self, pattern: str, found: set[Path]) -> None:
        self._pattern, self._found = pattern, found
        self._pages: list[bytes] = []
        self._owners: list[Path] = []
        self._bytes = 0

    def add(self, owner: Path, page: bytes | None) -> None:
        """Add a page; search what there is where it is much."""
        if page:
            self._pages.append(page)
            self._owners.append(owner)
            self._bytes += len(page)
        if self._bytes >= _SEARCHED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Search all that was added."""
        if not self._pages:
            return
        ends = pa.array([0, *accumulate(map(len, self._pages))], pa.int64()).buffers()[1]
        values = [None, ends, pa.py_buffer(b"".join(self._pages))]
        texts = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self._pages), values)
        for place in pc.indices_nonzero(pc.match_substring_regex(texts, self._pattern)).to_pylist():
            self._found.add(self._owners[place])
        self._pages, self._owners, self._bytes = [], [], 0


def _texts_of(path: Path, without: frozenset[str]) -> Iterator[bytes | None]:
    """The footer of a file and its pages of texts; None for what cannot be searched so."""
    with path.open("rb") as file, pq.ParquetFile(file) as opened:
        metadata = opened.metadata
        yield _footer(file)
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            for column in range(metadata.num_columns):
                chunk = row_group.column(column)
                if chunk.physical_type != _TEXTS or chunk.path_in_schema in without:
                    continue
                if chunk.compression not in _CODECS:
                    yield None
                    return
                start = chunk.data_page_offset
                if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                    start = min(start, chunk.dictionary_page_offset)
                file.seek(start)
                yield from _pages(file.read(chunk.total_compressed_size), _CODECS[chunk.compression])


def _footer(file: BinaryIO) -> bytes:
    size = file.seek(-_END_BYTES, 2) + _END_BYTES
    length = int.from_bytes(file.read(4), "little")
    file.seek(size - _END_BYTES - length)
    return file.read(length)


def _pages(chunk: bytes, codec: str | None) -> Iterator[bytes | None]:
    """The decompressed pages of a column chunk that may hold texts; None for one in which a text may be in parts."""
    at = 0
    while at < len(chunk):
        fields, body = _struct(chunk, at)
        kind, size, compressed = (_integer(chunk, fields[number]) for number in (1, 2, 3))
        if compressed < 0:
            raise ValueError("a page of less than no bytes")
        at = body + compressed
        if kind not in _HEADER_OF:
            continue  # an index page
        header, _ = _struct(chunk, fields[_HEADER_OF[kind]][1])
        encoding = _integer(chunk, header[_ENCODING_IN[kind]])
        if encoding in _POINTERS and kind != _DICTIONARY:
            continue
        if encoding != _PLAIN and kind != _DICTIONARY:
            yield None
            return
        levels = 0
        if kind == _DATA_V2:  # its levels are not compressed, and nor are its values where it says so
            levels = _integer(chunk, header[5]) + _integer(chunk, header[6])
            if 7 in header and header[7][0] != _TRUE:
                yield chunk[body + levels : at]
                continue
        data = chunk[body + levels : at]
        yield data if codec is None else pa.Codec(codec).decompress(data, size - levels, asbytes=True)


def _struct(data: bytes, at: int) -> tuple[_Fields, int]:
    """The fields of a Thrift struct, and where it ends."""
    fields: _Fields = {}
    number = 0
    while header := data[at]:
        kind = header & 15
        if header >> 4:
            number, at = number + (header >> 4), at + 1
        else:
            zigzag, at = varint(data, at + 1)
            number = (zigzag >> 1) ^ -(zigzag & 1)
        fields[number] = (kind, at)
        at = skip_value(data, at, kind)
    return fields, at + 1


def _integer(data: bytes, field: tuple[int, int]) -> int:
    zigzag, _ = varint(data, field[1])
    return (zigzag >> 1) ^ -(zigzag & 1)
