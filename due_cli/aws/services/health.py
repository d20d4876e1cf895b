"""What AWS says of how a stack fares: metrics, log lines, alarms, what stands before the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from botocore.exceptions import ClientError

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED, code_of, explained, ignore_errors
from due_cli.core.errors import DueError

_RIGHT = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
_LAKE_FORMATION = re.compile(r"lake ?formation", re.IGNORECASE)
_MOST_LINES = 2_000
_SHORTEST = 60_000  # milliseconds of a log that are not halved any more
_GONE = ("ResourceNotFoundException", "EntityNotFoundException", "NoSuchBucket", "NoSuchEntity", "NotFoundException")
# Who stands in Lake Formation for "whoever IAM lets in"; where it has rights, Lake Formation stands aside.
IAM_ALLOWED = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """The newest lines of a log, oldest first; ``more`` where there may be older ones."""

    newest: tuple[Line, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric of one resource."""

    namespace: str
    name: str
    dimension: tuple[str, str]
    statistic: Literal["Sum", "Maximum"]


def missing_right(error: DueError) -> str | None:
    """The right that a denied call lacked, as AWS names it, else the operation; None where nothing was denied."""
    cause = error.__cause__
    if not isinstance(cause, ClientError) or code_of(cause) not in DENIED:
        return None
    named = _RIGHT.search(str(cause))
    return named[1] if named else str(cause.operation_name)


def is_gone(error: DueError) -> bool:
    """Whether an error says that what was asked about is not there."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and code_of(cause) in _GONE


def is_lake_formation(error: DueError) -> bool:
    """Whether it was Lake Formation that refused, a call or a query, and not IAM."""
    return _LAKE_FORMATION.search(error.message) is not None


def metrics(aws: Aws, wanted: Mapping[str, Metric], since: timedelta, period: timedelta) -> dict[str, list[float]]:
    """The values of metrics, oldest first, under the names that ``wanted`` has for them; none where there is no data.

    Names begin with a lower-case letter and hold letters, digits and ``_`` (CloudWatch API, MetricDataQuery).
    """
    until = datetime.now(UTC)
    queries: Any = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": metric.dimension[0], "Value": metric.dimension[1]}],
                },
                "Period": int(period.total_seconds()),
                "Stat": metric.statistic,
            },
        }
        for key, metric in wanted.items()
    ]
    found: dict[str, list[float]] = {key: [] for key in wanted}
    with explained("reading metrics (cloudwatch:GetMetricData)"):
        for page in aws.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=until - since, EndTime=until, ScanBy="TimestampAscending"
        ):
            for result in page["MetricDataResults"]:
                found[result.get("Id", "")] += result.get("Values", [])
    return found


def log_lines(aws: Aws, group: str, since: datetime, pattern: str = "") -> Lines:
    """The newest lines of a log group since a moment that match a filter pattern, at most 2,000; none without it.

    The log is searched once where it has fewer, some twenty times at most where it has more.
    """
    begin, end = (int(moment.timestamp() * 1000) for moment in (since, datetime.now(UTC)))
    with (
        explained(f"reading log group {group} (logs:FilterLogEvents)"),
        ignore_errors("ResourceNotFoundException"),
    ):
        found = _newest(partial(_logged, aws, group, pattern), begin, end)
        return Lines(tuple(found[-_MOST_LINES:]), more=len(found) >= _MOST_LINES)
    return Lines()


def _newest(logged: Callable[[int, int], list[Line]], begin: int, end: int) -> list[Line]:
    """The lines of a time, oldest first: all of them, or the newest 2,000 and more.

    What a log has more of than that in a time is cut off at its end, so the newer half is asked alone, and the older
    half where that was not enough.
    """
    found = logged(begin, end)
    if len(found) < _MOST_LINES or end - begin < _SHORTEST:
        return found
    middle = (begin + end) // 2
    newer = _newest(logged, middle + 1, end)
    return newer if len(newer) >= _MOST_LINES else _newest(logged, begin, middle) + newer


def _logged(aws: Aws, group: str, pattern: str, begin: int, end: int) -> list[Line]:
    """The oldest lines of a time (epoch ms, its ends included), at most 2,000."""
    more: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
    pages = aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=begin, endTime=end, PaginationConfig={"MaxItems": _MOST_LINES}, **more
    )
    return [
        Line(datetime.fromtimestamp(event.get("timestamp", 0) / 1000, UTC), event.get("message", ""))
        for page in pages
        for event in page["events"]
    ]


def raised_alarms(aws: Aws, prefix: str) -> dict[str, str]:
    """The alarms of a prefix that are in ALARM, with the reason that CloudWatch gives."""
    found = {}
    with explained("reading alarms (cloudwatch:DescribeAlarms)"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
        for page in pages:
            for alarm in page["MetricAlarms"]:
                if alarm.get("StateValue") == "ALARM":
                    found[alarm.get("AlarmName", "")] = alarm.get("StateReason", "")
    return found


def stream_status(aws: Aws, stream: str) -> str | None:
    """A delivery stream's status, with the reason where it has one; None where there is no such stream."""
    with explained(f"looking at delivery stream {stream}"), ignore_errors("ResourceNotFoundException"):
        found = aws.firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
        reason = found.get("FailureDescription", {}).get("Details", "")
        return f"{found['DeliveryStreamStatus']}{f' ({reason})' if reason else ''}"
    return None


