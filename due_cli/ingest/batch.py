"""The work on one block: its documents decoded, its records read, its rows and statuses encoded.

A pure function of bytes, so that several processes can do it side by side.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from due_cli.events.documents import MAX_DEPTH, Document, documents, loads
from due_cli.events.fields import as_text
from due_cli.events.first_release import first_release_ids
from due_cli.events.model import Json, Row, may_have_empty, without_empty
from due_cli.events.reading import Reading, read
from due_cli.events.registry import UNKNOWN_RECORD
from due_cli.events.status import Status, merge, merge_by_message
from due_cli.events.status_codec import decode as decode_text
from due_cli.events.status_codec import pack
from due_cli.events.times import HOUR
from due_cli.events.wrappers import units

# Digits that need more than 64 bits: orjson would read them as something else than the standard library.
_HUGE = b"0" * 18
_CLASS = {**dict.fromkeys(b"0123456789", ord("0")), **dict.fromkeys(b"{[", ord("{"))}
_CLASSES = bytes(_CLASS.get(code, ord(" ")) for code in range(256))


@dataclass(frozen=True, slots=True)
class Block:
    """A part of an input that starts and ends between documents; ``line`` is the number of its first line."""

    origin: str
    line: int
    data: bytes


class StagedRow(NamedTuple):
    """A row ready to be written; a tuple, because it goes from one process to another by the million.

    ``key`` orders by own hour, then identifies the event; ``digest`` is of the row's content, so that another delivery
    of the event is told from one that says the same. ``record`` numbers the record within its batch. Where the event's
    hour has rows of due 0.1.0, ``first_release_keys`` are the keys that it may have there, and ``status`` is the
    message and encoded status of the row, which count only if it is not one of those.
    """

    key: bytes
    digest: bytes
    hour: int
    record: int
    line: bytes
    first_release_keys: tuple[bytes, ...] = ()
    status: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record that cannot be read, as received, and why."""

    raw: bytes
    reason: str
    origin: str


@dataclass(slots=True)
class Batch:
    """The content of a block: all its ``records`` counted, those with rows told apart by ``StagedRow.record``."""

    records: int = 0
    ignored: int = 0
    nulled: int = 0
    duplicate_rows: int = 0
    rows: list[StagedRow] = field(default_factory=list)
    statuses: dict[str, bytes] = field(default_factory=dict)
    failures: list[UnreadableRecord] = field(default_factory=list)

    def __getstate__(self) -> tuple[object, ...]:
        """Plain tuples, which go to another process three times as fast."""
        rows = list(map(tuple, self.rows))
        return self.records, self.ignored, self.nulled, self.duplicate_rows, rows, self.statuses, self.failures

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.records, self.ignored, self.nulled, self.duplicate_rows, rows, self.statuses, self.failures = state
        self.rows = list(map(StagedRow._make, rows))


def read_block(block: Block, first_release_hours: frozenset[int] = frozenset()) -> Batch:
    """The rows, statuses and failures of a block.

    ``first_release_hours`` are the hours of own time (since the epoch) in which rows of due 0.1.0 may be stored.
    """
    batch = Batch()
    statuses: list[Status] = []
    line, counted = block.line, 0
    for document in documents(block.data, decode):
        for index, unit in enumerate(units(document, decode)):
            batch.records += 1
            reading = read(unit, encode_row)
            if not add_reading(batch, reading, statuses, first_release_hours):
                # A status among records has no reason: the statuses of a folder follow from its events.
                raw = unit.raw if unit.raw is not None else _raw(document, index)
                line += block.data.count(b"\n", counted, document.start)
                counted = document.start
                reason = reading.reason or UNKNOWN_RECORD
                batch.failures.append(UnreadableRecord(raw, reason, f"{block.origin}:{line}"))
    batch.statuses = encode_statuses(statuses)
    return batch


