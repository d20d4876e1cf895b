"""The DynamoDB table of message statuses: on demand, encrypted, items expire."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.pool import pause
from due_cli.aws.resources.resource import Setting, Settings, TaggedResource
from due_cli.aws.retry import wait_until
from due_cli.aws.tags import STACK_TAG, Tags, tag_list, tags_from_list

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import SSESpecificationTypeDef

KEY = "message_id"
_STATUS = "TableStatus"
_ON_DEMAND: Final = "PAY_PER_REQUEST"
_LONGEST_SECONDS = 900.0
_LATE_TAGS_SECONDS = (0, 0.5, 1.0, 2.0)  # before its tags are read, and read again


@dataclass(frozen=True, kw_only=True)
class StatusTableResource(TaggedResource):
    """``expires`` is the attribute with the time, in epoch seconds, from which an item may be removed.

    DynamoDB takes one change of a table at a time.
    """

    kind = "status table"
    already_exists = ignore_errors("ResourceInUseException")
    name: str
    arn: str
    expires: str
    kms_key: str | None

    def _settings(self) -> list[Setting]:
        return [
            Setting(_STATUS, "ACTIVE", read=_status),
            Setting("BillingMode", _ON_DEMAND, read=_billing_mode, write=self._put_billing_mode),
            Setting("SSEDescription.KMSMasterKeyArn", self.kms_key, write=self._put_encryption),
            Setting("TimeToLive", self.expires, read=self._time_to_live, write=self._put_time_to_live),
            self._tag_setting(),
        ]

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Set the named settings; a table that is being deleted is created anew, with most of them."""
        if _STATUS in changed and self._current_status(aws) in ("DELETING", None):
            self.delete(aws)
            self.create(aws)
            changed = changed & {"TimeToLive"}
        with self._translate_errors(f"updating {self.kind} {self.name}"):
            is_changing = ("CREATING", "UPDATING")
            wait_until(lambda: self._current_status(aws) not in is_changing, f"table {self.name}", _LONGEST_SECONDS)
        super().update(aws, changed)

    def _describe(self, aws: Aws) -> Any:
        return aws.dynamodb.describe_table(TableName=self.name)["Table"]

    def _read(self, aws: Aws, description: Any) -> Settings:
        if description.get(_STATUS) == "DELETING":  # DynamoDB tells nothing else of such a table
            return {_STATUS: "DELETING"}
        return super()._read(aws, description)

    def _create(self, aws: Aws) -> None:
        aws.dynamodb.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
            BillingMode=_ON_DEMAND,
            Tags=tag_list(self.tags),
            SSESpecification=self._encryption(),
        )

    def _wait_until_ready(self, aws: Aws) -> None:
        wait_until(lambda: self._current_status(aws) == "ACTIVE", f"table {self.name}", _LONGEST_SECONDS)

    def _delete(self, aws: Aws) -> None:
        wait_until(partial(self._is_deleted, aws), f"deletion of table {self.name}", _LONGEST_SECONDS)

    def _is_deleted(self, aws: Aws) -> bool:
        status = self._current_status(aws)
        if status not in ("DELETING", None):
            with self.already_exists, self.not_found:  # it is still being created, or gone
                aws.dynamodb.delete_table(TableName=self.name)
        return status is None

    def _current_status(self, aws: Aws) -> str | None:
        with self.not_found:
            return aws.dynamodb.describe_table(TableName=self.name)["Table"].get("TableStatus")
        return None

    def _encryption(self) -> SSESpecificationTypeDef:
        """With a key of the user's, or with DynamoDB's own, which every table has."""
        if self.kms_key:
            return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.kms_key}
        return {"Enabled": False}

    def _put_billing_mode(self, aws: Aws) -> None:
        aws.dynamodb.update_table(TableName=self.name, BillingMode=_ON_DEMAND)

    def _put_encryption(self, aws: Aws) -> None:
        aws.dynamodb.update_table(TableName=self.name, SSESpecification=self._encryption())

    def _time_to_live(self, aws: Aws, _: Any) -> str | None:
        expiry = aws.dynamodb.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        is_on = expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return expiry.get("AttributeName") if is_on else None

    def _put_time_to_live(self, aws: Aws) -> None:
        with ignore_errors("ValidationException", words="already enabled"):  # and only the answer was lost
            aws.dynamodb.update_time_to_live(
                TableName=self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": self.expires}
            )

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        """Its tags, which DynamoDB may tell late of a new table (API reference, TagResource)."""
        tags: dict[str, str] = {}
        for seconds in _LATE_TAGS_SECONDS:
            pause(seconds)
            pages = aws.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=self.arn)
            tags = tags_from_list(tag for page in pages for tag in page.get("Tags", []))
            if STACK_TAG in tags:
                break
        return tags

    def _write_tags(self, aws: Aws) -> None:
        aws.dynamodb.tag_resource(ResourceArn=self.arn, Tags=tag_list(self.tags))


def _status(_: Aws, table: Any) -> str | None:
    return "ACTIVE" if table.get(_STATUS) == "UPDATING" else table.get(_STATUS)


def _billing_mode(_: Aws, table: Any) -> object:
    return table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
