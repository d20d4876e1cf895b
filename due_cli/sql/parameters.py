"""The parameters of reports: times, durations and options, parsed from text and written as SQL literals."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from due_cli.core.errors import UsageError
from due_cli.sql.files import Option, Query

Parameter = str | int | datetime | tuple[str, ...]

FOREVER = "forever"  # in the place of the duration for which things are kept
_DURATION = re.compile(r"(\d{1,5})\s*(min|h|d|w|mo|y)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_PARAMETER = re.compile(r"[a-z_][a-z0-9_]*")
_WHOLE = re.compile(r"-?\d{1,18}")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])")
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_]+)\b")
_HOUR = timedelta(hours=1)
_LARGEST = 2**31 - 1
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000)


@dataclass(frozen=True, slots=True)
class Period:
    """A report's period; naive datetimes in UTC, as in the partition column.

    ``since_hour`` and ``until_hour`` round it to whole hours, the partitions.
    """

    since: datetime
    until: datetime

    @property
    def since_hour(self) -> datetime:
        """``since`` rounded down to a whole hour."""
        return self.since.replace(minute=0, second=0, microsecond=0)

    @property
    def until_hour(self) -> datetime:
        """``until`` rounded up to a whole hour."""
        floor = self.until.replace(minute=0, second=0, microsecond=0)
        if floor == self.until:
            return floor
        return floor + _HOUR if floor < _LAST - _HOUR else _LAST


def period(since: str, until: str | None, now: datetime, *, is_default: bool = False) -> Period:
    """The period of ``--since`` and ``--until``: ISO 8601 times, words such as ``yesterday``, or durations.

    A duration counts back from now; that of ``--since`` from until where until is a time or since was not typed.
    Raises :class:`UsageError` naming the option for any other text, and for a period that ends before it begins.
    """
    now = now.astimezone(UTC).replace(tzinfo=None)
    end = now if until is None else _time("--until", until, now, now)
    from_now = until is not None and _is_duration(until) and not is_default
    start = _time("--since", since, now if from_now else end, now)
    if start >= end:
        raise UsageError(
            f"the period ends before it begins: {start.isoformat()}Z to {end.isoformat()}Z",
            "use a --since that is earlier than --until",
        )
    return Period(start, end)


def given_parameters(pairs: Sequence[str], since: str | None, until: str | None, now: datetime) -> dict[str, Parameter]:
    """The values of ``--param name=value``, ``--since`` and ``--until``, by the names of their parameters.

    A value that is written as a number is one; the two times are whole hours, as those of a report.
    Raises :class:`UsageError` naming the option for a value of the wrong form.
    """
    values: dict[str, Parameter] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not _PARAMETER.fullmatch(name):
            raise UsageError(
                f"--param: {pair!r} is not name=value", "write --param campaign=spring, and :campaign in SQL"
            )
        values[name] = int(value) if _WHOLE.fullmatch(value) else value
    if since is not None:
        values["since"] = period(since, until, now).since_hour
    if until is not None:
        values["until"] = period("0001-01-01", until, now).until_hour
    return values


def kept_since(kept: str, now: datetime, option: str) -> datetime | None:
    """The time since which things are kept, for a duration such as 25mo; None for ever (``forever``)."""
    return None if kept.strip().lower() == FOREVER else subtract_duration(now, kept, option)


def subtract_duration(moment: datetime, duration: str, option: str) -> datetime:
    """``moment`` minus a duration such as 30min, 12h, 30d, 2w, 6mo or 1y; months keep the day if the month has it."""
    match = _DURATION.fullmatch(duration.strip().lower())
    if match is None:
        raise UsageError(f"{option}: {duration!r} is not a duration", "write 12h, 30d, 2w, 6mo or 1y")
    count, unit = int(match[1]), match[2]
    try:
        if unit in _UNITS:
            return moment - count * _UNITS[unit]
        return _months_before(moment, count * (12 if unit == "y" else 1))
    except (OverflowError, ValueError):
        raise UsageError(f"{option}: {duration!r} reaches before the year 1") from None


def parameter_values(
    query: Query, report_period: Period, options: Mapping[str, str | int | None]
) -> dict[str, Parameter]:
    """The parameters of a report's SQL: those of the period and of its options.

    ``options`` has the typed values by option name. Raises :class:`UsageError` for a value of the wrong form.
    """
    parameters: dict[str, Parameter] = {
        "since": report_period.since_hour,
        "until": report_period.until_hour,
        "read_from": read_from(query, report_period),
    }
    for option in query.options:
        typed = options.get(option.name)
        parameters.update(_option_values(option, option.default if typed is None else typed, report_period))
    return parameters


def read_from(query: Query, report_period: Period) -> datetime:
    """The first hour of events that a report reads: its lookback before the period."""
    try:
        return subtract_duration(report_period.since_hour, query.lookback, "lookback")
    except UsageError:  # it reaches before the year 1
        return datetime.min


def literal(value: Parameter) -> str:
    """A value as a literal of Athena's SQL, a tuple as a list for IN.

    The only place where values become part of a statement for Athena; DuckDB's are bound.
    """
    if isinstance(value, tuple):
        return ", ".join(map(literal, value))
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(' ', 'milliseconds')}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def substitute(sql: str, parameters: Mapping[str, Parameter]) -> str:
    """The statement with literals in place of its parameters, ready to paste into Athena."""
    return _PLACEHOLDER.sub(lambda match: literal(parameters[match[1]]), sql)


def used_parameters(sql: str, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters that a statement uses; DuckDB refuses others."""
    names = set(_PLACEHOLDER.findall(sql))
    return {name: value for name, value in parameters.items() if name in names}


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text.strip().lower()) is not None


