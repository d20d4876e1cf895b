"""The one reading of a record, for whoever reads records: ingest, replay, the transform, the ingest into a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from due_cli.events.model import Row, UnreadableError, bug_reason
from due_cli.events.registry import rows_of
from due_cli.events.status import Status, status_of
from due_cli.events.status_codec import decode_record
from due_cli.events.wrappers import Unit


class Reading(NamedTuple):
    """The content of one record: its rows, each with its line and its message's status; nothing for a test ping.

    ``lines`` are the encoded rows. ``statuses`` has one entry for each row, None where the row says nothing of a
    message; a record that is a status itself has that and no rows. ``nulled`` counts the fields with an unexpected
    type, ``duplicate_rows`` the rows left out because another one of the record is of the same event. ``reason`` says
    why a record cannot be read, and ``bug`` names the exception where due is to blame.
    """

    rows: list[Row]
    lines: list[bytes]
    statuses: list[Status | None]
    nulled: int = 0
    reason: str | None = None
    bug: str | None = None
    duplicate_rows: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the record can be read and holds nothing to keep."""
        return self.reason is None and not self.statuses


def read(unit: Unit, encode: Callable[[Row], bytes], received_at: int | None = None) -> Reading:
    """Read a record out of its wrappers, its rows encoded by ``encode``. The record loses its fields.

    ``received_at`` (epoch ms) is when a stream received it, for a record whose wrappers do not say so. Never raises:
    one record must not stop the millions beside it.
    """
    if unit.reason is not None:
        return Reading([], [], [], reason=unit.reason, bug=unit.bug)
    envelope = unit.envelope
    if received_at is not None and envelope.received_at is None:
        envelope = envelope.within(received_at=received_at)
    try:
        status = decode_record(unit.record)
        if status is not None:
            return Reading([], [], [status])
        rows, nulled = rows_of(unit.record, envelope)
        lines, statuses = list(map(encode, rows)), list(map(status_of, rows))
        if len(rows) > 1 and len(rows) > len({row["event_id"] for row in rows}):
            return _without_duplicates(Reading(rows, lines, statuses, nulled))
        return Reading(rows, lines, statuses, nulled)
    except UnreadableError as error:
        return Reading([], [], [], reason=str(error))
    except Exception as bug:
        return Reading([], [], [], reason=bug_reason(bug), bug=type(bug).__name__)


def _without_duplicates(reading: Reading) -> Reading:
    """Keep one row of each event: the longer, then the greater line, whichever stands first in the record."""
    kept: dict[str, int] = {}
    for index, row in enumerate(reading.rows):
        other = kept.setdefault(row["event_id"], index)
        kept[row["event_id"]] = max(other, index, key=lambda at: (len(reading.lines[at]), reading.lines[at]))
    places = sorted(kept.values())
    return reading._replace(
        rows=[reading.rows[at] for at in places],
        lines=[reading.lines[at] for at in places],
        duplicate_rows=len(reading.rows) - len(places),
    )
