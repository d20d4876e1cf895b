"""The IAM policy for the people who run due on AWS: what each call needs, as narrow as AWS allows.

``due setup --policy`` prints it. IAM takes 6,144 characters in a managed policy, so what a stack has several of is
named by a pattern (actions too, where it takes in no other one), and services share a statement: their ARNs keep them
apart. A call needs more than its own action if it passes a role, tags what it creates, reads a function's tags, or
has Athena act as the caller (IAM service authorization reference; Lambda API, GetFunction; Athena user guide, "Access
to workgroups", and "Access to databases and tables", which needs the database ``default`` for every query).
"""

from __future__ import annotations

from due_cli.aws.stack.names import Names
from due_cli.aws.stack.policies import Policy, allow, policy

MOST_CHARACTERS = 6_144
_PASSED_TO = ("lambda", "firehose", "ses", "pinpoint")
# Actions that IAM checks against no resource: SNS has none for a subscription.
_EVERYWHERE = (
    "lakeformation:ListPermissions ses:ListConfigurationSets ses:ListEmailIdentities cloudwatch:DescribeAlarms "
    "cloudwatch:GetMetricData logs:DescribeLogGroups lambda:GetAccount* sns:Unsubscribe"
)
# What creating a DynamoDB table with a customer managed key needs (DynamoDB developer guide, "Encryption at rest").
_KEY = "DescribeKey CreateGrant Encrypt Decrypt ReEncrypt* GenerateDataKey*"


def rights(names: Names, database: str, kms_key: str | None) -> Policy:
    """The policy document for every command on one stack."""
    passed = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in _PASSED_TO]}}
    statements = [
        _storage(names),
        *_catalog(names, database),
        _work(names),
        allow("iam:PassRole", names.role_arn("*"), **passed),
        _senders(names),
        _watching(names),
        allow(_EVERYWHERE.split(), "*"),
    ]
    if kms_key:
        statements.append(allow(_actions("kms", _KEY), kms_key))
    return policy(*statements)


def _actions(service: str, words: str) -> list[str]:
    return [f"{service}:{word}" for word in words.split()]


def _storage(names: Names) -> Policy:
    bucket = (
        "CreateBucket DeleteBucket ListBucket ListBucketVersions GetBucketLocation GetBucketNotification "
        "PutBucketNotification GetBucketPolicy PutBucketPolicy GetBucketPublicAccessBlock PutBucketPublicAccessBlock "
        "GetBucketTagging PutBucketTagging GetEncryptionConfiguration PutEncryptionConfiguration "
        "*LifecycleConfiguration ListBucketMultipartUploads"
    )
    objects = "GetObject PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload ListMultipartUploadParts"
    table = (
        "CreateTable DeleteTable UpdateTable DescribeTable DescribeTimeToLive UpdateTimeToLive TagResource "
        "ListTagsOfResource BatchGetItem PartiQLInsert PartiQLUpdate"
    )
    return allow(
        [*_actions("s3", f"{bucket} {objects}"), *_actions("dynamodb", table)],
        [names.bucket_arn, f"{names.bucket_arn}/*", names.status_table_arn],
    )


def _catalog(names: Names, database: str) -> list[Policy]:
    glue = (
        "CreateDatabase GetDatabase* DeleteDatabase CreateTable GetTable GetTables UpdateTable DeleteTable "
        "GetPartition GetPartitions BatchGetPartition BatchCreatePartition UpdatePartition TagResource GetTags"
    )
    athena = (
        "CreateWorkGroup GetWorkGroup UpdateWorkGroup DeleteWorkGroup TagResource ListTagsForResource "
        "StartQueryExecution GetQueryExecution GetQueryResults StopQueryExecution"
    )
    catalog = ("catalog", f"database/{database}", f"table/{database}/*", f"userDefinedFunction/{database}/*")
    return [
        allow(
            [*_actions("glue", glue), *_actions("athena", athena)],
            [*(names.arn("glue", one) for one in catalog), names.arn("athena", f"workgroup/{names.workgroup}")],
        ),
        allow("glue:GetDatabase*", names.arn("glue", "database/default")),
    ]


def _work(names: Names) -> Policy:
    roles = (
        "CreateRole DeleteRole GetRole TagRole UpdateAssumeRolePolicy "
        "GetRolePolicy PutRolePolicy DeleteRolePolicy DetachRolePolicy List*RolePolicies"
    )
    functions = (
        "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode GetPolicy "
        "UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency AddPermission RemovePermission "
        "GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig TagResource "
        "ListTags InvokeFunction"
    )
    stream = (
        "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination TagDeliveryStream "
        "ListTagsForDeliveryStream StartDelivery* PutRecord PutRecordBatch"
    )
    apis = "GET POST PUT PATCH DELETE TagResource"
    return allow(
        [
            *_actions("iam", roles),
            *_actions("lambda", functions),
            *_actions("firehose", stream),
            *_actions("apigateway", apis),
            "execute-api:Invoke",
        ],
        [
            names.role_arn("*"),
            names.function_arn("*"),
            names.stream_arn,
            *(names.arn("apigateway", resource, account=False) for resource in ("/apis*", "/tags/*")),
            names.arn("execute-api", "*/*/GET/call"),
        ],
    )


def _senders(names: Names) -> Policy:
    projects = (
        "GetApps GetApp CreateApp DeleteApp TagResource ListTagsForResource GetEventStream PutEventStream "
        "DeleteEventStream"
    )
    return allow(
        ["ses:*ConfigurationSetEventDestination*", "ses:GetEmailIdentity", *_actions("mobiletargeting", projects)],
        [
            *(names.arn("ses", f"{kind}/*") for kind in ("configuration-set", "identity")),
            names.arn("mobiletargeting", "apps*"),
        ],
    )


def _watching(names: Names) -> Policy:
    logs = (
        "CreateLogGroup DeleteLogGroup CreateLogStream PutRetentionPolicy DescribeLogStreams "
        "FilterLogEvents TagResource ListTagsForResource"
    )
    alarms = "PutMetricAlarm DeleteAlarms TagResource ListTagsForResource"
    topic = (
        "CreateTopic DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Subscribe TagResource ListTagsForResource"
    )
    groups = (names.log_group("*"), f"{names.stream_log_group}*")
    return allow(
        [*_actions("logs", logs), *_actions("cloudwatch", alarms), *_actions("sns", topic)],
        [
            *(names.arn("logs", f"log-group:{group}") for group in groups),
            names.arn("cloudwatch", f"alarm:{names.stack}-*"),
            names.arn("sns", names.topic),
        ],
    )
