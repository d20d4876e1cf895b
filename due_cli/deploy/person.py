"""The rights of the person who runs due on AWS: what each call needs, and nothing wider than AWS allows.

``due setup --policy`` prints it. IAM takes 6,144 characters in a managed policy, so what a stack has several of is
named by a pattern. A call needs more than its own action where it passes a role on, tags what it makes, or has Athena
act as the caller (IAM service authorization reference; Athena user guide, "Access to workgroups").
"""

from __future__ import annotations

from due_cli.deploy.names import Names
from due_cli.deploy.policies import Policy, allow, policy

_PASSED_TO = ("lambda", "firehose", "ses", "pinpoint")


def rights(names: Names, database: str, kms_key: str | None) -> Policy:
    """The policy document for every command on one stack."""
    statements = [*_storage(names), *_catalog(names, database), *_work(names), *_senders(names), *_watching(names)]
    if kms_key:
        statements.append(allow(_actions("kms", "DescribeKey CreateGrant GenerateDataKey Decrypt"), kms_key))
    return policy(*statements)


def _actions(service: str, words: str) -> list[str]:
    return [f"{service}:{word}" for word in words.split()]


def _storage(names: Names) -> list[Policy]:
    bucket = (
        "CreateBucket DeleteBucket ListBucket ListBucketVersions GetBucketLocation GetBucketNotification "
        "PutBucketNotification GetBucketPolicy PutBucketPolicy GetBucketPublicAccessBlock PutBucketPublicAccessBlock "
        "GetBucketTagging PutBucketTagging GetEncryptionConfiguration PutEncryptionConfiguration "
        "GetLifecycleConfiguration PutLifecycleConfiguration ListBucketMultipartUploads"
    )
    objects = "GetObject PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload ListMultipartUploadParts"
    table = (
        "CreateTable DeleteTable UpdateTable DescribeTable DescribeTimeToLive UpdateTimeToLive TagResource "
        "BatchGetItem PartiQLInsert PartiQLUpdate"
    )
    return [
        allow(_actions("s3", bucket), names.bucket_arn),
        allow(_actions("s3", objects), f"{names.bucket_arn}/*"),
        allow(_actions("dynamodb", table), names.status_table_arn),
    ]


def _catalog(names: Names, database: str) -> list[Policy]:
    glue = (
        "CreateDatabase GetDatabase DeleteDatabase CreateTable GetTable GetTables UpdateTable DeleteTable GetPartition "
        "GetPartitions BatchCreatePartition UpdatePartition TagResource"
    )
    athena = (
        "CreateWorkGroup GetWorkGroup UpdateWorkGroup DeleteWorkGroup TagResource StartQueryExecution "
        "GetQueryExecution GetQueryResults StopQueryExecution"
    )
    catalog = ("catalog", f"database/{database}", f"table/{database}/*", "userDefinedFunction/*")
    return [
        allow(_actions("glue", glue), [names.arn("glue", resource) for resource in catalog]),
        allow(_actions("athena", athena), names.arn("athena", f"workgroup/{names.workgroup}")),
        allow("lakeformation:ListPermissions", "*"),
    ]


def _work(names: Names) -> list[Policy]:
    functions = (
        "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode GetPolicy "
        "UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency AddPermission RemovePermission "
        "GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig TagResource "
        "InvokeFunction"
    )
    roles = "CreateRole DeleteRole GetRole TagRole GetRolePolicy PutRolePolicy DeleteRolePolicy UpdateAssumeRolePolicy"
    stream = (
        "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination TagDeliveryStream "
        "StartDeliveryStreamEncryption PutRecord PutRecordBatch"
    )
    passed = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in _PASSED_TO]}}
    apis = [names.arn("apigateway", resource, account=False) for resource in ("/apis*", "/tags/*")]
    return [
        allow("sts:GetCallerIdentity", "*"),
        allow(_actions("iam", roles), names.role_arn("*")),
        allow("iam:PassRole", names.role_arn("*"), **passed),
        allow(
            _actions("lambda", functions),
            names.function_arn("*"),
        ),
        allow(_actions("firehose", stream), names.stream_arn),
        allow("firehose:ListDeliveryStreams", "*"),
        allow(_actions("apigateway", "GET POST PUT PATCH DELETE TagResource"), apis),
        allow("execute-api:Invoke", names.arn("execute-api", "*/*/GET/call")),
    ]


def _senders(names: Names) -> list[Policy]:
    destinations = "Get Create Update Delete"
    kinds = ("EventDestinations", "EventDestination", "EventDestination", "EventDestination")
    ses = [f"ses:{verb}ConfigurationSet{kind}" for verb, kind in zip(destinations.split(), kinds, strict=True)]
    projects = (
        "GetApps GetApp CreateApp DeleteApp TagResource ListTagsForResource GetEventStream PutEventStream "
        "DeleteEventStream"
    )
    return [
        allow(ses, names.arn("ses", "configuration-set/*")),
        allow("ses:GetEmailIdentity", names.arn("ses", "identity/*")),
        allow(["ses:ListConfigurationSets", "ses:ListEmailIdentities"], "*"),
        allow(_actions("mobiletargeting", projects), names.arn("mobiletargeting", "apps*")),
    ]


def _watching(names: Names) -> list[Policy]:
    logs = (
        "CreateLogGroup DeleteLogGroup CreateLogStream PutRetentionPolicy DescribeLogGroups DescribeLogStreams "
        "FilterLogEvents TagResource"
    )
    groups = (names.log_group("*"), f"{names.stream_log_group}*")
    topic = "CreateTopic DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Subscribe TagResource"
    return [
        allow(
            _actions("logs", logs),
            [names.arn("logs", f"log-group:{group}") for group in groups],
        ),
        allow(
            _actions("cloudwatch", "PutMetricAlarm DeleteAlarms TagResource"),
            names.arn("cloudwatch", f"alarm:{names.stack}-*"),
        ),
        allow(["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"], "*"),
        allow(_actions("sns", topic), names.arn("sns", names.topic)),
    ]
