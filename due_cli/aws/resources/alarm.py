"""A CloudWatch alarm on one metric of one resource of the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.tags import Tags, tag_list, tags_from_list

Statistic = Literal["Sum", "Maximum", "Average"]
Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]


@dataclass(frozen=True, kw_only=True)
class Alarm(TaggedResource):
    """Raised if the metric is beyond ``threshold`` over five minutes; missing data raises no alarm."""

    kind = "alarm"
    not_found = ignore_errors("ResourceNotFound")
    name: str
    arn: str
    description: str
    namespace: str
    metric: str
    dimension: tuple[str, str]
    threshold: float = 0
    statistic: Statistic = "Sum"
    comparison: Comparison = "GreaterThanThreshold"
    topic_arn: str | None

    def _settings(self) -> list[Setting]:
        metric = (self.namespace, self.metric, *self.dimension, self.statistic)
        return [
            Setting("AlarmDescription", self.description, write=self._put),
            Setting("Metric", metric, read=_metric, write=self._put),
            Setting("Threshold", self.threshold, write=self._put),
            Setting("EvaluationPeriods", 1, write=self._put),
            Setting("ComparisonOperator", self.comparison, write=self._put),
            Setting("Period", 300, write=self._put),
            Setting("TreatMissingData", "notBreaching", write=self._put),
            Setting("ActionsEnabled", True, write=self._put),
            Setting("AlarmActions", [self.topic_arn] if self.topic_arn else [], write=self._put),
            self._tag_setting(),
        ]

    def _describe(self, aws: Aws) -> Any:
        return next(iter(aws.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]), None)

    def _create(self, aws: Aws) -> None:
        name, value = self.dimension
        aws.cloudwatch.put_metric_alarm(
            AlarmName=self.name,
            Namespace=self.namespace,
            MetricName=self.metric,
            Dimensions=[{"Name": name, "Value": value}],
            Statistic=self.statistic,
            Tags=tag_list(self.tags),  # which CloudWatch ignores for an existing alarm
            **self._structure(),
        )

    _put = _create

    def _delete(self, aws: Aws) -> None:
        aws.cloudwatch.delete_alarms(AlarmNames=[self.name])

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        return tags_from_list(aws.cloudwatch.list_tags_for_resource(ResourceARN=self.arn)["Tags"])

    def _write_tags(self, aws: Aws) -> None:
        aws.cloudwatch.tag_resource(ResourceARN=self.arn, Tags=tag_list(self.tags))


def _metric(_: Aws, alarm: Any) -> tuple[str | None, ...]:
    dimensions = [(one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])]
    dimension = dimensions[0] if len(dimensions) == 1 else ("", "")
    return alarm.get("Namespace"), alarm.get("MetricName"), *dimension, alarm.get("Statistic")
