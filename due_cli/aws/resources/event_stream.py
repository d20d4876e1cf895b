"""The event stream of a Pinpoint project: all its events into the delivery stream (guide, appendix C)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.services import pinpoint


@dataclass(frozen=True, kw_only=True)
class EventStream(DeclaredResource):
    """The only event stream of a project; one that leads elsewhere is not deleted.

    Pinpoint tests it with a record of its own, ``_test.event_stream``.
    """

    kind = "event stream"
    not_found = ignore_errors("NotFoundException")
    project: Project
    stream_arn: str
    role_arn: str

    @property
    def name(self) -> str:
        """The name of its project."""
        return self.project.name

    def _settings(self) -> list[Setting]:
        return [
            Setting("DestinationStreamArn", self.stream_arn, read=lambda _, it: it.stream_arn, write=self._create),
            Setting("RoleArn", self.role_arn, read=lambda _, it: it.role_arn, write=self._create),
        ]

    def _describe(self, aws: Aws) -> pinpoint.AppEventStream | None:
        project_id = self.project.id_in(aws)
        return pinpoint.event_stream_of(aws, project_id) if project_id else None

    def _create(self, aws: Aws) -> None:
        stream: Any = self.desired()
        aws.pinpoint.put_event_stream(ApplicationId=self.project.id_in(aws) or "", WriteEventStream=stream)

    def _delete(self, aws: Aws) -> None:
        project_id = self.project.id_in(aws)
        current = pinpoint.event_stream_of(aws, project_id) if project_id else None
        if project_id and current and current.stream_arn == self.stream_arn:
            aws.pinpoint.delete_event_stream(ApplicationId=project_id)

    def _translate_errors(self, doing: str) -> AbstractContextManager[None]:
        return pinpoint.translate_pinpoint_errors(doing)
