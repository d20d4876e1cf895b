"""Pinpoint's projects and their event streams as they are, and whether Pinpoint answers at all.

Amazon Pinpoint's support ended on 2026-10-30. For an account or region without it the name does not resolve, nothing
answers, or every call is refused: 403, 404, ``ForbiddenException``, ``NotFoundException``, ``BadRequestException``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore import exceptions

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED, code_of, explained, ignore_errors
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.tags import OWNER
from due_cli.core.errors import RefusedError

_AT_ONCE = 8
_NO_ANSWER = (exceptions.ConnectionError, exceptions.HTTPClientError)
_GONE = DENIED | frozenset(
    "403 404 410 Forbidden ForbiddenException NotFound NotFoundException BadRequest BadRequestException "
    "MethodNotAllowedException UnknownOperationException OptInRequired SubscriptionRequiredException".split()
)
WITHOUT = "due setup --no-pinpoint, due attach-config-set NAME --via firehose: the same events, straight from SES"


class NoPinpointError(RefusedError):
    """Pinpoint does not answer, or does not do any more what was asked; ``reason`` is what it said.

    Where it is only the caller who may not ask, ``denied`` says so: then Pinpoint may be there for others.
    """

    def __init__(self, doing: str, reason: str, *, denied: bool = False) -> None:
        super().__init__(f"{doing}: Amazon Pinpoint does not do it: {reason}", WITHOUT)
        self.reason, self.denied = reason, denied


@dataclass(frozen=True, slots=True)
class App:
    """A project; Pinpoint's API calls it an application. ``created`` is an ISO 8601 time."""

    project_id: str
    arn: str
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a project sends its events, and the role in which it does."""

    stream_arn: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class Described:
    """A project with its event stream, and the stack that made it, where one did."""

    app: App
    stream: Stream | None
    made_by: str | None


@contextmanager
def asking(doing: str) -> Iterator[None]:
    """Errors inside as due's; raises :class:`NoPinpointError` for those of a service that is gone."""
    with explained(doing):
        try:
            yield
        except _NO_ANSWER as error:
            raise NoPinpointError(doing, _line(str(error))) from error
        except exceptions.ClientError as error:
            if code_of(error) not in _GONE:
                raise
            reason = _reason(error)
            denied = code_of(error) in DENIED or "not authorized" in reason
            raise NoPinpointError(doing, reason, denied=denied) from error


def apps(aws: Aws) -> list[App]:
    """Every project of the account and region; raises :class:`NoPinpointError` where Pinpoint does not answer."""
    found: list[App] = []
    token: str | None = None
    with asking("asking for the projects"):
        while True:
            page = aws.pinpoint.get_apps(**({"Token": token} if token else {}))["ApplicationsResponse"]
            found += [App(one["Id"], one["Arn"], one["Name"], str(one.get("CreationDate", ""))) for one in page["Item"]]
            token = page.get("NextToken")
            if not token:
                return found


def stream_of(aws: Aws, project_id: str) -> Stream | None:
    """The event stream of a project; None where it has none, and where there is no such project."""
    with asking(f"asking for the event stream of project {project_id}"), ignore_errors("NotFoundException"):
        found = aws.pinpoint.get_event_stream(ApplicationId=project_id)["EventStream"]
        return Stream(found["DestinationStreamArn"], found["RoleArn"])
    return None


def owner_of(aws: Aws, app_arn: str) -> str | None:
    """The stack that made a project; None where none of due's did."""
    return tags_of(aws, app_arn).get(OWNER)


def tags_of(aws: Aws, app_arn: str) -> dict[str, str]:
    """The tags of a project; none where there is no such project."""
    with asking(f"asking for the tags of {app_arn}"), ignore_errors("NotFoundException"):
        return dict(aws.pinpoint.list_tags_for_resource(ResourceArn=app_arn)["TagsModel"].get("tags", {}))
    return {}


def described(aws: Aws, some: list[App]) -> list[Described]:
    """Projects with their event streams and makers; two calls for each of them."""

    def describe(app: App) -> Described:
        return Described(app, stream_of(aws, app.project_id), owner_of(aws, app.arn))

    with interruptible_pool(_AT_ONCE) as pool:
        return list(pool.map(describe, some))


def _reason(error: exceptions.ClientError) -> str:
    text = str(error.response.get("Error", {}).get("Message", ""))
    return _line(f"{code_of(error)}: {text}" if text else code_of(error))


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
