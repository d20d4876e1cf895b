"""The rows that the normaliser gets from the files of a month."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from due_cli.demo import Month
from due_cli.events import Row, UnreadableError, documents, loads, rows_of, units

UNTIL = datetime(2026, 11, 22, 4, tzinfo=UTC)
GZIP = b"\x1f\x8b"


@dataclass
class MonthRows:
    """The rows that the normaliser gets from the files of a month."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    nulled: int = 0


def decompressed(path: Path) -> bytes:
    text = path.read_bytes()
    return gzip.decompress(text) if text.startswith(GZIP) else text


def normalise(month: Month) -> MonthRows:
    result, seen = MonthRows(), set[str]()
    for document in (one for path in month.files for one in documents(decompressed(path), loads)):
        for unit in units(document, loads):
            result.counts["records"] += 1
            try:
                if unit.reason is not None:
                    raise UnreadableError(unit.reason)
                normalised = rows_of(unit.record, unit.envelope)
            except UnreadableError as error:
                result.counts["failed"] += 1
                result.reasons.append(str(error))
                continue
            result.nulled += normalised.nulled
            ids = {row["event_id"] for row in normalised.rows}
            if not ids:
                result.counts["ignored"] += 1
            elif ids <= seen:
                result.counts["duplicates"] += 1
            else:
                result.counts["kept"] += 1
                result.rows += [row for row in normalised.rows if row["event_id"] not in seen]
            seen |= ids
    return result
