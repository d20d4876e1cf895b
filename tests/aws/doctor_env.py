"""A healthy stack for tests of doctor, which break and fix it: with mail through it, an identity and quiet alarms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.doctor import doctor
from due_cli.aws.stack import config_sets, projects, setup
from due_cli.aws.stack.stack import Stack, find_stack
from due_cli.core.progress import Silent
from due_cli.core.results import Check
from due_cli.sql.files import TABLE
from tests.aws import typed
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.pinpoint import Gone
from tests.aws_emulator.wire import Answer, Request
from tests.commands import Due

NO_PINPOINT = setup.SetupRequest(options={}, project=projects.ProjectChoice(use=False))


@dataclass(frozen=True)
class Expected:
    """A check that doctor is to return: a pattern of what it finds, and how the command that fixes it begins."""

    check: str
    found: str
    fix: str = ""
    outcome: str = "problem"


@dataclass(frozen=True)
class DoctorEnv:
    """The stack in its account."""

    emulator: AwsEmulator
    stack: Stack

    def client(self, service: str) -> Any:
        """A client of the account's root."""
        return self.emulator.client(service)

    def unhealthy_checks(self, *, repair: bool = False) -> list[Check]:
        """The results of all checks that are not ok."""
        checks = doctor.examine(find_stack(self.stack.aws, "due"), Silent(), repair=repair, send_test=False).checks
        return [check for check in checks if check.outcome != "ok"]

    def assert_healthy(self) -> None:
        """Asserts that every check is ok."""
        assert self.unhealthy_checks() == []

    def assert_problems(self, *expected: Expected) -> list[Check]:
        """Asserts that doctor returns exactly these faults, in any order; returns them in the order of ``expected``."""
        left, matched = self.unhealthy_checks(), []
        for one in expected:
            same = [check for check in left if _is_same(check, one)]
            assert len(same) == 1, f"{one} is not in\n" + "\n".join(map(str, left))
            left.remove(same[0])
            matched += same
        assert left == [], "\n".join(map(str, left))
        return matched

    def fix(self, due: Due, checks: Iterable[Check]) -> None:
        """Runs each command that doctor printed, once."""
        for command in dict.fromkeys(check.fix for check in checks):
            assert command is not None
            typed.run(command, self.emulator, due)

    def log(self, group: str, stream: str, *lines: Any) -> None:
        """Writes lines to a log group."""
        moment = int(self.emulator.clock.now() * 1000)
        logs = self.client("logs")
        if stream not in [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=group)["logStreams"]]:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [
            {"timestamp": moment, "message": line if isinstance(line, str) else json.dumps(line)} for line in lines
        ]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def put_metric(self, namespace: str, name: str, dimension: Mapping[str, str], value: float) -> None:
        """Puts a value of a metric a minute ago: moto leaves the present second out."""
        moment = datetime.now(UTC) - timedelta(minutes=1)
        listed = [{"Name": key, "Value": text} for key, text in dimension.items()]
        data = {"MetricName": name, "Dimensions": listed, "Value": value, "Timestamp": moment}
        self.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[data])


def made(emulator: AwsEmulator) -> DoctorEnv:
    """A healthy stack, in an account without Pinpoint."""
    emulator.pinpoint.gone = Gone.FORBIDDEN
    prepared = setup.plan_setup(Aws(), "due", NO_PINPOINT)
    setup.execute_setup(prepared, Silent())
    ses = emulator.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="mail")
    ses.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="mail")
    stack = find_stack(Aws(), "due")
    config_sets.attach(stack, config_sets.AttachRequest(set_names=("mail",)), Silent())
    cloudwatch = emulator.client("cloudwatch")
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:  # moto creates them raised
        cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="quiet")
    deliver(emulator, stack)
    return DoctorEnv(emulator, stack)


def deliver(emulator: AwsEmulator, stack: Stack) -> None:
    """Sends an event through the stream to the table."""
    record = {"event_type": "purchase", "event_timestamp": int(emulator.clock.now() * 1000)}
    emulator.firehose.put(stack.names.stream, record)
    emulator.flush()


def _is_same(check: Check, expected: Expected) -> bool:
    return (
        (check.check, check.outcome) == (expected.check, expected.outcome)
        and re.search(expected.found, check.found) is not None
        and (check.fix or "").startswith(expected.fix)
    )


def registered(call: Call, _: Request, answer: Answer) -> None:
    """Lake Formation manages the table."""
    if call.name == "glue:GetTable" and call.parameters["Name"] == TABLE:
        document = answer.json
        document["Table"]["IsRegisteredWithLakeFormation"] = True
        answer.body = json.dumps(document).encode()
        answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]
