"""CloudWatch's logs as they are searched: every stream of a group in one order, oldest first, and in pages of 1 MB.

moto gives one stream after the other, as many events as are asked for, and every event to a pattern of "any of these".
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

from moto.logs.models import logs_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, Request

# CloudWatch Logs API reference, "FilterLogEvents".
_MOST_EVENTS = 10_000
_MOST_BYTES = 1024 * 1024
_ANY_OF = re.compile(r'\?"([^"]+)"')  # user guide, "Match terms in unstructured log events"


class Logs:
    """Searches the log groups of moto."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.handlers["logs:FilterLogEvents"] = self._filter

    def _filter(self, call: Call, _: Request) -> Answer | None:
        given = call.parameters
        group = logs_backends[ACCOUNT][call.region].groups.get(given.get("logGroupName", ""))
        if group is None:
            return None  # moto refuses it
        pattern = given.get("filterPattern", "")
        terms = _ANY_OF.findall(pattern)
        wanted = (given.get("startTime", 0), given.get("endTime", 0), "" if terms else pattern)
        with self._core.moto_alone:
            events: list[dict[str, Any]] = [
                event
                for stream in group.streams.values()
                for event in stream.filter_log_events(*wanted)
                if not terms or any(term in event["message"] for term in terms)
            ]
        events.sort(key=lambda event: (event["timestamp"], event["ingestionTime"]))
        begin = int(given.get("nextToken", 0))
        page = events[begin : begin + given.get("limit", _MOST_EVENTS)]
        sizes = accumulate(len(event["message"].encode()) for event in page)
        page = page[: max(1, sum(size <= _MOST_BYTES for size in sizes))]
        end = begin + len(page)
        return Answer.of({"events": page, **({"nextToken": str(end)} if end < len(events) else {})})
