"""The subscription of the delivery stream to an SNS topic of the user's."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.services import sns


@dataclass(frozen=True, kw_only=True)
class TopicSubscription(DeclaredResource):
    """The subscription of a stream in the role of a stack, by which one tells whose it is: SNS tags no subscription.

    Messages come in SNS's envelope (no raw delivery), which has the time that an inbound message lacks.
    """

    kind = "subscription"
    not_found = ignore_errors("NotFound", "NotFoundException")
    topic_arn: str
    stream_arn: str
    role_arn: str

    @property
    def name(self) -> str:
        """The topic's name."""
        return topic_name(self.topic_arn)

    def _settings(self) -> list[Setting]:
        return [
            Setting(
                "SubscriptionRoleArn", self.role_arn, read=lambda _, current: current.role_arn, write=self._put_role
            ),
            Setting("RawMessageDelivery", False, read=lambda _, current: current.is_raw, write=self._put_raw),
            Setting("PendingConfirmation", False, read=lambda _, current: current.arn is None, write=self._create),
        ]

    def _describe(self, aws: Aws) -> sns.Subscription | None:
        return sns.subscription_of(aws, self.topic_arn, self.stream_arn)

    def _create(self, aws: Aws) -> None:
        aws.sns.subscribe(
            TopicArn=self.topic_arn,
            Protocol=sns.PROTOCOL,
            Endpoint=self.stream_arn,
            Attributes={"SubscriptionRoleArn": self.role_arn},
        )

    def _put_role(self, aws: Aws) -> None:
        self._put(aws, "SubscriptionRoleArn", self.role_arn)

    def _put_raw(self, aws: Aws) -> None:
        self._put(aws, "RawMessageDelivery", "false")

    def _put(self, aws: Aws, name: str, value: str) -> None:
        subscription = self._describe(aws)
        if subscription and subscription.arn:
            aws.sns.set_subscription_attributes(
                SubscriptionArn=subscription.arn, AttributeName=name, AttributeValue=value
            )

    def _delete(self, aws: Aws) -> None:
        subscription = self._describe(aws)
        if subscription and subscription.arn and subscription.role_arn == self.role_arn:
            aws.sns.unsubscribe(SubscriptionArn=subscription.arn)


def topic_name(arn: str) -> str:
    """The name in the ARN of a topic."""
    return arn.rsplit(":", 1)[-1]
