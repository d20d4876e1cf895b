"""Parquet files with lists and maps laid out as other writers do, made by rewriting the footer of a file.

The pages of a file are the same in all layouts; only the schema in the footer, and the paths that name its columns,
differ. No Python library writes the older ones, so the footer's Thrift (compact protocol) is done here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRUE, _FALSE, _BYTE, _I32, _DOUBLE, _BINARY, _LIST, _STRUCT = 1, 2, 3, 5, 7, 8, 9, 12
_REPEATED = 2
_MAP, _MAP_KEY_VALUE, _LIST_OF = 1, 2, 3  # of Parquet's ConvertedType
# Fields by their numbers in parquet.thrift.
_SCHEMA, _ROW_GROUPS, _KEY_VALUES = 2, 4, 5
_REPETITION, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 3, 4, 5, 6, 10
_CHUNKS, _CHUNK_META, _PATH = 1, 3, 3

_Fields = dict[int, tuple[int, Any]]  # of a struct: type and value by number; a list is (type of items, items)


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of the groups inside lists and maps, and whether the pairs of a map are marked as such.

    Without ``repeated`` a list has two levels: the element itself repeats, and cannot be NULL. ``{}`` in a name is that
    of the column.
    """

    repeated: str
    element: str
    pairs: str = "key_value"
    pairs_mark: int | None = None


HIVE = Layout("bag", "array_element", "map", _MAP_KEY_VALUE)  # Firehose, and so the AWS solution
AVRO = Layout("", "array", "map", _MAP_KEY_VALUE)
STANDARD = Layout("list", "element")
LAYOUTS = {
    "Hive": HIVE,
    "old Spark": Layout("bag", "array"),
    "old Arrow": Layout("list", "item"),
    "old Avro": AVRO,
    "Thrift": Layout("", "{}_tuple", "map"),
    "standard": STANDARD,
}


def set_layout(path: Path, layout: Layout) -> None:
    """Rewrite the footer of a file for a layout; a list of two levels must have no elements that are NULL."""
    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    footer = _Reader(data[start:-8]).struct()
    footer.pop(_KEY_VALUES, None)  # Arrow's own copy of the schema
    elements = iter(footer[_SCHEMA][1][1])
    schema: list[_Fields] = []
    paths = [names[1:] for names in _convert(elements, schema, layout, ())]
    footer[_SCHEMA] = (_LIST, (_STRUCT, schema))
    for group in footer[_ROW_GROUPS][1][1]:
        for chunk, names in zip(group[_CHUNKS][1][1], paths, strict=True):
            chunk[_CHUNK_META][1][_PATH] = (_LIST, (_BINARY, [name.encode() for name in names]))
    written = _struct(footer)
    path.write_bytes(data[:start] + written + len(written).to_bytes(4, "little") + b"PAR1")


def _convert(
    elements: Iterator[_Fields], schema: list[_Fields], layout: Layout, above: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Convert one element and those below it into ``schema``; yields the paths of its leaves."""
    element = next(elements)
    element.pop(_LOGICAL, None)
    path = (*above, element[_NAME][1].decode())
    schema.append(element)
    kind = element.get(_CONVERTED, (0, None))[1]
    if kind not in (_LIST_OF, _MAP):
        if _CHILDREN not in element:
            yield path
        for _ in range(element.get(_CHILDREN, (0, 0))[1]):
            yield from _convert(elements, schema, layout, path)
        return
    middle = next(elements)
    if kind == _MAP:
        _rename(middle, layout.pairs, layout.pairs_mark)
        schema.append(middle)
        for _ in range(2):
            yield from _convert(elements, schema, layout, (*path, layout.pairs))
        return
    if layout.repeated:
        _rename(middle, layout.repeated, None)
        schema.append(middle)
        path = (*path, layout.repeated)
    first = len(schema)
    leaves = [leaf[len(path) :] for leaf in _convert(elements, schema, layout, path)]
    name = layout.element.format(path[-1])
    _rename(schema[first], name, schema[first].get(_CONVERTED, (0, None))[1])
    if not layout.repeated:
        schema[first][_REPETITION] = (_I32, _REPEATED)
    yield from ((*path, name, *leaf[1:]) for leaf in leaves)


def _rename(element: _Fields, name: str, mark: int | None) -> None:
    element[_NAME] = (_BINARY, name.encode())
    element.pop(_LOGICAL, None)
    element.pop(_CONVERTED, None)
    if mark is not None:
        element[_CONVERTED] = (_I32, mark)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self) -> _Fields:
        fields: _Fields = {}
        number = 0
        while header := self._byte():
            delta, kind = header >> 4, header & 15
            number = number + delta if delta else self._integer()
            fields[number] = (kind, self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return None
        if kind == _BYTE:
            return self._byte()
        if kind in (_BINARY, _DOUBLE):
            size = self._varint() if kind == _BINARY else 8
            self._at += size
            return self._data[self._at - size : self._at]
        if kind == _LIST:
            header = self._byte()
            size = header >> 4 if header >> 4 < 15 else self._varint()
            inner = header & 15
            return inner, [self._byte() if inner in (_TRUE, _FALSE) else self._value(inner) for _ in range(size)]
        return self.struct() if kind == _STRUCT else self._integer()

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 128:
            found |= (byte & 127) << shift
            shift += 7
        return found | byte << shift

    def _integer(self) -> int:
        raw = self._varint()
        return (raw >> 1) ^ -(raw & 1)


def _struct(fields: _Fields) -> bytes:
    parts = []
    before = 0
    for number, (kind, value) in sorted(fields.items()):
        delta = number - before
        header = bytes([delta << 4 | kind]) if delta < 16 else bytes([kind]) + _integer(number)
        parts.append(header + _value(kind, value))
        before = number
    return b"".join(parts) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_TRUE, _FALSE):
        return b"" if value is None else bytes([value])
    if kind == _BYTE:
        return bytes([value])
    if kind in (_BINARY, _DOUBLE):
        return (_varint(len(value)) if kind == _BINARY else b"") + bytes(value)
    if kind == _LIST:
        inner, items = value
        header = bytes([len(items) << 4 | inner]) if len(items) < 15 else bytes([240 | inner]) + _varint(len(items))
        return header + b"".join(_value(inner, item) for item in items)
    return _struct(value) if kind == _STRUCT else _integer(value)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes(found) + bytes([value])