def put_record(aws: Aws, stream: str, data: bytes) -> str:
    """Puts one record to a stream; the id that the stream gave it."""
    with explained(f"putting a record to delivery stream {stream} (firehose:PutRecord)"):
        return aws.firehose.put_record(DeliveryStreamName=stream, Record={"Data": data})["RecordId"]


def table_status(aws: Aws, table: str) -> str | None:
    """A DynamoDB table's status; None where there is no such table."""
    with explained(f"looking at table {table}"), ignore_errors("ResourceNotFoundException"):
        return aws.dynamodb.describe_table(TableName=table)["Table"].get("TableStatus")
    return None


def function_faults(aws: Aws, function: str) -> str | None:
    """Why Lambda would not run a function as it was last set; None where it would."""
    with explained(f"looking at function {function}"), ignore_errors("ResourceNotFoundException"):
        found = aws.lambda_.get_function_configuration(FunctionName=function)
        if found.get("State", "Active") == "Failed":
            return f"it cannot run: {found.get('StateReason', 'no reason given')}"
        if found.get("LastUpdateStatus") == "Failed":
            return f"its last update failed: {found.get('LastUpdateStatusReason', 'no reason given')}"
    return None


def lake_formation_excludes(aws: Aws, database: str, table: str, roles: Sequence[str]) -> list[str]:
    """Those of some roles (by ARN) that Lake Formation keeps from a table; none where it leaves the table to IAM.

    It is asked only about a table that it has to do with: one whose place is registered with it, or in a database
    whose new tables are not everybody's whom IAM lets in (AWS Glue API, ``IsRegisteredWithLakeFormation``,
    ``CreateTableDefaultPermissions``).
    """
    with explained(f"looking at table {database}.{table}"), ignore_errors("EntityNotFoundException"):
        found = aws.glue.get_table(DatabaseName=database, Name=table)["Table"]
        defaults = aws.glue.get_database(Name=database)["Database"].get("CreateTableDefaultPermissions")
        if not found.get("IsRegisteredWithLakeFormation") and defaults != []:
            return []
        granted = _granted(aws, database, table)
        everybody = {IAM_ALLOWED, f"{aws.caller.account}:IAMPrincipals"}
        return [] if granted & everybody else [role for role in roles if role not in granted]
    return []


def _granted(aws: Aws, database: str, table: str) -> set[str]:
    """Who has any right on a table in Lake Formation."""
    found: set[str] = set()
    more: dict[str, Any] = {}
    with explained(f"asking Lake Formation about {database}.{table} (lakeformation:ListPermissions)"):
        while True:
            answer = aws.lakeformation.list_permissions(
                Resource={"Table": {"DatabaseName": database, "Name": table}}, **more
            )
            for one in answer["PrincipalResourcePermissions"]:
                found.add(one.get("Principal", {}).get("DataLakePrincipalIdentifier", ""))
            if not answer.get("NextToken"):
                return found
            more = {"NextToken": answer["NextToken"]}
