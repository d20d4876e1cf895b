"""Who may do what: doctor by a person who may not do all, and where Lake Formation stands before the table."""

from __future__ import annotations

import pytest

from due_cli.sql.files import TABLE
from tests.aws.doctor_env import DoctorEnv, Expected, registered
from tests.aws.stack import sending
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import RefusedError
from tests.commands import Due, process


@pytest.mark.slow
def test_lake_formation_in_the_way(env: DoctorEnv, due: Due) -> None:
    env.emulator.watchers.append(registered)
    text = "under Lake Formation, which grants no permission on it to due-stream-us-east-1, due-partition-us-east-1"
    words = "Insufficient Lake Formation permission(s): Required Describe on all_events"
    env.emulator.faults.refuse("glue:GetPartitions", "AccessDeniedException", words)
    grant = "aws lakeformation grant-permissions"
    checks = env.assert_problems(
        Expected("Lake Formation", text, grant),
        Expected("partitions", f"Lake Formation denied it: .*{TABLE}", grant),
        Expected("report", "bounce-rate fails: .*Lake Formation", grant),
    )
    env.emulator.faults.clear()
    env.fix(due, checks)
    env.assert_healthy()
    env.emulator.watchers.remove(registered)


def test_one_right_that_is_missing_stops_no_other_check(env: DoctorEnv) -> None:
    """Doctor as a process, by a person who may do all but three things."""
    denied = ["glue:GetPartitions", "cloudwatch:DescribeAlarms", "logs:FilterLogEvents"]
    statement = {"Effect": "Allow", "NotAction": denied, "Resource": "*"}
    environment = env.emulator.iam.user("looker", {"Version": "2012-10-17", "Statement": [statement]})
    ran = process("doctor", "-o", "json", environment=environment).failed(7)
    checks = {check["check"]: check for check in ran.json}
    for name, right in (
        ("resources", "cloudwatch:DescribeAlarms"),
        ("alarms", "cloudwatch:DescribeAlarms"),
        ("deliveries", "logs:FilterLogEvents"),
        ("functions", "logs:FilterLogEvents"),
        ("partitions", "glue:GetPartitions"),
    ):
        assert checks[name]["outcome"] == "problem"
        assert right in checks[name]["found"]
        assert checks[name]["mend"] == "due setup --policy"
    for name in ("roles", "views", "configuration sets", "delivery stream", "status table", "status API"):
        assert checks[name]["outcome"] == "ok", checks[name]


def test_the_call_is_named_where_aws_does_not_name_the_right(env: DoctorEnv) -> None:
    env.emulator.faults.deny("iam:GetRole")
    checks = env.assert_problems(
        Expected("roles", r"not checked: due-.* and 4 more: .*access denied.*\(GetRole\)"),
        Expected("resources", r"not checked: due-transform, .*access denied.*\(GetRole\)"),  # whose roles they have
    )
    assert {check.fix for check in checks} == {"due setup --policy"}


@pytest.mark.slow
def test_a_person_who_may_not_call_the_status_api(env: DoctorEnv) -> None:
    everything_else = {"Effect": "Allow", "NotAction": "execute-api:Invoke", "Resource": "*"}
    caller = env.emulator.iam.user("caller", {"Version": "2012-10-17", "Statement": [everything_else]})
    ran = process("doctor", "-o", "json", environment=caller).failed(7)
    [problem] = [check for check in ran.json if check["outcome"] == "problem"]
    assert "answers 403 to arn:aws:iam::123456789012:user/caller: execute-api:Invoke is missing" in problem["found"]
    assert problem["mend"] == "due setup --policy"


@pytest.mark.slow
def test_a_person_who_may_ask_athena_nothing(env: DoctorEnv) -> None:
    denied = ["glue:GetTable", "s3:GetObject"]
    statement = {"Effect": "Allow", "NotAction": denied, "Resource": "*"}
    asker = env.emulator.iam.user("asker", {"Version": "2012-10-17", "Statement": [statement]})
    ran = process("doctor", "-o", "json", environment=asker).failed(7)
    [check] = [check for check in ran.json if check["check"] == "report"]
    assert (check["outcome"], check["mend"]) == ("problem", "due setup --policy")


@pytest.mark.slow
def test_a_person_sees_every_hop(env: DoctorEnv) -> None:
    """The checks in the order of an event's way; exit code 0 where all is well."""
    ran = process("doctor").done()
    assert [line.split(":")[0].split(maxsplit=1)[1] for line in ran.out.splitlines()[:-1]] == [
        *("resources", "roles", "Pinpoint", "configuration sets", "identities"),
        *("SMS configuration sets", "topics", "SMS senders", "delivery stream", "deliveries"),
        *(
            "functions",
            "failed records",
            "partitions",
            "other files",
            "Lake Formation",
            "views",
            "report",
            "status table",
        ),
        *("status API", "alarms"),
    ]
    assert ran.out.splitlines()[-1] == "everything is in order"


@pytest.mark.slow
def test_a_stream_of_another_stack_that_may_not_be_looked_at_is_there(env: DoctorEnv) -> None:
    """The least policy names the stack's own stream alone."""

    def deny(call: Call) -> None:
        if call.name == "firehose:DescribeDeliveryStream" and call.parameters["DeliveryStreamName"] == "other":
            raise RefusedError("AccessDeniedException", "not authorized to perform: firehose:DescribeDeliveryStream")

    sending.make_sets(env.emulator, "theirs")
    env.emulator.ses.destinations("theirs").append(sending.to_stream("event-database", sending.OTHER_STREAM))
    env.emulator.preparing.append(deny)
    said = [check.found for check in env.unhealthy_checks()]
    assert not any("DescribeDeliveryStream" in one or "does not exist" in one for one in said), said
    env.emulator.preparing.remove(deny)
    assert any("theirs" in one and "does not exist" in one for one in (check.found for check in env.unhealthy_checks()))
