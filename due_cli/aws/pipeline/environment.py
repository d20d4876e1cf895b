"""A function's environment: its variables, its clients and its remaining time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

STATUS_TABLE = "DUE_STATUS_TABLE"
STATUS_DAYS = "DUE_STATUS_DAYS"
STREAM = "DUE_STREAM"
BUCKET = "DUE_BUCKET"
DATABASE = "DUE_DATABASE"
TABLE = "DUE_TABLE"

_MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"  # set by Lambda, in MB

_CONNECT_SECONDS, _READ_SECONDS = 3, 10
_ATTEMPTS = 2
_RESERVE = 30.0  # seconds for a call that began in time and hangs, for the answer and its log line
_DEFAULT = 60.0  # seconds that a function may run whose context does not say
_LEAST_MEMORY = "128"  # MB, which Lambda gives a function at least
_LONGEST_PAUSE = 2.0
_RANDOM = random.SystemRandom()


class EnvironmentVariableError(RuntimeError):
    """A variable that the function needs is missing or invalid; the message names it."""


def text(name: str) -> str:
    """The value of a variable. Raises :class:`EnvironmentVariableError` where it is missing or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise EnvironmentVariableError(f"the environment variable {name} is not set")
    return value


def days(name: str) -> int:
    """A number of days, at least one. Raises :class:`EnvironmentVariableError` for anything else."""
    value = text(name)
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise EnvironmentVariableError(f"the environment variable {name} is not a number of days: {value}")
    return int(value)


def memory() -> int:
    """The function's memory in bytes."""
    return int(os.environ.get(_MEMORY, _LEAST_MEMORY)) * 2**20


@cache
def client(service: str) -> Any:
    """The client of a service, one per process; region and endpoint come from the environment.

    Time-outs are short, because a call that hangs costs the whole batch its time, and a call is retried once, because
    the functions retry themselves: the two multiply. The service validates parameters; botocore's own validation of a
    batch's thousands of values took a fifth of the transform's time.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        tcp_keepalive=True,
        parameter_validation=False,
    )
    make: Any = boto3.client  # its stubs know a service by its literal name only
    return make(service, region_name=os.environ.get("AWS_REGION"), config=config)


class Deadline:
    """The time at which a function must stop retrying: shortly before Lambda would end it.

    A command, which has no context, gives the ``seconds`` that it retries, and how it sleeps.
    """

    def __init__(
        self, context: Any, *, seconds: float | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        left = getattr(context, "get_remaining_time_in_millis", None)
        allowed = left() / 1000 if left is not None else _DEFAULT
        self._end = time.monotonic() + (max(allowed - _RESERVE, allowed / 2) if seconds is None else seconds)
        self._sleep = sleep

    def left(self) -> float:
        """Seconds; negative when it has passed."""
        return self._end - time.monotonic()

    def pause(self, attempt: int) -> bool:
        """Wait before the next attempt, longer each time and never twice the same; False when time is up."""
        wait = _RANDOM.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**attempt))
        if wait >= self.left():
            return False
        self._sleep(wait)
        return True
