"""How an address or number may be spelled, as regular expressions that Python's ``re`` and RE2 read alike.

Each character may stand for itself in either case or be escaped: percent-encoded (once or several times), as JSON
(``\\u0040``, behind any number of backslashes), as HTML and as quoted-printable. Base64 is a pattern of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL_SAFE = {"+": "-", "/": "_"}
_ASCII_SEPARATORS = r"[ .()/\-\t]|%20|%2D|\\u00a0|\\u201[0-5]"
_SEPARATORS = f"(?:{_ASCII_SEPARATORS}|[\xa0\u2010-\u2015]){{0,2}}"  # a no-break space, dashes
_SEPARATORS_OF_BYTES = rf"(?:{_ASCII_SEPARATORS}|\xc2\xa0|\xe2\x80[\x90-\x95]){{0,2}}"


def escaped(text: str, *, separated: bool = False, of_bytes: bool = False) -> str:
    """The pattern of a text in any case and with any of its characters escaped, for text or for bytes in UTF-8.

    ``separated`` lets up to two separators, as people write them into numbers, stand between any two characters.
    """
    between = (_SEPARATORS_OF_BYTES if of_bytes else _SEPARATORS) if separated else ""
    return "(?i:" + between.join(_character(character, of_bytes=of_bytes) for character in text) + ")"


def in_base64(text: str) -> str:
    """The pattern of a text in any case within base64, whichever byte of its group the text begins with."""
    values = [_cases(byte) for byte in text.encode()]
    alternatives = []
    for skipped in range(3):
        placed: list[tuple[int, ...] | None] = [*[None] * skipped, *values]
        placed += [None] * (-len(placed) % 3)
        groups = [placed[start : start + 3] for start in range(0, len(placed), 3)]
        alternatives.append("".join(map(_group, groups)))
    return "(?:" + "|".join(alternatives) + ")"


def _character(character: str, *, of_bytes: bool) -> str:
    spellings: dict[str, None] = {}
    for case in dict.fromkeys((character.lower(), character.upper())):
        encoded = case.encode()
        literal = "".join(f"\\x{byte:02x}" for byte in encoded) if of_bytes else re.escape(case)
        spellings[literal] = None
        spellings["".join(f"%(?:25)*{byte:02x}" for byte in encoded)] = None
        units = case.encode("utf-16-be")
        spellings["".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))] = None
        spellings["".join(f"={byte:02x}" for byte in encoded)] = None
        if len(case) == 1:
            spellings[f"&#(?:0*{ord(case)}|x0*{ord(case):x});"] = None
    return f"(?:{'|'.join(spellings)})"


def _cases(byte: int) -> tuple[int, ...]:
    character = chr(byte)
    return tuple(sorted({ord(character.lower()), ord(character.upper())})) if byte < 128 else (byte,)


def _group(group: Iterable[tuple[int, ...] | None]) -> str:
    """The pattern of four characters of base64 for three bytes, each one of some values or, if None, any."""
    bytes_of_group = list(group)
    alternatives: dict[str, None] = {}
    for chosen in product(*((None,) if values is None else values for values in bytes_of_group)):
        value = mask = 0
        for byte in chosen:
            value, mask = (value << 8) | (byte or 0), (mask << 8) | (0 if byte is None else 255)
        classes = []
        for shift in (18, 12, 6, 0):
            bits, known = (value >> shift) & 63, (mask >> shift) & 63
            if known:
                classes.append(_class(number for number in range(64) if number & known == bits & known))
        alternatives["".join(classes)] = None
    return f"(?:{'|'.join(alternatives)})"


def _class(numbers: Iterable[int]) -> str:
    characters = [_ALPHABET[number] for number in numbers]
    characters += [_URL_SAFE[character] for character in characters if character in _URL_SAFE]
    escaped_characters = [re.escape(character) for character in characters]
    return escaped_characters[0] if len(escaped_characters) == 1 else f"[{''.join(escaped_characters)}]"
