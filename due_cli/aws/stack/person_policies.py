"""The IAM policies for the people who run due on AWS, one for each kind of person: what each call of theirs needs.

``due setup --policy PERSON`` prints one. The **operator** sets stacks up and runs every command. The **analyst** asks:
reports, queries, and the views that there are. The **on-call** person looks: statuses, doctor without repairs, failed
records. A call that a command makes belongs into the policy of each person who runs that command.

IAM takes 6,144 characters in a managed policy, so what a stack has several of is named by a pattern (actions too,
where it takes in no other one), and services share a statement: their ARNs keep them apart. A call needs more than
its own action if it passes a role, tags what it creates, reads a function's tags, or has Athena act as the caller (IAM
service authorization reference; Lambda API, GetFunction; Athena user guide, "Access to workgroups", and "Access to
databases and tables", which needs the database ``default`` for every query).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from due_cli.aws.stack.names import ERRORS, EVENTS, RESULTS, Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.policies import Policy, allow, catalog_key_rights, policy
from due_cli.aws.tags import STACK_TAG

MOST_CHARACTERS = 6_144
_PASSED_TO = ("lambda", "firehose", "ses", "pinpoint", "sms-voice", "sns")
# Actions that IAM checks against no resource: SNS has none for a subscription.
_LISTS = (
    "lakeformation:ListPermissions ses:ListConfigurationSets ses:ListEmailIdentities cloudwatch:DescribeAlarms "
    "cloudwatch:GetMetricData logs:DescribeLogGroups sns:ListSubscriptions* sns:GetSubscription* "
    "sms-voice:DescribePhone* sms-voice:DescribePool* sms-voice:DescribeSender* sms-voice:DescribeConfig*"
)
_EVERYWHERE = (
    f"{_LISTS} lambda:GetAccount* sns:SetSubscription* sns:Unsubscribe glue:GetDataCatalogE* "
    "lakeformation:GetDataLakeSettings"
)
# What creating a DynamoDB table with a customer managed key needs (DynamoDB developer guide, "Encryption at rest"), and
# what setup asks of the key first.
_KEY = "DescribeKey GetKeyPolicy CreateGrant Encrypt Decrypt ReEncrypt* GenerateDataKey*"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPolicy:
    """A kind of person who runs due: what that is, and the statements of the policy for it."""

    about: str
    statements: Callable[[Names, Options], list[Policy]]


def rights(person: str, names: Names, options: Options) -> Policy:
    """The policy document for a person, one of :data:`PERSONS`, on one stack."""
    return policy(*PERSONS[person].statements(names, options))


def _operator(names: Names, options: Options) -> list[Policy]:
    """Every command."""
    passed = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in _PASSED_TO]}}
    statements = [
        _storage(names),
        *_catalog(names, options.database),
        _work(names),
        *_roles(names, options.permissions_boundary),
        allow("iam:PassRole", names.role_arn("*"), **passed),
        *_status_api(names),
        *_senders(names),
        _watching(names),
        allow(_EVERYWHERE.split(), "*"),
    ]
    if options.kms_key:
        statements.append(allow(_actions("kms", _KEY), options.kms_key))
    if options.catalog_key:
        statements.append(allow("kms:GetKeyPolicy", options.catalog_key))
    return [*statements, *catalog_key_rights(options)]


def _analyst(names: Names, options: Options) -> list[Policy]:
    """``due report``, ``query`` that reads, ``view list`` and ``view show``."""
    options_of_stack = allow("lambda:GetFunctionConfiguration", names.function_arn("transform"))
    return [options_of_stack, *_asking(names, options), *_reading_key(options)]


def _on_call(names: Names, options: Options) -> list[Policy]:
    """``due status``, ``doctor`` that changes and sends nothing, ``failed list`` and ``failed show``, ``outputs``."""
    return [*_asking(names, options), *_looking(names, options.database), *_reading_key(options)]


def _actions(service: str, words: str) -> list[str]:
    return [f"{service}:{word}" for word in words.split()]


def _storage(names: Names) -> Policy:
    bucket = (
        "CreateBucket DeleteBucket ListBucket ListBucketVersions GetBucketLocation GetBucketNotification "
        "PutBucketNotification GetBucketPolicy PutBucketPolicy GetBucketPublicAccessBlock PutBucketPublicAccessBlock "
        "GetBucketTagging PutBucketTagging TagResource GetEncryptionConfiguration PutEncryptionConfiguration "
        "*LifecycleConfiguration ListBucketMultipartUploads"
    )
    objects = (
        "GetObject GetObjectVersion PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload "
        "ListMultipartUploadParts"
    )
    table = (
        "CreateTable DeleteTable UpdateTable DescribeTable DescribeTimeToLive UpdateTimeToLive TagResource "
        "ListTagsOfResource BatchGetItem PartiQLInsert PartiQLUpdate Scan PutItem DeleteItem"
    )
    return allow(
        [*_actions("s3", f"{bucket} {objects}"), *_actions("dynamodb", table)],
        [names.bucket_arn, f"{names.bucket_arn}/*", names.status_table_arn],
    )


def _catalog(names: Names, database: str) -> list[Policy]:
    glue = (
        "CreateDatabase GetDatabase* DeleteDatabase CreateTable GetTable GetTables UpdateTable DeleteTable "
        "GetPartition GetPartitions BatchGetPartition BatchCreatePartition UpdatePartition DeletePartition TagResource "
        "GetTags"
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
        _data_catalog(names),
    ]


def _roles(names: Names, boundary: str | None) -> list[Policy]:
    """With a boundary, only a role that has it gets rights; without one, whoever creates roles may do anything."""
    own = (
        "DeleteRole GetRole TagRole UpdateAssumeRolePolicy GetRolePolicy DeleteRolePolicy DetachRolePolicy "
        "List*RolePolicies"
    )
    granting = ["iam:CreateRole", "iam:PutRolePolicy"]
    if not boundary:
        return [allow([*_actions("iam", own), *granting], names.role_arn("*"))]
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return [
        allow(_actions("iam", own), names.role_arn("*")),
        allow([*granting, "iam:PutRolePermissionsBoundary"], names.role_arn("*"), **bounded),
    ]


def _status_api(names: Names) -> list[Policy]:
    """Of HTTP APIs, whose ids AWS makes up, only those with the stack's tag, which its parts share."""
    apis, tags = (names.arn("apigateway", path, account=False) for path in ("/apis", "/tags/*/apis"))
    return [
        allow("apigateway:GET", [apis, f"{apis}/*"]),
        allow(["apigateway:POST", "apigateway:TagResource"], [apis, tags], **_tagged(names, "Request")),
        allow(
            _actions("apigateway", "POST PUT PATCH DELETE TagResource"),
            [f"{apis}/*", f"{tags}/*"],
            **_tagged(names, "Resource"),
        ),
        allow("execute-api:Invoke", names.arn("execute-api", "*/*/GET/call")),
    ]


