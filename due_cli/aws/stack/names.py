"""The names of a stack's resources, which follow from its own name, the account and the region alone.

So a second machine finds the same deployment without a file (docs/aws.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from due_cli.core.errors import UsageError

FUNCTIONS = ("transform", "partition", "status-api")
EVENTS, ERRORS, RESULTS = "events/", "errors/", "athena-results/"
INGESTED = "ingest-"  # the names of objects that due ingest and due failed replay write begin so
_STACK = re.compile(r"[a-z](?:[a-z0-9]|-(?!-))*[a-z0-9]|[a-z]")
_LONGEST_BUCKET = 63  # S3's limit; all other names are shorter than the bucket's


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of a stack's resources."""

    stack: str
    account: str
    region: str
    partition: str = "aws"

    @property
    def bucket(self) -> str:
        """The data bucket; bucket names are the world's, so account and region are part of it."""
        return f"{self.stack}-events-{self.account}-{self.region}"

    @property
    def stream(self) -> str:
        """The delivery stream."""
        return f"{self.stack}-events"

    def is_delivered(self, key: str) -> bool:
        """Whether an object under ``events/`` is a delivery of the stream, which names it after itself."""
        return key.rpartition("/")[2].startswith(f"{self.stream}-")

    def is_own_object(self, key: str) -> bool:
        """Whether an object under ``events/`` is a delivery, or was written by due itself."""
        return self.is_delivered(key) or key.rpartition("/")[2].startswith(INGESTED)

    @property
    def status_table(self) -> str:
        """The DynamoDB table of message statuses."""
        return f"{self.stack}-message-status"

    @property
    def api(self) -> str:
        """The HTTP API of message statuses."""
        return f"{self.stack}-message-status"

    @property
    def workgroup(self) -> str:
        """The Athena workgroup."""
        return self.stack

    @property
    def topic(self) -> str:
        """The SNS topic of alarms."""
        return f"{self.stack}-alarms"

    def command(self, words: str) -> str:
        """A command of due's on this stack, to suggest to the user."""
        return f"due {words}" if self.stack == "due" else f"due {words} --stack {self.stack}"

    def command_anywhere(self, words: str) -> str:
        """A command of due's on this stack that runs as it stands on any machine: a mailed alarm is read there."""
        return f"due {words} --stack {self.stack} --region {self.region}"

    @property
    def metrics(self) -> str:
        """The namespace of the metrics that are made of log lines."""
        return f"due/{self.stack}"

    def function(self, name: str) -> str:
        """A Lambda function: ``transform``, ``partition`` or ``status-api``."""
        return f"{self.stack}-{name}"

    @property
    def failed_events(self) -> str:
        """The prefix, of Lambda's choice, of the events that the partition function failed on for good."""
        return f"aws/lambda/async/{self.function('partition')}/"

    def role(self, name: str) -> str:
        """An IAM role; roles are global to the account, so the region is part of the name."""
        return f"{self.stack}-{name}-{self.region}"

    def alarm(self, name: str) -> str:
        """A CloudWatch alarm."""
        return f"{self.stack}-{name}"

    def log_group(self, function: str) -> str:
        """The log group that Lambda writes a function's log to."""
        return f"/aws/lambda/{self.function(function)}"

    @property
    def stream_log_group(self) -> str:
        """The log group of the delivery stream."""
        return f"/aws/kinesisfirehose/{self.stream}"

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """The ARN of a resource of this account and region, or of a service that has none of them in its ARNs."""
        place = (self.region if region else "", self.account if account else "")
        return f"arn:{self.partition}:{service}:{place[0]}:{place[1]}:{resource}"

    @property
    def bucket_arn(self) -> str:
        """The data bucket's ARN."""
        return self.arn("s3", self.bucket, region=False, account=False)

    @property
    def stream_arn(self) -> str:
        """The delivery stream's ARN."""
        return self.arn("firehose", f"deliverystream/{self.stream}")

    @property
    def status_table_arn(self) -> str:
        """The status table's ARN."""
        return self.arn("dynamodb", f"table/{self.status_table}")

    def function_arn(self, name: str) -> str:
        """A function's ARN."""
        return self.arn("lambda", f"function:{self.function(name)}")

    def role_arn(self, name: str) -> str:
        """A role's ARN."""
        return self.arn("iam", f"role/{self.role(name)}", region=False)


def names_of(stack: str, account: str, region: str, partition: str = "aws") -> Names:
    """The names of a stack; raises :class:`UsageError` for a name that AWS would refuse for one of them."""
    if not _STACK.fullmatch(stack):
        raise UsageError(
            f"--stack: {stack!r} is no name for a stack", "a-z, 0-9 and single hyphens, beginning with a letter"
        )
    names = Names(stack=stack, account=account, region=region, partition=partition)
    if len(names.bucket) > _LONGEST_BUCKET:
        most = len(stack) - (len(names.bucket) - _LONGEST_BUCKET)
        raise UsageError(
            f"--stack: the bucket {names.bucket} would have {len(names.bucket)} characters, and S3 takes 63",
            f"a name of at most {most}",
        )
    return names
