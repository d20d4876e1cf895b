"""What calls the partition function: the bucket's notification of new objects, beside those that others set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient

_FUNCTIONS = "LambdaFunctionConfigurations"
_KINDS = (_FUNCTIONS, "QueueConfigurations", "TopicConfigurations")
_CREATED = "s3:ObjectCreated:"
_EVENT = f"{_CREATED}*"


@dataclass(frozen=True, slots=True)
class Notification:
    """New objects under ``prefix`` of a bucket call a function; ``name`` is its id in the bucket's configuration."""

    name: str
    bucket: str
    prefix: str
    function_arn: str
    kind: str = "notification"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "LambdaFunctionArn": self.function_arn,
            "Events": [_EVENT],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": self.prefix}]}},
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is; S3 says the name of a rule with a capital at times."""
        with translate_errors(f"looking for the notifications of bucket {self.bucket}"), ignore_errors("NoSuchBucket"):
            for one in self._configuration(aws).get(_FUNCTIONS, []):
                if one.get("Id") == self.name:
                    return {
                        "LambdaFunctionArn": one["LambdaFunctionArn"],
                        "Events": list(one["Events"]),
                        "Filter": {"Key": {"FilterRules": _rules(one)}},
                    }
        return None

    def obstacle(self, aws: Aws) -> str | None:
        """The id of another notification of the same new objects: S3 takes no second one (S3 user guide, "Examples of
        notification configurations with invalid prefix and suffix overlapping")."""
        with translate_errors(f"looking for the notifications of bucket {self.bucket}"), ignore_errors("NoSuchBucket"):
            configuration = self._configuration(aws)
            for one in (one for kind in _KINDS for one in configuration.get(kind, [])):
                if one.get("Id") != self.name and any(event.startswith(_CREATED) for event in one["Events"]):
                    prefix = _prefix(one)
                    if prefix.startswith(self.prefix) or self.prefix.startswith(prefix):
                        return str(one.get("Id"))
        return None

    def create(self, aws: Aws) -> None:
        """Adds it to what the bucket notifies of."""
        self._put(aws, {"Id": self.name, **self.desired()})

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  all of it or nothing
        """Sets it."""
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Takes it out."""
        with ignore_errors("NoSuchBucket"):
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
            others_alone = own is None  # whom they notify may be gone, and is not this one's affair
            aws.s3.put_bucket_notification_configuration(
                Bucket=self.bucket,
                NotificationConfiguration=configuration,
                SkipDestinationValidation=others_alone,
            )

        with translate_errors(f"setting the notifications of bucket {self.bucket}"):
            retry_transient(put)


def _rules(configuration: dict[str, Any]) -> list[dict[str, str]]:
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return [{"Name": rule["Name"].lower(), "Value": rule["Value"]} for rule in rules]


def _prefix(configuration: dict[str, Any]) -> str:
    return next((rule["Value"] for rule in _rules(configuration) if rule["Name"] == "prefix"), "")
