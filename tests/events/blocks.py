"""Blocks of bytes as archives hold them: records in every layout, with broken ones between."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from due_cli.events import Json, Record

_KEYS = st.sampled_from(["a", "b", "", "ü", 'say "hi"', "{", "\n"])
_SCALARS: st.SearchStrategy[Json] = st.sampled_from(
    [
        *(None, True, 0, -7, 2**53, 0.25, -1e-300, "", "text", "ünï 🙂", 'say "hi"', "back\\slash\\", "line\nbreak"),
        *("},\n {", "a,b]", "[{", "{", "}", '"', "\u2028", "\x00", "\x7f\x85"),
    ]
)
_VALUES: st.SearchStrategy[Json] = st.one_of(
    _SCALARS, st.lists(_SCALARS, max_size=2), st.dictionaries(_KEYS, st.lists(_SCALARS, max_size=2), max_size=2)
)
RECORDS: st.SearchStrategy[Record] = st.dictionaries(_KEYS, _VALUES, max_size=3)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some text and the documents it holds: the value of a good one, the text of a broken one."""

    text: str
    documents: list[Json | bytes]


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _pretty(records: list[Record], indent: int | str) -> str:
    return "\n".join(json.dumps(record, indent=indent) for record in records)


LAYOUTS: dict[str, Callable[[list[Record]], str]] = {
    "lines": lambda records: "\n".join(_compact(record) for record in records),
    "lines with spaces": lambda records: "\n".join(json.dumps(record) for record in records),
    "lines with commas": lambda records: ",\n".join(_compact(record) for record in records),
    "concatenated": lambda records: "".join(_compact(record) for record in records),
    "concatenated with spaces": lambda records: " \t".join(json.dumps(record) for record in records),
    "array": _compact,  # type: ignore[dict-item]  # a list of records is JSON
    "array with spaces": json.dumps,
    "array of lines": lambda records: "[\n" + ",\n".join(_compact(record) for record in records) + "\n]",
    "arrays": lambda records: _compact([[record] for record in records]),
    "pretty array": lambda records: json.dumps(records, indent=2),
    "array as JavaScript prints it": lambda records: (
        "[" + ", ".join(json.dumps(record, indent=4) for record in records) + "]"
    ),
    "pretty": lambda records: _pretty(records, 1),
    "pretty with tabs": lambda records: _pretty(records, "\t"),
    "pretty with blank lines": lambda records: "\n\n".join(json.dumps(record, indent=2) for record in records),
}


@st.composite
def good_pieces(draw: st.DrawFn) -> Chunk:
    """Records in one layout."""
    records = draw(st.lists(RECORDS, min_size=1, max_size=4))
    return Chunk(LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))](records), list(records))


@st.composite
def broken_pieces(draw: st.DrawFn) -> Chunk:
    """One line that is no JSON: cut off, damaged, or something else altogether."""
    record = {"key": 1, **draw(RECORDS), "last": draw(_SCALARS)}
    line = _compact(record)
    text = draw(
        st.sampled_from(
            [
                line[: draw(st.integers(2, len(line) - 1))],  # a brace alone opens an object of several lines
                line.replace('"key":1', '"key":NaN'),
                line.replace('"key":1', '"key":1,'),
                line.replace('"key":1', '"key" 1'),
                line.replace('"key":1', "key:1"),
                line.replace('"key":1', '"key":"\t"'),
                f"ERROR {line}",
                "2026-11-22 04:00:00 INFO START",
                "<html>",
                "NaN",
                '"unterminated',
                "}",
            ]
        )
    )
    return Chunk(text, [text.encode("utf-8", "surrogatepass")])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[bytes, list[Json | bytes]]:
    """A block and its documents, in order."""
    pieces = draw(st.lists(good_pieces() | broken_pieces(), max_size=8))
    line_break = draw(st.sampled_from(["\n", "\r\n", "\n\n", "\n \n"]))
    text = line_break.join(piece.text for piece in pieces) + draw(st.sampled_from(["", line_break]))
    if line_break == "\r\n":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text.encode(), [document for piece in pieces for document in piece.documents]


# Anything at all, made of what the scanner looks at.
SOUP = st.lists(
    st.sampled_from(
        [
            *rb'{ } [ ] " \ : , 1 a {} "a": "b" {"a":1} {"a":{"b":[1,{}]}} true'.split(),
            *(b"\n", b"\r\n", b" ", b"}\n{", b"\n{\n", b"\n}\n", b"\n ", b"\xff", b"\x00", b"\xef\xbb\xbf"),
        ]
    ),
    max_size=30,
).map(b"".join)
