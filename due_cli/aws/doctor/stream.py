"""The delivery stream: whether it takes records, when it delivered last, what it could not deliver."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from due_cli.aws.doctor.context import RECENTLY, SHOWN, DoctorContext, Examined, ago, quoted
from due_cli.aws.services.cloudwatch import LogLine, Metric, read_log, read_metrics
from due_cli.aws.services.firehose import stream_status
from due_cli.aws.services.s3 import newest_object, summarize_prefix
from due_cli.aws.stack.names import ERRORS, EVENTS
from due_cli.core.results import Check, counted

_LATE_SECONDS = 1800  # as the stack's alarm has it
_FIVE_MINUTES = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_FIREHOSE = "AWS/Firehose"


def stream(patient: DoctorContext) -> Examined:
    """Its status, and when it delivered last."""
    name = patient.names.stream
    status = stream_status(patient.aws, name)
    if status is None:
        yield Check("delivery stream", "warning", f"not checked: {name} is missing", patient.setup)
        return
    if status != "ACTIVE":
        look = patient.aws_command(f"firehose describe-delivery-stream --delivery-stream-name {name}")
        yield Check("delivery stream", "problem", f"{name} is {status}", look)
    dimension = ("DeliveryStreamName", name)
    found = read_metrics(
        patient.aws,
        {"late": Metric(_FIREHOSE, "DeliveryToS3.DataFreshness", dimension, "Maximum")},
        _FIVE_MINUTES * 3,
        _FIVE_MINUTES,
    )
    late = found["late"][-1] if found["late"] else 0
    if late > max(_LATE_SECONDS, patient.stack.options.buffer_seconds * 2):
        text = f"{name}: the oldest record has waited {late / 60:,.0f} minutes for its delivery"
        yield Check("delivery stream", "problem", text, _tail(patient))
    elif status == "ACTIVE":
        yield _delivered(patient)


def deliveries(patient: DoctorContext) -> Examined:
    """What the stream wrote into its log in the last day: only what it could not deliver."""
    group = patient.names.stream_log_group
    lines = read_log(patient.aws, group, datetime.now(UTC) - RECENTLY)
    found = quoted(_said(lines.newest), more=lines.more)
    for text in found[:SHOWN]:
        refused = any(word in text for word in ("AccessDenied", "Access was denied", "not authorized", "assume"))
        yield Check("deliveries", "problem", f"failed {text}", patient.setup if refused else _tail(patient))
    if len(found) > SHOWN:
        yield Check("deliveries", "problem", f"{counted(len(found) - SHOWN, 'other error')}", _tail(patient))
    if not found:
        yield Check("deliveries", "ok", "no delivery failed in the last day")


def failed_records(patient: DoctorContext) -> Examined:
    """What the stream, the transform and the partition function left to be dealt with."""
    bucket = patient.names.bucket
    waiting = summarize_prefix(patient.aws, bucket, ERRORS)
    if waiting.newest is None:
        yield Check("failed records", "ok", "none waiting")
    else:
        number = f"{waiting.count:,} or more objects" if waiting.more else counted(waiting.count, "object")
        text = f"{number} with records that could not be stored under s3://{bucket}/{ERRORS}, the newest of"
        yield Check("failed records", "problem", f"{text} {ago(waiting.newest)}", patient.command("failed list"))
    undone = summarize_prefix(patient.aws, bucket, patient.names.undone)
    if undone.newest is not None:
        text = f"the partition function gave up on {counted(undone.count, 'event')}, last {ago(undone.newest)}"
        yield Check("failed records", "warning", text, patient.command("failed replay"))


def _delivered(patient: DoctorContext) -> Check:
    name, send = patient.names.stream, patient.command("doctor --send-test")
    dimension = ("DeliveryStreamName", name)
    wanted = {"came": Metric(_FIREHOSE, "IncomingRecords", dimension, "Sum")}
    came = sum(read_metrics(patient.aws, wanted, RECENTLY, _HOUR)["came"])
    came_in = f"; {came:,.0f} records came in in the last day" if came else ""
    newest = newest_object(patient.aws, patient.names.bucket, EVENTS)
    if newest is None:
        return Check("delivery stream", "warning", f"{name} has not delivered anything yet{came_in}", send)
    if datetime.now(UTC) - newest > RECENTLY:
        return Check("delivery stream", "warning", f"{name} delivered last {ago(newest)}{came_in}", send)
    return Check("delivery stream", "ok", f"{name} is ACTIVE; last delivery {ago(newest)}{came_in}")


def _said(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The error code and message of each line, which Firehose writes as JSON."""
    for line in lines:
        try:
            found = json.loads(line.text)
            said = f"{found.get('errorCode', 'error')}: {found.get('message', '')}"
        except (ValueError, AttributeError):
            said = line.text
        yield LogLine(line.at, said)


def _tail(patient: DoctorContext) -> str:
    return patient.aws_command(f"logs tail {patient.names.stream_log_group} --since 1d")
