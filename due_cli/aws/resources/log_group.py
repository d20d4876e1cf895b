"""A CloudWatch log group, created before what writes to it, so that its retention holds from the first line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.tags import Tags


@dataclass(frozen=True, kw_only=True)
class LogGroup(TaggedResource):
    """A log group; ``streams`` are created in it for Firehose, which creates none itself.

    ``kms_key`` is the key to encrypt it with, empty for none, None to leave the one that it has.
    """

    kind = "log group"
    already_exists = ignore_errors("ResourceAlreadyExistsException")
    name: str
    arn: str
    retention_days: int
    kms_key: str | None
    streams: tuple[str, ...] = ()

    def _settings(self) -> list[Setting]:
        key = [] if self.kms_key is None else [Setting("kmsKeyId", self.kms_key or None, write=self._put_key)]
        return [
            *key,
            Setting("retentionInDays", self.retention_days, write=self._put_retention),
            Setting("streams", self.streams, read=self._existing_streams, write=self._create_streams),
            self._tag_setting(),
        ]

    def _describe(self, aws: Aws) -> Any:
        groups = aws.logs.describe_log_groups(logGroupNamePrefix=self.name).get("logGroups", [])
        return next((group for group in groups if group.get("logGroupName") == self.name), None)

    def _create(self, aws: Aws) -> None:
        key: Any = {"kmsKeyId": self.kms_key} if self.kms_key else {}
        aws.logs.create_log_group(logGroupName=self.name, tags=dict(self.tags), **key)

    def _delete(self, aws: Aws) -> None:
        aws.logs.delete_log_group(logGroupName=self.name)

    def _put_key(self, aws: Aws) -> None:
        if self.kms_key:
            aws.logs.associate_kms_key(logGroupName=self.name, kmsKeyId=self.kms_key)
        else:
            aws.logs.disassociate_kms_key(logGroupName=self.name)

    def _put_retention(self, aws: Aws) -> None:
        aws.logs.put_retention_policy(logGroupName=self.name, retentionInDays=self.retention_days)

    def _existing_streams(self, aws: Aws, _: Any) -> tuple[str, ...]:
        if not self.streams:
            return ()
        streams = aws.logs.describe_log_streams(logGroupName=self.name).get("logStreams", [])
        return tuple(sorted({stream.get("logStreamName", "") for stream in streams} & {*self.streams}))

    def _create_streams(self, aws: Aws) -> None:
        for stream in self.streams:
            with self.already_exists:
                aws.logs.create_log_stream(logGroupName=self.name, logStreamName=stream)

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        return aws.logs.list_tags_for_resource(resourceArn=self.arn).get("tags", {})

    def _write_tags(self, aws: Aws) -> None:
        aws.logs.tag_resource(resourceArn=self.arn, tags=dict(self.tags))
