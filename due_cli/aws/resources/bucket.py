"""The data bucket: encrypted, closed to the public, over TLS only; query results expire, events and errors do not.

Its policy, lifecycle and tags may hold what other people put there: each is read, merged and written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.retry import wait_until
from due_cli.aws.tags import Tags, tag_list, tags_from_list
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ServerSideEncryptionRuleTypeDef

_CLOSED: Any = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_RULE_PREFIX = "due-"  # of the ids of due's own lifecycle rules
_INCOMPLETE_DAYS = 7
_BUSY = ("SlowDown", "InternalError", "ServiceUnavailable")  # transient errors of single objects
_WITHOUT_LOCATION = "us-east-1"  # the region for which S3 refuses the name of the region


@dataclass(frozen=True, kw_only=True)
class Bucket(TaggedResource):
    """``statement`` goes into its policy; objects under ``results`` expire after ``results_days``.

    A name that belongs to another account is an error. It is deleted with all its objects and their old versions.
    """

    kind = "data bucket"
    not_found = ignore_errors("404", "NoSuchBucket")
    already_exists = ignore_errors("BucketAlreadyOwnedByYou")
    name: str
    region: str
    statement: Mapping[str, object]
    results: str
    results_days: int
    kms_key: str | None

    def _settings(self) -> list[Setting]:
        encryption = self.kms_key or "AES256"
        return [
            Setting("ServerSideEncryption", encryption, read=self._encryption, write=self._put_encryption),
            Setting("PublicAccessBlock", _CLOSED, read=self._public_access, write=self._put_public_access),
            Setting("PolicyStatement", self.statement, read=self._own_statement, write=self._put_statement),
            Setting("LifecycleRules", self._own_rules(), read=self._current_rules, write=self._put_rules),
            self._tag_setting(),
        ]

    def _describe(self, aws: Aws) -> Any:
        return aws.s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=aws.caller.account)

    def _create(self, aws: Aws) -> None:
        location: Any = {} if self.region == _WITHOUT_LOCATION else {"LocationConstraint": self.region}
        configuration: Any = {**location, "Tags": tag_list(self.tags)}
        aws.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=configuration)

    def _delete(self, aws: Aws) -> None:
        wait_until(partial(self._is_deleted, aws), f"deletion of bucket {self.name}")

    def _is_deleted(self, aws: Aws) -> bool:
        """Empty and delete it; False if a query or function that just ends has written into it meanwhile."""
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            if versions := [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
                wait_until(partial(self._are_deleted, aws, objects), f"emptying of bucket {self.name}")
        with ignore_errors("BucketNotEmpty"):
            aws.s3.delete_bucket(Bucket=self.name)
            return True
        return False

    def _are_deleted(self, aws: Aws, objects: Any) -> bool:
        """Delete objects; False if S3 was busy with some, which its answer says and botocore does not raise."""
        answer = aws.s3.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
        errors = answer.get("Errors", [])
        for error in errors:
            if error.get("Code") not in _BUSY:
                reason = f"{error.get('Code')}: {error.get('Message')}"
                raise RefusedError(f"deleting {error.get('Key')} of bucket {self.name}: {reason}")
        return not errors

    def _encryption(self, aws: Aws, _: Any) -> object:
        with ignore_errors("ServerSideEncryptionConfigurationNotFoundError"):
            configuration = aws.s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"]
            rule = configuration["Rules"][0].get("ApplyServerSideEncryptionByDefault")
            return (rule.get("KMSMasterKeyID") or rule["SSEAlgorithm"]) if rule else None
        return None

    def _put_encryption(self, aws: Aws) -> None:
        rule: ServerSideEncryptionRuleTypeDef = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        if self.kms_key:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.kms_key}
            rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}  # type: ignore[typeddict-item]
        aws.s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def _public_access(self, aws: Aws, _: Any) -> object:
        with ignore_errors("NoSuchPublicAccessBlockConfiguration"):
            return aws.s3.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"]
        return None

    def _put_public_access(self, aws: Aws) -> None:
        aws.s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=_CLOSED)

    def _policy(self, aws: Aws) -> dict[str, Any]:
        with ignore_errors("NoSuchBucketPolicy"):
            policy: dict[str, Any] = json.loads(aws.s3.get_bucket_policy(Bucket=self.name)["Policy"])
            statements = policy.get("Statement", [])  # IAM takes a single one without a list
            return {**policy, "Statement": [statements] if isinstance(statements, dict) else statements}
        return {"Version": "2012-10-17", "Statement": []}

    def _is_own(self, statement: Mapping[str, Any]) -> bool:
        return statement.get("Sid") == self.statement["Sid"]

    def _own_statement(self, aws: Aws, _: Any) -> object:
        return next(filter(self._is_own, self._policy(aws)["Statement"]), None)

    def _put_statement(self, aws: Aws) -> None:
        policy = self._policy(aws)
        others = [statement for statement in policy["Statement"] if not self._is_own(statement)]
        merged = {**policy, "Statement": [*others, self.statement]}
        aws.s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(merged))

    def _own_rules(self) -> list[dict[str, Any]]:
        return [
            {
                "ID": f"{_RULE_PREFIX}query-results",
                "Status": "Enabled",
                "Filter": {"Prefix": self.results},
                "Expiration": {"Days": self.results_days},
            },
            {
                "ID": f"{_RULE_PREFIX}unfinished-uploads",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _INCOMPLETE_DAYS},
            },
        ]

    def _rules(self, aws: Aws, *, own: bool) -> list[Any]:
        """The lifecycle rules that are due's own, or those that are not."""
        with ignore_errors("NoSuchLifecycleConfiguration"):
            rules = aws.s3.get_bucket_lifecycle_configuration(Bucket=self.name).get("Rules", [])
            return [rule for rule in rules if rule.get("ID", "").startswith(_RULE_PREFIX) is own]
        return []

    def _current_rules(self, aws: Aws, _: Any) -> object:
        """Due's own rules; S3 may leave out the empty prefix of one for all objects."""
        rules = self._rules(aws, own=True)
        return [{**rule, "Filter": {"Prefix": "", **rule.get("Filter", {})}} for rule in rules]

    def _put_rules(self, aws: Aws) -> None:
        rules: Any = [*self._rules(aws, own=False), *self._own_rules()]
        aws.s3.put_bucket_lifecycle_configuration(Bucket=self.name, LifecycleConfiguration={"Rules": rules})

    def _read_tags(self, aws: Aws, _: Any = None) -> Tags:
        with ignore_errors("NoSuchTagSet"):
            return tags_from_list(aws.s3.get_bucket_tagging(Bucket=self.name)["TagSet"])
        return {}

    def _write_tags(self, aws: Aws) -> None:
        merged = {**self._read_tags(aws), **self.tags}
        aws.s3.put_bucket_tagging(Bucket=self.name, Tagging={"TagSet": tag_list(merged)})
