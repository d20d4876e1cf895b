"""Amazon Pinpoint: projects and their event streams, and whether Pinpoint is available at all.

Amazon Pinpoint's support ended on 2026-10-30. For an account or region without it the host name does not resolve,
there is no response, or every call is refused: 403, 404, ``ForbiddenException``, ``NotFoundException``,
``BadRequestException``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore import exceptions

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED_CODES, error_code, ignore_errors, translate_errors
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import RefusedError

_AT_ONCE = 8
_NO_RESPONSE = (exceptions.ConnectionError, exceptions.HTTPClientError)
_UNAVAILABLE = DENIED_CODES | frozenset(
    "403 404 410 Forbidden ForbiddenException NotFound NotFoundException BadRequest BadRequestException "
    "MethodNotAllowedException UnknownOperationException OptInRequired SubscriptionRequiredException".split()
)
_ALTERNATIVE = "due setup --no-pinpoint, due attach-config-set NAME --via firehose: the same events, directly from SES"


class NoPinpointError(RefusedError):
    """Pinpoint is unavailable, or no longer supports a call; ``reason`` is its response.

    ``denied`` where only the caller lacks a permission: Pinpoint may be available to others.
    """

    def __init__(self, doing: str, reason: str, *, denied: bool = False) -> None:
        super().__init__(f"{doing}: Amazon Pinpoint does not do it: {reason}", _ALTERNATIVE)
        self.reason, self.denied = reason, denied


@dataclass(frozen=True, slots=True)
class PinpointApp:
    """A project; Pinpoint's API calls it an application. ``created`` is an ISO 8601 time."""

    project_id: str
    arn: str
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class AppEventStream:
    """The stream that a project sends its events to, and the role in which it does."""

    stream_arn: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class AppDetails:
    """A project with its event stream, and the stack that created it, None where none of due's did."""

    app: PinpointApp
    stream: AppEventStream | None
    owner: str | None


@contextmanager
def translate_pinpoint_errors(doing: str) -> Iterator[None]:
    """Translate errors inside; raise :class:`NoPinpointError` for those of an unavailable service."""
    with translate_errors(doing):
        try:
            yield
        except _NO_RESPONSE as error:
            raise NoPinpointError(doing, _line(str(error))) from error
        except exceptions.ClientError as error:
            if error_code(error) not in _UNAVAILABLE:
                raise
            reason = _reason(error)
            denied = error_code(error) in DENIED_CODES or "not authorized" in reason
            raise NoPinpointError(doing, reason, denied=denied) from error


def list_apps(aws: Aws) -> list[PinpointApp]:
    """Every project of the account and region; raises :class:`NoPinpointError` where Pinpoint is unavailable."""
    apps: list[PinpointApp] = []
    token: str | None = None
    with translate_pinpoint_errors("asking for the projects"):
        while True:
            page = aws.pinpoint.get_apps(**({"Token": token} if token else {}))["ApplicationsResponse"]
            apps += [
                PinpointApp(app["Id"], app["Arn"], app["Name"], str(app.get("CreationDate", "")))
                for app in page["Item"]
            ]
            token = page.get("NextToken")
            if not token:
                return apps


def event_stream_of(aws: Aws, project_id: str) -> AppEventStream | None:
    """The event stream of a project; None where it has none, and where there is no such project."""
    doing = f"asking for the event stream of project {project_id}"
    with translate_pinpoint_errors(doing), ignore_errors("NotFoundException"):
        stream = aws.pinpoint.get_event_stream(ApplicationId=project_id)["EventStream"]
        return AppEventStream(stream["DestinationStreamArn"], stream["RoleArn"])
    return None


def owner_of(aws: Aws, app_arn: str) -> str | None:
    """The stack that created a project; None where none of due's did."""
    return tags_of(aws, app_arn).get(STACK_TAG)


def tags_of(aws: Aws, app_arn: str) -> dict[str, str]:
    """The tags of a project; none where there is no such project."""
    with translate_pinpoint_errors(f"asking for the tags of {app_arn}"), ignore_errors("NotFoundException"):
        return dict(aws.pinpoint.list_tags_for_resource(ResourceArn=app_arn)["TagsModel"].get("tags", {}))
    return {}


def details_of(aws: Aws, apps: list[PinpointApp]) -> list[AppDetails]:
    """Projects with their event streams and owners; two calls for each of them."""

    def details(app: PinpointApp) -> AppDetails:
        return AppDetails(app, event_stream_of(aws, app.project_id), owner_of(aws, app.arn))

    with interruptible_pool(_AT_ONCE) as pool:
        return list(pool.map(details, apps))


def _reason(error: exceptions.ClientError) -> str:
    text = str(error.response.get("Error", {}).get("Message", ""))
    return _line(f"{error_code(error)}: {text}" if text else error_code(error))


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
