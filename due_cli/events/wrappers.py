"""Records out of what stands around them: envelopes, dumps and logs of AWS's services, arrays, gzip, base64, text.

Each wrapper is a line of a table (:mod:`due_cli.events.envelopes`): how it is recognised and how it is opened. Here it
is applied, however deep and in any mixture. An object that is itself a record of a known source is never opened.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from typing import IO, NamedTuple

from due_cli.events.compression import ERRORS, Format, format_of, utf16_encoding, zip_members
from due_cli.events.documents import MAX_BATCH_BYTES, MAX_RECORD_BYTES, Decoder, Document, boundary, documents
from due_cli.events.envelopes import KEYS, Encoded, Payload, log_line, packed, wrapper_of
from due_cli.events.model import Envelope, Json, Record, UnreadableError, bug_reason
from due_cli.events.not_records import explain
from due_cli.events.registry import is_record
from due_cli.events.times import millis

MAX_UNPACKED_BYTES = 256 * 1024 * 1024  # of all that one record unpacks to
_MAX_WRAPPERS = 16
_BARE = Envelope()
_PIECE_BYTES = 1024 * 1024
_JSON_START = ("{", "[", '"')


class Unit(NamedTuple):
    """One record out of its wrappers, or what could not be opened, with the reason.

    ``raw`` is what is kept if it fails: the document as received where it holds one record, else the innermost text
    of this record; None where the document itself is to be kept. ``bug`` names the exception where due is to blame.
    """

    record: Json
    envelope: Envelope
    raw: bytes | None = None
    reason: str | None = None
    bug: str | None = None


def units(document: Document, decode: Decoder) -> list[Unit]:
    """The records of a document; one unit with a reason where it is not JSON. Never raises."""
    value = document.value
    if isinstance(value, dict) and KEYS.isdisjoint(value):
        return [Unit(value, _BARE, document.text)]
    try:
        unwrapped = list(_Opener(decode).document(document, _BARE, 0))
    except Exception as bug:
        return [Unit(None, _BARE, document.text, bug_reason(bug), type(bug).__name__)]
    return [unwrapped[0]._replace(raw=document.text)] if len(unwrapped) == 1 else unwrapped


def payload_units(
    payload: bytes, envelope: Envelope, decode: Decoder, most_unpacked: int | None = None
) -> Iterator[Unit]:
    """The records of bytes that a stream carried: text or compressed, one or several. Never raises.

    What would unpack to more than ``most_unpacked`` bytes (:data:`MAX_UNPACKED_BYTES`) is one unit with that reason.
    """
    try:
        yield from _Opener(decode, most_unpacked).payload(payload, envelope, 0)
    except Exception as bug:
        yield Unit(None, envelope, None, bug_reason(bug), type(bug).__name__)


class _Opener:
    """The opening of one record of an input; all that it unpacks counts together."""

    def __init__(self, decode: Decoder, most_unpacked: int | None = None) -> None:
        self._decode = decode
        self._most_unpacked = MAX_UNPACKED_BYTES if most_unpacked is None else most_unpacked
        self._unpacked = 0

    def document(self, document: Document, envelope: Envelope, depth: int) -> Iterator[Unit]:
        """The records of a document of a text."""
        if document.reason is None:
            yield from self.value(document.value, envelope, depth)
        elif len(document.text) <= MAX_RECORD_BYTES and (line := log_line(document.text)):
            yield from self.payload(line.text, envelope.within(sent_at=millis(line.time)), depth)
        else:
            yield Unit(None, envelope, document.text, explain(document.text, document.reason))

    def value(self, value: Payload, envelope: Envelope, depth: int) -> Iterator[Unit]:
        """The records of a JSON value, of bytes or of base64."""
        if depth > _MAX_WRAPPERS:
            yield Unit(None, envelope, None, f"wrapped more than {_MAX_WRAPPERS} times")
        elif isinstance(value, dict):
            yield from self._object(value, envelope, depth)
        elif isinstance(value, list):
            for item in value:
                yield from self.value(item, envelope, depth + 1)
        elif isinstance(value, str):
            yield from self._text(value, envelope, depth)
        elif isinstance(value, Encoded):
            yield from self._encoded(value.text, envelope, depth)
        else:
            yield Unit(value, envelope)

    def payload(self, payload: bytes, envelope: Envelope, depth: int) -> Iterator[Unit]:
        """The records of bytes: text in UTF-8 or UTF-16, or compressed."""
        if compressed := format_of(payload):
            yield from self._compressed(payload, compressed, envelope, depth)
            return
        if encoding := utf16_encoding(payload):
            payload = payload.decode(encoding, "replace").encode()
        for document in documents(payload, self._decode):
            inner = list(self.document(document, envelope, depth + 1))
            for unit in inner:
                raw = unit.raw if unit.raw is not None or len(inner) > 1 else document.text
                yield unit._replace(raw=raw)

    def _object(self, value: Record, envelope: Envelope, depth: int) -> Iterator[Unit]:
        wrapper = None if KEYS.isdisjoint(value) or is_record(value) else wrapper_of(value)
        if wrapper is None or (wrapper.is_weak and is_record(value, envelope)):
            yield Unit(value, envelope)
            return
        depth += not wrapper.is_list
        for inner, within in wrapper.open(value, envelope):
            yield from self.value(inner, within, depth)

    def _text(self, text: str, envelope: Envelope, depth: int) -> Iterator[Unit]:
        if text.lstrip("\ufeff \t\r\n")[:1] in _JSON_START:
            yield from self.payload(text.encode("utf-8", "replace"), envelope, depth)
        elif line := log_line(text.encode("utf-8", "replace")):
            yield from self.payload(line.text, envelope.within(sent_at=millis(line.time)), depth)
        elif packed(text):
            yield from self._encoded(text, envelope, depth)
        else:
            yield Unit(text, envelope)

    def _encoded(self, text: str, envelope: Envelope, depth: int) -> Iterator[Unit]:
        try:
            payload = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            yield Unit(None, envelope, text.encode("utf-8", "replace"), f"data that is not base64: {error}")
            return
        yield from self.payload(payload, envelope, depth)

    def _compressed(self, payload: bytes, compressed: Format, envelope: Envelope, depth: int) -> Iterator[Unit]:
        if depth > _MAX_WRAPPERS:
            yield Unit(None, envelope, payload, f"wrapped more than {_MAX_WRAPPERS} times")
            return
        try:
            self._measure(payload, compressed)
            for piece in _pieces(payload, compressed):
                yield from self.payload(piece, envelope, depth + 1)
        except UnreadableError as error:
            yield Unit(None, envelope, payload, str(error))

    def _measure(self, payload: bytes, compressed: Format) -> None:
        """Count what a payload unpacks to, holding nothing of it, so that a few bytes cannot fill the memory."""
        for stream in _streams(payload, compressed):
            while data := _read(stream, compressed):
                self._unpacked += len(data)
                if self._unpacked > self._most_unpacked:
                    most = self._most_unpacked // 2**20
                    raise UnreadableError(f"{compressed.name} of more than {most} MB in one record")


def _streams(payload: bytes, compressed: Format) -> Iterator[IO[bytes]]:
    """The stream of a compressed payload, or of each member of a ZIP archive."""
    try:
        if compressed.open is None:
            yield from (stream for _, stream in zip_members(io.BytesIO(payload)))
        else:
            yield compressed.open(io.BytesIO(payload))
    except ERRORS as error:
        raise UnreadableError(f"{compressed.name} that cannot be read: {error}") from None


def _read(stream: IO[bytes], compressed: Format) -> bytes:
    try:
        return stream.read(_PIECE_BYTES)
    except ERRORS as error:
        raise UnreadableError(f"{compressed.name} that cannot be read: {error}") from None


def _pieces(payload: bytes, compressed: Format) -> Iterator[bytes]:
    """The content of a compressed payload, cut between documents where it is too large to be held."""
    for stream in _streams(payload, compressed):
        held: list[bytes] = []
        size = 0
        while data := _read(stream, compressed):
            held.append(data)
            size += len(data)
            if size <= MAX_BATCH_BYTES:
                continue
            block = b"".join(held)
            at = 0 if format_of(block) else boundary(block)
            if at:
                yield block[:at]
                held, size = [block[at:]], len(block) - at
            elif size > 2 * MAX_BATCH_BYTES:
                raise UnreadableError(f"larger than {MAX_BATCH_BYTES // 2**20} MB")
        yield b"".join(held)