def _tagged(names: Names, of: str) -> dict[str, object]:
    """The condition that a request, or a resource, has the stack's tag."""
    return {"StringEquals": {f"aws:{of}Tag/{STACK_TAG}": names.stack}}


def _work(names: Names) -> Policy:
    functions = (
        "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode GetPolicy "
        "UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency AddPermission RemovePermission "
        "GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig TagResource "
        "ListTags InvokeFunction"
    )
    stream = (
        "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination TagDeliveryStream "
        "ListTagsForDeliveryStream StartDelivery* PutRecord"
    )
    return allow(
        [*_actions("lambda", functions), *_actions("firehose", stream)], [names.function_arn("*"), names.stream_arn]
    )


def _senders(names: Names) -> list[Policy]:
    """Every configuration set, project and topic may be attached; only the stack's own project is made and deleted."""
    projects = "GetApps GetApp ListTagsForResource GetEventStream PutEventStream DeleteEventStream"
    apps = names.arn("mobiletargeting", "apps*")
    return [
        allow(
            [
                "ses:*ConfigurationSetEventDestination*",
                "ses:GetEmailIdentity",
                "sms-voice:*EventDestination",
                "sns:GetTopicAttributes",
                "sns:Subscribe",
                *_actions("mobiletargeting", projects),
            ],
            [
                *(names.arn(service, "configuration-set/*") for service in ("ses", "sms-voice")),
                names.arn("ses", "identity/*"),
                names.arn("sns", "*"),
                apps,
            ],
        ),
        allow(_actions("mobiletargeting", "CreateApp TagResource"), apps, **_tagged(names, "Request")),
        allow("mobiletargeting:DeleteApp", apps, **_tagged(names, "Resource")),
    ]


def _watching(names: Names) -> Policy:
    logs = (
        "CreateLogGroup DeleteLogGroup CreateLogStream PutRetentionPolicy *ssociateKmsKey "
        "DescribeLogS* PutMetricF* DescribeMetricF* FilterLogEvents TagResource ListTagsForResource"
    )
    alarms = "PutMetricAlarm DeleteAlarms TagResource ListTagsForResource"
    topic = "CreateTopic DeleteTopic SetTopicAttributes TagResource ListTagsForResource"
    groups = (names.log_group("*"), f"{names.stream_log_group}*")
    return allow(
        [*_actions("logs", logs), *_actions("cloudwatch", alarms), *_actions("sns", topic)],
        [
            *(names.arn("logs", f"log-group:{group}") for group in groups),
            names.arn("cloudwatch", f"alarm:{names.stack}-*"),
            names.arn("sns", names.topic),
        ],
    )


