"""A metric filter: a number in the lines of a log group as a CloudWatch metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.services.cloudwatch import Metric


@dataclass(frozen=True, kw_only=True)
class MetricFilter(DeclaredResource):
    """Adds ``value``, a number or the JSON path of one, to ``metric`` for each line that matches ``pattern``.

    Without a default value the metric has data, and is billed, only in hours with such a line (Amazon CloudWatch Logs
    user guide, "Creating metrics from log events using filters"). It is part of its log group, and deleted with it.
    """

    kind = "metric filter"
    name: str
    log_group: str
    pattern: str
    value: str
    metric: Metric

    def _settings(self) -> list[Setting]:
        return [
            Setting("filterPattern", self.pattern, write=self._create),
            Setting("Metric", self._transformation(), read=_transformation, write=self._create),
        ]

    def _describe(self, aws: Aws) -> Any:
        pages = aws.logs.get_paginator("describe_metric_filters").paginate(
            logGroupName=self.log_group, filterNamePrefix=self.name
        )
        filters = (one for page in pages for one in page.get("metricFilters", []))
        return next((one for one in filters if one.get("filterName") == self.name), None)

    def _create(self, aws: Aws) -> None:
        transformation: Any = self._transformation()
        aws.logs.put_metric_filter(
            logGroupName=self.log_group,
            filterName=self.name,
            filterPattern=self.pattern,
            metricTransformations=[transformation],
        )

    def _transformation(self) -> dict[str, str]:
        return {
            "metricNamespace": self.metric.namespace,
            "metricName": self.metric.name,
            "metricValue": self.value,
        }


def _transformation(_: Aws, description: Any) -> object:
    """The first of its transformations, by the keys that are set; CloudWatch may tell more of it."""
    first: dict[str, str] = next(iter(description.get("metricTransformations", [])), {})
    return {key: first.get(key) for key in ("metricNamespace", "metricName", "metricValue")}
