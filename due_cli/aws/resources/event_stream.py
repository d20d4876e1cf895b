"""The event stream of a Pinpoint project: all its events into the delivery stream (guide, appendix C)."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient
from due_cli.aws.services import pinpoint


@dataclass(frozen=True, slots=True)
class EventStream:
    """A project has one at most. Pinpoint tries it with a record of its own, ``_test.event_stream``."""

    project: Project
    stream_arn: str
    role_arn: str
    kind: str = "event stream"

    @property
    def name(self) -> str:
        """The project that it is of."""
        return self.project.name

    def desired(self) -> Settings:
        """How it should be."""
        return {"DestinationStreamArn": self.stream_arn, "RoleArn": self.role_arn}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        identity = self.project.id_in(aws)
        found = pinpoint.event_stream_of(aws, identity) if identity else None
        return {"DestinationStreamArn": found.stream_arn, "RoleArn": found.role_arn} if found else None

    def create(self, aws: Aws) -> None:
        """Sets it."""
        identity = self.project.id_in(aws) or ""
        stream = {"DestinationStreamArn": self.stream_arn, "RoleArn": self.role_arn}
        with pinpoint.translate_pinpoint_errors(f"setting the event stream of project {self.name}"):
            retry_transient(lambda: aws.pinpoint.put_event_stream(ApplicationId=identity, WriteEventStream=stream))  # type: ignore[arg-type]  # its two keys

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  one call sets all of it
        """Sets it."""
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Removes it if it leads to the delivery stream."""
        identity = self.project.id_in(aws)
        found = pinpoint.event_stream_of(aws, identity) if identity else None
        if identity is None or found is None or found.stream_arn != self.stream_arn:
            return
        with (
            pinpoint.translate_pinpoint_errors(f"removing the event stream of project {self.name}"),
            ignore_errors("NotFoundException"),
        ):
            aws.pinpoint.delete_event_stream(ApplicationId=identity)
