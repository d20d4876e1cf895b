"""The work of one block: its documents decoded, its records normalised, its rows and statuses encoded.

A pure function of bytes, so that several processes can do it side by side.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from due_cli.events import (
    Document,
    Envelope,
    Json,
    Row,
    Status,
    Unit,
    UnreadableError,
    documents,
    loads,
    merged,
    rows_of,
    status_of,
    units,
)
from due_cli.events.documents import MAX_DEPTH
from due_cli.events.fields import as_text
from due_cli.events.times import HOUR
from due_cli.ingest.stored import encoded

# Digits that need more than 64 bits: the faster decoder would read them as something else than the standard one.
_HUGE = b"0" * 18
_KIND = {**dict.fromkeys(b"0123456789", ord("0")), **dict.fromkeys(b"{[", ord("{"))}
_KINDS = bytes(_KIND.get(code, ord(" ")) for code in range(256))


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an input that starts and ends between documents; ``line`` is the number of its first line."""

    origin: str
    line: int
    data: bytes


class StagedRow(NamedTuple):
    """A row ready to be filed; a tuple, because it goes from one process to another by the million.

    ``key`` orders by own hour, then identifies the event; of two rows of one event the greater ``rank`` is kept, so
    that it does not matter which came first. ``record`` numbers the record within its batch.
    """

    key: bytes
    rank: bytes
    hour: int
    record: int
    line: bytes
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that could not be read, as received, and why."""

    raw: bytes
    reason: str
    origin: str


@dataclass(slots=True)
class Batch:
    """What a block became. ``records`` counts all of them; those with rows are told apart by ``StagedRow.record``."""

    records: int = 0
    ignored: int = 0
    nulled: int = 0
    rows: list[StagedRow] = field(default_factory=list)
    statuses: dict[str, bytes] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def __getstate__(self) -> tuple[object, ...]:
        """What goes to another process: plain tuples, which go there three times as fast."""
        rows = list(map(tuple, self.rows))
        return self.records, self.ignored, self.nulled, rows, self.statuses, self.failures

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.records, self.ignored, self.nulled, rows, self.statuses, self.failures = state
        self.rows = list(map(StagedRow._make, rows))


def normalised(block: Block) -> Batch:
    """The rows, statuses and failures of a block."""
    batch = Batch()
    statuses: dict[str, Status] = {}
    line, counted = block.line, 0
    for document in documents(block.data, decode):
        for index, unit in enumerate(units_of(document)):
            batch.records += 1
            reason = unit.reason or _taken(unit, batch, statuses)
            if reason is not None:
                raw = unit.raw if unit.raw is not None else _raw(document, index)
                line += block.data.count(b"\n", counted, document.start)
                counted = document.start
                batch.failures.append(Failure(raw, reason, f"{block.origin}:{line}"))
    batch.statuses = {message: encoded(status) for message, status in statuses.items()}
    return batch


def units_of(document: Document) -> list[Unit]:
    """The records of a document out of their wrappers."""
    try:
        return units(document, decode)
    except Exception as bug:
        return [Unit(None, Envelope(), document.text, unforeseen(bug))]


def _taken(unit: Unit, batch: Batch, statuses: dict[str, Status]) -> str | None:
    """Puts what a record became into the batch; the reason where it became nothing."""
    try:
        found = rows_of(unit.record, unit.envelope)
        staged = [_staged(row, batch.records) for row in found.rows]
    except UnreadableError as error:
        return str(error)
    except Exception as bug:
        return unforeseen(bug)
    for row, status in staged:
        batch.rows.append(row)
        if status:
            known = statuses.get(status.message_id)
            statuses[status.message_id] = merged(known, status) if known else status
    batch.nulled += found.nulled
    batch.ignored += not found.rows
    return None


def unforeseen(bug: Exception) -> str:
    """One record must not stop the millions beside it: it is kept, and read again when due has been mended."""
    return f"a bug of due: {type(bug).__name__}: {bug}"


def failed_id(raw: bytes) -> str:
    """The id under which a failed record is kept: of its bytes, so that the same record is kept once."""
    return identity_of(hashlib.sha256(raw))


def identity_of(digest: hashlib._Hash) -> str:
    """The id of a failed record whose bytes went through SHA-256."""
    return base64.b32encode(digest.digest()[:10]).decode().lower()


def decode(text: bytes) -> Json:
    """The same value as :func:`due_cli.events.loads`, sooner; raises the same errors."""
    kinds = text.translate(_KINDS)
    if _HUGE in kinds or kinds.count(b"{") > MAX_DEPTH:
        return loads(text)
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return loads(text)
    return value


def key_of(event_id: str, event_time: int) -> bytes:
    """What an event is known by: its id after the hour of its own time, so that new ones are close together."""
    return (event_time // HOUR).to_bytes(4, "big") + event_id.encode()


def rank_of(line: bytes) -> bytes:
    """What decides between two deliveries of one event: the fuller row, then any order that is always the same."""
    return len(line).to_bytes(4, "big") + zlib.crc32(line).to_bytes(4, "big")


def _staged(row: Row, record: int) -> tuple[StagedRow, Status | None]:
    line = orjson.dumps(row)
    key = key_of(row["event_id"], row["occurred_at"])
    status = status_of(row)
    message = status.message_id if status else None
    return StagedRow(key, rank_of(line), row["arrival_timestamp"] // HOUR, record, line, message), status


def _raw(document: Document, index: int) -> bytes:
    """One record of a batch as text: normalising took the first copy apart, so it is decoded again."""
    again = Document(document.text, document.start, document.end, decode(document.text))
    return as_text(units(again, decode)[index].record).encode()
