"""Parameters that AWS refuses by its models, and botocore lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.errors import translate_errors
from due_cli.core.errors import RefusedError as RefusedByAws
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.limits import check
from tests.aws_emulator.wire import RefusedError


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "place"),
    [
        ("iam", "CreateRole", {"RoleName": "x" * 65}, "RoleName"),
        ("glue", "GetTable", {"DatabaseName": "d" * 256, "Name": "x"}, "DatabaseName"),
        ("glue", "BatchCreatePartition", {"PartitionInputList": [{}] * 101}, "PartitionInputList"),
        ("lambda", "CreateFunction", {"FunctionName": "a b"}, "FunctionName"),
        ("lambda", "CreateFunction", {"FunctionName": "x", "MemorySize": 64}, "MemorySize"),
        ("logs", "CreateLogGroup", {"logGroupName": "a", "tags": {"k" * 129: "v"}}, "tags." + "k" * 129),
        ("firehose", "TagDeliveryStream", {"DeliveryStreamName": "s", "Tags": [{"Key": "a#b"}]}, "Tags.1.Key"),
        ("athena", "StartQueryExecution", {"QueryString": "x" * 262_145}, "QueryString"),
    ],
)
def test_what_a_model_does_not_allow_is_refused(
    service: str, operation: str, parameters: dict[str, Any], place: str
) -> None:
    with pytest.raises(RefusedError, match="failed to satisfy constraint") as refused:
        check(Call(service, operation, parameters))
    assert f"at '{place}'" in refused.value.message


def test_what_a_model_allows_passes() -> None:
    tags = [{"Key": "Kostenstelle Süd", "Value": "a/b=c+d@e"}]
    check(Call("firehose", "TagDeliveryStream", {"DeliveryStreamName": "due-events", "Tags": tags}))
    check(Call("glue", "GetTable", {"DatabaseName": "d" * 255, "Name": "ä 😀"}))


def test_calls_of_due_are_looked_at(emulator: AwsEmulator) -> None:
    with pytest.raises(RefusedByAws, match="DatabaseName"), translate_errors("looking"):
        Aws().glue.get_table(DatabaseName="d" * 256, Name="x")
