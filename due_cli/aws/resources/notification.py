"""The notification of new objects that calls the partition function, beside those that other people set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import DeclaredResource, Setting

_FUNCTIONS = "LambdaFunctionConfigurations"
_KINDS = (_FUNCTIONS, "QueueConfigurations", "TopicConfigurations")
_CREATED = "s3:ObjectCreated:"


@dataclass(frozen=True, kw_only=True)
class Notification(DeclaredResource):
    """New objects under ``prefix`` of a bucket call a function; ``name`` is its id in the bucket's configuration."""

    kind = "notification"
    not_found = ignore_errors("NoSuchBucket")
    name: str
    bucket: str
    prefix: str
    function_arn: str

    def _settings(self) -> list[Setting]:
        rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": self.prefix}]}}
        return [
            Setting("LambdaFunctionArn", self.function_arn, write=self._create),
            Setting("Events", [f"{_CREATED}*"], write=self._create),
            Setting("Filter", rules, read=_filter, write=self._create),
        ]

    def obstacle(self, aws: Aws) -> str | None:
        """The id of another notification of the same new objects: S3 takes no second one (S3 user guide, "Examples of
        notification configurations with invalid prefix and suffix overlapping")."""
        with translate_errors(f"looking for the notifications of bucket {self.bucket}"), self.not_found:
            for one in self._all(aws):
                if one.get("Id") != self.name and any(event.startswith(_CREATED) for event in one["Events"]):
                    prefix = next((rule["Value"] for rule in _rules(one) if rule["Name"] == "prefix"), "")
                    if prefix.startswith(self.prefix) or self.prefix.startswith(prefix):
                        return str(one.get("Id"))
        return None

    def _describe(self, aws: Aws) -> Any:
        return next((one for one in self._configuration(aws).get(_FUNCTIONS, []) if one.get("Id") == self.name), None)

    def _create(self, aws: Aws) -> None:
        self._put(aws, {"Id": self.name, **self.desired()})

    def _delete(self, aws: Aws) -> None:
        self._put(aws)

    def _configuration(self, aws: Aws) -> Any:
        configuration: Any = aws.s3.get_bucket_notification_configuration(Bucket=self.bucket)
        return {key: value for key, value in configuration.items() if key != "ResponseMetadata"}

    def _all(self, aws: Aws) -> Iterator[Any]:
        configuration = self._configuration(aws)
        for kind in _KINDS:
            yield from configuration.get(kind, [])

    def _put(self, aws: Aws, *own: Any) -> None:
        configuration: Any = self._configuration(aws)
        others = [one for one in configuration.get(_FUNCTIONS, []) if one.get("Id") != self.name]
        configuration[_FUNCTIONS] = [*others, *own]
        aws.s3.put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration=configuration,
            SkipDestinationValidation=not own,  # what the others notify may be gone, and is not this one's affair
        )


def _filter(_: Aws, notification: Any) -> object:
    return {"Key": {"FilterRules": _rules(notification)}}


def _rules(notification: Any) -> list[dict[str, str]]:
    """Its filter rules; S3 capitalizes their names at times."""
    rules = notification.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return [{"Name": rule.get("Name", "").lower(), "Value": rule.get("Value", "")} for rule in rules]
