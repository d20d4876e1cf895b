"""The DynamoDB table of message statuses: on demand, encrypted, items expire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.pool import pause
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.tags import OWNER, TAGS, Tags, managed_tags, tag_list, tags_from_list

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import SSESpecificationTypeDef, TimeToLiveSpecificationTypeDef

KEY = "message_id"
_STATUS = "TableStatus"
_MOST_SECONDS = 900.0
_UNTOLD_SECONDS = (0, 0.5, 1.0, 2.0)  # before its tags are looked at, and looked at again


@dataclass(frozen=True, slots=True)
class StatusTable:
    """``expires`` is the attribute with the time, in epoch seconds, from which an item may be removed."""

    name: str
    arn: str
    expires: str
    kms_key: str | None
    tags: Tags
    kind: str = "status table"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            _STATUS: "ACTIVE",
            "BillingMode": "PAY_PER_REQUEST",
            "KMSMasterKeyArn": self.kms_key,
            "TimeToLive": self.expires,
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for table {self.name}"), ignore_errors("ResourceNotFoundException"):
            table = aws.dynamodb.describe_table(TableName=self.name)["Table"]
            if table.get(_STATUS) == "DELETING":  # of which nothing else is told
                return {_STATUS: "DELETING"}
            expiry = aws.dynamodb.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
            on = expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
            return {
                _STATUS: "ACTIVE" if table.get(_STATUS) == "UPDATING" else table.get(_STATUS),
                "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
                "KMSMasterKeyArn": table.get("SSEDescription", {}).get("KMSMasterKeyArn"),
                "TimeToLive": expiry.get("AttributeName") if on else None,
                TAGS: managed_tags(self._tagging(aws), self.tags),
            }
        return None

    def create(self, aws: Aws) -> None:
        """Makes it and waits until it can be used."""
        with translate_errors(f"creating table {self.name}"):
            with ignore_errors("ResourceInUseException"):
                aws.dynamodb.create_table(
                    TableName=self.name,
                    KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                    Tags=tag_list(self.tags),
                    SSESpecification=_encrypted(self.kms_key),
                )
            wait_until(lambda: self._status(aws) == "ACTIVE", f"table {self.name}", _MOST_SECONDS)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets what differs; each is a call of its own, and the table takes one at a time."""
        if _STATUS in changed and self._status(aws) in ("DELETING", None):
            self.delete(aws)
            self.create(aws)
            changed = changed - {"BillingMode", "KMSMasterKeyArn", TAGS}  # it was made with these
        with translate_errors(f"setting up table {self.name}"):
            wait_until(lambda: self._status(aws) not in ("CREATING", "UPDATING"), f"table {self.name}", _MOST_SECONDS)
            if "BillingMode" in changed:
                retry_transient(lambda: aws.dynamodb.update_table(TableName=self.name, BillingMode="PAY_PER_REQUEST"))
            if "KMSMasterKeyArn" in changed:
                encryption = _encrypted(self.kms_key)
                retry_transient(lambda: aws.dynamodb.update_table(TableName=self.name, SSESpecification=encryption))
            if "TimeToLive" in changed:
                expiry: TimeToLiveSpecificationTypeDef = {"Enabled": True, "AttributeName": self.expires}
                with ignore_errors("ValidationException", words="already enabled"):  # and only the answer was lost
                    retry_transient(
                        lambda: aws.dynamodb.update_time_to_live(TableName=self.name, TimeToLiveSpecification=expiry)
                    )
            if TAGS in changed:
                retry_transient(lambda: aws.dynamodb.tag_resource(ResourceArn=self.arn, Tags=tag_list(self.tags)))

    def delete(self, aws: Aws) -> None:
        """Removes it and waits until it is gone."""
        with translate_errors(f"deleting table {self.name}"):
            wait_until(lambda: self._is_gone(aws), f"the end of table {self.name}", _MOST_SECONDS)

    def _tagging(self, aws: Aws) -> dict[str, str]:
        """Its tags; of a table that was just made they may be told late (API reference, TagResource)."""
        tags: dict[str, str] = {}
        for seconds in _UNTOLD_SECONDS:
            pause(seconds)
            tags = tags_from_list(aws.dynamodb.list_tags_of_resource(ResourceArn=self.arn).get("Tags", []))
            if OWNER in tags:
                break
        return tags

    def _is_gone(self, aws: Aws) -> bool:
        status = self._status(aws)
        if status not in ("DELETING", None):
            with ignore_errors(
                "ResourceInUseException", "ResourceNotFoundException"
            ):  # it is still being made, or gone
                aws.dynamodb.delete_table(TableName=self.name)
        return status is None

    def _status(self, aws: Aws) -> str | None:
        with ignore_errors("ResourceNotFoundException"):
            return aws.dynamodb.describe_table(TableName=self.name)["Table"].get("TableStatus")
        return None


def _encrypted(kms_key: str | None) -> SSESpecificationTypeDef:
    """With a key of the user's, or with DynamoDB's own, which every table has."""
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key} if kms_key else {"Enabled": False}
