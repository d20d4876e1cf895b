"""Whether bytes of any kind name a person: text, also in UTF-16, compressed, or in base64, however deep."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from due_cli.erase.person import Person
from due_cli.events.compression import ERRORS, MAGIC_BYTES, format_of, utf16_encoding, zip_members
from due_cli.events.model import UnreadableError

_WINDOW = 4 * 1024 * 1024
_OVERLAP = 4 * 1024  # more than any spelling of an address
_SEALED: tuple[type[Exception], ...] = (*ERRORS, UnreadableError)
_PART = 64 * 1024
_MOST_UNPACKED = 256 * 1024 * 1024
_DEEPEST = 6
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_-]|\\*[\r\n]|\\+[rn]|\s(?=\s*[A-Za-z0-9+/_-]{20})){15,}={0,2}")
_BREAKS = re.compile(rb"\\+[rn]|\s|\\")


class SealedError(Exception):
    """Bytes that cannot be searched: damaged or larger than due unpacks."""


def names_person(data: bytes, person: Person, depth: int = 0) -> bool:
    """Whether bytes name the person; raises :class:`SealedError` where they do not and a part of them is sealed."""
    if (encoding := utf16_encoding(data[:2])) and person.is_named_in(data.decode(encoding, "replace")):
        return True
    is_sealed = False
    for start in range(0, max(len(data), 1), _WINDOW):
        window = data[start : start + _WINDOW + _OVERLAP]
        if person.is_named_in(window.decode("utf-8", "surrogateescape")):
            return True
    for inner in _unpacked(data):
        if inner is None or depth == _DEEPEST:
            is_sealed = True
        elif names_person(inner, person, depth + 1):
            return True
    if is_sealed and depth == 0:
        raise SealedError
    return False


def _unpacked(data: bytes) -> Iterator[bytes | None]:
    """What bytes are when they are unpacked; None for what cannot be."""
    if one := format_of(data[:MAGIC_BYTES]):
        try:
            if one.open is None:
                for _, member in zip_members(io.BytesIO(data)):
                    yield from _read(member)
            else:
                with one.open(io.BytesIO(data)) as stream:
                    yield from _read(stream)
        except _SEALED:
            yield None
        return
    for match in _BASE64.finditer(data):
        run = _BREAKS.sub(b"", match[0]).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for skipped in range(4):
            encoded = run[skipped : len(run) - 1 if (len(run) - skipped) % 4 == 1 else None]
            with suppress(binascii.Error):
                inner = base64.b64decode(encoded + b"=" * (-len(encoded) % 4))
                if skipped == 0 or format_of(inner[:MAGIC_BYTES]):
                    yield inner


def _read(stream: IO[bytes]) -> Iterator[bytes | None]:
    """The content of a stream, as far as it can be read; None after that of one which is damaged or too large."""
    content = bytearray()
    try:
        while len(content) <= _MOST_UNPACKED and (part := stream.read(_PART)):
            content += part
    except ERRORS:
        yield bytes(content)
        yield None
        return
    yield bytes(content)
    if len(content) > _MOST_UNPACKED:
        yield None
