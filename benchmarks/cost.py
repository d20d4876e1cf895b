"""What a stack costs a month as the guide reckons it: ``python -m benchmarks.cost`` prints the table of docs/costs.md.

The guide's assumptions ("Cost") are a million messages a day and five queries a day that each ask of a month's events;
``usage`` says what that is in units that are billed, ``due_cli/aws/prices.toml`` what a unit costs. What
nothing here can count is assumed below. All gigabytes but Athena's are of 2^30 bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.usage import MEBIBYTE, MESSAGES_PER_DAY, Usage, measure_usage
from due_cli.aws import prices
from due_cli.aws.resources.alarm import Alarm
from due_cli.aws.resources.metric_filter import MetricFilter
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import Package

DAYS = 30
_GUIDE_DOLLARS = 40
_QUERIES_PER_DAY = 5
_GIBIBYTE = 2**30
_MILLION = 1_000_000
_LOOKUPS = 100_000  # of a status through the API, a month; the guide has no API
_SHARE_READ = 1 / 3  # of a month's bytes by one report: `make bench`, section reports
_EVENTS_PER_CORE_SECOND = 1_500  # the transform: `make bench`, section functions
_CORE_MB = 1_769  # the memory with which a function has a whole core (Lambda developer guide, "Configure memory")
_CALL_SECONDS = 0.02  # a call of DynamoDB for up to a hundred items
_OTHER_CALL_SECONDS, _OTHER_CALL_MB = 0.2, 256  # the partition function and the status API
_R = TypeVar("_R", Alarm, MetricFilter)
_LOG_BYTES = 1_000  # of a call: the function's line and Lambda's own three


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the bill."""

    service: str
    amount: str
    dollars: float


def events_database(usage: Usage) -> list[Item]:
    """What the guide's solution consists of."""
    options = Options()
    events = MESSAGES_PER_DAY * DAYS * usage.events
    calls = events * usage.bytes / MEBIBYTE
    objects = DAYS * 86_400 / options.buffer_seconds
    stored = events * usage.stored
    return [
        _firehose(events, usage.steps),
        _lambda(events, calls, usage.calls, objects),
        _s3(stored, objects),
        _athena(stored),
        _glue(objects),
        _cloudwatch(calls + objects),
    ]


def message_status(usage: Usage) -> list[Item]:
    """What due has beside it, the blog's message status."""
    messages = MESSAGES_PER_DAY * DAYS
    return [_dynamodb(messages, usage), _status_api()]


def billed_gigabytes(records: float, steps: float) -> float:
    """What Firehose bills records as, each of so many steps of 5 KB."""
    return records * steps * prices.of("firehose", "step_bytes") / _GIBIBYTE


def table() -> str:
    """The table of docs/costs.md."""
    usage = measure_usage()
    database, status = events_database(usage), message_status(usage)
    first, second = (sum(item.dollars for item in items) for items in (database, status))
    rows = [
        *((item.service, item.amount, f"{item.dollars:.1f}") for item in database),
        ("**the guide's solution**", f"the guide says about ${_GUIDE_DOLLARS}", f"**{first:.0f}**"),
        *((item.service, item.amount, f"{item.dollars:.1f}") for item in status),
        ("**with message status**", "", f"**{first + second:.0f}**"),
    ]
    return "\n".join(map(_line, [("", "a month", "$"), ("---", "---", "---:"), *rows]))


def idle_dollars() -> float:
    """What a stack costs a month to which no event comes: its alarms, each billed by the metrics that it is on."""
    metrics = sum(alarm.metric_count for alarm in _resources(Alarm))
    return metrics * prices.of("cloudwatch", "usd_per_alarm_month")


def failure_dollars() -> float:
    """What the metrics of failures, which have data only in hours with one, cost at most."""
    return len(_resources(MetricFilter)) * prices.of("cloudwatch", "usd_per_metric_month")


def sending_dollars() -> float:
    """What it costs to send the messages, which is in neither figure."""
    return MESSAGES_PER_DAY * DAYS / 1000 * prices.of("ses", "usd_per_thousand_recipients")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _firehose(events: float, steps: float) -> Item:
    size = billed_gigabytes(events, steps)
    each = prices.of("firehose", "usd_per_gigabyte_taken") + prices.of("firehose", "usd_per_gigabyte_converted")
    billed = steps * prices.of("firehose", "step_bytes") / 1024
    amount = f"{events / _MILLION:.0f} million events, each billed as {billed:.0f} KB: {size:.0f} GB"
    return Item("Amazon Data Firehose", f"{amount}, with conversion to Parquet", size * each)


