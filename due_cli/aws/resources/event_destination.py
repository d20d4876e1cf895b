"""The event destination of an SES configuration set: through a Pinpoint project or straight to the delivery stream.

Through Pinpoint it has the guide's eight event types (appendix D); straight, all ten that SES has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient
from due_cli.aws.services import ses

if TYPE_CHECKING:
    from mypy_boto3_sesv2.literals import EventTypeType
    from mypy_boto3_sesv2.type_defs import EventDestinationDefinitionTypeDef

NAME = "event-database"
GUIDE_TYPES: tuple[EventTypeType, ...] = (
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK", "RENDERING_FAILURE"),
)
ALL_TYPES: tuple[EventTypeType, ...] = (*GUIDE_TYPES, "DELIVERY_DELAY", "SUBSCRIPTION")


@dataclass(frozen=True, slots=True)
class ToStream:
    """Straight to a delivery stream, in a role."""

    stream_arn: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class ToProject:
    """To a Pinpoint project; ``arn_prefix`` and its id are its ARN."""

    project: Project
    arn_prefix: str

    def arn_in(self, aws: Aws) -> str | None:
        """The project's ARN; None where there is no project."""
        identity = self.project.project_id or self.project.id_in(aws)
        return f"{self.arn_prefix}{identity}" if identity else None


@dataclass(frozen=True, slots=True)
class EventDestination:
    """The event destination ``event-database`` of a configuration set."""

    config_set: str
    to: ToStream | ToProject
    kind: str = "event destination"

    @property
    def name(self) -> str:
        """The configuration set and the event destination."""
        return f"{self.config_set}/{NAME}"

    def desired(self) -> Settings:
        """How it should be."""
        if isinstance(self.to, ToStream):
            to: Settings = {"DeliveryStreamArn": self.to.stream_arn, "IamRoleArn": self.to.role_arn}
        else:
            to = {"Application": self.to.project.name}
        return {"Enabled": True, "MatchingEventTypes": sorted(self._types()), **to}

    def current(self, aws: Aws) -> Settings | None:
        """How it is; None where the configuration set has none, or is none itself."""
        found = self._destination(aws)
        if found is None:
            return None
        if isinstance(self.to, ToStream):
            to: Settings = {"DeliveryStreamArn": found.stream_arn, "IamRoleArn": found.role_arn}
        else:
            is_it = found.project_arn is not None and found.project_arn == self.to.arn_in(aws)
            to = {"Application": self.to.project.name if is_it else found.target}
        return {"Enabled": found.enabled, "MatchingEventTypes": sorted(found.types), **to}

    def create(self, aws: Aws) -> None:
        """Makes it."""
        with (
            translate_errors(f"attaching configuration set {self.config_set}"),
            ignore_errors("AlreadyExistsException"),
        ):
            definition = self._definition(aws)
            retry_transient(
                lambda: aws.ses.create_configuration_set_event_destination(
                    ConfigurationSetName=self.config_set, EventDestinationName=NAME, EventDestination=definition
                )
            )

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  one call sets all of it
        """Sets it, and so moves it where it leads elsewhere: the set reaches the stream in one way at any moment."""
        with translate_errors(f"attaching configuration set {self.config_set}"):
            definition = self._definition(aws)
            retry_transient(
                lambda: aws.ses.update_configuration_set_event_destination(
                    ConfigurationSetName=self.config_set, EventDestinationName=NAME, EventDestination=definition
                )
            )

    def delete(self, aws: Aws) -> None:
        """Removes it if it leads where this one does."""
        found = self._destination(aws)
        if found is None or not self._is_own(aws, found):
            return
        with translate_errors(f"detaching configuration set {self.config_set}"), ignore_errors("NotFoundException"):
            retry_transient(
                lambda: aws.ses.delete_configuration_set_event_destination(
                    ConfigurationSetName=self.config_set, EventDestinationName=NAME
                )
            )

    def _destination(self, aws: Aws) -> ses.Destination | None:
        found = ses.config_set(aws, self.config_set)
        return found.destination(NAME) if found else None

    def _is_own(self, aws: Aws, found: ses.Destination) -> bool:
        if isinstance(self.to, ToStream):
            return found.stream_arn == self.to.stream_arn
        return found.project_arn is not None and found.project_arn == self.to.arn_in(aws)

    def _types(self) -> tuple[EventTypeType, ...]:
        return ALL_TYPES if isinstance(self.to, ToStream) else GUIDE_TYPES

    def _definition(self, aws: Aws) -> EventDestinationDefinitionTypeDef:
        definition: EventDestinationDefinitionTypeDef = {"Enabled": True, "MatchingEventTypes": self._types()}
        if isinstance(self.to, ToStream):
            firehose = {"IamRoleArn": self.to.role_arn, "DeliveryStreamArn": self.to.stream_arn}
            return {**definition, "KinesisFirehoseDestination": firehose}  # type: ignore[typeddict-item]  # its two keys
        return {**definition, "PinpointDestination": {"ApplicationArn": self.to.arn_in(aws) or ""}}
