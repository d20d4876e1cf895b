"""A CloudWatch alarm on a metric of the stack, or on an expression of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.services.cloudwatch import Metric
from due_cli.aws.tags import Tags, tag_list, tags_from_list

Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]
_PERIOD = timedelta(minutes=5)
_RESULT = "result"  # the id of an expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """An expression of metrics by their ids, in CloudWatch's metric math; CloudWatch bills an alarm on each metric."""

    text: str
    metrics: Mapping[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Alarm(TaggedResource):
    """Raised if the metric is beyond ``threshold`` over five minutes; missing data raises no alarm.

    ``description`` says what happened and what to run.
    """

    kind = "alarm"
    not_found = ignore_errors("ResourceNotFound")
    name: str
    arn: str
    description: str
    metric: Metric | Expression
    threshold: float = 0
    comparison: Comparison = "GreaterThanThreshold"
    topic_arn: str | None

    @property
    def metric_count(self) -> int:
        """How many metrics it is on, by which it is billed."""
        return len(self.metric.metrics) if isinstance(self.metric, Expression) else 1

    def _settings(self) -> list[Setting]:
        return [
            Setting("AlarmDescription", self.description, write=self._put),
            Setting("Metric", _comparable(self._metric()), read=_current_metric, write=self._put),
            Setting("Threshold", self.threshold, default=0, write=self._put),
            Setting("EvaluationPeriods", 1, write=self._put),
            Setting("ComparisonOperator", self.comparison, write=self._put),
            Setting("TreatMissingData", "notBreaching", write=self._put),
            Setting("ActionsEnabled", True, default=True, write=self._put),
            Setting("AlarmActions", [self.topic_arn] if self.topic_arn else [], default=[], write=self._put),
            self._tag_setting(),
        ]

    def _describe(self, aws: Aws) -> Any:
        return next(iter(aws.cloudwatch.describe_alarms(AlarmNames=[self.name]).get("MetricAlarms", [])), None)

    def _create(self, aws: Aws) -> None:
        aws.cloudwatch.put_metric_alarm(
            AlarmName=self.name,
            Tags=tag_list(self.tags),  # which CloudWatch ignores for an existing alarm
            **self._metric(),
            **self._structure(),
        )

    _put = _create

    def _metric(self) -> dict[str, Any]:
        """What is watched, as PutMetricAlarm takes it and DescribeAlarms gives it."""
        metric = self.metric
        if isinstance(metric, Expression):
            parts = [{**one.query(key, _PERIOD), "ReturnData": False} for key, one in metric.metrics.items()]
            return {"Metrics": [*parts, {"Id": _RESULT, "Expression": metric.text, "ReturnData": True}]}
        return {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": metric.dimensions(),
            "Statistic": metric.statistic,
            "Period": int(_PERIOD.total_seconds()),
        }

    def _delete(self, aws: Aws) -> None:
        aws.cloudwatch.delete_alarms(AlarmNames=[self.name])

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        return tags_from_list(aws.cloudwatch.list_tags_for_resource(ResourceARN=self.arn).get("Tags", []))

    def _write_tags(self, aws: Aws) -> None:
        aws.cloudwatch.tag_resource(ResourceARN=self.arn, Tags=tag_list(self.tags))


def _current_metric(_: Aws, alarm: Any) -> object:
    return _comparable(alarm)


def _comparable(alarm: Any) -> object:
    """What an alarm watches: one metric, or an expression with its metrics, in no order."""
    if queries := alarm.get("Metrics"):
        return {one.get("Id", ""): one.get("Expression") or _of_query(one.get("MetricStat", {})) for one in queries}
    return _flat(alarm, alarm.get("Statistic"), alarm.get("Period"))


def _of_query(statistics: Any) -> tuple[object, ...]:
    return _flat(statistics.get("Metric", {}), statistics.get("Stat"), statistics.get("Period"))


def _flat(metric: Any, statistic: object, period: object) -> tuple[object, ...]:
    dimensions = sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    words = (word for pair in dimensions for word in pair)
    return metric.get("Namespace"), metric.get("MetricName"), *words, statistic, period