def _time(option: str, text: str, before_what: datetime, now: datetime) -> datetime:
    if _is_duration(text):
        return subtract_duration(before_what, text, option)
    if (named := _named_time(text.strip().lower(), now)) is not None:
        return named
    try:
        time = datetime.fromisoformat(text.strip())
        return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: {text!r} is neither a time nor a duration",
            "write 2026-11-01, 2026-11-01T12:00:00Z, 2026-11, yesterday, monday, last-week, 30d, 12h or 6mo",
        ) from None


def _named_time(word: str, now: datetime) -> datetime | None:
    """When the day, week or month that a word names begins (UTC, weeks on Monday); None for any other word."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    if word in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(word)) % 7)
    if match := _MONTH.fullmatch(word):
        return datetime(int(match[1]), int(match[2]), 1)
    return {
        "now": now,
        "today": today,
        "yesterday": today - timedelta(days=1),
        "this-week": monday,
        "last-week": monday - timedelta(weeks=1),
        "this-month": first,
        "last-month": _months_before(first, 1),
    }.get(word)


def _months_before(moment: datetime, count: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 - count
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _option_values(option: Option, typed: str | int | None, report_period: Period) -> dict[str, Parameter]:
    name = option.name.replace("-", "_")
    if typed is None:
        raise UsageError(f"--{option.name} is required", f"add --{option.name} {option.type}")
    text = str(typed)
    try:
        text.encode()
    except UnicodeEncodeError:  # Python keeps bytes that are not UTF-8 as lone surrogates
        raise UsageError(f"--{option.name}: {text!r} is not UTF-8 text") from None
    if option.type == "KEY=VALUE":
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--{option.name}: {text!r} is not KEY=VALUE", f"write --{option.name} mycustomerid=4")
        return {f"{name}_key": key, f"{name}_value": value}
    if option.type == "DURATION":
        return {name: subtract_duration(report_period.until, text, f"--{option.name}")}
    if option.type == "INTEGER":
        if not text.isdecimal() or int(text) > _LARGEST:
            raise UsageError(f"--{option.name}: {text!r} is not a whole number from 0 to {_LARGEST}")
        return {name: int(text)}
    return {name: text}
