"""Waiting: for an error that passes more and more seldom, for what is being made as long as it takes and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from due_cli.aws.retry import LateError, retry_transient, wait_until


def slept_until(wanted: float, wait: Callable[[Callable[[], bool], Callable[[float], None]], object]) -> list[float]:
    """The pauses of something that waits until so many seconds have been slept."""
    pauses: list[float] = []
    wait(lambda: sum(pauses) >= wanted, pauses.append)
    return pauses


@pytest.mark.parametrize("seconds", [1, 30, 100])
def test_what_is_made_is_seen_within_two_seconds(seconds: float) -> None:
    pauses = slept_until(seconds, lambda is_there, sleep: wait_until(is_there, "it", sleep=sleep))
    assert sum(pauses) - seconds <= 2
    assert pauses == sorted(pauses)
    assert len(pauses) <= seconds / 2 + 5


def test_a_refused_call_is_made_again_more_and_more_seldom() -> None:
    busy = ClientError({"Error": {"Code": "OperationAborted", "Message": ""}}, "PutBucketPolicy")

    def wait(is_there: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        def call() -> None:
            if not is_there():
                raise busy

        retry_transient(call, sleep=sleep)

    pauses = slept_until(100, wait)
    assert 6 < max(pauses) < 10
    assert len(pauses) < 25


def test_an_error_that_stays_is_raised_at_once() -> None:
    pauses: list[float] = []

    def call() -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "PutBucketPolicy")

    with pytest.raises(ClientError):
        retry_transient(call, sleep=pauses.append)
    assert pauses == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "InvalidParameterValueException",
            "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
            "CreateGrant. Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does "
            "not refer to a valid principal",
        ),
        ("InvalidArgument", "Unable to validate the following destination configurations"),
        (
            "ResourceConflictException",
            "The operation cannot be performed at this time. The function is currently in the following state: Pending",
        ),
        ("ResourceConflictException", "The function could not be updated due to a concurrent update operation."),
        (
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: Table is being updated: due-message-status",
        ),
        ("OperationAbortedException", "A conflicting operation is currently in progress against this resource."),
        (
            "InvalidArgumentException",
            "Access was denied when calling Glue. Please ensure that the role has permissions.",
        ),
    ],
)
def test_what_aws_says_while_it_is_busy(code: str, words: str) -> None:
    pauses: list[float] = []

    def call() -> int:
        if not pauses:
            raise ClientError({"Error": {"Code": code, "Message": words}}, "Any")
        return 7

    assert retry_transient(call, sleep=pauses.append) == 7


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidParameterValueException", "The runtime parameter of python3.1 is not supported"),
        ("InvalidArgument", "The event is not supported for notifications"),
        ("ResourceConflictException", "Function already exist: due-transform"),
        ("ResourceInUseException", "Table already exists: due-message-status"),
        ("BadRequestException", "Event destination type is not valid"),
        ("InvalidArgumentException", "BufferingHints.SizeInMBs must be at least 64"),
        (
            "InvalidArgumentException",
            "Access was denied when calling Glue. Insufficient Lake Formation permission(s) on x",
        ),
    ],
)
def test_what_stays_as_it_is_is_not_waited_for(code: str, words: str) -> None:
    pauses: list[float] = []

    def call() -> None:
        raise ClientError({"Error": {"Code": code, "Message": words}}, "Any")

    with pytest.raises(ClientError):
        retry_transient(call, sleep=pauses.append)
    assert pauses == []


def test_nothing_is_waited_for_without_end() -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        assert sum(pauses) < 10, "it goes on and on"
        time.sleep(seconds)

    def call() -> None:
        raise ClientError({"Error": {"Code": "OperationAborted", "Message": ""}}, "PutBucketPolicy")

    with pytest.raises(ClientError):
        retry_transient(call, seconds=1, sleep=sleep)
    with pytest.raises(LateError, match="it: AWS takes longer than 1 seconds"):
        wait_until(lambda: False, "it", seconds=1, sleep=sleep)
