"""Large inputs with records of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.events.samples import SAMPLES

HOURS = 24


def _lines(start: int) -> Iterator[bytes]:
    """Records of every kind without end, each with its own id and most with an hour of their own; some are broken."""
    padding = {"padding": "as long as real ones " * 50}
    samples = [json.dumps({**sample.build(), **padding}) for sample in SAMPLES]
    number = start
    while True:
        seconds = 1_794_000 + 4 * (number % HOURS)  # the beginning of HAPPENED and of the times beside it
        for sample in samples:
            number += 1
            line = sample.replace('-1"', f'-{number}"')
            for name in ("status", "flow"):  # in JSON text, whose quotes are escaped
                line = line.replace(f"{name}-1", f"{name}-{number}")
            yield line.replace("1794000", str(seconds)).encode()
        yield b'{"event_type": "_email.send", "cut off: %d' % number


def large_input(start: int, size: int) -> bytes:
    """At least ``size`` bytes of records, one a line, with ids counted from ``start``."""
    lines, total = [], 0
    for line in _lines(start):
        lines.append(line)
        total += len(line)
        if total >= size:
            break
    return b"\n".join(lines)
