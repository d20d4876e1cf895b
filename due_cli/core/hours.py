"""Hours, UTC, as commands name them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from due_cli.core.errors import UsageError

_HOUR = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d)(?::00(?::00(?:\.0+)?)?)?Z?")


def hour_text(hour: int) -> str:
    """An hour since the epoch, such as ``2026-11-22T03``."""
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H}"


def parse_hour(text: str, option: str) -> int:
    """The hour since the epoch of a text such as ``2026-11-22T03``; raises :class:`UsageError` for another one."""
    match = _HOUR.fullmatch(text.strip())
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}:00:00+00:00") if match else None
    except ValueError:
        moment = None
    if moment is None:
        raise UsageError(f"{option}: {text!r} is not an hour", "such as 2026-11-22T03, in UTC")
    return int(moment.timestamp()) // 3600
