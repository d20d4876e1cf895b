"""The email part of a row: ``facets.email_channel.mail_event``, from Pinpoint's spelling of it or SES's.

Both services write the same objects, Pinpoint in snake_case and SES in camelCase; the columns are Pinpoint's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from due_cli.events.fields import (
    Check,
    FieldExtractor,
    Shape,
    boolean,
    int32,
    joined,
    text,
    text_map,
    text_maps,
    texts,
    time,
)
from due_cli.events.model import Record, Struct

_Columns = tuple[tuple[str, Check], ...]


def _texts_of(*columns: str) -> _Columns:
    return tuple((column, text) for column in columns)


_MAIL: _Columns = (
    ("message_id", text),
    ("message_send_timestamp", time),
    ("from_address", text),
    ("destination", texts),
    ("headers_truncated", boolean),
    ("headers", text_maps),
)
_COMMON_HEADERS: _Columns = (("from", joined), ("to", texts), ("subject", text))
_PARTS: dict[str, _Columns] = {
    "delivery": (
        *_texts_of("smtp_response", "reporting_mta"),
        ("recipients", texts),
        ("processing_time_millis", int32),
    ),
    "open": _texts_of("ip_address", "user_agent"),
    "click": _texts_of("ip_address", "user_agent", "link"),
    "reject": _texts_of("reason"),
    "complaint": _texts_of("feedback_id", "user_agent", "complaint_feedback_type"),
    "bounce": _texts_of("bounce_type", "bounce_sub_type", "feedback_id", "reporting_mta"),
}
_PEOPLE: dict[str, tuple[str, _Columns]] = {
    "complaint": ("complained_recipients", _texts_of("email_address")),
    "bounce": ("bounced_recipients", _texts_of("email_address", "action", "status", "diagnostic_code")),
}
# A link tag is the sender's own name, so it has one spelling in both services and in the column.
_LINK_TAGS: Shape = (("unsubscribeLinkTag", "unsubscribeLinkTag", texts),)
_SEND: Shape = (("send", "send", text_map),)


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The keys of one service for the columns of a mail event."""

    mail: Shape
    common_headers: tuple[str, Shape]
    parts: dict[str, Shape]
    people: dict[str, tuple[str, str, Shape]]
    link_tags: str


def spelling(key_of: Callable[[str], str]) -> FieldMap:
    """The spelling of the service that writes the column ``c`` under ``key_of(c)``."""

    def shape(columns: _Columns) -> Shape:
        return tuple((key_of(column), column, check) for column, check in columns)

    return FieldMap(
        mail=shape(_MAIL),
        common_headers=(key_of("common_headers"), shape(_COMMON_HEADERS)),
        parts={part: shape(columns) for part, columns in _PARTS.items()},
        people={part: (key_of(listed), listed, shape(columns)) for part, (listed, columns) in _PEOPLE.items()},
        link_tags=key_of("link_tags"),
    )


def taken_mail_event(taker: FieldExtractor, event: Record, spelled: FieldMap) -> Struct:
    """The struct ``mail_event`` taken out of ``event``; fields without a column stay in it."""
    found = taker.struct(event, _SEND)
    mail = taker.object(event, "mail")
    if mail is not None:
        key, shape = spelled.common_headers
        headers = taker.nested(mail, key, shape)
        taken = taker.struct(mail, spelled.mail)
        found["mail"] = taken if headers is None else {**taken, "common_headers": headers}
    for name, shape in spelled.parts.items():
        if name in event and (part := taker.object(event, name)) is not None:
            found[name] = _part(taker, part, name, shape, spelled)
    return found


def _part(taker: FieldExtractor, part: Record, name: str, shape: Shape, spelled: FieldMap) -> Struct:
    found = taker.struct(part, shape)
    if name in spelled.people:
        key, column, inner = spelled.people[name]
        people = taker.structs(part, key, inner)
        if people is not None:
            found[column] = people
    tags = taker.object(part, spelled.link_tags) if name == "click" else None
    if tags is not None and tags.get("unsubscribeLinkTag") is not None:
        found["link_tags"] = taker.struct(tags, _LINK_TAGS)
    return found
