"""A CloudWatch log group, made before what writes to it, so that its retention holds from the first line."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient
from due_cli.aws.tags import TAGS, Tags, managed_tags


@dataclass(frozen=True, slots=True)
class LogGroup:
    """``streams`` are made with it: Firehose makes none itself."""

    name: str
    arn: str
    retention_days: int
    tags: Tags
    streams: tuple[str, ...] = ()
    kind: str = "log group"

    def desired(self) -> Settings:
        """How it should be."""
        return {"retentionInDays": self.retention_days, "streams": self.streams, TAGS: dict(self.tags)}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for log group {self.name}"):
            groups = aws.logs.describe_log_groups(logGroupNamePrefix=self.name)["logGroups"]
            group = next((group for group in groups if group.get("logGroupName") == self.name), None)
            if group is None:
                return None
            there: tuple[str, ...] = ()
            if self.streams:
                listed = aws.logs.describe_log_streams(logGroupName=self.name)["logStreams"]
                there = tuple(sorted({stream.get("logStreamName", "") for stream in listed} & {*self.streams}))
            tags = aws.logs.list_tags_for_resource(resourceArn=self.arn).get("tags", {})
        return {"retentionInDays": group.get("retentionInDays"), "streams": there, TAGS: managed_tags(tags, self.tags)}

    def create(self, aws: Aws) -> None:
        """Makes it with its tags."""
        with translate_errors(f"creating log group {self.name}"), ignore_errors("ResourceAlreadyExistsException"):
            retry_transient(lambda: aws.logs.create_log_group(logGroupName=self.name, tags=dict(self.tags)))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets retention and tags, and makes streams that are missing."""
        with translate_errors(f"setting up log group {self.name}"):
            if "retentionInDays" in changed:
                days = self.retention_days
                retry_transient(lambda: aws.logs.put_retention_policy(logGroupName=self.name, retentionInDays=days))
            for stream in self.streams if "streams" in changed else ():
                with ignore_errors("ResourceAlreadyExistsException"):
                    aws.logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
            if TAGS in changed:
                aws.logs.tag_resource(resourceArn=self.arn, tags=dict(self.tags))

    def delete(self, aws: Aws) -> None:
        """Removes it with its lines."""
        with translate_errors(f"deleting log group {self.name}"), ignore_errors("ResourceNotFoundException"):
            retry_transient(lambda: aws.logs.delete_log_group(logGroupName=self.name))
