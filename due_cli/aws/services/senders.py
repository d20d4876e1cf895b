"""SES's configuration sets with their event destinations, and the identities that send with or without one.

SES answers one such call a second (SES developer guide, "Service quotas"), so they are made one after another where
there may be many (``pace.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import EndpointConnectionError

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED, explained, ignore_errors
from due_cli.aws.retry import retry_transient
from due_cli.core.errors import ConfigurationError

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


def project_id(project_arn: str) -> str:
    """The id in the ARN of a Pinpoint project."""
    return project_arn.rsplit("/", 1)[-1]


def config_set_names(aws: Aws) -> list[str]:
    """Every configuration set of the account and region."""
    with explained("listing the configuration sets"):
        return _listed(aws.ses.list_configuration_sets, "ConfigurationSets")


def config_set(aws: Aws, name: str) -> ConfigSet | None:
    """A configuration set with its event destinations; None where there is none of the name."""
    with explained(f"looking for the event destinations of {name}"), ignore_errors("NotFoundException"):
        found = retry_transient(lambda: aws.ses.get_configuration_set_event_destinations(ConfigurationSetName=name))
        return ConfigSet(name, tuple(_destination(one) for one in found.get("EventDestinations", [])))
    return None


def config_sets(aws: Aws) -> Iterator[ConfigSet]:
    """Every configuration set with its event destinations; one call each."""
    yield from _each(aws, config_set_names(aws))


def config_sets_or_none(aws: Aws) -> list[ConfigSet] | None:
    """The same; None where SES does not answer at all, as in the regions that have none (or none of this API)."""
    try:
        names = config_set_names(aws)
    except ConfigurationError as error:
        if isinstance(error.__cause__, EndpointConnectionError):
            return None
        raise
    return list(_each(aws, names))


def _each(aws: Aws, names: list[str]) -> Iterator[ConfigSet]:
    for name in names:
        found = config_set(aws, name)
        if found is not None:  # it may have been deleted meanwhile
            yield found


def identity_names(aws: Aws) -> list[str]:
    """The identities that may send, domains first: an address of a domain is seldom an identity of its own."""
    with explained("listing the identities"):
        listed = _listed(aws.ses.list_email_identities, "EmailIdentities")
    listed.sort(key=lambda one: one.get("IdentityType") == "EMAIL_ADDRESS")
    return [one["IdentityName"] for one in listed if one.get("SendingEnabled")]


def identities(aws: Aws, names: Iterable[str]) -> Iterator[Identity]:
    """Identities with their default configuration sets; one call each."""
    for name in names:
        found = _identity(aws, name)
        if found is not None:  # it may have been deleted meanwhile
            yield found


def has_stream(aws: Aws, name: str) -> bool:
    """Whether there is a delivery stream of the name."""
    with explained(f"looking for delivery stream {name}"), ignore_errors("ResourceNotFoundException"):
        aws.firehose.describe_delivery_stream(DeliveryStreamName=name)
        return True
    return False


def stream_is_gone(aws: Aws, name: str) -> bool:
    """Whether there is no delivery stream of the name; one that the caller may not even look at is somebody else's."""
    with explained(f"looking for delivery stream {name}"), ignore_errors(*DENIED):
        try:
            aws.firehose.describe_delivery_stream(DeliveryStreamName=name)
        except aws.firehose.exceptions.ResourceNotFoundException:
            return True
    return False


def _identity(aws: Aws, name: str) -> Identity | None:
    with explained("asking for an identity's configuration set"), ignore_errors("NotFoundException"):
        found = retry_transient(lambda: aws.ses.get_email_identity(EmailIdentity=name))
        return Identity(name, found.get("ConfigurationSetName") or None)
    return None


def _listed(call: Callable[..., Any], key: str) -> list[Any]:
    """The rows of all pages of a call."""
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        page = retry_transient(partial(call, **more))
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
