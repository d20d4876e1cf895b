"""The event destination of an SES configuration set: through a Pinpoint project or directly to the delivery stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.services import ses

NAME = "event-database"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToStream:
    """Directly to a delivery stream, in a role."""

    stream_arn: str
    role_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToProject:
    """To a Pinpoint project, whose ARN is ``arn_prefix`` and its id."""

    project: Project
    arn_prefix: str

    def arn_in(self, aws: Aws) -> str | None:
        """The project's ARN; None if there is no project."""
        project_id = self.project.project_id or self.project.id_in(aws)
        return f"{self.arn_prefix}{project_id}" if project_id else None


Route = ToStream | ToProject  # of a configuration set's events to the stack


@dataclass(frozen=True, kw_only=True)
class EventDestination(DeclaredResource):
    """The event destination ``event-database`` of a configuration set, with the event ``types`` that were chosen.

    One call sets all of it, and so moves it if it leads elsewhere: the set reaches the stream in one way at any moment.
    One that leads elsewhere is not deleted.
    """

    kind = "event destination"
    not_found = ignore_errors("NotFoundException")
    already_exists = ignore_errors("AlreadyExistsException")
    config_set: str
    route: Route
    types: frozenset[str]

    @property
    def name(self) -> str:
        """The configuration set and the event destination."""
        return f"{self.config_set}/{NAME}"

    @property
    def is_direct(self) -> bool:
        """Whether the events go directly to the delivery stream."""
        return isinstance(self.route, ToStream)

    def _settings(self) -> list[Setting]:
        route, types = self.route, sorted(self.types)
        settings = [
            Setting("Enabled", True, read=lambda _, current: current.enabled, write=self._put),
            Setting("MatchingEventTypes", types, read=lambda _, current: sorted(current.types), write=self._put),
        ]
        if isinstance(route, ToProject):
            return [*settings, Setting("Application", route.project.name, read=self._application, write=self._put)]
        return [
            *settings,
            Setting("DeliveryStreamArn", route.stream_arn, read=lambda _, current: current.stream_arn, write=self._put),
            Setting("IamRoleArn", route.role_arn, read=lambda _, current: current.role_arn, write=self._put),
        ]

    def _describe(self, aws: Aws) -> ses.Destination | None:
        config_set = ses.config_set(aws, self.config_set)
        return config_set.destination(NAME) if config_set else None

    def _create(self, aws: Aws) -> None:
        aws.ses.create_configuration_set_event_destination(**self._arguments(aws))

    def _put(self, aws: Aws) -> None:
        aws.ses.update_configuration_set_event_destination(**self._arguments(aws))

    def _delete(self, aws: Aws) -> None:
        destination = self._describe(aws)
        if destination and self._leads_here(aws, destination):
            aws.ses.delete_configuration_set_event_destination(
                ConfigurationSetName=self.config_set, EventDestinationName=NAME
            )

    def _application(self, aws: Aws, current: ses.Destination) -> str:
        if isinstance(self.route, ToProject) and self._leads_here(aws, current):
            return self.route.project.name
        return current.target

    def _leads_here(self, aws: Aws, destination: ses.Destination) -> bool:
        if isinstance(self.route, ToStream):
            return destination.stream_arn == self.route.stream_arn
        return destination.project_arn is not None and destination.project_arn == self.route.arn_in(aws)

    def _arguments(self, aws: Aws) -> Any:
        definition = self._event_destination(aws)
        return {"ConfigurationSetName": self.config_set, "EventDestinationName": NAME, "EventDestination": definition}

    def _event_destination(self, aws: Aws) -> dict[str, Any]:
        definition: dict[str, Any] = {"Enabled": True, "MatchingEventTypes": sorted(self.types)}
        if isinstance(self.route, ToStream):
            stream = {"IamRoleArn": self.route.role_arn, "DeliveryStreamArn": self.route.stream_arn}
            definition["KinesisFirehoseDestination"] = stream
        else:
            definition["PinpointDestination"] = {"ApplicationArn": self.route.arn_in(aws) or ""}
        return definition
