"""A person, by email address or phone number: where texts name them, and texts with something else in their place.

The whole address or number counts, in any case and escaped (:mod:`due_cli.erase.spelling`), and inside base64. What
stands around it decides: ``a@b.co`` is not in ``maria@b.co``, ``x.a@b.co``, ``x+a@b.co`` or ``a@b.co.uk``, but in
``<a@b.co>``, ``to=a%40b.co`` and ``a@b.co.``. A number is found with and without ``+`` or ``00`` before it and with
separators between its digits, but not in a longer number, nor within a word.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cached_property

from due_cli.core.errors import UsageError
from due_cli.erase.spelling import escaped, in_base64

ERASED = "erased"  # what stands in a text where the person was
_PSEUDONYM_DOMAIN = "erased.invalid"
_PSEUDONYM_PREFIX = "999"  # no country's
_MIN_DIGITS, _MAX_DIGITS = 7, 15  # of a number with its country (E.164)
_NUMBER = re.compile(r"\+[0-9 .()/\-]+")
_WHITE = re.compile(r"\s")
_PLUS = r"(?:(?:\+|%(?:25)*2[Bb]|\\+u002[Bb]|&#43;|(?<![0-9])00)[ (]?)?"

# The character before or after a match where it is escaped.
_ESCAPES = r"%(?:25)*(?P<percent>[0-9A-Fa-f]{2})|\\+u(?P<json>[0-9A-Fa-f]{4})|\\+(?P<control>[nrtbf\"'/\\])"
_ESCAPE_BEFORE = re.compile(rf"(?:{_ESCAPES})\Z")
_ESCAPE_AFTER = re.compile(_ESCAPES)
_QUOTED_PRINTABLE_BEFORE, _QUOTED_PRINTABLE_AFTER = re.compile(r"=([0-9A-F]{2})\Z"), re.compile(r"=([0-9A-F]{2})")
_LONGEST_ESCAPE = 24
_CASELESS = 0x2000  # scripts from here on are written without spaces: a character of theirs is no part of an address
_AT = re.compile(r"%(?:25)*40|\\+u0040|=40|&#0*64;|&#[xX]0*40;|@")
_PLUS_MATCH = re.compile(_PLUS)
_BASE64_RUN = re.compile(r"([A-Za-z0-9+/_-]{8,})(={0,2})")
_DISPLAY_NAME = re.compile(
    r'(?:\A|(?<=,))[ \t]*((?:"(?:[^"\\]|\\.)*"|(?:=\?[^?]*\?[BbQq]\?[^?]*\?=\s*)+|[^<>,;:@"=?\d]*)\s*<)\Z'
)
_LONGEST_NAME = 300
_END_OF_MAILBOX = re.compile(r">\s*(?:,|\Z)")

Replace = Callable[[str], str]  # of a match


@unique
class Mode(StrEnum):
    """What ``due erase`` puts in the person's place: nothing, or a name that nobody can trace back."""

    ERASE = "erase"
    PSEUDONYMISE = "pseudonymise"


