"""The email part of a row: ``facets.email_channel.mail_event``, from Pinpoint's record or SES's.

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
_RECIPIENTS: dict[str, tuple[str, _Columns]] = {
    "complaint": ("complained_recipients", _texts_of("email_address")),
    "bounce": ("bounced_recipients", _texts_of("email_address", "action", "status", "diagnostic_code")),
}
# A link tag is the sender's own name, so it is the same in both services and in the column.
_LINK_TAGS: Shape = (("unsubscribeLinkTag", "unsubscribeLinkTag", texts),)
_SEND: Shape = (("send", "send", text_map),)


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The keys of one service for the columns of a mail event."""

    mail: Shape
    common_headers: tuple[str, Shape]
    parts: dict[str, Shape]
    recipients: dict[str, tuple[str, str, Shape]]
    link_tags: str


def field_map(key_of: Callable[[str], str]) -> FieldMap:
    """The keys of the service that writes the column ``c`` under ``key_of(c)``."""

    def shape(columns: _Columns) -> Shape:
        return tuple((key_of(column), column, check) for column, check in columns)

    return FieldMap(
        mail=shape(_MAIL),
        common_headers=(key_of("common_headers"), shape(_COMMON_HEADERS)),
        parts={part: shape(columns) for part, columns in _PARTS.items()},
        recipients={part: (key_of(listed), listed, shape(columns)) for part, (listed, columns) in _RECIPIENTS.items()},
        link_tags=key_of("link_tags"),
    )


def extract_mail_event(extractor: FieldExtractor, event: Record, fields: FieldMap) -> Struct:
    """Remove the struct ``mail_event`` from ``event`` and return it; fields without a column stay."""
    mail_event = extractor.struct(event, _SEND)
    mail = extractor.object(event, "mail")
    if mail is not None:
        key, shape = fields.common_headers
        headers = extractor.nested(mail, key, shape)
        columns = extractor.struct(mail, fields.mail)
        mail_event["mail"] = columns if headers is None else {**columns, "common_headers": headers}
    for name, shape in fields.parts.items():
        if name in event and (part := extractor.object(event, name)) is not None:
            mail_event[name] = _part(extractor, part, name, shape, fields)
    return mail_event


def _part(extractor: FieldExtractor, part: Record, name: str, shape: Shape, fields: FieldMap) -> Struct:
    columns = extractor.struct(part, shape)
    if name in fields.recipients:
        key, column, inner = fields.recipients[name]
        recipients = extractor.structs(part, key, inner)
        if recipients is not None:
            columns[column] = recipients
    tags = extractor.object(part, fields.link_tags) if name == "click" else None
    if tags is not None and tags.get("unsubscribeLinkTag") is not None:
        columns["link_tags"] = extractor.struct(tags, _LINK_TAGS)
    return columns