def _asking(names: Names, options: Options) -> list[Policy]:
    """Queries in the stack's workgroup: Athena reads the table and writes the result as the caller."""
    glue = "GetDatabase* GetTable GetTables GetPartitions BatchGetPartition"
    athena = "StartQueryExecution GetQueryExecution GetQueryResults StopQueryExecution"
    results = f"{names.bucket_arn}/{RESULTS}*"
    catalog = ("catalog", "database/default", *(f"{one}/{options.database}" for one in ("database", "table")))
    return [
        _data_catalog(names),
        allow(_actions("athena", athena), names.arn("athena", f"workgroup/{names.workgroup}")),
        allow(
            _actions("glue", glue),
            [*(names.arn("glue", one) for one in catalog[:-1]), names.arn("glue", f"{catalog[-1]}/*")],
        ),
        allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], names.bucket_arn),
        allow("s3:GetObject", [f"{names.bucket_arn}/{EVENTS}*", results]),
        allow(_actions("s3", "PutObject AbortMultipartUpload ListMultipartUploadParts"), results),
    ]


def _data_catalog(names: Names) -> Policy:
    """For a query that names its catalog, as PyAthena's do; AWS spells the name of its own in two ways."""
    return allow("athena:GetDataCatalog", names.arn("athena", "datacatalog/*"))


def _looking(names: Names, database: str) -> list[Policy]:
    """What statuses, failed records and doctor read."""
    bucket = "Notification Policy PublicAccessBlock Tagging"
    roles = "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"
    functions = "GetFunction GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy ListTags"
    topic = "GetTopicAttributes ListTagsForResource"
    logs = "DescribeLogStreams DescribeMetricFilters FilterLogEvents ListTagsForResource"
    table = "BatchGetItem DescribeTable DescribeTimeToLive ListTagsOfResource"
    api = (names.arn("apigateway", one, account=False) for one in ("/apis", "/apis/*"))
    groups = (names.log_group("*"), f"{names.stream_log_group}*")
    return [
        allow(
            [*(f"s3:GetBucket{one}" for one in bucket.split()), "s3:GetEncryption*", "s3:GetLifecycle*"],
            names.bucket_arn,
        ),
        allow("s3:GetObject", [f"{names.bucket_arn}/{prefix}*" for prefix in (ERRORS, names.failed_events)]),
        allow(_actions("dynamodb", table), names.status_table_arn),
        allow("glue:GetTags", names.arn("glue", f"database/{database}")),
        allow(
            ["athena:GetWorkGroup", "athena:ListTagsForResource"], names.arn("athena", f"workgroup/{names.workgroup}")
        ),
        allow(_actions("iam", roles), names.role_arn("*")),
        allow(_actions("lambda", functions), names.function_arn("*")),
        allow(_actions("firehose", "DescribeDeliveryStream ListTagsForDeliveryStream"), names.stream_arn),
        allow("apigateway:GET", api),
        allow("execute-api:Invoke", names.arn("execute-api", "*/*/GET/call")),
        allow("ses:GetConfigurationSetEventDestinations", names.arn("ses", "configuration-set/*")),
        allow("ses:GetEmailIdentity", names.arn("ses", "identity/*")),
        allow(
            _actions("mobiletargeting", "GetApps GetEventStream ListTagsForResource"),
            names.arn("mobiletargeting", "apps*"),
        ),
        allow(_actions("logs", logs), [names.arn("logs", f"log-group:{group}") for group in groups]),
        allow("cloudwatch:ListTagsForResource", names.arn("cloudwatch", f"alarm:{names.stack}-*")),
        allow(_actions("sns", topic), names.arn("sns", names.topic)),
        allow(_LISTS.split(), "*"),
    ]


def _reading_key(options: Options) -> list[Policy]:
    """The keys, for whoever reads what is encrypted with them and has query results encrypted."""
    own = [allow(["kms:Decrypt", "kms:GenerateDataKey"], options.kms_key)] if options.kms_key else []
    return [*own, *catalog_key_rights(options)]


PERSONS = {
    "operator": PersonPolicy(about="sets stacks up and removes them; runs every command", statements=_operator),
    "analyst": PersonPolicy(about="runs reports and queries that read; lists and shows views", statements=_analyst),
    "on-call": PersonPolicy(
        about="reads statuses and failed records; runs doctor without --repair and --send-test", statements=_on_call
    ),
}
