"""Waiting: for an error that passes more and more seldom, for what is being made as long as it takes and no longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from due_cli.aws.patience import patiently, waited


def slept_until(wanted: float, wait: Callable[[Callable[[], bool], Callable[[float], None]], object]) -> list[float]:
    """The pauses of something that waits until so many seconds have been slept."""
    pauses: list[float] = []
    wait(lambda: sum(pauses) >= wanted, pauses.append)
    return pauses


@pytest.mark.parametrize("seconds", [1, 30, 100])
def test_what_is_made_is_seen_within_two_seconds(seconds: float) -> None:
    pauses = slept_until(seconds, lambda is_there, sleep: waited(is_there, "it", sleep=sleep))
    assert sum(pauses) - seconds <= 2
    assert pauses == sorted(pauses)
    assert len(pauses) <= seconds / 2 + 5


def test_a_refused_call_is_made_again_more_and_more_seldom() -> None:
    busy = ClientError({"Error": {"Code": "OperationAborted", "Message": ""}}, "PutBucketPolicy")

    def wait(is_there: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        def call() -> None:
            if not is_there():
                raise busy

        patiently(call, sleep=sleep)

    pauses = slept_until(100, wait)
    assert 6 < max(pauses) < 10
    assert len(pauses) < 25


def test_an_error_that_stays_is_raised_at_once() -> None:
    pauses: list[float] = []

    def call() -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "PutBucketPolicy")

    with pytest.raises(ClientError):
        patiently(call, sleep=pauses.append)
    assert pauses == []
