"""Amazon SNS: topics, and the subscriptions of a delivery stream to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import SubscriptionTypeDef

PROTOCOL = "firehose"
_NOT_FOUND = ignore_errors("NotFound", "NotFoundException")


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription of a delivery stream to a topic, with its role; ``arn`` is None while it is to be confirmed."""

    topic_arn: str
    arn: str | None
    role_arn: str | None = None
    is_raw: bool = False


def topic_exists(aws: Aws, topic_arn: str) -> bool:
    """Whether there is a topic."""
    with translate_errors(f"looking for topic {topic_arn}"), _NOT_FOUND:
        aws.sns.get_topic_attributes(TopicArn=topic_arn)
        return True
    return False


def subscription_of(aws: Aws, topic_arn: str, stream_arn: str) -> Subscription | None:
    """The subscription of a stream to a topic: SNS keeps one; None where there is none, or no such topic."""
    with translate_errors(f"looking for the subscriptions of {topic_arn}"), _NOT_FOUND:
        pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        return next(iter(_of_stream(aws, (one for page in pages for one in page["Subscriptions"]), stream_arn)), None)
    return None


def subscriptions(aws: Aws, stream_arn: str) -> list[Subscription]:
    """Every subscription of a stream, to whatever topic of the account and region."""
    with translate_errors("listing the subscriptions"):
        pages = aws.sns.get_paginator("list_subscriptions").paginate()
        return _of_stream(aws, (one for page in pages for one in page["Subscriptions"]), stream_arn)


def _of_stream(aws: Aws, entries: Iterable[SubscriptionTypeDef], stream_arn: str) -> list[Subscription]:
    own = [one for one in entries if (one.get("Protocol"), one.get("Endpoint")) == (PROTOCOL, stream_arn)]
    return [found for one in own if (found := _described(aws, one.get("TopicArn", ""), one.get("SubscriptionArn", "")))]


def _described(aws: Aws, topic_arn: str, arn: str) -> Subscription | None:
    """A subscription with its attributes, which lists do not show; None for one that was deleted meanwhile."""
    if not arn.startswith("arn:"):
        return Subscription(topic_arn, None)
    with _NOT_FOUND:
        attributes = aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        is_pending = attributes.get("PendingConfirmation", "false").lower() == "true"
        is_raw = attributes.get("RawMessageDelivery", "false").lower() == "true"
        return Subscription(topic_arn, None if is_pending else arn, attributes.get("SubscriptionRoleArn"), is_raw)
    return None
