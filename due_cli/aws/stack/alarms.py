"""What the alarms of a stack watch, and what each means: functions, stream, and the failures that logs tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from due_cli.aws.resources.alarm import Comparison, Expression
from due_cli.aws.resources.metric_filter import MetricFilter
from due_cli.aws.resources.stream import RETRIES
from due_cli.aws.services.cloudwatch import Metric
from due_cli.aws.stack.names import FUNCTIONS, Names

LATE_SECONDS = 1800  # age of the stream's oldest record from which deliveries are late
_NEAR_LIMIT_PERCENT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What an alarm watches, when it is raised, what that means, and the command of due's to run then."""

    key: str  # names of the first release stay: with other ones an upgrade would delete alarms
    metric: Metric | Expression
    meaning: str
    command: str = "doctor"
    threshold: float = 0
    comparison: Comparison = "GreaterThanThreshold"
    depends_on: str | None = None


def signals(names: Names) -> list[Signal]:
    """What each alarm of a stack watches."""
    return [*_function_signals(names), *_stream_signals(names), *_failure_signals(names)]


def _function_signals(names: Names) -> list[Signal]:
    """The errors and throttled calls of each function, and the calls that S3 made of the partition function in vain."""
    api = "the HTTP API answered with an error"
    later = {
        "transform": (f"Firehose tries each batch up to {RETRIES} times more, and then keeps it under errors/",) * 2,
        "partition": ("Lambda tries the call twice more", "Lambda tries the call for up to six hours"),
        "status-api": (api, api),
    }
    signals = []
    for function in FUNCTIONS:
        failed, waited = later[function]
        for metric, text in (
            ("Errors", f"The {function} function failed; {failed}"),
            ("Throttles", f"The {function} function was not started, because Lambda was short of capacity; {waited}"),
        ):
            watched = Metric("AWS/Lambda", metric, ("FunctionName", names.function(function)))
            signals.append(Signal(key=f"{function}-{metric.lower()}", metric=watched, meaning=text))
    partition = ("FunctionName", names.function("partition"))
    return [
        *signals,
        Signal(
            key="partition-dropped",
            metric=Metric("AWS/Lambda", "AsyncEventsDropped", partition),
            meaning="Lambda gave up on calls of the partition function: hours may be missing from all_events until "
            f"the calls kept under {names.failed_events} are repeated",
            command="failed replay",
        ),
        Signal(
            key="partition-unrecorded",
            metric=Metric("AWS/Lambda", "DestinationDeliveryFailures", partition),
            meaning="Lambda gave up on calls of the partition function and could not keep them in the bucket: hours "
            "may be missing from all_events",
            command="doctor --repair",
        ),
    ]


def _stream_signals(names: Names) -> list[Signal]:
    """What the delivery stream says of itself."""

    def metric(name: str, statistic: Literal["Sum", "Maximum", "Average"] = "Sum") -> Metric:
        return Metric("AWS/Firehose", name, ("DeliveryStreamName", names.stream), statistic)

    # Firehose's guide, "Implement best practices with CloudWatch alarms".
    limits = {"Bytes": "BytesPerSecond", "Records": "RecordsPerSecond", "PutRequests": "PutRequestsPerSecond"}
    metrics = {
        key: one
        for name, limit in limits.items()
        for key, one in (
            (name.lower(), metric(f"Incoming{name}")),
            (f"{name.lower()}_limit", metric(f"{limit}Limit", "Maximum")),
        )
    }
    shares = ", ".join(f"{name.lower()}/PERIOD({name.lower()})/{name.lower()}_limit" for name in limits)
    return [
        Signal(
            key="late",
            metric=metric("DeliveryToS3.DataFreshness", "Maximum"),
            threshold=LATE_SECONDS,
            meaning=f"Events have waited more than {LATE_SECONDS // 60} minutes for their delivery",
        ),
        Signal(
            key="undelivered",
            metric=metric("DeliveryToS3.Success", "Average"),
            threshold=1,
            comparison="LessThanThreshold",
            meaning="S3 did not take a delivery; Firehose tries again for a day, and then drops it",
        ),
        Signal(
            key="refused",
            metric=metric("ThrottledRecords"),
            meaning="The stream refused records above its quota, and what its senders do not send again is lost: have "
            "its quota raised",
        ),
        Signal(
            key="lost-form",
            metric=metric("FailedConversion.Records"),
            meaning="Rows do not have the form of the table; Firehose keeps them under errors/",
            command="failed list",
        ),
        Signal(
            key="near-limit",
            metric=Expression(text=f"100*MAX([{shares}])", metrics=metrics),
            threshold=_NEAR_LIMIT_PERCENT,
            meaning=f"More than {_NEAR_LIMIT_PERCENT} % of a quota of the stream was used over five minutes: have it "
            "raised (Service Quotas, Amazon Data Firehose) before records are refused",
        ),
    ]


def _failure_signals(names: Names) -> list[Signal]:
    """What the logs say of records that did not become rows, and of statuses that the table did not take."""
    filters = metric_filters(names)
    return [
        Signal(
            key=key,
            metric=filters[key][1].metric,
            meaning=meaning,
            command=command,
            depends_on=f"metric-{key}",
        )
        for key, meaning, command in (
            (
                "failed-records",
                "Records could not be read, or their rows found no place in the stream; Firehose keeps them under "
                "errors/",
                "failed list",
            ),
            (
                "untransformed",
                "Firehose got no answer from the transform function for some batches, as while Lambda is short of "
                "capacity, and keeps what it gives up on under errors/, for when the function answers again",
                "failed replay",
            ),
            (
                "statuses-refused",
                "The status table did not take some statuses; they are kept under errors/status/",
                "failed replay",
            ),
        )
    ]


def metric_filters(names: Names) -> dict[str, tuple[str, MetricFilter]]:
    """The metric filters by key, each with what writes the log that it reads.

    The transform logs one line of counts for each batch (``due_cli/lambdas/transform.py``), Firehose a line with a code
    such as ``Lambda.FunctionError`` (Firehose guide, "Monitor Amazon Data Firehose using CloudWatch Logs").
    """
    failed, refused = "$.answers.ProcessingFailed", "$.statuses.refused"
    transform, stream = names.log_group("transform"), names.stream_log_group
    return {
        key: (
            source,
            MetricFilter(
                name=names.alarm(key),
                log_group=log_group,
                pattern=pattern,
                value=value,
                metric=Metric(names.metrics, key, None),
            ),
        )
        for key, source, log_group, pattern, value in (
            ("failed-records", "transform", transform, f"{{ {failed} > 0 }}", failed),
            ("untransformed", "stream", stream, '{ $.errorCode = "Lambda.*" }', "1"),
            ("statuses-refused", "transform", transform, f"{{ {refused} > 0 }}", refused),
        )
    }
