"""Rows without a person: each text leaf of a row, whatever its columns are, and whether the row is about them alone.

Rows are as Arrow gives them: structs as dicts, maps as lists of pairs. So files of other writers are treated alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from due_cli.erase.person import ERASED, Eraser, Mode

Row = dict[str, Any]
_EVENT_ID = "event_id"
_REMOVED = object()  # in place of an item of a list that was the person
_WORD = re.compile(r"[^a-z0-9]")
# The lists of those whom an event concerns, and where it has none, whom its message was sent to.
_CONCERNED = frozenset(("bouncedrecipients", "complainedrecipients", "delayedrecipients", "recipients"))
_SENT_TO = frozenset(("destination",))
_PHONE, _SENDER = frozenset(("destinationphonenumber",)), frozenset(("originationphonenumber",))
_FROM_CUSTOMER = ".INBOUND"  # the end of event types whose sender is the customer
_MESSAGES = frozenset(("message_id", "previousPublishedMessageId"))
_SUBJECT = "subject"
_ANYBODY = re.compile(r"[\w.+-]+@[\w-]+\.\w|\+[1-9][0-9]{6,14}(?![0-9])")


class ErasedRow(NamedTuple):
    """What became of a row: itself without the person, or None where it was about them alone.

    ``is_new_event`` is whether it has a new event id, as its own was made of the person's address.
    """

    row: Row | None
    is_new_event: bool = False


def erase_row(eraser: Eraser, row: Row) -> ErasedRow | None:
    """A row without the person; None for a row that does not name them."""
    changed = _value(eraser, row)
    if changed == row:
        return None
    people = list(_people(row))
    is_concerned = not people or any(eraser.text(person) != person for person in people)
    if eraser.mode is Mode.ERASE and is_concerned:
        others = [person for person in people if eraser.text(person) != ERASED]
        if not others and (people or not any(map(_ANYBODY.search, _texts(changed)))):
            return ErasedRow(None)
    if eraser.subjects:
        changed = _without_subjects(changed)
    is_new = is_concerned and isinstance(row.get(_EVENT_ID), str)
    if is_new:
        changed[_EVENT_ID] = eraser.event_id(row[_EVENT_ID])
    return ErasedRow(changed, is_new)


def message_ids(row: Row) -> Iterator[str]:
    """The ids of the messages that a row is about."""
    for key, value in _leaves(row):
        if key.rpartition(".")[2] in _MESSAGES and isinstance(value, str):
            yield value


def has_subject(row: Row) -> bool:
    """Whether a row has a subject line."""
    return bool(_without_subjects(row) != row)


def _value(eraser: Eraser, value: Any) -> Any:
    """A value without the person; the item of a list that was no more than the person is removed."""
    if isinstance(value, str):
        return _text(eraser, value)
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return _text(eraser, text).encode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {key: _value(eraser, item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_value(eraser, item) for item in value)
    if isinstance(value, list):
        items = [_item(eraser, item) for item in value]
        kept = [item for item in items if item is not _REMOVED]
        return kept if kept or not items else None
    return value


def _item(eraser: Eraser, item: Any) -> Any:
    changed = _value(eraser, item)
    if eraser.mode is Mode.ERASE and changed != item and ERASED in (changed, _address_of(changed)):
        return _REMOVED
    return changed


def _text(eraser: Eraser, text: str) -> str:
    """A text without the person; a list as JSON text is treated as a list."""
    changed = eraser.text(text)
    if changed == text or eraser.mode is not Mode.ERASE or not text.startswith("["):
        return changed
    items = _parsed(text)
    if not isinstance(items, list):
        return changed
    return json.dumps(_value(eraser, items) or [], ensure_ascii=False, separators=(",", ":"))


def _people(row: Row) -> Iterator[str]:
    """Whom a row is about: the recipients of its event, else those of its message; none where it names no such."""
    customers = _SENDER if str(row.get("event_type")).endswith(_FROM_CUSTOMER) else _PHONE
    named: dict[str, list[str]] = {}
    for key, value in _leaves(row):
        name = _WORD.sub("", key.rpartition(".")[2].lower())
        if name in _CONCERNED or name in _SENT_TO or name in customers:
            named.setdefault(name, []).extend(_addresses(value))
    for names in (_CONCERNED, _SENT_TO, customers):
        if people := [person for name, people in named.items() if name in names for person in people]:
            yield from people
            return


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a row with the keys they are under, those inside JSON text included."""
    yield key, value
    if isinstance(value, str) and value[:1] in ("{", "["):
        parsed = _parsed(value)
        if isinstance(parsed, dict | list):
            yield from _leaves(parsed, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, str(name))
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, tuple) and len(item) == 2:
                yield from _leaves(item[1], str(item[0]))
            elif isinstance(item, dict | list):
                yield from _leaves(item)


def _addresses(value: Any) -> Iterator[str]:
    """The addresses or numbers in a value: a text, a list of texts or of structs with an address, or either as JSON."""
    if isinstance(value, str):
        parsed = _parsed(value) if value[:1] == "[" else None
        yield from _addresses(parsed) if isinstance(parsed, list) else [value] if value else []
    elif isinstance(value, list):
        for item in value:
            address = item if isinstance(item, str) else _address_of(item)
            if isinstance(address, str):
                yield address


def _address_of(item: Any) -> Any:
    """The address of a recipient that is a struct or a map; None for anything else."""
    if isinstance(item, list):
        item = dict(pair for pair in item if isinstance(pair, tuple) and len(pair) == 2)
    if not isinstance(item, dict):
        return None
    return next((value for key, value in item.items() if _WORD.sub("", str(key).lower()) == "emailaddress"), None)


def _without_subjects(value: Any, key: str = "") -> Any:
    """A value with NULL for every subject, and without the headers that are one."""
    if _WORD.sub("", key.rpartition(".")[2].lower()) == _SUBJECT:
        return None
    if isinstance(value, dict):
        return {name: _without_subjects(item, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_pair(item) for item in value if not _is_subject_header(item)] or None if value else value
    if isinstance(value, str) and value[:1] in ("{", "[") and _SUBJECT in value.lower():
        parsed = _parsed(value)
        cleared = _without_subjects(parsed)
        return value if cleared == parsed else json.dumps(cleared, ensure_ascii=False, separators=(",", ":"))
    return value


def _pair(item: Any) -> Any:
    if isinstance(item, tuple) and len(item) == 2:
        return (item[0], _without_subjects(item[1], str(item[0])))
    return _without_subjects(item)


def _is_subject_header(item: Any) -> bool:
    if isinstance(item, list):
        item = dict(pair for pair in item if isinstance(pair, tuple) and len(pair) == 2)
    return isinstance(item, dict) and str(item.get("name", "")).lower() == _SUBJECT


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
