"""The emulator's metric filters: one of a name, of a group that exists, applied to each line."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.logs import matched

GROUP = "/aws/lambda/one"


def test_a_filter_makes_a_metric_of_the_lines_that_match(emulator: AwsEmulator) -> None:
    logs, cloudwatch = emulator.client("logs"), emulator.client("cloudwatch")
    change = {"metricNamespace": "space", "metricName": "failed", "metricValue": "$.a.failed"}
    asked = {"logGroupName": GROUP, "filterName": "one", "metricTransformations": [change]}
    with pytest.raises(ClientError) as caught:
        logs.put_metric_filter(**asked, filterPattern="{ $.a.failed > 0 }")
    assert account.code(caught) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    for pattern in ("{ $.a.failed > 9 }", "{ $.a.failed > 0 }"):  # the second takes the place of the first
        logs.put_metric_filter(**asked, filterPattern=pattern)
    assert len(logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]) == 1
    lines = ('{"a": {"failed": 3}}', '{"a": {"failed": 0}}', '{"a": 1}', "failed", '{"a": {"failed": 2}}')
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=GROUP, logStreamName="s", logEvents=[{"timestamp": now, "message": line} for line in lines]
    )
    found = cloudwatch.get_metric_statistics(
        Namespace="space", MetricName="failed", StartTime=now / 1000 - 60, EndTime=now / 1000 + 60, Period=300,
        Statistics=["Sum"],
    )  # fmt: skip
    assert [one["Sum"] for one in found["Datapoints"]] == [5]
    logs.delete_log_group(logGroupName=GROUP)
    logs.create_log_group(logGroupName=GROUP)
    assert logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"] == []


@pytest.mark.parametrize(
    ("pattern", "line", "value"),
    [
        ('{ $.errorCode = "Lambda.*" }', '{"errorCode": "Lambda.FunctionError"}', 1),
        ('{ $.errorCode = "Lambda.*" }', '{"errorCode": "S3.AccessDenied"}', None),
        ("{ $.n > 0 }", '{"n": "many"}', None),
        ("{ $.n > 0 }", "no JSON", None),
    ],
)
def test_a_pattern_matches_as_in_aws(pattern: str, line: str, value: float | None) -> None:
    assert matched(pattern, line, "1") == value
