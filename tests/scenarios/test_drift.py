"""Whatever is changed by hand is shown by ``--plan``, and the next setup sets it right: by AWS's own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT
from tests.scenarios.conftest import Made
from tests.scenarios.details import details
from tests.scenarios.test_setup import SETUP

BUCKET = "due-events-123456789012-us-east-1"
ANY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def public(emulator: AwsEmulator) -> None:
    emulator.client("s3").delete_public_access_block(Bucket=BUCKET)


def expiring_events(emulator: AwsEmulator) -> None:
    rule = {"ID": "due-query-results", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    emulator.client("s3").put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})


def without_tls(emulator: AwsEmulator) -> None:
    emulator.client("s3").delete_bucket_policy(Bucket=BUCKET)


def unnotified(emulator: AwsEmulator) -> None:
    emulator.client("s3").put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})


def another_right(emulator: AwsEmulator) -> None:
    emulator.client("iam").put_role_policy(RoleName="due-transform-us-east-1", PolicyName="more", PolicyDocument=ANY)


def wider_right(emulator: AwsEmulator) -> None:
    emulator.client("iam").put_role_policy(RoleName="due-stream-us-east-1", PolicyName="due", PolicyDocument=ANY)


def administrator(emulator: AwsEmulator) -> None:
    iam = emulator.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):  # it stays when setup takes it off the role
        iam.create_policy(PolicyName="more", PolicyDocument=ANY)
    iam.attach_role_policy(RoleName="due-partition-us-east-1", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/more")


def any_principal(emulator: AwsEmulator) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    emulator.client("iam").update_assume_role_policy(RoleName="due-ses-us-east-1", PolicyDocument=json.dumps(trust))


def _api(emulator: AwsEmulator) -> tuple[Any, str]:
    client = emulator.client("apigatewayv2")
    return client, client.get_apis()["Items"][0]["ApiId"]


def open_route(emulator: AwsEmulator) -> None:
    client, api = _api(emulator)
    made = client.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationUri="https://example.com", IntegrationMethod="GET",
        PayloadFormatVersion="1.0",
    )  # fmt: skip
    client.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{made['IntegrationId']}")


def unauthorized(emulator: AwsEmulator) -> None:
    client, api = _api(emulator)
    client.update_route(
        ApiId=api, RouteId=client.get_routes(ApiId=api)["Items"][0]["RouteId"], AuthorizationType="NONE"
    )


def another_payload(emulator: AwsEmulator) -> None:
    client, api = _api(emulator)
    [one] = client.get_integrations(ApiId=api)["Items"]
    client.update_integration(ApiId=api, IntegrationId=one["IntegrationId"], PayloadFormatVersion="1.0")


def never_alarmed(emulator: AwsEmulator) -> None:
    [alarm] = emulator.client("cloudwatch").describe_alarms(AlarmNames=["due-late"])["MetricAlarms"]
    kept = ("AlarmName", "AlarmDescription", "Namespace", "MetricName", "Dimensions", "Statistic", "Threshold")
    given = {key: alarm[key] for key in (*kept, "EvaluationPeriods", "AlarmActions")}
    changed = {"Period": 60, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "ignore"}
    emulator.client("cloudwatch").put_metric_alarm(**given, **changed)


def quiet_alarms(emulator: AwsEmulator) -> None:
    emulator.client("cloudwatch").disable_alarm_actions(AlarmNames=["due-transform-errors"])


def another_serde(emulator: AwsEmulator) -> None:
    glue = emulator.client("glue")
    table = glue.get_table(DatabaseName="due_eventdb", Name="all_events")["Table"]
    table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] = "org.openx.data.jsonserde.JsonSerDe"
    kept = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    glue.update_table(DatabaseName="due_eventdb", TableInput={key: table[key] for key in kept})


def disabled_workgroup(emulator: AwsEmulator) -> None:
    emulator.client("athena").update_work_group(WorkGroup="due", State="DISABLED")


def unlimited_workgroup(emulator: AwsEmulator) -> None:
    updates = {"EnforceWorkGroupConfiguration": False}
    emulator.client("athena").update_work_group(WorkGroup="due", ConfigurationUpdates=updates)


def unlogged_stream(emulator: AwsEmulator) -> None:
    _change_stream(emulator, CloudWatchLoggingOptions={"Enabled": False})


def untransformed(emulator: AwsEmulator) -> None:
    _change_stream(emulator, ProcessingConfiguration={"Enabled": False, "Processors": []})


def _change_stream(emulator: AwsEmulator, **change: Any) -> None:
    firehose = emulator.client("firehose")
    found = firehose.describe_delivery_stream(DeliveryStreamName="due-events")["DeliveryStreamDescription"]
    firehose.update_destination(
        DeliveryStreamName="due-events",
        CurrentDeliveryStreamVersionId=found["VersionId"],
        DestinationId=found["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate=change,
    )


def untried(emulator: AwsEmulator) -> None:
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{BUCKET}"}}
    emulator.client("lambda").put_function_event_invoke_config(
        FunctionName="due-partition", MaximumRetryAttempts=1, DestinationConfig=destination
    )


def uncalled(emulator: AwsEmulator) -> None:
    emulator.client("lambda").remove_permission(FunctionName="due-partition", StatementId="due-new-objects")


def another_code(emulator: AwsEmulator) -> None:
    emulator.client("lambda").update_function_code(FunctionName="due-transform", ZipFile=b"other code")


def kept_for_ever(emulator: AwsEmulator) -> None:
    emulator.client("dynamodb").update_time_to_live(
        TableName="due-message-status", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )


def short_logs(emulator: AwsEmulator) -> None:
    emulator.client("logs").put_retention_policy(logGroupName="/aws/lambda/due-transform", retentionInDays=1)


def another_view(emulator: AwsEmulator) -> None:
    glue = emulator.client("glue")
    table = glue.get_table(DatabaseName="due_eventdb", Name="email_send")["Table"]
    kept = ("Name", "TableType", "Parameters", "StorageDescriptor", "ViewExpandedText")
    given = {key: table[key] for key in kept if key in table}
    other = glue.get_table(DatabaseName="due_eventdb", Name="email_open")["Table"]["ViewOriginalText"]
    glue.update_table(DatabaseName="due_eventdb", TableInput={**given, "ViewOriginalText": other})


Change = Callable[[AwsEmulator], None]
# No two of a group change the same resource.
GROUPS: tuple[tuple[Change, ...], ...] = (
    (
        *(public, unnotified, another_right, wider_right, administrator, any_principal, open_route, never_alarmed),
        *(quiet_alarms, another_serde, disabled_workgroup, unlogged_stream, another_code, kept_for_ever),
        *(short_logs, another_view),
    ),
    (expiring_events, unauthorized, unlimited_workgroup, untransformed, uncalled),
    (without_tls, another_payload, untried),
)
SLOW_GROUPS = (GROUPS[0], *((change,) for group in GROUPS for change in group))


@pytest.mark.parametrize(
    "changes",
    [*GROUPS[1:], *(pytest.param(group, marks=pytest.mark.slow) for group in SLOW_GROUPS)],
    ids=lambda changes: " ".join(change.__name__ for change in changes),
)
def test_what_was_changed_by_hand_is_set_right(made: Made, changes: tuple[Change, ...]) -> None:
    before = details(made.emulator)
    for change in changes:
        change(made.emulator)
        after = details(made.emulator)
        assert after != before, f"{change.__name__} changed nothing"
        before = after
    plan = json.loads(made.commands.due("setup", "--plan", "--no-pinpoint", "-o", "json").out)["steps"]
    shown = [row for row in plan if row["action"] != "keep"]
    assert len(shown) == len(changes), shown
    for row in shown:
        assert row["action"] == "create" or " -> " in row["differs"], row
        old, _, new = row["differs"].partition(" -> ")
        assert old.partition(": ")[2] != new or row["action"] == "create", row
    assert made.commands.due(*SETUP).code == 0
    assert details(made.emulator) == made.details


def test_a_role_that_was_deleted_is_made_and_given_anew(made: Made) -> None:
    """A role of the same name cannot read what its function was given: the function must get it again."""
    iam, emulator = made.emulator.client("iam"), made.emulator
    iam.delete_role_policy(RoleName="due-partition-us-east-1", PolicyName="due")
    iam.delete_role(RoleName="due-partition-us-east-1")
    plan = json.loads(made.commands.due("setup", "--plan", "--no-pinpoint", "-o", "json").out)["steps"]
    shown = {row["name"]: row["differs"] for row in plan if row["action"] != "keep"}
    assert shown.keys() == {"due-partition-us-east-1", "due-partition"}
    assert shown["due-partition"].startswith("Role: one of the same name, which is gone -> arn:aws:iam::")
    assert made.commands.due(*SETUP).code == 0
    emulator.client("s3").put_object(Bucket=BUCKET, Key="events/2026/11/22/03/one.parquet", Body=b"rows")
    emulator.functions.settle()
    [partition] = emulator.client("glue").get_partitions(DatabaseName="due_eventdb", TableName="all_events")[
        "Partitions"
    ]
    assert partition["Values"] == ["2026-11-22 03:00:00"]
    emulator.journal.clear()
    assert made.commands.due(*SETUP).code == 0
    assert emulator.journal.mutating == []
