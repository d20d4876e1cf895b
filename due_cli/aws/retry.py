"""Waiting for what AWS has made but not everywhere yet: exactly the errors that pass, and not for ever."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import ClientError

from due_cli.aws.errors import error_code
from due_cli.aws.pool import pause as pausing
from due_cli.core.errors import DueError

Answer = TypeVar("Answer")
_FIRST_SECONDS, _LONGEST_SECONDS, _IN_ALL_SECONDS = 0.5, 8.0, 120.0
_LONGEST_LOOK_SECONDS = 2.0  # a refused call is made again more and more seldom; what is done is to be seen soon


@dataclass(frozen=True, slots=True)
class TransientError:
    """An error that passes by itself: its code, and the words of its message that tell it from one that stays."""

    code: str
    words: str = ""

    def is_it(self, error: ClientError) -> bool:
        """Whether an error is this one."""
        message = str(error.response.get("Error", {}).get("Message", ""))
        return error_code(error) == self.code and re.search(self.words, message, re.IGNORECASE) is not None


# A role that was just made cannot be assumed, and its policy is not known everywhere, for some seconds.
NEW_ROLE = (
    TransientError(
        "InvalidArgumentException", r"unable to assume role|is not authorized to|Access was denied"
    ),  # Firehose
    TransientError(
        "InvalidParameterValueException", r"cannot be assumed|not authorized to|not have permissions to"
    ),  # Lambda
    TransientError(
        "InvalidParameterValueException", r"invalid for CreateGrant"
    ),  # Lambda, of a function with an environment
    TransientError("BadRequestException", r"Could not assume IAM role|Could not access Kinesis Firehose Stream"),  # SES
    TransientError(
        "BadRequestException", r"make sure the IAM Role is configured correctly"
    ),  # Pinpoint's event streams
)
# A permission of a function that was just given: S3 asks whether it may call it.
NEW_PERMISSION = (TransientError("InvalidArgument", r"Unable to validate the following destination"),)
# Two changes of one bucket or log group at a time; a function, stream or table that is still being changed.
BUSY = (
    TransientError("OperationAborted"),
    TransientError("OperationAbortedException"),
    TransientError("ResourceConflictException", r"in progress|being|state: Pending|concurrent update"),
    TransientError("ResourceInUseException", r"CREATING|UPDATING|being (created|updated|deleted)"),
    TransientError("ConcurrentModificationException"),
    TransientError("TooManyRequestsException"),
)
_PASSING = NEW_ROLE + NEW_PERMISSION + BUSY


class LateError(DueError):
    """AWS takes longer than anyone should wait for."""


def retry_transient(
    call: Callable[[], Answer], seconds: float = _IN_ALL_SECONDS, sleep: Callable[[float], None] = pausing
) -> Answer:
    """The answer of a call that is made again while its error is one that passes, for so many seconds at most."""
    end, pause = time.monotonic() + seconds, _FIRST_SECONDS
    while True:
        try:
            return call()
        except ClientError as error:
            if time.monotonic() + pause > end or not any(passing.is_it(error) for passing in _PASSING):
                raise
        sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  not for secrets: steps side by side should not meet
        pause = min(pause * 1.6, _LONGEST_SECONDS)


def wait_until(
    is_there: Callable[[], bool],
    what: str,
    seconds: float = _IN_ALL_SECONDS,
    sleep: Callable[[float], None] = pausing,
) -> None:
    """Returns once something is there; raises :class:`LateError` where it is not in so many seconds."""
    end, pause = time.monotonic() + seconds, _FIRST_SECONDS
    while not is_there():
        if time.monotonic() + pause > end:
            raise LateError(f"{what}: AWS takes longer than {seconds:.0f} seconds", "run the same command again")
        sleep(pause)
        pause = min(pause * 1.6, _LONGEST_LOOK_SECONDS)
