"""Made-up raw records as AWS sends them: a month of one sender's mail and SMS, one JSON object a line.

Records come in the order of their arrival: mostly of their own time, one in a hundred hours late, three in a thousand
delivered twice.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

from benchmarks import pinpoint_records, ses_records
from benchmarks.setting import AS_OF, Setting

Event = tuple[int, dict[str, object]]  # own time (epoch ms), the record

_MONTH_MS = 30 * 24 * 3_600_000
_LATE_MS = 6 * 3_600_000
_EVENTS_A_MESSAGE = 3
_LATE, _TWICE = 0.01, 0.003
_FAMILIES: dict[str, Callable[[random.Random, int], list[Event]]] = {
    "ses": ses_records.message,
    "pinpoint": pinpoint_records.message,
}


def file_of(setting: Setting, family: str) -> Path:
    """The file of raw records of a family (``ses`` or ``pinpoint``)."""
    count = setting.sizes.records
    code = [Path(module.__file__ or "") for module in (ses_records, pinpoint_records)]

    def make(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(_lines(family, count))

    return setting.made_once(f"{family}-{count}", [*code, Path(__file__)], make)


def _lines(family: str, count: int) -> Iterator[str]:
    """``count`` records: messages begin evenly over the month, their events wait for their time in a heap."""
    chance = random.Random(f"due {family}")
    begin = int(AS_OF.replace(tzinfo=UTC).timestamp() * 1000) - _MONTH_MS
    waiting: list[tuple[int, int, str]] = []
    messages = written = 0
    step = _MONTH_MS * _EVENTS_A_MESSAGE / count
    while written < count:
        now = begin + int(messages * step)
        while waiting and waiting[0][0] <= now and written < count:
            yield heapq.heappop(waiting)[2]
            written += 1
        for number, (at, record) in enumerate(_FAMILIES[family](chance, now)):
            line = json.dumps(record, separators=(",", ":")) + "\n"
            late = chance.randrange(_LATE_MS) if chance.random() < _LATE else 0
            heapq.heappush(waiting, (at + late, messages * 32 + number, line))
            if chance.random() < _TWICE:
                heapq.heappush(waiting, (at + late + chance.randrange(60_000), messages * 32 + 16 + number, line))
        messages += 1
