"""The records of an input as a stream takes them: one record of the stream for each, as it was received.

A document that holds one record goes as it stands, with every wrapper around it: the transform looks through the same
wrappers, so the times at which it was sent and received stay known. The records of a document that holds several
(a Firehose event, a batch of notifications) go one by one, each in wrappers that say what those around it said.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import orjson

from due_cli.aws.pipeline.status_item import of_record
from due_cli.aws.pipeline.stream_limits import MAX_RECORD
from due_cli.events import Document, Envelope, Unit, UnreadableError, documents, rows_of
from due_cli.events.fields import as_text
from due_cli.events.times import iso
from due_cli.events.wrappers import payload_units
from due_cli.ingest.batch import Block, decode, unforeseen, units_of

TOO_LARGE = f"larger than the {MAX_RECORD // 1024:,} KiB that a stream takes"
_OWN = "due"  # the recordId of wrappers made here
_OWN_START = b'{"recordId":"due",'


class Outgoing(NamedTuple):
    """A record to be put to a stream.

    ``digest`` is of its rows, so that of two records with the same one either will do; it is empty where the record
    cannot be read. One that is ``too_large`` cannot be put.
    """

    data: bytes
    rows: int
    nulled: int
    digest: bytes
    too_large: bool = False


@dataclass(slots=True)
class Prepared:
    """What a block became: the records to be put, and how many more there are that need not be."""

    outgoing: list[Outgoing]
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Examined:
    """What is in one record of a stream, as the transform will find it.

    ``reason`` is that of the first record in it that cannot be read, None where all can.
    """

    records: int = 0
    kept: int = 0
    ignored: int = 0
    rows: int = 0
    nulled: int = 0
    reason: str | None = None


class _Read(NamedTuple):
    """What a record holds: lines that stand for it (its rows), none of them for a test ping."""

    lines: list[bytes]
    rows: int = 0
    nulled: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Preparing:
    """The work on a block; ``received_at`` (epoch ms) is when the stream will about receive its records."""

    received_at: int

    def __call__(self, block: Block) -> Prepared:
        """The records of a block as a stream takes them."""
        prepared = Prepared([])
        for document in documents(block.data, decode):
            units = units_of(document)
            for unit in units:
                data = document.text if len(units) == 1 else _apart(unit, document)
                read = _read(unit, self.received_at)
                if read.reason is None and not read.lines:
                    prepared.ignored += 1
                    continue
                digest = hashlib.blake2b(b"\n".join(read.lines), digest_size=16).digest() if read.lines else b""
                small = fitting(data)
                outgoing = Outgoing(small or data, read.rows, read.nulled, digest, small is None)
                prepared.outgoing.append(outgoing)
        return prepared


def examined(payload: bytes, received_at: int) -> Examined:
    """What the transform will make of a record that the stream received at a time."""
    found = Examined()
    try:
        for unit in payload_units(payload, Envelope(received_at=received_at), decode):
            read = _read(unit, received_at)
            found = Examined(
                found.records + 1,
                found.kept + bool(read.lines),
                found.ignored + (read.reason is None and not read.lines),
                found.rows + read.rows,
                found.nulled + read.nulled,
                found.reason if found.reason is not None else read.reason,
            )
    except Exception as bug:
        return replace(found, records=found.records + 1, reason=unforeseen(bug))
    return found if found.records else Examined(1, reason="empty")


def fitting(data: bytes) -> bytes | None:
    """A record as a stream takes it: gzip, which the transform opens, where it is too large; None where that is too."""
    if len(data) <= MAX_RECORD:
        return data
    smaller = gzip.compress(data, mtime=0)
    return smaller if len(smaller) <= MAX_RECORD else None


def wrapped(text: bytes, envelope: Envelope) -> bytes:
    """A record in wrappers that say what an envelope says; :mod:`due_cli.events.wrappers` looks through them."""
    data = text
    try:
        words = text.decode()
    except UnicodeDecodeError:  # no JSON, so nothing on a bus or from a topic; its bytes must stay
        words = None
    sent_at = None if envelope.sent_at is None else iso(envelope.sent_at)
    if words is not None and (envelope.bus_source or envelope.detail_type or envelope.account):
        about = {"account": envelope.account, "source": envelope.bus_source, "detail-type": envelope.detail_type}
        data = _json({**about, "time": sent_at, "detail": words})
    elif words is not None and sent_at is not None:
        data = _json({"Type": "Notification", "TopicArn": "", "Timestamp": sent_at, "Message": words})
    return received(data, envelope.received_at)


def received(data: bytes, received_at: int | None) -> bytes:
    """A record in a wrapper that says when a stream first received it (epoch ms), where that is known."""
    if received_at is None:
        return data
    encoded = base64.b64encode(data).decode("ascii")
    outer = _json({"recordId": _OWN, "approximateArrivalTimestamp": received_at, "data": encoded})
    return outer if len(outer) <= MAX_RECORD else data


def unwrapped(data: bytes) -> tuple[bytes, int | None]:
    """What :func:`received` put into its wrapper, and the time; any other bytes as they are."""
    if not data.startswith(_OWN_START):
        return data, None
    try:
        outer = json.loads(data)
        return base64.b64decode(outer["data"], validate=True), int(outer["approximateArrivalTimestamp"])
    except (ValueError, KeyError, TypeError):
        return data, None


def _read(unit: Unit, received_at: int) -> _Read:
    """The rows of a record, as the transform will make them. The record is taken apart."""
    if unit.reason is not None:
        return _Read([], reason=unit.reason)
    envelope = unit.envelope if unit.envelope.received_at is not None else unit.envelope.within(received_at=received_at)
    try:
        if of_record(unit.record) is not None:  # the status of a message, which the transform takes too
            return _Read([as_text(unit.record).encode()])
        found = rows_of(unit.record, envelope)
        return _Read([orjson.dumps(row) for row in found.rows], len(found.rows), found.nulled)
    except UnreadableError as error:
        return _Read([], reason=str(error))
    except Exception as bug:
        return _Read([], reason=unforeseen(bug))


def _apart(unit: Unit, document: Document) -> bytes:
    """One record of several in its document; the whole document where this one could not be taken out of it."""
    if unit.raw is not None:
        return wrapped(unit.raw, unit.envelope)
    return document.text if unit.reason is not None else wrapped(as_text(unit.record).encode(), unit.envelope)


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
