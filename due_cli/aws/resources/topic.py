"""The SNS topic that mails the alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.tags import STACK_TAG, Tags, tag_list, tags_from_list


@dataclass(frozen=True, kw_only=True)
class Topic(TaggedResource):
    """The topic of the alarms and the one email address subscribed to it, whose owner confirms the subscription once.

    Without ``email`` it is an obsolete topic, which exists only if it is the stack's own. ``kms_key`` is the key to
    encrypt it with, empty for none, None to leave the one that it has.
    """

    kind = "topic"
    not_found = ignore_errors("NotFound", "NotFoundException")
    name: str
    arn: str
    email: str | None
    kms_key: str | None

    def _settings(self) -> list[Setting]:
        key = [] if self.kms_key is None else [Setting("KmsMasterKeyId", self.kms_key or None, write=self._put_key)]
        return [Setting("Endpoint", self.email, read=self._endpoint, write=self._subscribe), *key, self._tag_setting()]

    def _describe(self, aws: Aws) -> Any:
        attributes = aws.sns.get_topic_attributes(TopicArn=self.arn)["Attributes"]
        tags = tags_from_list(aws.sns.list_tags_for_resource(ResourceArn=self.arn).get("Tags", []))
        return (
            None if self.email is None and tags.get(STACK_TAG) != self.tags[STACK_TAG] else {**attributes, "Tags": tags}
        )

    def _create(self, aws: Aws) -> None:
        attributes = {"KmsMasterKeyId": self.kms_key} if self.kms_key else {}
        aws.sns.create_topic(Name=self.name, Attributes=attributes, Tags=tag_list(self.tags))

    def _put_key(self, aws: Aws) -> None:
        value = self.kms_key or ""
        aws.sns.set_topic_attributes(TopicArn=self.arn, AttributeName="KmsMasterKeyId", AttributeValue=value)

    def _delete(self, aws: Aws) -> None:
        aws.sns.delete_topic(TopicArn=self.arn)

    def _endpoint(self, aws: Aws, _: Any) -> str | None:
        subscriptions = self._subscriptions(aws)
        own = [self.email] if self.email and self.email.casefold() in subscriptions else []
        return ", ".join([*own, *sorted(self._others(subscriptions))]) or None

    def _subscribe(self, aws: Aws) -> None:
        """Subscribe the address, and unsubscribe every other one."""
        subscriptions = self._subscriptions(aws)
        if self.email and self.email.casefold() not in subscriptions:
            aws.sns.subscribe(TopicArn=self.arn, Protocol="email", Endpoint=self.email)
        for arn in self._others(subscriptions).values():
            with self.not_found:
                aws.sns.unsubscribe(SubscriptionArn=arn)

    def _subscriptions(self, aws: Aws) -> dict[str, str]:
        """The ARNs of the email subscriptions by lower-case address; those yet to be confirmed have no ARN."""
        pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.arn)
        emails = [one for page in pages for one in page.get("Subscriptions", []) if one.get("Protocol") == "email"]
        return {one.get("Endpoint", "").casefold(): one.get("SubscriptionArn", "") for one in emails}

    def _others(self, subscriptions: dict[str, str]) -> dict[str, str]:
        """Subscriptions of other addresses; one that is never confirmed expires by itself."""
        own = (self.email or "").casefold()
        return {address: arn for address, arn in subscriptions.items() if address != own and arn.startswith("arn:")}

    def _read_tags(self, _: Aws, description: Any) -> Tags:
        tags: Tags = description["Tags"]
        return tags

    def _write_tags(self, aws: Aws) -> None:
        aws.sns.tag_resource(ResourceArn=self.arn, Tags=tag_list(self.tags))
