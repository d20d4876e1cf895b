"""Wrappers for a record that is kept alone: they say of it what those around it said where it came from."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from due_cli.events.fields import as_text
from due_cli.events.model import Envelope
from due_cli.events.not_records import FILE_KEY, UnreadableFile
from due_cli.events.times import iso
from due_cli.events.wrappers import Unit

_OWN = "due"  # the recordId of wrappers made here
_OWN_START = b'{"recordId":"due",'


def file_record(file: UnreadableFile) -> bytes:
    """A record that stands for a file without JSON; it is read as one that failed for the file's reason."""
    head = base64.b64encode(file.data).decode("ascii")
    about = {"path": file.origin, "size": file.size, "sha256": file.digest, "reason": file.reason, "head": head}
    return _json({FILE_KEY: about})


def single(unit: Unit) -> bytes | None:
    """One record of a document with several, in wrappers with the same envelope; None for a unit that is unreadable."""
    if unit.raw is not None:
        return with_envelope(unit.raw, unit.envelope)
    return None if unit.reason is not None else with_envelope(as_text(unit.record).encode(), unit.envelope)


def with_envelope(text: bytes, envelope: Envelope) -> bytes:
    """A record in wrappers that :mod:`due_cli.events.wrappers` reads back as the same envelope."""
    data = text
    try:
        words = text.decode()
    except UnicodeDecodeError:  # no JSON, so nothing on a bus or from a topic; its bytes must stay
        words = None
    sent_at = None if envelope.sent_at is None else iso(envelope.sent_at)
    on_bus = envelope.bus_source or envelope.detail_type or envelope.account or envelope.region
    if words is not None and on_bus:
        about = {"account": envelope.account, "region": envelope.region, "source": envelope.bus_source}
        data = _json({**about, "detail-type": envelope.detail_type, "time": sent_at, "detail": words})
    elif words is not None and sent_at is not None:
        data = _json({"Type": "Notification", "TopicArn": "", "Timestamp": sent_at, "Message": words})
    return with_arrival(data, envelope.received_at)


def with_arrival(data: bytes, received_at: int | None) -> bytes:
    """A record in a wrapper that says when a stream first received it (epoch ms), where that is known."""
    if received_at is None:
        return data
    encoded = base64.b64encode(data).decode("ascii")
    return _json({"recordId": _OWN, "approximateArrivalTimestamp": received_at, "data": encoded})


def without_arrival(data: bytes) -> tuple[bytes, int | None]:
    """The record that :func:`with_arrival` put into its wrapper, and the time; any other bytes as they are."""
    if not data.startswith(_OWN_START):
        return data, None
    try:
        outer = json.loads(data)
        return base64.b64decode(outer["data"], validate=True), int(outer["approximateArrivalTimestamp"])
    except (ValueError, KeyError, TypeError):
        return data, None


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
