"""Checks of the delivery stream: whether it accepts records, its last delivery, and what it could not deliver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from due_cli.aws.doctor.context import LAST_DAY, MAX_LISTED, DoctorContext, ago, group_lines
from due_cli.aws.services.cloudwatch import LogLine, Metric, read_log, read_metrics
from due_cli.aws.services.firehose import stream_status
from due_cli.aws.services.s3 import newest_hour, newest_object, summarize_prefix
from due_cli.aws.stack.alarms import LATE_SECONDS
from due_cli.aws.stack.names import ERRORS, EVENTS
from due_cli.core.results import Finding, counted

_FIVE_MINUTES = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_DELIVERY_HOURS = 48  # with objects, of which the newest delivery is looked for: due ingest writes to hours too
_DENIED = ("AccessDenied", "Access was denied", "not authorized", "assume")


def stream(context: DoctorContext) -> Iterator[Finding]:
    """Its status, the age of its oldest record, and its last delivery."""
    name = context.names.stream
    status = stream_status(context.aws, name)
    if status is None:
        yield "warning", f"not checked: {name} is missing", context.setup
        return
    if status != "ACTIVE":
        describe = context.aws_command(f"firehose describe-delivery-stream --delivery-stream-name {name}")
        yield "problem", f"{name} is {status}", describe
    ages = _metric(context, "DeliveryToS3.DataFreshness", "Maximum", _FIVE_MINUTES * 3, _FIVE_MINUTES)
    age = ages[-1] if ages else 0
    if age > max(LATE_SECONDS, context.stack.options.buffer_seconds * 2):
        text = f"{name}: the oldest record has waited {age / 60:,.0f} minutes for its delivery"
        yield "problem", text, _tail(context)
    elif status == "ACTIVE":
        yield _last_delivery(context)


def deliveries(context: DoctorContext) -> Iterator[Finding]:
    """The failed deliveries in the stream's log of the last day, which has nothing else."""
    lines = read_log(context.aws, context.names.stream_log_group, datetime.now(UTC) - LAST_DAY)
    texts = group_lines((LogLine(line.at, _error_text(line.text)) for line in lines.newest), more=lines.more)
    for text in texts[:MAX_LISTED]:
        is_denied = any(words in text for words in _DENIED)
        yield "problem", f"failed {text}", context.setup if is_denied else _tail(context)
    if len(texts) > MAX_LISTED:
        yield "problem", counted(len(texts) - MAX_LISTED, "other error"), _tail(context)
    if not texts:
        yield "ok", "no delivery failed in the last day", None


def failed_records(context: DoctorContext) -> Iterator[Finding]:
    """Failed records in the bucket, and events on which the partition function failed for good."""
    bucket, command = context.names.bucket, context.names.command
    errors = summarize_prefix(context.aws, bucket, ERRORS)
    if errors.newest is None:
        yield "ok", "none waiting", None
    else:
        number = f"{errors.count:,} or more objects" if errors.more else counted(errors.count, "object")
        failed = "could not be read, transformed or stored"
        text = f"{number} with records that {failed} under s3://{bucket}/{ERRORS}, the newest of"
        yield "problem", f"{text} {ago(errors.newest)}", command("failed list")
    events = summarize_prefix(context.aws, bucket, context.names.failed_events)
    if events.newest is not None:
        text = f"the partition function gave up on {counted(events.count, 'event')}, last {ago(events.newest)}"
        yield "warning", text, command("failed replay")


def _last_delivery(context: DoctorContext) -> Finding:
    name, send_test = context.names.stream, context.names.command("doctor --send-test")
    count = sum(_metric(context, "IncomingRecords", "Sum", LAST_DAY, _HOUR))
    incoming = f"; {count:,.0f} records were received in the last day" if count else ""
    names = context.names
    newest = newest_object(context.aws, names.bucket, EVENTS, names.is_delivered, _DELIVERY_HOURS)
    if newest is None:
        where = "" if newest_hour(context.aws, names.bucket, EVENTS) is None else " in the newest hours with events"
        return "warning", f"{name} has not delivered anything{where or ' yet'}{incoming}", send_test
    if datetime.now(UTC) - newest > LAST_DAY:
        return "warning", f"{name} delivered last {ago(newest)}{incoming}", send_test
    return "ok", f"{name} is ACTIVE; last delivery {ago(newest)}{incoming}", None


def _metric(
    context: DoctorContext, name: str, statistic: Literal["Sum", "Maximum"], since: timedelta, period: timedelta
) -> list[float]:
    metric = Metric("AWS/Firehose", name, ("DeliveryStreamName", context.names.stream), statistic)
    return read_metrics(context.aws, {"m": metric}, since, period)["m"]


def _error_text(line: str) -> str:
    """The error code and message of a line of Firehose's log; a line that is not its JSON as it is."""
    try:
        entry = json.loads(line)
        return f"{entry.get('errorCode', 'error')}: {entry.get('message', '')}"
    except (ValueError, AttributeError):
        return line


def _tail(context: DoctorContext) -> str:
    return context.aws_command(f"logs tail {context.names.stream_log_group} --since 1d")
