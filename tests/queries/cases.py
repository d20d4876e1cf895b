"""Reports with their options, as they are typed and as the reference takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tests.queries import reference
from tests.queries.reference import Filed, Period, Rows


@dataclass(frozen=True, slots=True)
class Case:
    """A report with a period and its own options."""

    report: str
    since: str
    until: str
    period: Period
    options: dict[str, str | int]
    expected: Callable[[Sequence[Filed], Period], Rows]

    @property
    def words(self) -> list[str]:
        """What is typed after ``due``."""
        own = [word for name, value in self.options.items() for word in (f"--{name}", str(value))]
        return ["report", self.report, "--since", self.since, "--until", self.until, *own]

    def __str__(self) -> str:
        return " ".join(self.words[1:])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


# since and until as typed, and the times that they mean.
_PERIODS = (
    ("2026-03-01", "2026-03-12", "2026-03-01T00:00", "2026-03-12T00:00"),
    ("2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-02T12:00", "2026-03-03T12:00"),
    ("2026-03-02T10:59:59.999Z", "2026-03-03T13:00:00.001Z", "2026-03-02T10:59:59.999", "2026-03-03T13:00:00.001"),
    ("18h", "2026-03-03T06:30:00Z", "2026-03-02T12:30", "2026-03-03T06:30"),
    ("1d", "2026-03-03T19:00:00+07:00", "2026-03-02T12:00", "2026-03-03T12:00"),
    ("90min", "2026-03-03 12:00", "2026-03-03T10:30", "2026-03-03T12:00"),
)


def _address_engagement(min_sends: int, known_for: str, typed: str) -> tuple[dict[str, str | int], Any]:
    expected = partial(reference.address_engagement, min_sends=min_sends, known_for=_time(known_for))
    return {"min-sends": min_sends, "known-for": typed}, expected


_TAGS = ("mycustomerid=4", "mycustomerid=x='1'", "MyOrderId=7", "color=red,blue", "campaign_id=spring", "none=4")
_CONTEXTS = ("mycustomerid=4", "MyCustomerId=4", 'mycustomerid={"deep":"4"}', "mycustomerid=null", "other=[1,2]")
_OPTIONS: dict[str, list[tuple[dict[str, str | int], Callable[..., Rows]]]] = {
    "sms-cost": [({}, reference.sms_cost)],
    "sms-cost-by-tag": [({"tag": tag}, partial(reference.sms_cost_by_tag, tag=tag)) for tag in _CONTEXTS],
    "subject-lines": [
        ({"address": address}, partial(reference.subject_lines, address=address))
        for address in ("ada@example.com", "BOB@EXAMPLE.COM", "fay@example.com", "nobody@example.com")
    ],
    "subject-engagement": [({}, reference.subject_engagement)],
    "send-count-by-tag": [({"tag": tag}, partial(reference.send_count_by_tag, tag=tag)) for tag in _TAGS],
    "campaign-engagement": [({}, reference.campaign_engagement)],
    "bounce-rate": [({}, reference.bounce_rate)],
    "engagement-rate": [({}, reference.engagement_rate)],
}


def _cases() -> list[Case]:
    found = []
    for number, (since, until, first, last) in enumerate(_PERIODS):
        period = Period(_time(first), _time(last))
        for report, choices in _OPTIONS.items():
            options, expected = choices[number % len(choices)]
            found.append(Case(report, since, until, period, options, expected))
    for since, until, first, last, min_sends, known_for, typed in (
        ("2026-03-01", "2026-03-12", "2026-03-01T00:00", "2026-03-12T00:00", 10, "2026-03-05T00:00", "1w"),
        ("36h", "2026-03-04T12:15:00Z", "2026-03-03T00:15", "2026-03-04T12:15", 3, "2026-03-03T04:15", "32h"),
        ("36h", "2026-03-04T12:15:00Z", "2026-03-03T00:15", "2026-03-04T12:15", 15, "2026-03-04T11:15", "60min"),
        ("1mo", "2026-03-04", "2026-02-04T00:00", "2026-03-04T00:00", 1, "2026-03-02T00:00", "2d"),
    ):
        options, expected = _address_engagement(min_sends, known_for, typed)
        period = Period(_time(first), _time(last))
        found.append(Case("address-engagement", since, until, period, options, expected))
    return found


CASES = _cases()
