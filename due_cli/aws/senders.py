"""SES's configuration sets with their event destinations, and the identities that send with or without one.

SES answers one such call a second (SES developer guide, "Service quotas"), so all of them wait for their turn and
are made one after another where there may be many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from due_cli.aws.clients import Aws
from due_cli.aws.errors import explained, passing_over
from due_cli.aws.patience import patiently

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import EventDestinationTypeDef

MOST_DESTINATIONS = 10  # of one configuration set (SES developer guide, quotas)


@dataclass(frozen=True, slots=True)
class Destination:
    """An event destination: a delivery stream with the role that puts into it, a Pinpoint project, or another."""

    name: str
    enabled: bool
    types: frozenset[str]
    stream_arn: str | None = None
    role_arn: str | None = None
    project_arn: str | None = None

    @property
    def leads_to(self) -> str:
        """Where it leads, in words."""
        if self.stream_arn:
            return f"the delivery stream {self.stream_arn.rsplit('/', 1)[-1]}"
        if self.project_arn:
            return f"the Pinpoint project {project_id(self.project_arn)}"
        return "somewhere else"


@dataclass(frozen=True, slots=True)
class ConfigSet:
    """A configuration set."""

    name: str
    destinations: tuple[Destination, ...]

    def destination(self, name: str) -> Destination | None:
        """Its event destination of a name."""
        return next((one for one in self.destinations if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A domain or address that may send; ``config_set`` is the one that its mail has where a message names none."""

    name: str
    config_set: str | None


@dataclass(frozen=True, slots=True)
class Identities:
    """Some of an account's identities, and how many may send in all."""

    asked: tuple[Identity, ...]
    in_all: int

    @property
    def without_set(self) -> tuple[str, ...]:
        """Those asked whose mail has no configuration set where a message names none: its events go nowhere."""
        return tuple(one.name for one in self.asked if one.config_set is None)


def project_id(project_arn: str) -> str:
    """The id in the ARN of a Pinpoint project."""
    return project_arn.rsplit("/", 1)[-1]


def config_set_names(aws: Aws) -> list[str]:
    """Every configuration set of the account and region."""
    with explained("listing the configuration sets"):
        return _listed(aws.ses.list_configuration_sets, "ConfigurationSets")


def config_set(aws: Aws, name: str) -> ConfigSet | None:
    """A configuration set with its event destinations; None where there is none of the name."""
    with explained(f"looking for the event destinations of {name}"), passing_over("NotFoundException"):
        found = patiently(lambda: aws.ses.get_configuration_set_event_destinations(ConfigurationSetName=name))
        return ConfigSet(name, tuple(_destination(one) for one in found.get("EventDestinations", [])))
    return None


def config_sets(aws: Aws) -> Iterator[ConfigSet]:
    """Every configuration set with its event destinations; one call each."""
    for name in config_set_names(aws):
        found = config_set(aws, name)
        if found is not None:  # it may have been deleted meanwhile
            yield found


def identities(aws: Aws, most: int) -> Identities:
    """The identities that may send, the first ``most`` of them with their default configuration set; one call each."""
    with explained("listing the identities"):
        listed = _listed(aws.ses.list_email_identities, "EmailIdentities")
    names: list[str] = [one["IdentityName"] for one in listed if one.get("SendingEnabled")]
    found = [_identity(aws, name) for name in names[:most]]
    return Identities(tuple(one for one in found if one is not None), len(names))


def has_stream(aws: Aws, name: str) -> bool:
    """Whether there is a delivery stream of the name."""
    with explained(f"looking for delivery stream {name}"), passing_over("ResourceNotFoundException"):
        aws.firehose.describe_delivery_stream(DeliveryStreamName=name)
        return True
    return False


def _identity(aws: Aws, name: str) -> Identity | None:
    with explained("asking for an identity's configuration set"), passing_over("NotFoundException"):
        found = patiently(lambda: aws.ses.get_email_identity(EmailIdentity=name))
        return Identity(name, found.get("ConfigurationSetName") or None)
    return None


def _listed(call: Callable[..., Any], key: str) -> list[Any]:
    """The rows of all pages of a call."""
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        page = patiently(partial(call, **more))
        found += page.get(key, [])
        if not page.get("NextToken"):
            return found
        more = {"NextToken": page["NextToken"]}


def _destination(found: EventDestinationTypeDef) -> Destination:
    firehose, pinpoint = found.get("KinesisFirehoseDestination"), found.get("PinpointDestination")
    return Destination(
        found["Name"],
        bool(found.get("Enabled")),
        frozenset(found["MatchingEventTypes"]),
        firehose.get("DeliveryStreamArn") if firehose else None,
        firehose.get("IamRoleArn") if firehose else None,
        pinpoint.get("ApplicationArn") if pinpoint else None,
    )
