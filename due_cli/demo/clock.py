"""When things happen: the thirty days of the month and how busy a shop is by hour and by weekday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH = 30 * DAY

# Relative activity in each hour of a day (UTC) and on each day of a week (from Monday).
_HOURS = (3, 2, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 10, 10, 11, 11, 10, 9, 9, 9, 8, 7, 6, 4)
_WEEKDAYS = (1.10, 1.15, 1.10, 1.05, 1.00, 0.70, 0.75)


class Clock:
    """The month before ``until``; every time is in epoch milliseconds."""

    def __init__(self, rng: Random, until: datetime) -> None:
        self._rng = rng
        self.until = (until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        self.since = self.until - MONTH
        self._hours = range(self.since - self.since % HOUR, self.until, HOUR)
        self._weights: list[float] = []
        total = 0.0
        for hour in self._hours:
            total += _HOURS[hour // HOUR % 24] * _WEEKDAYS[_weekday(hour)]
            self._weights.append(total)

    def random_time(self) -> int:
        """A time of the month, more likely by day."""
        while True:
            hour = self._rng.choices(self._hours, cum_weights=self._weights)[0]
            at = hour + int(self._rng.random() * HOUR)
            if self.since <= at < self.until:
                return at

    def early_time(self) -> int:
        """A time at least a week before the month's end, so that all that follows from it still happens."""
        while (at := self.random_time()) > self.until - 7 * DAY:
            pass
        return at

    def weekly(self, weekday: int, hour: int) -> list[int]:
        """When that hour of that weekday (0 is Monday) begins, in each week of the month."""
        return [at for at in self._hours if _weekday(at) == weekday and at // HOUR % 24 == hour and at >= self.since]

    def on_day(self, day: int, hour: int) -> int:
        """That hour (UTC) on the month's day of that number, counted from 1."""
        return self.since - self.since % DAY + day * DAY + hour * HOUR


def _weekday(at: int) -> int:
    return (at // DAY + 3) % 7  # 1970-01-01 was a Thursday
