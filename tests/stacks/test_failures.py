"""What a person meets when AWS is slow, busy, broken or says no: one clear line, the right exit code, nothing lost."""

from __future__ import annotations

from tests.aws.front.aws import Front
from tests.stacks.account import differing
from tests.stacks.commands import Commands, Ended
from tests.stacks.test_setup import EVERY_CALL, SETUP

_ATHENAS = {"s3:GetBucketLocation", "glue:GetTable", "glue:GetDatabase"}  # what Athena asks in the caller's name
ANOTHERS = "123456789012-us-east-1"


def one_line(ended: Ended) -> str:
    """What was said, which must be one line and its hint."""
    said = [line for line in ended.err.splitlines() if line.startswith(("due:", "  try:"))]
    assert "Traceback" not in ended.err
    assert len([line for line in said if line.startswith("due:")]) == 1, ended.err
    return "\n".join(said)


def test_no_credentials(commands: Commands) -> None:
    ended = commands.due(*SETUP, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert ended.code == 3
    assert "credentials" in one_line(ended)


def test_no_region(commands: Commands) -> None:
    ended = commands.due(*SETUP, AWS_REGION="", AWS_DEFAULT_REGION="")
    assert ended.code == 3
    assert "--region" in one_line(ended)


def test_a_region_without_a_service(front: Front, commands: Commands) -> None:
    ended = commands.due(*SETUP, AWS_ENDPOINT_URL_FIREHOSE="http://firehose.mars-north-1.invalid")
    assert ended.code == 3, ended
    assert "mars-north-1" in one_line(ended)
    assert front.journal.mutating == []


def test_a_name_that_does_not_fit(front: Front, commands: Commands) -> None:
    ended = commands.due(*SETUP, "--stack", "a" * 60)
    assert ended.code == 2, ended
    assert "63" in one_line(ended)
    assert len(front.journal) <= 1


def test_no_such_profile(commands: Commands) -> None:
    ended = commands.due(*SETUP, "--profile", "nobodys")
    assert ended.code == 3
    assert "nobodys" in one_line(ended)


def test_expired_credentials(front: Front, commands: Commands) -> None:
    front.faults.refuse("sts:*", "ExpiredToken", "The security token included in the request is expired", 403)
    ended = commands.due(*SETUP)
    assert ended.code == 3
    assert "expired" in one_line(ended)


def test_no_stack(commands: Commands) -> None:
    for words in (("report", "bounce-rate"), ("status", "x"), ("doctor",), ("outputs",)):
        ended = commands.due(*words, "--stack", "nobodys")
        assert ended.code == 3, (words, ended)
        assert "no stack nobodys" in one_line(ended)


def test_denied(front: Front, commands: Commands) -> None:
    """Whatever call it is, one line says so; once it is allowed, the same command goes on."""
    made = _operations(front, commands, mutating=True)
    for name in sorted(made) if EVERY_CALL else ("iam:CreateRole", "glue:CreateTable"):
        front.faults.deny(name)
        ended = commands.due(*SETUP)
        assert ended.code == 5, (name, ended)
        assert "access denied" in one_line(ended)
        front.faults.clear()
    assert commands.due(*SETUP).code == 0
    assert differing() == []


def test_bucket_of_another_account(front: Front, commands: Commands) -> None:
    front.faults.refuse("s3:HeadBucket", "403", "Forbidden", 403)
    ended = commands.due(*SETUP)
    assert ended.code == 5
    assert "due-events-123456789012-us-east-1" in one_line(ended)
    assert front.journal.mutating == []


def test_everything_is_throttled_or_broken_at_first(front: Front, commands: Commands) -> None:
    for name in sorted(_operations(front, commands, mutating=False) - _ATHENAS):
        if name.startswith("s3:"):  # which throttles with 503: what HEAD is answered has no body to say it in
            front.faults.refuse(name, "SlowDown", "Reduce your request rate", 503, times=1)
        else:
            front.faults.throttle(name, times=1)
        front.faults.fail(name, times=1)
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert differing() == []


def test_every_answer_is_lost_once(front: Front, commands: Commands) -> None:
    for name in sorted(_operations(front, commands, mutating=True)):
        front.faults.fail(name, times=1, after=True)
    ended = commands.due(*SETUP)
    while ended.code != 0:
        assert ended.code in (1, 5), ended.err
        assert "run the same command again" in one_line(ended)
        ended = commands.due(*SETUP)
    front.faults.clear()
    assert differing() == []


def _operations(front: Front, commands: Commands, *, mutating: bool) -> set[str]:
    """The operations by which a stack is made, but for Athena's of storing results; nothing of the stack is left."""
    assert commands.due(*SETUP).code == 0
    calls = front.journal.mutating if mutating else list(front.journal)
    names = {call.name for call in calls} - {"s3:PutObject"}
    assert commands.due("teardown", "--yes", "--delete-data").code == 0
    front.journal.clear()
    return names


def test_a_new_role_cannot_be_assumed_yet(front: Front, commands: Commands) -> None:
    words = "The role defined for the function cannot be assumed by Lambda."
    front.faults.refuse("lambda:CreateFunction", "InvalidParameterValueException", words, 400, times=4)
    words = "The function's execution role does not have permissions to call PutObject on arn:aws:s3:::due."
    front.faults.refuse("lambda:PutFunctionEventInvokeConfig", "InvalidParameterValueException", words, 400, times=2)
    words = "Firehose is unable to assume role arn:aws:iam::123456789012:role/due-stream-us-east-1."
    front.faults.refuse("firehose:CreateDeliveryStream", "InvalidArgumentException", words, 400, times=2)
    front.faults.refuse("s3:PutBucket*", "OperationAborted", "A conflicting operation is in progress", 409, times=3)
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert differing() == []
