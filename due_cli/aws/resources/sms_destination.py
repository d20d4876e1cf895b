"""The event destination of a configuration set of End User Messaging: directly to the delivery stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.event_destination import NAME, EventDestination
from due_cli.aws.services import ses, sms


@dataclass(frozen=True, kw_only=True)
class SmsEventDestination(EventDestination):
    """The event destination ``event-database`` of a configuration set of SMS, MMS, RCS and voice."""

    kind = "SMS event destination"
    not_found = ignore_errors("ResourceNotFoundException")
    already_exists = ignore_errors("ConflictException")

    def _describe(self, aws: Aws) -> ses.Destination | None:
        config_set = sms.config_set(aws, self.config_set)
        return config_set.destination(NAME) if config_set else None

    def _create(self, aws: Aws) -> None:
        aws.sms.create_event_destination(**self._definition(aws))  # which is enabled

    def _put(self, aws: Aws) -> None:
        aws.sms.update_event_destination(**self._definition(aws), Enabled=True)

    def _delete(self, aws: Aws) -> None:
        destination = self._describe(aws)
        if destination and self._leads_here(aws, destination):
            aws.sms.delete_event_destination(ConfigurationSetName=self.config_set, EventDestinationName=NAME)

    def _definition(self, aws: Aws) -> Any:
        definition = self._event_destination(aws)
        definition.pop("Enabled")
        return {"ConfigurationSetName": self.config_set, "EventDestinationName": NAME, **definition}