def add_reading(
    batch: Batch, reading: Reading, statuses: list[Status], first_release_hours: frozenset[int] = frozenset()
) -> bool:
    """Add what was read of the record that a batch counted last, and its statuses to a list; False for no rows."""
    for row, encoded, status in zip(reading.rows, reading.lines, reading.statuses, strict=False):
        staged = stage(row, encoded, batch.records)
        if row["occurred_at"] // HOUR in first_release_hours and (keys := _first_release_keys(row)):
            own = None if status is None else (status.message_id, encode_status(status))
            staged = staged._replace(first_release_keys=keys, status=own)
        elif status is not None:
            statuses.append(status)
        batch.rows.append(staged)
    if reading.rows:
        batch.nulled += reading.nulled
        batch.duplicate_rows += reading.duplicate_rows
    elif reading.is_empty:
        batch.ignored += 1
    return bool(reading.rows) or reading.is_empty


def encode_statuses(statuses: Iterable[Status]) -> dict[str, bytes]:
    """Statuses merged by message, each encoded."""
    return {message: encode_status(status) for message, status in merge_by_message(statuses).items()}


def stage(row: Row, line: bytes, record: int) -> StagedRow:
    """A row ready to be written; ``line`` is the encoded row."""
    return StagedRow(key_of(row["event_id"], row["occurred_at"]), digest_of(line), hour_of(row), record, line)


def encode_row(row: Row) -> bytes:
    """A row as a line of JSON: the same bytes for the same row, whether or not it has empty lists and maps."""
    line = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return orjson.dumps(without_empty(row), option=orjson.OPT_SORT_KEYS) if may_have_empty(line) else line


def decode_row(line: bytes) -> Row:
    """The row that :func:`encode_row` encoded."""
    row: Row = orjson.loads(line)
    return row


def digest_of(line: bytes) -> bytes:
    """What tells the content of a row from that of another delivery of its event."""
    return hashlib.sha256(line).digest()[:8]


def hour_of(row: Row) -> int:
    """The hour (since the epoch) under which a row is filed: that of its arrival."""
    return row["arrival_timestamp"] // HOUR


def encode_status(status: Status) -> bytes:
    """A status as the store of a folder has it: the same bytes for the same status."""
    return orjson.dumps(pack(status), option=orjson.OPT_SORT_KEYS)


def decode_status(message_id: str, body: bytes) -> Status:
    """The status that :func:`encode_status` encoded."""
    return decode_text(message_id, body, orjson.loads)


def merge_encoded(message_id: str, bodies: list[bytes]) -> bytes:
    """One encoded status of several of the same message."""
    if len(bodies) == 1:
        return bodies[0]
    return encode_status(merge(*(decode_status(message_id, body) for body in bodies)))


def failed_id(raw: bytes) -> str:
    """The id under which a failed record is kept: of its bytes, so that the same record is kept once."""
    return digest_id(hashlib.sha256(raw))


def digest_id(digest: hashlib._Hash) -> str:
    """The id of a failed record whose bytes went through SHA-256."""
    return file_id(digest.hexdigest())


def file_id(digest: str) -> str:
    """The same id, of a SHA-256 in hexadecimal."""
    return base64.b32encode(bytes.fromhex(digest)[:10]).decode().lower()


def decode(text: bytes) -> Json:
    """The same value as :func:`due_cli.events.loads`, faster; raises the same errors."""
    classes = text.translate(_CLASSES)
    if _HUGE in classes or classes.count(b"{") > MAX_DEPTH:
        return loads(text)
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return loads(text)
    return value


def key_of(event_id: str, event_time: int) -> bytes:
    """The key of an event: its id after the hour of its own time, so that new ones are close together."""
    return (event_time // HOUR).to_bytes(4, "big") + event_id.encode()


def _first_release_keys(row: Row) -> tuple[bytes, ...]:
    ids = (event_id for event_id in first_release_ids(row) if event_id != row["event_id"])
    return tuple(key_of(event_id, row["occurred_at"]) for event_id in ids)


def _raw(document: Document, index: int) -> bytes:
    """One record of a document as text, decoded again, because reading takes a record apart."""
    copy = document._replace(value=decode(document.text))
    return as_text(units(copy, decode)[index].record).encode()
