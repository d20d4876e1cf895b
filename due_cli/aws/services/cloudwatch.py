"""Amazon CloudWatch: metrics, log lines and raised alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors

_MOST_LINES = 2_000
_SHORTEST_MS = 60_000  # a period of a log that is not halved any further


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class LogLines:
    """The newest lines of a log, oldest first; ``more`` where there may be older ones."""

    newest: tuple[LogLine, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric of one resource, or one without a dimension."""

    namespace: str
    name: str
    dimension: tuple[str, str] | None
    statistic: Literal["Sum", "Maximum", "Average"] = "Sum"

    def dimensions(self) -> list[Any]:
        """Its dimensions as CloudWatch takes them."""
        return [{"Name": self.dimension[0], "Value": self.dimension[1]}] if self.dimension else []

    def query(self, key: str, period: timedelta) -> Any:
        """The query for its values (CloudWatch API, MetricDataQuery)."""
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": self.dimensions()}
        statistics = {"Metric": metric, "Period": int(period.total_seconds()), "Stat": self.statistic}
        return {"Id": key, "MetricStat": statistics}


def read_metrics(
    aws: Aws, metrics: Mapping[str, Metric], since: timedelta, period: timedelta
) -> dict[str, list[float]]:
    """The values of each metric, oldest first, under its key in ``metrics``; an empty list where there is no data.

    Keys begin with a lower-case letter and hold letters, digits and ``_`` (CloudWatch API, MetricDataQuery).
    """
    until = datetime.now(UTC)
    queries = [metric.query(key, period) for key, metric in metrics.items()]
    values: dict[str, list[float]] = {key: [] for key in metrics}
    with translate_errors("reading metrics (cloudwatch:GetMetricData)"):
        for page in aws.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=until - since, EndTime=until, ScanBy="TimestampAscending"
        ):
            for result in page["MetricDataResults"]:
                values[result.get("Id", "")] += result.get("Values", [])
    return values


def read_log(aws: Aws, group: str, since: datetime, pattern: str = "") -> LogLines:
    """The newest lines of a log group since a moment that match a filter pattern, at most 2,000; none without it.

    A log with fewer lines is searched once, one with more some twenty times at most.
    """
    begin, end = (int(moment.timestamp() * 1000) for moment in (since, datetime.now(UTC)))
    with (
        translate_errors(f"reading log group {group} (logs:FilterLogEvents)"),
        ignore_errors("ResourceNotFoundException"),
    ):
        lines = _newest(partial(_oldest, aws, group, pattern), begin, end)
        return LogLines(tuple(lines[-_MOST_LINES:]), more=len(lines) >= _MOST_LINES)
    return LogLines()


def _newest(oldest: Callable[[int, int], list[LogLine]], begin: int, end: int) -> list[LogLine]:
    """The lines of a period, oldest first: all of them, or the newest 2,000 and more.

    CloudWatch returns the oldest lines of a period first, so where there are too many, the newer half is read alone,
    and the older half where that was not enough.
    """
    lines = oldest(begin, end)
    if len(lines) < _MOST_LINES or end - begin < _SHORTEST_MS:
        return lines
    middle = (begin + end) // 2
    newer = _newest(oldest, middle + 1, end)
    return newer if len(newer) >= _MOST_LINES else _newest(oldest, begin, middle) + newer


def _oldest(aws: Aws, group: str, pattern: str, begin: int, end: int) -> list[LogLine]:
    """The oldest lines of a period (epoch milliseconds, both ends included), at most 2,000."""
    arguments: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
    pages = aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=begin, endTime=end, PaginationConfig={"MaxItems": _MOST_LINES}, **arguments
    )
    return [
        LogLine(datetime.fromtimestamp(event.get("timestamp", 0) / 1000, UTC), event.get("message", ""))
        for page in pages
        for event in page["events"]
    ]


def raised_alarms(aws: Aws, prefix: str) -> dict[str, str]:
    """The alarms whose names begin with a prefix and that are in ALARM, with CloudWatch's reason."""
    with translate_errors("reading alarms (cloudwatch:DescribeAlarms)"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
        return {
            alarm.get("AlarmName", ""): alarm.get("StateReason", "")
            for page in pages
            for alarm in page["MetricAlarms"]
            if alarm.get("StateValue") == "ALARM"
        }
