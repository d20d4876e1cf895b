"""A CloudWatch alarm on one metric of one resource of the stack, and the SNS topic that mails it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.tags import OWNER, TAGS, Tags, managed_tags, tag_list, tags_from_list

Statistic = Literal["Sum", "Maximum", "Average"]
Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]
_GONE = ("NotFound", "NotFoundException")


class _Alike(TypedDict):
    Period: int
    TreatMissingData: str


_ALIKE: _Alike = {"Period": 300, "TreatMissingData": "notBreaching"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Raised where the metric is beyond ``threshold`` in so many periods of five minutes; no data is no alarm."""

    name: str
    arn: str
    about: str
    namespace: str
    metric: str
    dimension: tuple[str, str]
    statistic: Statistic
    threshold: float
    periods: int
    topic_arn: str | None
    tags: Tags
    comparison: Comparison = "GreaterThanThreshold"
    kind: str = "alarm"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "AlarmDescription": self.about,
            "Metric": (self.namespace, self.metric, *self.dimension, self.statistic),
            "Threshold": self.threshold,
            "EvaluationPeriods": self.periods,
            "ComparisonOperator": self.comparison,
            **_ALIKE,
            "ActionsEnabled": True,
            "AlarmActions": [self.topic_arn] if self.topic_arn else [],
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for alarm {self.name}"):
            alarms = aws.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
            if not alarms:
                return None
            tags = tags_from_list(aws.cloudwatch.list_tags_for_resource(ResourceARN=self.arn)["Tags"])
        alarm = alarms[0]
        dimensions = [(one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])]
        dimension = dimensions[0] if len(dimensions) == 1 else ("", "")
        return {
            "AlarmDescription": alarm.get("AlarmDescription"),
            "Metric": (alarm.get("Namespace"), alarm.get("MetricName"), *dimension, alarm.get("Statistic")),
            "Threshold": alarm.get("Threshold"),
            "EvaluationPeriods": alarm.get("EvaluationPeriods"),
            **{setting: alarm.get(setting) for setting in ("ComparisonOperator", *_ALIKE, "ActionsEnabled")},
            "AlarmActions": alarm.get("AlarmActions"),
            TAGS: managed_tags(tags, self.tags),
        }

    def create(self, aws: Aws) -> None:
        """Makes it as it should be."""
        name, value = self.dimension
        with translate_errors(f"setting alarm {self.name}"):
            aws.cloudwatch.put_metric_alarm(
                AlarmName=self.name,
                AlarmDescription=self.about,
                Namespace=self.namespace,
                MetricName=self.metric,
                Dimensions=[{"Name": name, "Value": value}],
                Statistic=self.statistic,
                EvaluationPeriods=self.periods,
                Threshold=self.threshold,
                ComparisonOperator=self.comparison,
                **_ALIKE,
                AlarmActions=[self.topic_arn] if self.topic_arn else [],
                Tags=tag_list(self.tags),
            )

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets it; of an alarm that is there the tags have a call of their own."""
        if changed - {TAGS}:
            self.create(aws)
        if TAGS in changed:
            with translate_errors(f"tagging alarm {self.name}"):
                aws.cloudwatch.tag_resource(ResourceARN=self.arn, Tags=tag_list(self.tags))

    def delete(self, aws: Aws) -> None:
        """Removes it."""
        with translate_errors(f"deleting alarm {self.name}"), ignore_errors("ResourceNotFound"):
            aws.cloudwatch.delete_alarms(AlarmNames=[self.name])


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of the alarms, and the one address that it mails; the address confirms it once.

    Without an address it is one that is wanted no more, found only where it is the stack's own.
    """

    name: str
    arn: str
    email: str | None
    tags: Tags
    kind: str = "topic"

    def desired(self) -> Settings:
        """How it should be."""
        return {"Endpoint": self.email, TAGS: dict(self.tags)}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for topic {self.name}"), ignore_errors(*_GONE):
            aws.sns.get_topic_attributes(TopicArn=self.arn)
            tags = tags_from_list(aws.sns.list_tags_for_resource(ResourceArn=self.arn)["Tags"])
            if self.email is None and tags.get(OWNER) != self.tags[OWNER]:
                return None
            mailed = self._subscribed(aws)
            addresses = [self.email] if self.email and self.email.casefold() in mailed else []
            addresses += sorted(self._others(mailed))
            return {"Endpoint": ", ".join(addresses) or None, TAGS: managed_tags(tags, self.tags)}
        return None

    def create(self, aws: Aws) -> None:
        """Makes it; nothing where it is there."""
        with translate_errors(f"creating topic {self.name}"):
            aws.sns.create_topic(Name=self.name, Tags=tag_list(self.tags))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Subscribes the address and nobody else, and sets the tags."""
        if "Endpoint" in changed and self.email:
            with translate_errors(f"subscribing to topic {self.name}"):
                mailed = self._subscribed(aws)
                if self.email.casefold() not in mailed:
                    aws.sns.subscribe(TopicArn=self.arn, Protocol="email", Endpoint=self.email)
            for subscription in self._others(mailed).values():
                with translate_errors(f"unsubscribing an address from topic {self.name}"), ignore_errors(*_GONE):
                    aws.sns.unsubscribe(SubscriptionArn=subscription)
        if TAGS in changed:
            with translate_errors(f"tagging topic {self.name}"):
                aws.sns.tag_resource(ResourceArn=self.arn, Tags=tag_list(self.tags))

    def delete(self, aws: Aws) -> None:
        """Removes it with its subscriptions."""
        with translate_errors(f"deleting topic {self.name}"):
            aws.sns.delete_topic(TopicArn=self.arn)

    def _subscribed(self, aws: Aws) -> dict[str, str]:
        """The addresses that are mailed, or will be once they confirm it, with the ARNs of their subscriptions."""
        pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.arn)
        found = [one for page in pages for one in page["Subscriptions"] if one.get("Protocol") == "email"]
        return {one.get("Endpoint", "").casefold(): one.get("SubscriptionArn", "") for one in found}

    def _others(self, subscribed: dict[str, str]) -> dict[str, str]:
        """Addresses that are mailed and not to be; one that has not confirmed has no ARN, and goes by itself."""
        own = (self.email or "").casefold()
        return {one: arn for one, arn in subscribed.items() if one != own and arn.startswith("arn:")}
