"""Who may do what: the trust and the rights of each role, with no resource wider than it must be.

Each role has one principal. Sources: Firehose developer guide, "Controlling access"; Lambda developer guide,
"Execution role"; SES developer guide, "Giving Amazon SES permission"; docs/aws.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from due_cli.aws.services.glue import KEY_ACTIONS
from due_cli.aws.stack.names import ERRORS, EVENTS, Names
from due_cli.aws.stack.options import Options
from due_cli.sql.files import TABLE

Policy = dict[str, object]
_VERSION = "2012-10-17"


def policy(*statements: Policy) -> Policy:
    """A policy document."""
    return {"Version": _VERSION, "Statement": list(statements)}


def allow(actions: Iterable[str] | str, resources: Iterable[str] | str, **condition: object) -> Policy:
    """A statement that allows actions on resources."""
    statement: Policy = {"Effect": "Allow", "Action": _listed(actions), "Resource": _listed(resources)}
    if condition:
        statement["Condition"] = condition
    return statement


def trust(service: str, names: Names, source: str | None = None) -> Policy:
    """Who may take a role on: a service, for this account, and for the named source ARNs where it says them."""
    condition: dict[str, object] = {"StringEquals": {"aws:SourceAccount": names.account}}
    if source:
        condition["ArnLike"] = {"aws:SourceArn": source}
    # Lambda says neither when it takes an execution role on.
    return policy(_trusted(service, None if service == "lambda" else condition))


def stream_trust(names: Names) -> Policy:
    """Firehose, for this account: by the key that its guide shows, or by the key that other services use.

    A condition on a key that Firehose does not send is false, and so each key has a statement of its own.
    """
    keys = ("sts:ExternalId", "aws:SourceAccount")
    return policy(*(_trusted("firehose", {"StringEquals": {key: names.account}}) for key in keys))


def topic_trust(names: Names) -> Policy:
    """SNS, for this account where it says the account, which its guide does not tell."""
    return policy(_trusted("sns", {"StringEqualsIfExists": {"aws:SourceAccount": names.account}}))


def _trusted(service: str, condition: Mapping[str, object] | None) -> Policy:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement: Policy = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": condition} if condition else statement


def stream_rights(names: Names, options: Options) -> Policy:
    """The delivery stream: its bucket, the table's schema, its transform and its own log."""
    function = f"{names.function_arn('transform')}:$LATEST"  # as the stream names it
    statements = [
        allow(
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            [f"{names.bucket_arn}/{prefix}*" for prefix in (EVENTS, ERRORS)],
        ),
        allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], names.bucket_arn),
        allow(["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"], table_arns(names, options.database)),
        allow(["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], function),
        allow("logs:PutLogEvents", names.arn("logs", f"log-group:{names.stream_log_group}:log-stream:*")),
        *catalog_key_rights(options),
    ]
    if options.kms_key:
        statements.append(allow(["kms:GenerateDataKey", "kms:Decrypt"], options.kms_key))
    return policy(*statements)


def transform_rights(names: Names, kms_key: str | None) -> Policy:
    """The transform: the status table, its own stream for what does not fit an answer, what the table did not take."""
    statements = [
        own_log(names, "transform"),
        allow(
            ["dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"],
            names.status_table_arn,
        ),
        allow("firehose:PutRecordBatch", names.stream_arn),
        allow("s3:PutObject", f"{names.bucket_arn}/{ERRORS}status/*"),
    ]
    if kms_key:
        statements.append(allow(["kms:GenerateDataKey", "kms:Decrypt"], kms_key))
    return policy(*statements)


def partition_rights(names: Names, options: Options) -> Policy:
    """The partition function: the table's partitions, and the place for events that it failed on for good."""
    statements = [
        own_log(names, "partition"),
        allow(["glue:GetTable", "glue:BatchCreatePartition"], table_arns(names, options.database)),
        allow("s3:PutObject", f"{names.bucket_arn}/{names.failed_events}*"),
        allow("s3:ListBucket", names.bucket_arn),
        *catalog_key_rights(options),
    ]
    if options.kms_key:
        statements.append(allow(["kms:GenerateDataKey", "kms:Decrypt"], options.kms_key))
    return policy(*statements)


def status_api_rights(names: Names, kms_key: str | None) -> Policy:
    """The status API: one item of the status table."""
    statements = [own_log(names, "status-api"), allow("dynamodb:GetItem", names.status_table_arn)]
    if kms_key:
        statements.append(allow("kms:Decrypt", kms_key))
    return policy(*statements)


def sender_rights(names: Names, kms_key: str | None) -> Policy:
    """SES: records into the stream."""
    return _putting(names, kms_key, "firehose:PutRecordBatch")


def pinpoint_rights(names: Names, kms_key: str | None) -> Policy:
    """Pinpoint's event stream: records into the stream, which it looks at first."""
    return _putting(names, kms_key, "firehose:PutRecordBatch", "firehose:DescribeDeliveryStream")


def sms_rights(names: Names, kms_key: str | None) -> Policy:
    """End User Messaging: a record at a time into the stream (user guide, "IAM policy for Amazon Data Firehose")."""
    return _putting(names, kms_key, "firehose:PutRecord")


def topic_rights(names: Names, kms_key: str | None) -> Policy:
    """SNS (developer guide, "Prerequisites for subscribing Firehose delivery streams"), but for listing all streams."""
    reading = ("firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream")
    return _putting(names, kms_key, *reading, "firehose:PutRecord", "firehose:PutRecordBatch")


def _putting(names: Names, kms_key: str | None, *actions: str) -> Policy:
    """Whoever puts into a stream with a key of the user's needs the key itself, since 2026-04-20 (notice of AWS)."""
    key = [allow(["kms:GenerateDataKey", "kms:Decrypt"], kms_key)] if kms_key else []
    return policy(allow(actions, names.stream_arn), *key)


def catalog_key_rights(options: Options) -> list[Policy]:
    """What whoever calls Glue needs on the key of an encrypted catalog."""
    return [allow(KEY_ACTIONS, options.catalog_key)] if options.catalog_key else []


def own_log(names: Names, function: str) -> Policy:
    """A function writes to its own log group, which is created before it: functions create none."""
    group = names.arn("logs", f"log-group:{names.log_group(function)}")
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{group}:*")


def table_arns(names: Names, database: str, table: str = TABLE) -> list[str]:
    """The ARNs that a call on a Glue table is checked against: catalog, database and table."""
    return [
        names.arn("glue", "catalog"),
        names.arn("glue", f"database/{database}"),
        names.arn("glue", f"table/{database}/{table}"),
    ]


def tls_only(names: Names) -> Policy:
    """The statement of the bucket's policy that refuses what does not come encrypted."""
    return {
        "Sid": "DueTlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [names.bucket_arn, f"{names.bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _listed(one_or_more: Iterable[str] | str) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else list(one_or_more)
