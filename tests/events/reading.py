"""Bytes to rows, as every caller of the normaliser does it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import orjson

from due_cli.events import Decoder, Json, Row, UnreadableError, documents, loads, rows_of, units
from due_cli.events.documents import MAX_DEPTH
from tests.events.columns import checked

_MORE_THAN_64_BITS = re.compile(rb"[0-9]{18}")


def faster(text: bytes) -> Json:
    """orjson first, the standard library where it refuses; what it reads otherwise than ``loads`` it is not given."""
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH or _MORE_THAN_64_BITS.search(text):
        return loads(text)
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return loads(text)
    return value


DECODERS: dict[str, Decoder] = {"loads": loads, "orjson first": faster}


@dataclass
class Reading:
    """What a block became."""

    rows: list[Row] = field(default_factory=list)
    failed: list[tuple[bytes, str]] = field(default_factory=list)
    ignored: int = 0
    nulled: int = 0


def read(block: bytes, decode: Decoder = loads) -> Reading:
    """Every record of a block; each row is checked, each reason is one line."""
    found = Reading()
    for document in documents(block, decode):
        for unit in units(document, decode):
            reason = unit.reason
            if reason is None:
                try:
                    normalised = rows_of(unit.record, unit.envelope)
                except UnreadableError as error:
                    reason = str(error)
                else:
                    found.rows += checked(normalised.rows)
                    found.nulled += normalised.nulled
                    found.ignored += not normalised.rows
                    continue
            assert reason and "\n" not in reason
            found.failed.append((document.text if unit.raw is None else unit.raw, reason))
    return found


def without_arrival(rows: list[Row]) -> list[dict[str, object]]:
    """Rows but for the time at which a stream received them."""
    return [{key: value for key, value in row.items() if key != "arrival_timestamp"} for row in rows]
