"""A search in the values of a Parquet file that decodes none of them: in its footer, its dictionaries and plain pages.

A page of a column of texts is either numbers that point into a dictionary, which are not texts and not read, or texts
one after the other, each behind its length. In another encoding a text may be in parts: then the answer is yes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.local.footers import skip_value, varint

_TEXTS = "BYTE_ARRAY"
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
    """Whether a pattern (RE2, for bytes) may be in the values or the footer of a Parquet file; no is certain.

    Columns of the names ``without`` are not searched. Raises what pyarrow raises for a file that it cannot read.
    """
    with path.open("rb") as file, pq.ParquetFile(file) as opened:
        metadata = opened.metadata
        if _found([_footer(file)], pattern):
            return True
        for group in range(metadata.num_row_groups):
            for column in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(column)
                if chunk.physical_type != _TEXTS or chunk.path_in_schema in without:
                    continue
                if chunk.compression not in _CODECS:
                    return True
                start = chunk.data_page_offset
                if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                    start = min(start, chunk.dictionary_page_offset)
                file.seek(start)
                pages = _pages(memoryview(file.read(chunk.total_compressed_size)), _CODECS[chunk.compression])
                if _found(pages, pattern):
                    return True
    return False


def _found(pages: Iterator[pa.Buffer | None] | list[pa.Buffer | None], pattern: str) -> bool:
    for page in pages:
        if page is None:
            return True
        offsets = pa.array([0, page.size], pa.int64()).buffers()[1]
        values = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, offsets, page])
        if pc.match_substring_regex(values, pattern)[0].as_py():
            return True
    return False


def _footer(file: BinaryIO) -> pa.Buffer:
    size = file.seek(-_END_BYTES, 2) + _END_BYTES
    length = int.from_bytes(file.read(4), "little")
    file.seek(size - _END_BYTES - length)
    return pa.py_buffer(file.read(length))


def _pages(chunk: memoryview, codec: str | None) -> Iterator[pa.Buffer | None]:
    """The decompressed pages of a column chunk that may hold texts; None for one in which a text may be in parts."""
    at = 0
    while at < len(chunk):
        fields, body = _struct(chunk, at)
        kind, size, compressed = (_integer(chunk, fields[number]) for number in (1, 2, 3))
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
                yield pa.py_buffer(chunk[body + levels : at])
                continue
        data = pa.py_buffer(chunk[body + levels : at])
        yield data if codec is None else pa.Codec(codec).decompress(data, size - levels)


def _struct(data: memoryview, at: int) -> tuple[_Fields, int]:
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


def _integer(data: memoryview, field: tuple[int, int]) -> int:
    zigzag, _ = varint(data, field[1])
    return (zigzag >> 1) ^ -(zigzag & 1)
