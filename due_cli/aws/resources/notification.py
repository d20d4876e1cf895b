"""What calls the partition function: the bucket's notification of new objects, beside those that others set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.clients import Aws
from due_cli.aws.errors import explained, passing_over
from due_cli.aws.patience import patiently
from due_cli.deploy.resource import Settings

_FUNCTIONS = "LambdaFunctionConfigurations"
_EVENT = "s3:ObjectCreated:*"


@dataclass(frozen=True, slots=True)
class Notification:
    """New objects under ``prefix`` of a bucket call a function; ``name`` is its id in the bucket's configuration."""

    name: str
    bucket: str
    prefix: str
    function_arn: str
    kind: str = "notification"

    def wanted(self) -> Settings:
        """How it should be."""
        return {
            "LambdaFunctionArn": self.function_arn,
            "Events": [_EVENT],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": self.prefix}]}},
        }

    def found(self, aws: Aws) -> Settings | None:
        """How it is; S3 says the name of a rule with a capital at times."""
        with explained(f"looking for the notifications of bucket {self.bucket}"), passing_over("NoSuchBucket"):
            for one in self._configuration(aws).get(_FUNCTIONS, []):
                if one.get("Id") == self.name:
                    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
                    named = [{"Name": rule["Name"].lower(), "Value": rule["Value"]} for rule in rules]
                    return {
                        "LambdaFunctionArn": one["LambdaFunctionArn"],
                        "Events": list(one["Events"]),
                        "Filter": {"Key": {"FilterRules": named}},
                    }
        return None

    def create(self, aws: Aws) -> None:
        """Adds it to what the bucket notifies of."""
        self._put(aws, {"Id": self.name, **self.wanted()})

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  all of it or nothing
        """Sets it."""
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Takes it out."""
        with passing_over("NoSuchBucket"):
            self._put(aws, None)

    def _configuration(self, aws: Aws) -> dict[str, Any]:
        found: dict[str, Any] = dict(aws.s3.get_bucket_notification_configuration(Bucket=self.bucket))
        found.pop("ResponseMetadata", None)
        return found

    def _put(self, aws: Aws, own: dict[str, object] | None) -> None:
        def put() -> None:
            configuration: Any = self._configuration(aws)
            others = [one for one in configuration.get(_FUNCTIONS, []) if one.get("Id") != self.name]
            configuration[_FUNCTIONS] = [*others, *([own] if own else [])]
            aws.s3.put_bucket_notification_configuration(Bucket=self.bucket, NotificationConfiguration=configuration)

        with explained(f"setting the notifications of bucket {self.bucket}"):
            patiently(put)