@dataclass(frozen=True)
class Person:
    """An address, or a number whose ``digits`` begin with the country's."""

    address: str | None = None
    digits: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether the person is named by a phone number."""
        return self.digits is not None

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """The address as typed, and with its domain in ASCII and in Unicode; or the digits."""
        if self.digits is not None:
            return (self.digits,)
        assert self.address is not None  # noqa: S101  either is there
        local, _, domain = self.address.rpartition("@")
        domains = [domain]
        with suppress(UnicodeError):
            domains.append(domain.encode("idna").decode())
        with suppress(UnicodeError):
            domains.append(domain.encode().decode("idna"))
        return tuple(dict.fromkeys(f"{local}@{one}".lower() for one in domains))

    @cached_property
    def candidates(self) -> str:
        """A pattern for bytes (RE2, Latin-1) that is found wherever the person may be named, and seldom elsewhere."""
        plain = [escaped(text, separated=self.is_number, of_bytes=True) for text in self.spellings]
        before = r"(?:^|[^0-9A-Za-z_]|[%=](?:25)*[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[nrtbf]|00)"
        encoded = [in_base64(text) for text in self.spellings]
        return f"{before}(?:{'|'.join(plain)})|{'|'.join(encoded)}"

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        prefix = _PLUS if self.is_number else ""
        return re.compile(
            prefix + "(?:" + "|".join(escaped(one, separated=self.is_number) for one in self.spellings) + ")"
        )

    @cached_property
    def _base64(self) -> re.Pattern[str]:
        return re.compile("|".join(in_base64(one) for one in self.spellings))

    def is_named_in(self, text: str) -> bool:
        """Whether a text names the person."""
        return next(self._spans(text), None) is not None or self._in_base64(text, lambda _: ERASED) != text

    def replaced(self, text: str, replace: Replace) -> str:
        """A text with all that names the person replaced, a display name before the address included."""
        pieces, end = [], 0
        for start, stop in self._spans(text):
            begin, finish = self._mailbox(text, start, stop)
            pieces += [text[end:begin], replace(text[start:stop])]
            end = finish
        return self._in_base64("".join([*pieces, text[end:]]), replace)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a text names the person, outside of base64."""
        at = 0
        while match := self._plain.search(text, at):
            is_whole = self._is_whole_number if self.is_number else self._is_whole_address
            if is_whole(text, match):
                yield match.span()
                at = match.end()
            else:
                at = match.start() + 1

    def _is_whole_address(self, text: str, match: re.Match[str]) -> bool:
        start, end, found = match.start(), match.end(), match[0]
        is_quoted_printable, is_form = "=40" in found, "%40" in found
        before, at = _before(text, start, is_quoted_printable)
        if before == ".":
            first, _ = _before(text, at, is_quoted_printable)
            if _is_letter(first) or (first and first in "+_-"):
                return False
        elif (
            _is_letter(before)
            or (before and before in "_-")
            or (before == "+" and not (is_form and text[start - 1] == "+"))
        ):
            return False
        after, at = _after(text, end, is_quoted_printable)
        if after and after in ".-":
            after, _ = _after(text, at, is_quoted_printable)
        return not _is_letter(after)

    def _is_whole_number(self, text: str, match: re.Match[str]) -> bool:
        has_plus = bool(_PLUS_MATCH.match(match[0])[0])  # type: ignore[index]  # it matches nothing too
        before, _ = _before(text, match.start(), False)
        after, at = _after(text, match.end(), False)
        if before.isdigit() or after.isdigit() or (before == "+" and not has_plus):
            return False
        if not has_plus and (_is_letter(before) or before == "_" or _is_letter(after) or after == "_"):
            return False
        is_separated = not match[0][-len(self.digits or "") :].isdigit()
        return not (is_separated and after and after in " -./" and _after(text, at, False)[0].isdigit())

    def _mailbox(self, text: str, start: int, end: int) -> tuple[int, int]:
        """Where the mailbox begins and ends, display name and angle brackets included, in a list of mailboxes."""
        if self.is_number or text[start - 1 : start] != "<" or not (closing := _END_OF_MAILBOX.match(text, end)):
            return start, end
        name = _DISPLAY_NAME.search(text[max(0, start - _LONGEST_NAME) : start])
        return (start - len(name[1]), closing.start() + 1) if name else (start, end)

    def _in_base64(self, text: str, replace: Replace) -> str:
        if not self._base64.search(text):
            return text
        return _BASE64_RUN.sub(lambda run: self._run_replaced(run[1], run[2], replace), text)

    def _run_replaced(self, run: str, padding: str, replace: Replace) -> str:
        """A run of base64 with the person replaced in what it encodes; text before it may look like a part of it."""
        is_padded = bool(padding) or len(run) % 4 == 0
        is_url_safe = "-" in run or "_" in run
        standard = run.replace("-", "+").replace("_", "/")
        for skipped in range(4):
            encoded = standard[skipped:]
            if len(encoded) % 4 == 1:
                encoded = encoded[:-1]
            try:
                data = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
            except binascii.Error:
                continue
            text = data.decode("utf-8", "surrogateescape")
            if next(self._spans(text), None) is None:
                continue
            changed = self.replaced(text, replace).encode("utf-8", "surrogateescape")
            again = base64.b64encode(changed).decode()
            again = again.replace("+", "-").replace("/", "_") if is_url_safe else again
            return run[:skipped] + (again if is_padded else again.rstrip("="))
        return run + padding


