"""What a person meets when AWS is slow, busy, broken or says no: one clear line, the right exit code, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.faults import Rule
from tests.aws_emulator.fixture import started
from tests.sampling import sampled
from tests.scenarios.account import differing
from tests.scenarios.commands import Commands, Ended, preloaded
from tests.scenarios.details import details
from tests.scenarios.test_setup import SETUP

_ATHENAS = {"s3:GetBucketLocation", "glue:GetTable", "glue:GetDatabase"}  # what Athena asks in the caller's name
_IN_A_QUERY = {"s3:GetBucketLocation", "s3:PutObject"}  # what only Athena asks, and a view is not made without
_ATHENAS_ALONE = {"glue:GetPartitions", "s3:ListObjectsV2"}  # what only Athena asks, and a view is made without
_FIRST_ALONE = {
    "s3:PutBucketTagging"
}  # what the first setup of an account calls, and the one after a teardown does not
_LOOKS = {"glue:GetDataCatalogEncryptionSettings", "lakeformation:GetDataLakeSettings"}  # setup can do without both
_PARTS = 12
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


def test_a_region_without_a_service(emulator: AwsEmulator, commands: Commands) -> None:
    ended = commands.due(*SETUP, AWS_ENDPOINT_URL_FIREHOSE="http://firehose.mars-north-1.invalid")
    assert ended.code == 3, ended
    assert "mars-north-1" in one_line(ended)
    assert emulator.journal.mutating == []


def test_a_name_that_does_not_fit(emulator: AwsEmulator, commands: Commands) -> None:
    longest = "a" * (63 - len("-events-123456789012-us-east-1"))
    ended = commands.due(*SETUP, "--stack", f"{longest}a")
    assert ended.code == 2, ended
    assert "63" in one_line(ended)
    assert len(emulator.journal) <= 1
    assert commands.due("setup", "--plan", "--no-pinpoint", "--stack", longest).code == 0


def test_no_such_profile(commands: Commands) -> None:
    ended = commands.due(*SETUP, "--profile", "nobodys")
    assert ended.code == 3
    assert "nobodys" in one_line(ended)


@pytest.mark.parametrize(
    ("written", "region", "said"),
    [
        ("[default\nregion = us-east-1", "us-east-1", "parse"),
        ("", "us_east_1", "us_east_1"),
        ("[default]\nlogin_session = arn:aws:iam::123456789012:user/person", "us-east-1", "botocore[crt]"),
    ],
    ids=["no file of settings", "no region", "credentials of aws login without what reads them"],
)
def test_a_configuration_that_cannot_be_used(
    commands: Commands, tmp_path: Path, written: str, region: str, said: str
) -> None:
    file = tmp_path / "config"
    file.write_text(written)
    none = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    ended = commands.due(*SETUP, killed_by=None, **none, AWS_REGION=region, AWS_CONFIG_FILE=str(file))
    assert ended.code == 3, ended
    assert said in one_line(ended)


def test_expired_credentials(emulator: AwsEmulator, commands: Commands) -> None:
    emulator.faults.refuse("sts:*", "ExpiredToken", "The security token included in the request is expired", 403)
    ended = commands.due(*SETUP)
    assert ended.code == 3
    assert "expired" in one_line(ended)


def test_no_stack(commands: Commands) -> None:
    for words in (("report", "bounce-rate"), ("status", "x"), ("doctor",), ("outputs",)):
        ended = commands.due(*words, "--stack", "nobodys")
        assert ended.code == 3, (words, ended)
        assert "no stack nobodys" in one_line(ended)


@pytest.mark.slow
@pytest.mark.parametrize("part", sampled(range(_PARTS), 1))
def test_denied(part: int, tmp_path: Path) -> None:
    """Whatever call it is, in an account with nothing in it: one line says so, and which rights it takes."""
    with _account(tmp_path) as (emulator, commands):
        names = sorted({call.name for call in _undisturbed(emulator, commands).calls} - _ATHENAS_ALONE - _LOOKS)
    waiting = names[part::_PARTS]
    while waiting:
        with _account(tmp_path) as (emulator, commands):
            while waiting and not emulator.journal.mutating:  # denied before anything was made, it serves once more
                name = waiting.pop()
                emulator.faults.deny(name)
                ended = commands.due(*SETUP)
                emulator.faults.clear()
                assert ended.code == (6 if name in _IN_A_QUERY else 5), (name, ended)
                said = one_line(ended).lower().replace("accessdenied", "access denied")
                assert "access denied" in said, (name, said)
                assert "due setup --policy" in said, (name, said)


@pytest.mark.slow
def test_denied_no_more(emulator: AwsEmulator, commands: Commands) -> None:
    for name in ("iam:CreateRole", "glue:CreateTable"):
        emulator.faults.deny(name)
        assert commands.due(*SETUP).code == 5
        emulator.faults.clear()
    assert commands.due(*SETUP).code == 0
    assert differing() == []


def test_bucket_of_another_account(emulator: AwsEmulator, commands: Commands) -> None:
    emulator.faults.refuse("s3:HeadBucket", "403", "Forbidden", 403)
    ended = commands.due(*SETUP)
    assert ended.code == 5
    assert "due-events-123456789012-us-east-1" in one_line(ended)
    assert "another account's" in one_line(ended)
    assert emulator.journal.mutating == []


@pytest.mark.slow
def test_everything_is_throttled_or_broken_at_first(emulator: AwsEmulator, commands: Commands) -> None:
    undisturbed = _undisturbed(emulator, commands)
    for name in sorted(
        {call.name for call in undisturbed.calls} - _ATHENAS - _IN_A_QUERY - _ATHENAS_ALONE - _FIRST_ALONE
    ):
        if name.startswith("s3:"):  # which throttles with 503: what HEAD is answered has no body to say it in
            emulator.faults.refuse(name, "SlowDown", "Reduce your request rate", 503, times=1)
        else:
            emulator.faults.throttle(name, times=1)
        emulator.faults.fail(name, times=1)
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert details(emulator) == undisturbed.details


@pytest.mark.slow
def test_every_answer_is_lost_once(emulator: AwsEmulator, commands: Commands) -> None:
    undisturbed = _undisturbed(emulator, commands)
    for name in sorted({call.name for call in undisturbed.calls if call.is_mutating} - _IN_A_QUERY - _FIRST_ALONE):
        emulator.faults.fail(name, times=1, after=True)
    ended = commands.due(*SETUP)
    while ended.code != 0:
        assert ended.code in (1, 5), ended.err
        assert "run the same command again" in one_line(ended)
        ended = commands.due(*SETUP)
    assert details(emulator) == undisturbed.details


@contextmanager
def _account(home: Path) -> Iterator[tuple[AwsEmulator, Commands]]:
    """An account with nothing in it, for a part of a test."""
    with started() as emulator:
        yield emulator, Commands(emulator, home, preloaded())


@dataclass(frozen=True)
class _Undisturbed:
    """How a stack is made where nothing goes wrong, and what then is there."""

    calls: list[Call]
    details: dict[str, list[str]]


def _undisturbed(emulator: AwsEmulator, commands: Commands) -> _Undisturbed:
    """Makes a stack, and removes it with everything it holds."""
    assert commands.due(*SETUP).code == 0
    made = _Undisturbed(list(emulator.journal), details(emulator))
    assert commands.due("teardown", "--yes", "--delete-data").code == 0
    emulator.journal.clear()
    return made


def test_a_new_role_cannot_be_assumed_yet(emulator: AwsEmulator, commands: Commands) -> None:
    words = "The role defined for the function cannot be assumed by Lambda."
    emulator.faults.refuse("lambda:CreateFunction", "InvalidParameterValueException", words, 400, times=4)
    words = "The function's execution role does not have permissions to call PutObject on arn:aws:s3:::due."
    emulator.faults.refuse("lambda:PutFunctionEventInvokeConfig", "InvalidParameterValueException", words, 400, times=2)
    words = "Firehose is unable to assume role arn:aws:iam::123456789012:role/due-stream-us-east-1."
    emulator.faults.refuse("firehose:CreateDeliveryStream", "InvalidArgumentException", words, 400, times=2)
    emulator.faults.refuse("s3:PutBucket*", "OperationAborted", "A conflicting operation is in progress", 409, times=3)
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert differing() == []


# What AWS made and does not show everywhere at once: the call that makes it, and the one that does not find it yet.
_LATE = {
    "s3:CreateBucket": ("s3:HeadBucket", "404", 404),
    "iam:CreateRole": ("iam:GetRole", "NoSuchEntity", 404),
    "glue:CreateDatabase": ("glue:GetDatabase", "EntityNotFoundException", 400),
    "glue:CreateTable": ("glue:GetTable", "EntityNotFoundException", 400),
    "dynamodb:CreateTable": ("dynamodb:DescribeTable", "ResourceNotFoundException", 400),
    "lambda:CreateFunction": ("lambda:GetFunction", "ResourceNotFoundException", 404),
    "firehose:CreateDeliveryStream": ("firehose:DescribeDeliveryStream", "ResourceNotFoundException", 400),
    "athena:CreateWorkGroup": ("athena:GetWorkGroup", "InvalidRequestException", 400),
}


@pytest.mark.slow
def test_what_was_made_is_seen_late(emulator: AwsEmulator, commands: Commands) -> None:
    undisturbed = _undisturbed(emulator, commands)
    emulator.firehose.creating = 3
    late: list[Rule] = []

    def hide(call: Call) -> None:
        if call.name in _LATE and call.parameters.get("TableInput", {}).get("TableType") != "VIRTUAL_VIEW":
            name, code, status = _LATE[call.name]
            late.append(emulator.faults.refuse(name, code, "it is not found", status, times=2))

    emulator.faults.hook(hide)
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert details(emulator) == undisturbed.details
    assert {call.name for call in emulator.journal} >= _LATE.keys()
    assert [rule.name for rule in late if rule.times] == []


@pytest.mark.slow
def test_every_answer_is_slow(emulator: AwsEmulator, commands: Commands) -> None:
    undisturbed = _undisturbed(emulator, commands)
    emulator.faults.delay = 0.2
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert details(emulator) == undisturbed.details


@pytest.mark.slow
def test_what_stays_broken_is_named_and_setup_goes_on_from_there(emulator: AwsEmulator, commands: Commands) -> None:
    undisturbed = _undisturbed(emulator, commands)
    for name in ("dynamodb:CreateTable", "glue:CreateTable"):  # which are asked side by side
        emulator.faults.fail(name, times=None)
    ended = commands.due(*SETUP)
    assert ended.code == 5, ended
    said = one_line(ended)
    assert "table due-message-status" in said or "table all_events" in said
    assert "internal error" in said
    assert "run the same command again: it continues from there" in said
    made = {call.name for call in emulator.journal.mutating if not call.error}
    emulator.faults.clear()
    emulator.journal.clear()
    assert commands.due(*SETUP).code == 0
    assert details(emulator) == undisturbed.details
    assert "s3:CreateBucket" in made and not emulator.journal.of("s3:CreateBucket")
