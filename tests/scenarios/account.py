"""What is in an account: the names of everything that a stack may have made, and that a stack may have left."""

from __future__ import annotations

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action
from due_cli.aws.stack import projects, setup
from tests.aws_emulator.aws import AwsEmulator

NOTHING_ASKED = setup.SetupRequest(options={}, project=projects.ProjectChoice(use=False))


def contents(emulator: AwsEmulator) -> dict[str, list[str]]:
    """Every resource of every kind, by name, whoever made it."""
    client = emulator.client
    found = {
        "buckets": [one["Name"] for one in client("s3").list_buckets()["Buckets"]],
        "roles": [one["RoleName"] for one in client("iam").list_roles()["Roles"]],
        "functions": [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]],
        "mappings": [one["UUID"] for one in client("lambda").list_event_source_mappings()["EventSourceMappings"]],
        "streams": client("firehose").list_delivery_streams()["DeliveryStreamNames"],
        "status tables": client("dynamodb").list_tables()["TableNames"],
        "databases": [one["Name"] for one in client("glue").get_databases()["DatabaseList"]],
        "log groups": [one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]],
        "APIs": [one["Name"] for one in client("apigatewayv2").get_apis()["Items"]],
        "workgroups": [one["Name"] for one in client("athena").list_work_groups()["WorkGroups"]],
        "alarms": [one["AlarmName"] for one in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "topics": [one["TopicArn"] for one in client("sns").list_topics()["Topics"]],
        "subscriptions": [
            f"{one['TopicArn']} {one['Endpoint']}" for one in client("sns").list_subscriptions()["Subscriptions"]
        ],
        "projects": [one["Name"] for one in client("pinpoint").get_apps()["ApplicationsResponse"]["Item"]],
    }
    filters = (client("logs").describe_metric_filters(logGroupName=group) for group in found["log groups"])
    found["metric filters"] = [one["filterName"] for answer in filters for one in answer["metricFilters"]]
    for database in found["databases"]:
        tables = client("glue").get_tables(DatabaseName=database)["TableList"]
        found[f"tables of {database}"] = [one["Name"] for one in tables]
    return {kind: sorted(names) for kind, names in found.items()}


def differing(asked: setup.SetupRequest = NOTHING_ASKED, stack: str = "due") -> list[str]:
    """What a setup would still make or change."""
    steps = setup.plan_setup(Aws(), stack, asked).steps
    return [f"{step.action} {step.node.key}" for step in steps if step.action is not Action.KEEP]