def parse_person(typed: str) -> Person:
    """The person of a word of the command line; raises :class:`UsageError`."""
    text = typed.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if "@" in text:
        local, _, domain = text.rpartition("@")
        if not local or not domain or _WHITE.search(text) or not re.search(r"\w", domain):
            raise UsageError(f"{typed} is not an email address", "give the whole address: due erase maria@example.com")
        return Person(address=text)
    digits = re.sub(r"\D", "", text)
    if not _NUMBER.fullmatch(text) or not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        raise UsageError(
            f"{typed} is neither an email address nor a phone number",
            "give a whole address, or a number with its country: due erase +4915112345678",
        )
    return Person(digits=digits)


class Eraser:
    """What is put in a person's place; one for each run, as it forgets how it made pseudonyms when it is gone."""

    def __init__(self, person: Person, mode: Mode, key: bytes, *, subjects: bool = False) -> None:
        self.person, self.mode, self.subjects = person, mode, subjects
        self._key = key

    def text(self, text: str) -> str:
        """A text without the person."""
        return self.person.replaced(text, self._replacement)

    def event_id(self, event_id: str) -> str:
        """A new id for an event whose id was made of the person's address: the same one for the same event."""
        digest = hmac.digest(self._key, event_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:16])[:22].decode()

    def _replacement(self, found: str) -> str:
        if self.mode is Mode.ERASE:
            return ERASED
        name = (self.person.address or self.person.digits or "").lower()
        digest = hmac.digest(self._key, name.encode(), hashlib.sha256)
        if self.person.is_number:
            plus = _PLUS_MATCH.match(found)[0]  # type: ignore[index]  # it matches nothing too
            return f"{plus}{_PSEUDONYM_PREFIX}{int.from_bytes(digest[:8], 'big') % 10**12:012d}"
        at = _AT.search(found)
        return f"{digest[:10].hex()}{at[0] if at else '@'}{_PSEUDONYM_DOMAIN}"


def _before(text: str, at: int, is_quoted_printable: bool) -> tuple[str, int]:
    """The character before a place, unescaped, and where it begins; empty at the beginning."""
    head = text[max(0, at - _LONGEST_ESCAPE) : at]
    if match := _ESCAPE_BEFORE.search(head):
        return _unescaped(match), at - len(match[0])
    if is_quoted_printable and (match := _QUOTED_PRINTABLE_BEFORE.search(head)):
        return chr(int(match[1], 16)), at - len(match[0])
    return head[-1:], at - len(head[-1:])


def _after(text: str, at: int, is_quoted_printable: bool) -> tuple[str, int]:
    """The character at a place, unescaped, and where it ends; empty at the end."""
    if match := _ESCAPE_AFTER.match(text, at):
        return _unescaped(match), match.end()
    if is_quoted_printable and (match := _QUOTED_PRINTABLE_AFTER.match(text, at)):
        return chr(int(match[1], 16)), match.end()
    return text[at : at + 1], at + 1


def _unescaped(match: re.Match[str]) -> str:
    if match["control"]:
        return " "
    code = int(match["percent"] or match["json"], 16)
    return chr(code) if match["json"] or code < 128 else "\ufffd"


def _is_letter(character: str) -> bool:
    return character.isalnum() and ord(character) < _CASELESS