def _lambda(events: float, calls: float, table_calls: float, objects: float) -> Item:
    memory = Options().transform_memory_mb
    seconds = events / (_EVENTS_PER_CORE_SECOND * memory / _CORE_MB) + events * table_calls * _CALL_SECONDS
    gigabyte_seconds = seconds * memory / 1024 + _other_seconds(objects)
    amount = f"{calls / 1000:.0f},000 calls of the transform, {objects:,.0f} of partition"
    return Item("AWS Lambda", amount, _lambda_dollars(calls + objects, gigabyte_seconds))


def _lambda_dollars(calls: float, gigabyte_seconds: float) -> float:
    requests = calls / _MILLION * prices.of("lambda", "usd_per_million_requests")
    return requests + gigabyte_seconds * prices.of("lambda", "usd_per_gigabyte_second")


def _other_seconds(calls: float) -> float:
    """Gigabyte-seconds of calls of a small function."""
    return calls * _OTHER_CALL_SECONDS * _OTHER_CALL_MB / 1024


def _s3(stored: float, objects: float) -> Item:
    size = stored / _GIBIBYTE
    puts = objects / 1000 * prices.of("s3", "usd_per_thousand_puts")
    amount = f"{size:.0f} GB of Parquet; each stored month costs the same again"
    return Item("Amazon S3", amount, size * prices.of("s3", "usd_per_gigabyte_month") + puts)


def _glue(calls: float) -> Item:
    """A partition an hour; for each call of the function its table and the partition are asked for."""
    partitions = DAYS * 24
    objects = max(0.0, partitions - prices.of("glue", "free_objects")) / 100_000
    requests = max(0.0, 2 * calls - prices.of("glue", "free_requests")) / _MILLION
    dollars = objects * prices.of("glue", "usd_per_hundred_thousand_objects")
    dollars += requests * prices.of("glue", "usd_per_million_requests")
    return Item("AWS Glue", f"{partitions} partitions{'' if dollars else ', within the free tier'}", dollars)


def _athena(stored: float) -> Item:
    scanned = round(stored * _SHARE_READ)
    queries = _QUERIES_PER_DAY * DAYS
    amount = f"{queries} reports on a month of events, {scanned / 1e9:.1f} GB each"
    return Item("Amazon Athena", amount, queries * prices.athena_dollars(scanned))


def _cloudwatch(calls: float) -> Item:
    size = calls * _LOG_BYTES / _GIBIBYTE
    months = Options().log_days / DAYS
    logs = prices.of("cloudwatch", "usd_per_gigabyte_of_logs")
    logs += months * prices.of("cloudwatch", "usd_per_gigabyte_month_of_logs")
    amount = (
        f"{len(_resources(Alarm))} alarms, {len(_resources(MetricFilter))} metrics of failures, {size:.1f} GB of logs"
    )
    return Item("Amazon CloudWatch", amount, idle_dollars() + failure_dollars() + size * logs)


def _dynamodb(messages: int, usage: Usage) -> Item:
    writes, reads = (messages * usage.events * units / _MILLION for units in (usage.writes, usage.reads))
    days = Options().status_days
    size = messages * days / DAYS * (usage.item + prices.of("dynamodb", "item_bytes")) / _GIBIBYTE
    dollars = writes * prices.of("dynamodb", "usd_per_million_write_units")
    dollars += reads * prices.of("dynamodb", "usd_per_million_read_units")
    dollars += size * prices.of("dynamodb", "usd_per_gigabyte_month")
    amount = f"{writes:.0f} million writes, {reads:.0f} million reads, {size:.0f} GB ({days} days of messages)"
    return Item("Amazon DynamoDB", amount, dollars)


def _status_api() -> Item:
    dollars = _LOOKUPS / _MILLION * prices.of("apigateway", "usd_per_million_requests")
    dollars += _lambda_dollars(_LOOKUPS, _other_seconds(_LOOKUPS))
    dollars += _LOOKUPS / _MILLION * prices.of("dynamodb", "usd_per_million_read_units")
    return Item("Amazon API Gateway", f"{_LOOKUPS:,} status requests, with their function", dollars)


def _resources(kind: type[_R]) -> list[_R]:
    """The resources of one class that a stack has."""
    nodes = desired(names_of("due", "123456789012", "us-east-1"), Options(), Package(b"", ""))
    return [node.resource for node in nodes if isinstance(node.resource, kind)]


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
