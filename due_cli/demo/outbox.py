"""Where every record of the month is put until the files are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random

from due_cli.demo.clock import SECOND

Record = dict[str, object]
_STEP = 1000
_PLACE = "\x1a"  # no text of the month has it
_WRITTEN_PLACE = json.dumps(_PLACE).encode()


class Shared:
    """An object that several records contain, as a mail stands in all its events: it is encoded once."""

    def __init__(self, value: Record) -> None:
        self.value = value

    @cached_property
    def text(self) -> bytes:
        """The object as JSON."""
        return encoded(self.value)


def encoded(record: object) -> bytes:
    """A record as the services write it: compact JSON in UTF-8."""
    shared: list[Shared] = []

    def place(found: Shared) -> str:
        shared.append(found)
        return _PLACE

    encoder = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), default=place)
    text = encoder.encode(record).encode()
    for one in shared:
        text = text.replace(_WRITTEN_PLACE, one.text, 1)
    return text


@dataclass(frozen=True, slots=True)
class Parcel:
    """The text of one record, when it was published and when it reached the file it will stand in.

    A ``flawed`` one is not repeated, so that the account of a month stays simple.
    """

    text: bytes
    published: int
    arrived: int
    flawed: bool = False


class Outbox:
    """The parcels of each route. What would be published after ``until`` has not happened yet and is left out."""

    def __init__(self, rng: Random, until: int, progress: Callable[[int], None] | None) -> None:
        self.parcels: dict[str, list[Parcel]] = {}
        self.count = 0
        self._rng = rng
        self._until = until
        self._progress = progress

    def put(self, route: str, at: int, record: Record | bytes) -> None:
        """Send a record, or a text as it stands, on its way; it arrives within a few seconds."""
        if at <= self._until:
            text = record if isinstance(record, bytes) else encoded(record)
            arrived = min(at + 200 + int(self._rng.random() * 4 * SECOND), self._until)
            self.put_parcel(route, Parcel(text, at, arrived))

    def put_parcel(self, route: str, parcel: Parcel) -> None:
        """Put a parcel as it is, as a repeated delivery does."""
        self.parcels.setdefault(route, []).append(parcel)
        self.count += 1
        if self._progress is not None and self.count % _STEP == 0:
            self._progress(self.count)
