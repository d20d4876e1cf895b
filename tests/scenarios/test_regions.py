"""Stacks elsewhere than in us-east-1: in a region beside it, and in the other partitions of AWS."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from due_cli.aws.stack import person_policies
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import Package
from tests.aws_emulator.aws import AwsEmulator
from tests.events.records import ses_delivery
from tests.scenarios.commands import Commands, Ended
from tests.scenarios.details import details
from tests.scenarios.test_setup import SETUP

THERE = ("--region", "eu-central-1")
BUCKET = "due-events-123456789012-eu-central-1"


@pytest.mark.slow
def test_two_regions_beside_each_other(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    here, roles = details(emulator), _roles(emulator)
    ended = commands.due(*SETUP, *THERE)
    assert ended.code == 0, ended.err
    assert emulator.client("s3").get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-central-1"
    assert _roles(emulator) == roles | {name.replace("us-east-1", "eu-central-1") for name in roles}
    for where in ((), THERE):
        emulator.journal.clear()
        assert "is up to date" in commands.due(*SETUP, *where).out
        assert emulator.journal.mutating == []
    _brings_a_record_into_a_report(emulator, commands)
    ended = commands.due("teardown", "--yes", "--delete-data", *THERE)
    assert ended.code == 0, ended.err
    assert details(emulator) == here


def _roles(emulator: AwsEmulator) -> set[str]:
    return {one["RoleName"] for one in emulator.client("iam").list_roles()["Roles"]}


def _brings_a_record_into_a_report(emulator: AwsEmulator, commands: Commands) -> None:
    record = json.dumps(ses_delivery(mail={"messageId": "there-1"})).encode()
    emulator.client("firehose", region="eu-central-1").put_record(
        DeliveryStreamName="due-events", Record={"Data": record}
    )
    emulator.firehose.flush(region="eu-central-1")
    emulator.functions.settle()
    asked = ("query", "select count(*) as events from email_delivered", "-o", "json")
    assert _told(commands.due(*asked, *THERE)) == [{"events": 1}]
    assert _told(commands.due(*asked)) == [{"events": 0}]
    assert _told(commands.due("status", "there-1", "-o", "json", *THERE))[0]["status"] == "delivered"


def _told(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_every_arn_is_of_the_partition(region: str, partition: str) -> None:
    names = names_of("due", "123456789012", region, partition)
    options = Options(alarm_email="oncall@example.com")
    wanted = [node.resource.desired() for node in desired(names, options, Package(b"", ""))]
    text = json.dumps([wanted, person_policies.rights("operator", names, options)], default=str)
    assert set(re.findall(r"arn:([\w-]+):", text)) == {partition}
    assert "us-east-1" not in text
