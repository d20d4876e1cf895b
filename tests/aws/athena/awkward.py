"""Values that a statement could break on, as addresses and as values of tags."""

from __future__ import annotations

from due_cli.events.model import Json
from tests.queries.raw import Mail, Text, at, pinpoint, pinpoint_sms

DAY = "2025-06-02"
VALUES = (
    "o'brien@example.com",
    "''@example.com",
    "100%@example.com",
    "%(name)s %s %d",
    "a;DROP TABLE all_events;--",
    "x' OR '1'='1",
    "/* not */ -- a comment",
    "jörg+ünï-☃-😀@exämple.com",
    '"double" `back` quotes',
    "back\\slash\\'",
    ":since :until ?",
    "two\nlines",
    "l" * 2_000,
)


def _mail(number: int, value: str) -> Mail:
    return Mail(f"awkward-{number}", at(f"{DAY}T12:00"), (value,), f"Subject {value[:80]}", {"k'%;": value})


def _text(number: int, value: str) -> Text:
    return Text(f"awkward-sms-{number}", context={"k'%;": value})


RECORDS: list[Json] = [
    *(pinpoint(_mail(number, value), "send") for number, value in enumerate(VALUES)),
    *(pinpoint_sms(_text(number, value), "BUFFERED", at(f"{DAY}T12:00"), 600.0) for number, value in enumerate(VALUES)),
]
