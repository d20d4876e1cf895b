"""What botocore raises, as due's errors: which call on what, why, and what to do."""

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
DENIED = frozenset(
    "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError AuthorizationErrorException".split()
)
_HEAD_REFUSED = "403"  # all that the answer to a HEAD says: it has no body
_QUERY_DENIED = re.compile(r"access ?denied|not authorized|insufficient permissions", re.IGNORECASE)
RIGHTS = "due setup --policy prints the rights that it takes to run due"
_SETTINGS = "--region, AWS_REGION, or the file ~/.aws/config"
_SIGN_IN = "aws configure, aws sso login, aws login, or AWS_PROFILE"


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Errors of AWS inside as :class:`DueError`: configuration (exit code 3), refused (5), or no answer (1)."""
    try:
        yield
    except exceptions.BotoCoreError as error:
        raise _of_this_side(error, doing) from error
    except exceptions.ClientError as error:
        raise _of_aws(error, doing) from error


class ignore_errors(AbstractContextManager[None, bool]):  # noqa: N801  used like contextlib.suppress
    """Passes over the refusals that say that it is so already: it is there, or gone.

    ``words`` of the message tell it from others, where a service has one code for many.
    """

    def __init__(self, *codes: str, words: str = "") -> None:
        self._codes, self._words = codes, words

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, exceptions.ClientError):
            return False
        return code_of(error) in self._codes and self._words in str(error)


def code_of(error: exceptions.ClientError) -> str:
    """The error code of a refused call."""
    return str(error.response.get("Error", {}).get("Code", ""))


def rights_for(reason: str) -> str | None:
    """What to do where a query failed for want of a right: Athena asks S3 and Glue in its caller's name."""
    return RIGHTS if _QUERY_DENIED.search(reason) else None


def _of_this_side(error: exceptions.BotoCoreError, doing: str) -> DueError:
    text = " ".join(str(error).split())
    if isinstance(error, exceptions.ProfileNotFound):
        return ConfigurationError(text, "aws configure list-profiles shows those there are")
    if isinstance(error, exceptions.NoRegionError):
        return ConfigurationError("no AWS region is set", "--region REGION, AWS_REGION, or aws configure")
    if isinstance(error, _NO_CREDENTIALS):
        return ConfigurationError(f"no AWS credentials that can be used: {text}", _SIGN_IN)
    if isinstance(error, _BAD_CONFIGURATION):
        return ConfigurationError(f"the AWS configuration cannot be used: {text}", _SETTINGS)
    if isinstance(error, exceptions.EndpointConnectionError):
        return ConfigurationError(f"{doing}: {text}", "is the service in this region, and the network up?")
    return DueError(f"{doing}: {text}", "run the same command again")


def _of_aws(error: exceptions.ClientError, doing: str) -> DueError:
    code = code_of(error)
    text = " ".join(str(error.response.get("Error", {}).get("Message", "")).split()) or code
    if code in _BAD_CREDENTIALS:
        return ConfigurationError(f"AWS does not accept the credentials: {text}", _SIGN_IN)
    if code in DENIED:
        return RefusedError(f"{doing}: access denied: {text}", RIGHTS)
    if code == _HEAD_REFUSED:
        return RefusedError(f"{doing}: access denied: it is another account's, or a right to it is missing", RIGHTS)
    return RefusedError(f"{doing}: {code}: {text}")
