"""Retries of calls that fail only for a while after a change: a closed list of errors, for a bounded time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import ClientError
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception,
    retry_if_result,
    stop_before_delay,
    wait_exponential,
)

from due_cli.aws.errors import error_code
from due_cli.aws.pool import pause
from due_cli.core.errors import DueError

Response = TypeVar("Response")
_MOST_SECONDS = 120.0
# Pauses of half a second at first. A refused call is repeated more and more seldom; what is finished is to be noticed
# soon.
_RETRY_PAUSES = wait_exponential(multiplier=0.5, exp_base=1.6, max=8.0)
_POLL_PAUSES = wait_exponential(multiplier=0.5, exp_base=1.6, max=2.0)


@dataclass(frozen=True, slots=True)
class TransientError:
    """An error that passes by itself: its code, and a pattern of its message that tells it from one that stays."""

    code: str
    pattern: str = ""

    def matches(self, error: ClientError) -> bool:
        """Whether an error is this one."""
        message = str(error.response.get("Error", {}).get("Message", ""))
        return error_code(error) == self.code and re.search(self.pattern, message, re.IGNORECASE) is not None


# Lake Formation's refusal looks like that of a new role, and stays until it grants something.
_NOT_LAKE_FORMATION = "(?!.*Lake Formation)"
TRANSIENT_ERRORS = (
    # For some seconds after a role was created or changed, services cannot assume it or see its policy:
    TransientError(
        "InvalidArgumentException",
        rf"unable to assume role|is not authorized to|Access was denied{_NOT_LAKE_FORMATION}",
    ),
    # ... that was Firehose; Lambda, and Lambda for a function with an environment:
    TransientError("InvalidParameterValueException", r"cannot be assumed|not authorized to|not have permissions to"),
    TransientError("InvalidParameterValueException", r"invalid for CreateGrant"),
    # ... SES, and Pinpoint's event streams:
    TransientError("BadRequestException", r"Could not assume IAM role|Could not access Kinesis Firehose Stream"),
    # ... End User Messaging (terraform-provider-aws), and SNS, whose words are not documented:
    TransientError("ValidationException", r"Could not assume IAM role|Could not access Kinesis Firehose Stream"),
    TransientError("InvalidParameter", r"SubscriptionRoleArn"),
    TransientError("BadRequestException", r"make sure the IAM Role is configured correctly"),
    # After a function's permission was added: S3 checks that it may call the function.
    TransientError("InvalidArgument", r"Unable to validate the following destination"),
    # Two changes of one bucket or log group at a time; a function, stream or table that is still being changed:
    TransientError("OperationAborted"),
    TransientError("OperationAbortedException"),
    TransientError("ResourceConflictException", r"in progress|being|state: Pending|concurrent update"),
    TransientError("ResourceInUseException", r"CREATING|UPDATING|being (created|updated|deleted)"),
    TransientError("ConcurrentModificationException"),
    TransientError("TooManyRequestsException"),
)


class LateError(DueError):
    """A resource is not ready within the time that is waited for it."""


def retry_transient(
    call: Callable[[], Response], seconds: float = _MOST_SECONDS, sleep: Callable[[float], None] = pause
) -> Response:
    """The response of a call, repeated while its error is one of ``TRANSIENT_ERRORS``, for at most ``seconds``."""
    retrying = Retrying(
        retry=retry_if_exception(_is_transient),
        wait=_with_jitter,
        stop=stop_before_delay(seconds),
        sleep=sleep,
        reraise=True,
    )
    return retrying(call)


def wait_until(
    is_ready: Callable[[], bool],
    what: str,
    seconds: float = _MOST_SECONDS,
    sleep: Callable[[float], None] = pause,
) -> None:
    """Wait until ``is_ready`` returns true; raise :class:`LateError` about ``what`` if it does not in ``seconds``."""
    retrying = Retrying(
        retry=retry_if_result(lambda ready: not ready),
        wait=_POLL_PAUSES,
        stop=stop_before_delay(seconds),
        sleep=sleep,
    )
    try:
        retrying(is_ready)
    except RetryError:
        message = f"{what}: AWS takes longer than {seconds:.0f} seconds"
        raise LateError(message, "run the same command again") from None


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, ClientError) and any(transient.matches(error) for transient in TRANSIENT_ERRORS)


def _with_jitter(state: RetryCallState) -> float:
    """Pauses that differ, so that concurrent steps do not collide."""
    return _RETRY_PAUSES(state) * random.uniform(0.8, 1.2)  # noqa: S311  not for secrets
