"""Errors of botocore translated to due's: which call on what failed, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from botocore import exceptions

from due_cli.core.errors import ConfigurationError, DueError, RefusedError

_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.SSOError,
    exceptions.InvalidConfigError,
    exceptions.LoginError,
    exceptions.MissingDependencyException,
)
_BAD_CONFIGURATION = (
    exceptions.ConfigParseError,
    exceptions.ConfigNotFound,
    exceptions.InvalidRegionError,
    exceptions.InvalidEndpointConfigurationError,
)
_BAD_CREDENTIALS = frozenset(
    "ExpiredToken ExpiredTokenException InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch "
    "InvalidAccessKeyId AuthFailure InvalidSignatureException RequestExpired".split()
)
DENIED_CODES = frozenset(
    "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError AuthorizationErrorException".split()
)
_HEAD_DENIED = "403"  # a response to HEAD has no body that could say more
_NOT_FOUND = (
    "ResourceNotFoundException",
    "EntityNotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFoundException",
)
_PERMISSION = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
_LAKE_FORMATION = re.compile(r"lake ?formation", re.IGNORECASE)
_QUERY_DENIED = re.compile(r"access ?denied|not authorized|insufficient permissions", re.IGNORECASE)
POLICY_HINT = "due setup --policy lists the IAM policies for the people who run due"
_SETTINGS = "--region, AWS_REGION, or the file ~/.aws/config"
_SIGN_IN = "aws configure, aws sso login, aws login, or AWS_PROFILE"


@contextmanager
def translate_errors(doing: str) -> Iterator[None]:
    """Raise errors of AWS as :class:`DueError`: configuration (exit code 3), refused (5), no response (1).

    ``doing`` says what the call was for, with its operand: "reading s3://bucket/key".
    """
    try:
        yield
    except exceptions.BotoCoreError as error:
        raise _client_side_error(error, doing) from error
    except exceptions.ClientError as error:
        raise _service_error(error, doing) from error


class ignore_errors(AbstractContextManager[None, bool]):  # noqa: N801  used like contextlib.suppress
    """Suppress errors of a service by their codes, such as those that say that a resource exists, or does not.

    ``words`` in the message tell such an error from others, where a service has one code for many.
    """

    def __init__(self, *codes: str, words: str = "") -> None:
        self._codes, self._words = codes, words

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, exceptions.ClientError):
            return False
        return error_code(error) in self._codes and self._words in str(error)


def error_code(error: exceptions.ClientError) -> str:
    """The code that a service gave."""
    return str(error.response.get("Error", {}).get("Code", ""))


def policy_hint(reason: str) -> str | None:
    """The hint for a query that failed for a missing permission: Athena calls S3 and Glue as its caller."""
    return POLICY_HINT if _QUERY_DENIED.search(reason) else None


def missing_permission(error: DueError) -> str | None:
    """The action that a denied call lacked, as AWS names it, else the operation; None where nothing was denied."""
    cause = error.__cause__
    if not isinstance(cause, exceptions.ClientError) or error_code(cause) not in DENIED_CODES:
        return None
    action = _PERMISSION.search(str(cause))
    return action[1] if action else str(cause.operation_name)


def is_not_found(error: DueError) -> bool:
    """Whether an error says that the resource does not exist."""
    cause = error.__cause__
    return isinstance(cause, exceptions.ClientError) and error_code(cause) in _NOT_FOUND


def is_lake_formation(error: DueError) -> bool:
    """Whether Lake Formation, and not IAM, refused a call or a query."""
    return _LAKE_FORMATION.search(error.message) is not None


def _client_side_error(error: exceptions.BotoCoreError, doing: str) -> DueError:
    text = " ".join(str(error).split())
    if isinstance(error, exceptions.ProfileNotFound):
        return ConfigurationError(text, "aws configure list-profiles lists the profiles")
    if isinstance(error, exceptions.NoRegionError):
        return ConfigurationError("no AWS region is set", "--region REGION, AWS_REGION, or aws configure")
    if isinstance(error, _NO_CREDENTIALS):
        return ConfigurationError(f"no usable AWS credentials: {text}", _SIGN_IN)
    if isinstance(error, _BAD_CONFIGURATION):
        return ConfigurationError(f"the AWS configuration cannot be used: {text}", _SETTINGS)
    if isinstance(error, exceptions.EndpointConnectionError):
        return ConfigurationError(f"{doing}: {text}", "check that the service exists in this region, and the network")
    return DueError(f"{doing}: {text}", "run the same command again")


def _service_error(error: exceptions.ClientError, doing: str) -> DueError:
    code = error_code(error)
    text = " ".join(str(error.response.get("Error", {}).get("Message", "")).split()) or code
    if code in _BAD_CREDENTIALS:
        return ConfigurationError(f"AWS does not accept the credentials: {text}", _SIGN_IN)
    if code in DENIED_CODES:
        return RefusedError(f"{doing}: access denied: {text}", POLICY_HINT)
    if code == _HEAD_DENIED:
        return RefusedError(f"{doing}: access denied: it is another account's, or a permission is missing", POLICY_HINT)
    return RefusedError(f"{doing}: {code}: {text}")
