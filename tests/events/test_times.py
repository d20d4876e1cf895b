"""Times as records write them (docs/data.md), and as due prints them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Json
from due_cli.events.times import EARLIEST, LATEST, iso, millis, seconds
from tests.events.records import HAPPENED
from tests.events.records import iso as written

YEARS = (datetime(2000, 1, 1), datetime(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-06T21:21:01.234Z", HAPPENED),
        ("2026-11-06T21:21:01.234567891Z", HAPPENED),
        ("2026-11-06T21:21:01Z", HAPPENED - 234),
        ("2026-11-06T21:21:01.2Z", HAPPENED - 34),
        ("2026-11-06T21:21:01,234Z", HAPPENED),
        ("2026-11-06 21:21:01.234", HAPPENED),
        ("2026-11-06T21:21:01.234", HAPPENED),
        ("2026-11-06T21:21:01 +0000", HAPPENED - 234),
        ("2026-11-06T21:21:01.234 UTC", HAPPENED),
        ("2026-11-06T16:21:01.234-05:00", HAPPENED),
        ("2026-11-07T02:51:01.234+0530", HAPPENED),
        (" 2026-11-06T21:21:01.234Z\n", HAPPENED),
        ("1794000061234", HAPPENED),
    ],
)
def test_every_spelling_of_a_time_is_read(text: str, expected: int) -> None:
    assert millis(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", "Z", "now", "2026-11-06", "21:21:01", "2026-13-06T21:21:01.234Z", "2026-11-31T21:21:01.234Z"),
        *("2026-11-06T25:21:01.234Z", "2026-11-06T21:21:01.234+25:00", "2026-11-06T21:21:01.234 EST", "06/11/2026"),
        *("Fri, 06 Nov 2026 21:21:01 GMT", "1999-12-31T23:59:59.999Z", "2100-01-01T00:00:00.000Z"),
        *("0001-01-01T00:00:00.000+14:00", "9999-12-31T23:59:59.999-14:00", "x" * 19 + ".234Z"),
        *("1794000061", "17940000612340000", "-1794000061234", "1e12", "9" * 400),
        *(True, None, [], {}, 0, -1, 1_794_000_061, 10**16, -(10**400), EARLIEST - 1, LATEST),
        *(float("inf"), float("-inf"), float("nan"), 1e308),
    ],
)
def test_what_is_no_time_of_an_event_is_none(value: Json) -> None:
    assert millis(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_794_000_061, HAPPENED - 234),
        (1_794_000_061.234, HAPPENED),
        ("1794000061", HAPPENED - 234),
        ("1794000061.234", HAPPENED),
        (HAPPENED, None),
        ("soon", None),
        ("", None),
        (True, None),
        (None, None),
        ([1], None),
        (-1, None),
        (1e308, None),
        (-1e308, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
        ("9" * 400, None),
    ],
)
def test_epoch_seconds(value: Json, expected: int | None) -> None:
    assert seconds(value) == expected


@given(st.datetimes(*YEARS), st.integers(-14 * 60, 14 * 60))
def test_any_time_in_any_offset_is_read_to_the_millisecond(moment: datetime, minutes: int) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if not EARLIEST <= expected < LATEST:
        return
    there = moment + timedelta(minutes=minutes)
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert millis(f"{there:%Y-%m-%dT%H:%M:%S}.{there.microsecond // 1000:03d}{offset}") == expected
    assert millis(written(expected)) == expected
    assert millis(iso(expected)) == expected
    assert iso(expected) == written(expected)
    assert millis(expected) == millis(str(expected)) == millis(float(expected)) == expected
