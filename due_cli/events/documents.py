"""Bytes to JSON documents: one per line, concatenated, pretty-printed or in arrays, whatever stands between them.

A document here is the text of one JSON object. The brackets and commas of arrays around objects are skipped, so the
elements of an array are documents of their own. What is not JSON becomes a document too: its decoding fails, and it is
kept with the reason. The documents of a text do not depend on where it is cut at :func:`boundary`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from due_cli.events.model import Json, UnreadableError

MAX_RECORD_BYTES = 4 * 1024 * 1024  # a larger record is kept unparsed (docs/data.md)
MAX_BATCH_BYTES = 32 * 1024 * 1024  # a wrapper of many records may be larger than any of them
MAX_DEPTH = 100  # levels of nesting; far beyond any record, far below the interpreter's limit

Decoder = Callable[[bytes], Json]

# Possessive (`*+`), because a string of megabytes would otherwise cost hundreds of them in places to return to.
_STRING = rb'"(?:[^"\\\n]++|\\[^\n])*+"'

_SKIP = re.compile(rb"[\s,\[\]]*+(?:\xef\xbb\xbf[\s,\[\]]*+)*+")  # and the mark that some tools put before UTF-8
_TOKEN = re.compile(_STRING + rb'|["{}\[\]]')
_SCALAR = re.compile(rb"(?:" + _STRING + rb"|-?\d[-+.\deE]*|true|false|null)(?=[ \t]*(?:[,\]\r\n]|\Z))")
_NEXT_ON_LINE = re.compile(rb"\}[ \t]*(?=\{)")
_AFTER_OBJECT = re.compile(rb"[ \t]*(?:[{,\]\r\n]|\Z)")
# What begins so may hold many records. attemptsMade: what Firehose could not transform or convert.
_BATCH = re.compile(
    rb'\s*\{\s*"(?:[Rr]ecords|invocationId|deliveryStreamArn|attemptsMade|requestId|DeliveryStreamName|StreamName'
    rb"|NextShardIterator|Messages|Entries|events|searchedLogStreams|logEvents|messageType|owner|awslogs|results|took"
    rb'|hits|object|entry|requestContext|requestPayload)"'
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_LONG_NUMBER = 640  # digits; the least limit on converting them that an interpreter can be given
_MAX_LINES_DEPTH = 32  # levels that the lines of a record in several lines open; an archive of them is read in time
_DEEPEST_INDENT = 1000
_WINDOW = 32 * 1024  # records are nearly always smaller


class Document(NamedTuple):
    """The text of one JSON object, decoded, or of something that is not one, with the reason.

    ``start`` and ``end`` are its place in the block.
    """

    text: bytes
    start: int
    end: int
    value: Json = None
    reason: str | None = None


def documents(block: bytes, decode: Decoder) -> Iterator[Document]:
    """The documents of a block, in order; every byte that is not between documents is in one of them."""
    at = line_end = 0
    tried = -1  # the line that was not one document, so that a long line is not decoded again for each object on it
    while True:
        if not block.startswith(b"{", at):
            skipped = _SKIP.match(block, at)
            at = skipped.end() if skipped else at
            if at >= len(block):
                return
        if at >= line_end:
            line_end = _line_end(block, at)
        if tried != line_end and (document := _whole_line(block, at, line_end, decode)):
            at = line_end
        else:
            tried = line_end
            document = _scan(block, at, line_end, decode)
            at = document.end
        yield document


def oversize(text: bytes, start: int) -> Document:
    """A document that is larger than any record may be; it is not decoded."""
    return Document(text, start, start + len(text), reason=f"larger than {MAX_RECORD_BYTES // 2**20} MB")


def boundary(block: bytes) -> int:
    """Where a block may be cut so that no document is: after the last line that ends an object before one starts.

    ``}`` and ``{`` with nothing but a line break between them never stand inside one JSON text. 0 where there is no
    such place.
    """
    for between in (b"}\n{", b"}\r\n{"):
        at = block.rfind(between)
        if at >= 0:
            return at + len(between) - 1
    return 0


def first_documents(block: bytes) -> int:
    """Where the last document that is surely complete ends, for blocks without a :func:`boundary`; 0 for none."""
    at, complete, end = 0, 0, len(block)
    while at < end:
        skipped = _SKIP.match(block, at)
        at = skipped.end() if skipped else at
        closed = _end_of_object(block, at) if block[at : at + 1] == b"{" else None
        if closed is None:
            return complete
        at = complete = closed
    return complete


def loads(text: bytes) -> Json:
    """JSON by the standard library, as every decoder of due must read it.

    Refuses ``NaN`` and ``Infinity`` (not JSON) and more than :data:`MAX_DEPTH` levels; half a surrogate pair, which no
    UTF-8 column can hold, becomes U+FFFD; a number that no double and no ``int`` of Python's can hold stays the text it
    was. Raises :class:`UnreadableError` with the reason.
    """
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise UnreadableError(f"JSON nested more than {MAX_DEPTH} levels deep")
    try:
        value: Json = _JSON.decode(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except ValueError as error:
        raise UnreadableError(f"not JSON: {error}") from None
    return _replace_surrogates(value) if _HALF.search(text) else value


def _whole_line(block: bytes, at: int, line_end: int, decode: Decoder) -> Document | None:
    """The document that is the rest of this line, which is how nearly all of them come."""
    text = block[at:line_end].rstrip(b" \t\r\n,]")
    if text[:1] != b"{" or text[-1:] != b"}" or len(text) > MAX_RECORD_BYTES:
        return None
    try:
        return Document(text, at, at + len(text), decode(text))
    except UnreadableError:
        return None


def _scan(block: bytes, at: int, line_end: int, decode: Decoder) -> Document:
    if block[at : at + 1] != b"{":
        scalar = _SCALAR.match(block, at)
        return _decode(block, at, scalar.end() if scalar else line_end, decode)
    closed = _end_of_object(block, at)
    if closed is not None:
        text = block[at:closed]
        if len(text) > _limit(text):
            return oversize(text, at)
        document = _decode(block, at, closed, decode)
        if document.reason is None:
            return document
    return _decode(block, at, _restart(block, at, line_end, closed), decode)


def _decode(block: bytes, at: int, end: int, decode: Decoder) -> Document:
    text = block[at:end].rstrip(b"\r\n")
    if len(text) > _limit(text):
        return Document(text, at, end, reason=oversize(text, at).reason)
    try:
        return Document(text, at, end, decode(text))
    except UnreadableError as error:
        return Document(text, at, end, reason=str(error))


def _limit(text: bytes) -> int:
    return MAX_BATCH_BYTES if len(text) > MAX_RECORD_BYTES and _BATCH.match(text) else MAX_RECORD_BYTES


def _end_of_object(block: bytes, at: int) -> int | None:
    """The same as :func:`_closing`, ten times faster for an object that is JSON and not large."""
    try:
        # Latin-1 has a character for every byte, so places in the text are places in the block.
        return at + _ANY_JSON.raw_decode(block[at : at + _WINDOW].decode("latin-1"))[1]
    except (ValueError, RecursionError):
        return _closing(block, at)


def _closing(block: bytes, at: int) -> int | None:
    """The end of the balanced object at ``at``; None if the block ends first or the object cannot be JSON.

    An object that opens where JSON allows none, a string that does not end on its line, or lines that nest deeper than
    any record show that a record was cut off and the next one has begun.
    """
    stack = bytearray()
    after, line_end = at, _line_end(block, at)
    for token in _TOKEN.finditer(block, at):
        mark = token.group()[:1]
        if mark == b'"':
            if len(token.group()) == 1:
                return None
        elif mark in b"{[":
            if stack and not _may_open(block, after, token.start(), stack[-1:]):
                return None
            stack += mark
            if len(stack) > _MAX_LINES_DEPTH and token.start() >= line_end:
                return None
        else:
            if not stack or bytes(stack[-1:]) != (b"{" if mark == b"}" else b"["):
                return None
            stack.pop()
            if not stack:
                return token.end()
        after = token.end()
    return None


def _may_open(block: bytes, after: int, start: int, inside: bytes | bytearray) -> bool:
    """Whether a value may begin at ``start``: after a colon in an object; after the bracket or a comma in an array."""
    between = block[after:start].strip()
    if inside == b"{":
        return between == b":"
    return between.endswith(b",") or (between == b"" and block[after - 1 : after] == b"[")


def _restart(block: bytes, at: int, line_end: int, closed: int | None) -> int:
    """Where to read on after a broken object, so that it takes nothing good with it.

    A pretty-printed one ends where it closes or where another text opens, indented no deeper; one of several on a line
    where the next begins; any other with its line.
    """
    if block[at:line_end].strip() == b"{":
        if closed is not None:
            return closed
        line = block[block.rfind(b"\n", 0, at) + 1 : at]
        indent = min(len(line) - len(line.lstrip(b" \t")), _DEEPEST_INDENT)
        opening = re.compile(rb"\n[ \t]{0,%d}(?:[\]},][\]}, \t]*+)?(?=[\[{])" % indent).search(block, at)
        return opening.end() if opening else len(block)
    if closed is not None and closed <= line_end and _AFTER_OBJECT.match(block, closed):
        return closed
    following = _NEXT_ON_LINE.search(block, at, line_end)
    return following.end() if following else line_end


def _line_end(block: bytes, at: int) -> int:
    end = block.find(b"\n", at)
    return len(block) if end < 0 else end + 1


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for byte in _QUOTED.sub(b"", text):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _integer(digits: str) -> Json:
    return int(digits) if len(digits) <= _LONG_NUMBER else digits


def _real(digits: str) -> Json:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _replace_surrogates(value: Json) -> Json:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _replace_surrogates(item) for key, item in value.items()}
    return value


_JSON = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer, parse_float=_real)
_ANY_JSON = json.JSONDecoder()
