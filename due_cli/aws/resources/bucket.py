"""The data bucket: encrypted, closed to the public, over TLS only; query results expire, events and errors do not.

Its policy, lifecycle and notifications may hold what others put there: each is read, merged and written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.tags import TAGS, Tags, managed_tags, tag_list, tags_from_list
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ServerSideEncryptionRuleTypeDef

_CLOSED: dict[str, bool] = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_OWN = "due-"  # the ids of lifecycle rules that are due's begin so
_UNFINISHED_DAYS = 7
_PASSING = ("SlowDown", "InternalError", "ServiceUnavailable")  # refusals of single objects that pass
_WITHOUT_LOCATION = "us-east-1"  # the region for which S3 refuses the name of the region


@dataclass(frozen=True, slots=True)
class Bucket:
    """``statement`` goes into its policy; objects under ``results`` expire after so many days."""

    name: str
    region: str
    statement: dict[str, object]
    results: str
    results_days: int
    kms_key: str | None
    tags: Tags
    kind: str = "data bucket"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "ServerSideEncryption": self.kms_key or "AES256",
            "PublicAccessBlock": _CLOSED,
            "PolicyStatement": self.statement,
            "LifecycleRules": self._rules(),
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is. Raises where the name is another account's."""
        with translate_errors(f"looking for bucket {self.name}"), ignore_errors("404", "NoSuchBucket"):
            aws.s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=aws.caller.account)
            return {
                "ServerSideEncryption": self._encryption(aws),
                "PublicAccessBlock": self._public_access(aws),
                "PolicyStatement": _with_sid(self._policy(aws), self.statement["Sid"]),
                "LifecycleRules": [rule for rule in self._lifecycle(aws) if _is_own(rule)],
                TAGS: managed_tags(self._tagging(aws), self.tags),
            }
        return None

    def create(self, aws: Aws) -> None:
        """Makes it."""
        place = {} if self.region == _WITHOUT_LOCATION else {"LocationConstraint": self.region}
        with translate_errors(f"creating bucket {self.name}"), ignore_errors("BucketAlreadyOwnedByYou"):
            arguments: dict[str, Any] = {"CreateBucketConfiguration": place} if place else {}
            retry_transient(lambda: aws.s3.create_bucket(Bucket=self.name, **arguments))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets what differs, one after another: S3 takes one change of a bucket at a time."""
        for setting, put in (
            ("PublicAccessBlock", self._put_public_access),
            ("ServerSideEncryption", self._put_encryption),
            ("PolicyStatement", self._put_policy),
            ("LifecycleRules", self._put_lifecycle),
            (TAGS, self._put_tags),
        ):
            if setting in changed:
                with translate_errors(f"setting {setting} of bucket {self.name}"):
                    retry_transient(lambda put=put: put(aws))  # type: ignore[misc]  # bound in each round

    def delete(self, aws: Aws) -> None:
        """Removes it with everything in it, old versions too."""
        with translate_errors(f"deleting bucket {self.name}"), ignore_errors("NoSuchBucket"):
            wait_until(lambda: self._is_gone(aws), f"the end of bucket {self.name}")

    def _is_gone(self, aws: Aws) -> bool:
        """Whether it could be removed: a query or a function that ends just now may have written into it meanwhile."""
        self._empty(aws)
        with ignore_errors("BucketNotEmpty"):
            aws.s3.delete_bucket(Bucket=self.name)
            return True
        return False

    def _empty(self, aws: Aws) -> None:
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not found:
                continue
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            wait_until(lambda objects=objects: self._deleted(aws, objects), f"emptying bucket {self.name}")  # type: ignore[misc]  # bound in each round

    def _deleted(self, aws: Aws, objects: list[dict[str, str]]) -> bool:
        """Whether S3 has deleted all of them; it refuses single ones in an answer that no SDK takes for a failure."""
        answer = aws.s3.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]  # both keys are there
        refusals = answer.get("Errors", [])
        for refused in refusals:
            if refused.get("Code") not in _PASSING:
                why = f"{refused.get('Code')}: {refused.get('Message')}"
                raise RefusedError(f"deleting {refused.get('Key')} of bucket {self.name}: {why}")
        return not refusals

    def _rules(self) -> list[dict[str, object]]:
        return [
            {
                "ID": f"{_OWN}query-results",
                "Status": "Enabled",
                "Filter": {"Prefix": self.results},
                "Expiration": {"Days": self.results_days},
            },
            {
                "ID": f"{_OWN}unfinished-uploads",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
            },
        ]

    def _encryption(self, aws: Aws) -> object:
        with ignore_errors("ServerSideEncryptionConfigurationNotFoundError"):
            found = aws.s3.get_bucket_encryption(Bucket=self.name)
            rule = found["ServerSideEncryptionConfiguration"]["Rules"][0].get("ApplyServerSideEncryptionByDefault")
            return (rule.get("KMSMasterKeyID") or rule["SSEAlgorithm"]) if rule else None
        return None

    def _put_encryption(self, aws: Aws) -> None:
        rule: ServerSideEncryptionRuleTypeDef = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        if self.kms_key:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.kms_key}
            rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}  # type: ignore[typeddict-item]
        aws.s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def _public_access(self, aws: Aws) -> object:
        with ignore_errors("NoSuchPublicAccessBlockConfiguration"):
            return dict(aws.s3.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"])
        return None

    def _put_public_access(self, aws: Aws) -> None:
        aws.s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=_CLOSED)  # type: ignore[arg-type]

    def _policy(self, aws: Aws) -> dict[str, Any]:
        with ignore_errors("NoSuchBucketPolicy"):
            found: dict[str, Any] = json.loads(aws.s3.get_bucket_policy(Bucket=self.name)["Policy"])
            statements = found.get("Statement", [])  # IAM takes a single one without a list
            return {**found, "Statement": [statements] if isinstance(statements, dict) else statements}
        return {"Version": "2012-10-17", "Statement": []}

    def _put_policy(self, aws: Aws) -> None:
        policy = self._policy(aws)
        others = [one for one in policy["Statement"] if one.get("Sid") != self.statement["Sid"]]
        merged = {**policy, "Statement": [*others, self.statement]}
        aws.s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(merged))

    def _lifecycle(self, aws: Aws) -> list[dict[str, Any]]:
        with ignore_errors("NoSuchLifecycleConfiguration"):
            found: list[Any] = aws.s3.get_bucket_lifecycle_configuration(Bucket=self.name)["Rules"]
            return found
        return []

    def _put_lifecycle(self, aws: Aws) -> None:
        others = [rule for rule in self._lifecycle(aws) if not _is_own(rule)]
        rules: Any = [*others, *self._rules()]
        aws.s3.put_bucket_lifecycle_configuration(Bucket=self.name, LifecycleConfiguration={"Rules": rules})

    def _tagging(self, aws: Aws) -> dict[str, str]:
        with ignore_errors("NoSuchTagSet"):
            return tags_from_list(aws.s3.get_bucket_tagging(Bucket=self.name)["TagSet"])
        return {}

    def _put_tags(self, aws: Aws) -> None:
        merged = {**self._tagging(aws), **self.tags}
        aws.s3.put_bucket_tagging(Bucket=self.name, Tagging={"TagSet": tag_list(merged)})


def _is_own(rule: Mapping[str, Any]) -> bool:
    return str(rule.get("ID", "")).startswith(_OWN)


def _with_sid(policy: dict[str, Any], sid: object) -> object:
    return next((statement for statement in policy["Statement"] if statement.get("Sid") == sid), None)
