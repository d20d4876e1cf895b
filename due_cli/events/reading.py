"""The one reading of a record, for whoever reads records: ingest, replay, the transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from due_cli.events.merging import merge_rows
from due_cli.events.model import Row, UnreadableError, bug_reason
from due_cli.events.registry import rows_of
from due_cli.events.status import Status, status_of
from due_cli.events.status_codec import decode_record
from due_cli.events.wrappers import Unit


class Reading(NamedTuple):
    """The content of one record: its rows, each with its line and its message's status; nothing for a test ping.

    ``lines`` are the encoded rows. ``statuses`` has one entry for each row, None where the row says nothing of a
    message; a record that is a status itself has that and no rows. ``nulled`` counts the fields with an unexpected
    type, ``duplicate_rows`` the rows that were merged into another one of the record, of the same event. ``reason``
    says why a record cannot be read, and ``bug`` names the exception where due is to blame.
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


def read(unit: Unit, encode: Callable[[Row], bytes]) -> Reading:
    """Read a record out of its wrappers, its rows encoded by ``encode``. The record loses its fields.

    Never raises: one record must not stop the millions beside it.
    """
    if unit.reason is not None:
        return Reading([], [], [], reason=unit.reason, bug=unit.bug)
    try:
        status = decode_record(unit.record)
        if status is not None:
            return Reading([], [], [status])
        rows, nulled = rows_of(unit.record, unit.envelope)
        duplicates = 0
        if len(rows) > 1 and (duplicates := len(rows) - len({row["event_id"] for row in rows})):
            rows = _without_duplicates(rows)
        return Reading(rows, list(map(encode, rows)), list(map(status_of, rows)), nulled, duplicate_rows=duplicates)
    except UnreadableError as error:
        return Reading([], [], [], reason=str(error))
    except Exception as bug:
        return Reading([], [], [], reason=bug_reason(bug), bug=type(bug).__name__)


def _without_duplicates(rows: list[Row]) -> list[Row]:
    """One row of each event, merged of those that the record has of it."""
    merged: dict[str, Row] = {}
    for row in rows:
        known = merged.get(row["event_id"])
        merged[row["event_id"]] = row if known is None else merge_rows(known, row)
    return list(merged.values())
