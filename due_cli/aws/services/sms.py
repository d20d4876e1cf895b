"""AWS End User Messaging: configuration sets of SMS, MMS, RCS and voice, and what sends them.

A message names its configuration set when it is sent: no phone number, pool or sender id has a default one, and nor has
the account (API reference, DescribePhoneNumbers, DescribePools, DescribeSenderIds, DescribeAccountAttributes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import EndpointConnectionError

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.core.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2.type_defs import ConfigurationSetInformationTypeDef, EventDestinationTypeDef

_UNUSED = ("DELETED", "DELETING")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a message is sent from: a phone number, pool or sender id; with the topic of what it receives, if any."""

    kind: str
    name: str
    topic_arn: str | None = None


def config_set(aws: Aws, name: str) -> ConfigSet | None:
    """A configuration set with its event destinations; None where there is none of the name."""
    with translate_errors(f"looking for the event destinations of {name}"), ignore_errors("ResourceNotFoundException"):
        for entry in aws.sms.describe_configuration_sets(ConfigurationSetNames=[name])["ConfigurationSets"]:
            return _config_set(entry)
    return None


def config_sets(aws: Aws) -> list[ConfigSet]:
    """Every configuration set of the account and region, with its event destinations."""
    with translate_errors("listing the configuration sets of End User Messaging"):
        pages = aws.sms.get_paginator("describe_configuration_sets").paginate()
        return [_config_set(entry) for page in pages for entry in page["ConfigurationSets"]]


def config_sets_or_none(aws: Aws) -> list[ConfigSet] | None:
    """The same; None where End User Messaging does not respond, as in the regions that have none."""
    try:
        return config_sets(aws)
    except ConfigurationError as error:
        if isinstance(error.__cause__, EndpointConnectionError):
            return None
        raise


def origins(aws: Aws) -> list[Origin]:
    """The account's own phone numbers, pools and sender ids in the region."""
    with translate_errors("listing phone numbers, pools and sender ids"):
        numbers = _all(aws, "describe_phone_numbers", "PhoneNumbers")
        pools = _all(aws, "describe_pools", "Pools")
        senders = _all(aws, "describe_sender_ids", "SenderIds")
    return [
        *(Origin("phone number", one["PhoneNumber"], _topic(one)) for one in numbers if one["Status"] not in _UNUSED),
        *(Origin("pool", one["PoolId"], _topic(one)) for one in pools if one["Status"] not in _UNUSED),
        *(Origin("sender id", one["SenderId"]) for one in senders),
    ]


def _all(aws: Aws, operation: Any, key: str) -> list[Any]:
    return [entry for page in aws.sms.get_paginator(operation).paginate() for entry in page[key]]


def _topic(entry: Any) -> str | None:
    """The SNS topic of what a number or pool receives; others forward it to Amazon Connect."""
    arn = entry.get("TwoWayChannelArn", "") if entry["TwoWayEnabled"] else ""
    return arn if ":sns:" in arn else None


def _config_set(entry: ConfigurationSetInformationTypeDef) -> ConfigSet:
    return ConfigSet(entry["ConfigurationSetName"], tuple(map(_destination, entry["EventDestinations"])))


def _destination(entry: EventDestinationTypeDef) -> Destination:
    stream = entry.get("KinesisFirehoseDestination")
    return Destination(
        entry["EventDestinationName"],
        entry["Enabled"],
        frozenset(entry["MatchingEventTypes"]),
        stream["DeliveryStreamArn"] if stream else None,
        stream["IamRoleArn"] if stream else None,
    )
