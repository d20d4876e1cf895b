"""Amazon SES: configuration sets with their event destinations, and identities with their default sets.

SES accepts one such call a second (SES developer guide, "Service quotas"), so where there may be many they are made
one after another; ``RateLimiter`` in ``client.py`` spaces them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import EndpointConnectionError

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.retry import retry_transient
from due_cli.core.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import EventDestinationTypeDef

_T = TypeVar("_T")
IDENTITIES_CHECKED = 20  # where there may be thousands: SES answers one such call a second


@dataclass(frozen=True, slots=True)
class Destination:
    """An event destination of a configuration set: a delivery stream with its role, a Pinpoint project, or another."""

    name: str
    enabled: bool
    types: frozenset[str]
    stream_arn: str | None = None
    role_arn: str | None = None
    project_arn: str | None = None

    @property
    def target(self) -> str:
        """What it sends events to, in words."""
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
        return next((destination for destination in self.destinations if destination.name == name), None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A domain or address that may send; ``config_set`` is its default, for messages that name none."""

    name: str
    config_set: str | None


def project_id(project_arn: str) -> str:
    """The id in the ARN of a Pinpoint project."""
    return project_arn.rsplit("/", 1)[-1]


def config_set_names(aws: Aws) -> list[str]:
    """Every configuration set of the account and region."""
    with translate_errors("listing the configuration sets"):
        return _all_pages(aws.ses.list_configuration_sets, "ConfigurationSets")


def config_set(aws: Aws, name: str) -> ConfigSet | None:
    """A configuration set with its event destinations; None where there is none of the name."""
    with translate_errors(f"looking for the event destinations of {name}"), ignore_errors("NotFoundException"):
        response = retry_transient(lambda: aws.ses.get_configuration_set_event_destinations(ConfigurationSetName=name))
        return ConfigSet(name, tuple(_destination(entry) for entry in response.get("EventDestinations", [])))
    return None


def config_sets(aws: Aws) -> Iterator[ConfigSet]:
    """Every configuration set with its event destinations; one call each."""
    return _existing(config_set, aws, config_set_names(aws))


def config_sets_or_none(aws: Aws) -> list[ConfigSet] | None:
    """The same; None where SES does not respond, as in the regions that have none (or none of this API)."""
    try:
        names = config_set_names(aws)
    except ConfigurationError as error:
        if isinstance(error.__cause__, EndpointConnectionError):
            return None
        raise
    return list(_existing(config_set, aws, names))


def identity_names(aws: Aws) -> list[str]:
    """The identities that may send, domains first: an address of a domain is seldom an identity of its own."""
    with translate_errors("listing the identities"):
        entries = _all_pages(aws.ses.list_email_identities, "EmailIdentities")
    entries.sort(key=lambda entry: entry.get("IdentityType") == "EMAIL_ADDRESS")
    return [entry["IdentityName"] for entry in entries if entry.get("SendingEnabled")]


def identities(aws: Aws, names: Iterable[str]) -> Iterator[Identity]:
    """Identities with their default configuration sets; one call each."""
    return _existing(_identity, aws, names)


def _identity(aws: Aws, name: str) -> Identity | None:
    with translate_errors("asking for an identity's configuration set"), ignore_errors("NotFoundException"):
        response = retry_transient(lambda: aws.ses.get_email_identity(EmailIdentity=name))
        return Identity(name, response.get("ConfigurationSetName") or None)
    return None


def _existing(read: Callable[[Aws, str], _T | None], aws: Aws, names: Iterable[str]) -> Iterator[_T]:
    """What ``read`` returns for each name; one that was deleted meanwhile is left out."""
    for name in names:
        value = read(aws, name)
        if value is not None:
            yield value


def _all_pages(call: Callable[..., Any], key: str) -> list[Any]:
    """The entries of all pages of a call."""
    entries: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = retry_transient(partial(call, **token))
        entries += page.get(key, [])
        if not page.get("NextToken"):
            return entries
        token = {"NextToken": page["NextToken"]}


def _destination(entry: EventDestinationTypeDef) -> Destination:
    firehose, pinpoint = entry.get("KinesisFirehoseDestination"), entry.get("PinpointDestination")
    return Destination(
        entry["Name"],
        bool(entry.get("Enabled")),
        frozenset(entry["MatchingEventTypes"]),
        firehose.get("DeliveryStreamArn") if firehose else None,
        firehose.get("IamRoleArn") if firehose else None,
        pinpoint.get("ApplicationArn") if pinpoint else None,
    )
