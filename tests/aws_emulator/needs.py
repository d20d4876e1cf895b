"""What each call needs to be allowed: IAM's action names, and the ARNs that a call's parameters name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.aws_emulator.calls import Call
from tests.aws_emulator.policies import Need

ACCOUNT = "123456789012"
PARTITION = "aws"

_PREFIXES = {
    "sesv2": "ses",
    "pinpoint": "mobiletargeting",
    "pinpoint-sms-voice-v2": "sms-voice",
    "socialmessaging": "social-messaging",
    "resourcegroupstaggingapi": "tag",
}
_S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "DeleteObjects": "DeleteObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketTagging": "PutBucketTagging",
}


def arn(service: str, region: str, resource: str) -> str:
    """An ARN in the account of the tests."""
    return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}"


def needs_of(call: Call) -> list[Need]:
    """Everything that a call needs; the first is its own action, whose resources are those of the call."""
    make = _SERVICES.get(call.service, _plain)
    return [*make(call), *_tagging(call), *_passed_roles(call)]


def _tagging(call: Call) -> list[Need]:
    """What a call needs that tags what it makes (service authorization reference; "dependent actions")."""
    make = _TAGGING.get(call.name)
    return [make(call)] if make and tags_given(call) else []


def tags_given(call: Call) -> dict[str, str]:
    """The tags that a call gives, in whichever of AWS's forms."""
    given = call.parameters
    for inner in ("CreateApplicationRequest", "TagsModel", "CreateBucketConfiguration"):
        given = given.get(inner, given)
    found = next((given[key] for key in ("Tags", "tags", "TagsToAdd") if key in given), None)
    if isinstance(found, dict):
        return found
    if found is None:  # the query protocol numbers them
        keys = {key: value for key, value in given.items() if key.startswith("Tags.") and key.endswith(".Key")}
        return {value: given.get(f"{key.removesuffix('.Key')}.Value", "") for key, value in keys.items()}
    return {one["Key"]: one["Value"] for one in found}


def _plain(call: Call) -> list[Need]:
    return [Need(f"{_PREFIXES.get(call.service, call.service)}:{call.operation}")]


_PASSED_TO = {
    **{name: name for name in ("lambda", "firehose", "pinpoint", "sns")},
    "sesv2": "ses",
    "pinpoint-sms-voice-v2": "sms-voice",
}


def _passed_roles(call: Call) -> list[Need]:
    """iam:PassRole for each role that a call hands to a service."""
    service = _PASSED_TO.get(call.service)
    if service is None or not call.is_mutating:
        return []
    passed = {"iam:PassedToService": f"{service}.amazonaws.com"}
    return [Need("iam:PassRole", (role,), passed) for role in sorted(_roles(call.parameters))]


def _roles(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_roles(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_roles(one) for one in value))
    return {value} if isinstance(value, str) and value.startswith("arn:") and ":role/" in value else set()


def _s3(call: Call) -> list[Need]:
    bucket, key = call.parameters.get("Bucket"), call.parameters.get("Key")
    action = _S3_ACTIONS.get(call.operation, call.operation)
    if call.extra.get("versions") or call.parameters.get("VersionId"):
        action += "Version"
    if bucket is None:
        return [Need(f"s3:{action}")]
    where = f"arn:{PARTITION}:s3:::{bucket}"
    if key is not None or call.operation == "DeleteObjects":
        where += f"/{key or '*'}"
    context = {"s3:prefix": call.parameters.get("Prefix", "")} if action == "ListBucket" else {}
    found = [Need(f"s3:{action}", (where,), context)]
    source = call.parameters.get("CopySource")
    return [*found, Need("s3:GetObject", (f"arn:{PARTITION}:s3:::{source.lstrip('/')}",))] if source else found


def _iam(call: Call) -> list[Need]:
    given = call.parameters
    kind = next((kind for kind in ("Role", "User", "Policy") if f"{kind}Name" in given), None)
    where = given.get("PolicyArn", "*")
    if kind and not (kind == "Policy" and "PolicyArn" in given):
        path = given.get("Path", "/")
        where = f"arn:{PARTITION}:iam::{ACCOUNT}:{kind.lower()}{path}{given[f'{kind}Name']}"
    return [Need(f"iam:{call.operation}", (where,))]


def _glue(call: Call) -> list[Need]:
    given = call.parameters
    database = given.get("DatabaseName") or (given.get("DatabaseInput") or {}).get("Name")
    is_database = call.operation in ("GetDatabase", "DeleteDatabase", "UpdateDatabase")
    database = database or (given.get("Name") if is_database else None)
    found = [arn("glue", call.region, "catalog")]
    if database:
        found.append(arn("glue", call.region, f"database/{database}"))
    if call.operation in ("GetDatabases",):
        found.append(arn("glue", call.region, "database/*"))
    if database and not is_database and call.operation != "CreateDatabase":
        by_name = given.get("Name") if call.operation in ("GetTable", "DeleteTable") else None
        table = given.get("TableName") or by_name or (given.get("TableInput") or {}).get("Name") or "*"
        found.append(arn("glue", call.region, f"table/{database}/{table}"))
    if call.operation == "DeleteDatabase":  # and what is in it
        found += [arn("glue", call.region, f"{kind}/{database}/*") for kind in ("table", "userDefinedFunction")]
    if "ResourceArn" in given:
        found = [given["ResourceArn"]]
    return [Need(f"glue:{call.operation}", tuple(found))]


def _firehose(call: Call) -> list[Need]:
    given = call.parameters
    name = given.get("DeliveryStreamName")
    where = arn("firehose", call.region, f"deliverystream/{name}") if name else "*"
    return [Need(f"firehose:{call.operation}", (where,))]


def _lambda(call: Call) -> list[Need]:
    given = call.parameters
    action = {"Invoke": "InvokeFunction", "ListTags": "ListTags"}.get(call.operation, call.operation)
    name = given.get("FunctionName") or given.get("Resource")
    where = "*" if not name else name if name.startswith("arn:") else arn("lambda", call.region, f"function:{name}")
    qualified = f"{where}:{given['Qualifier']}" if "Qualifier" in given else where
    return [Need(f"lambda:{action}", (qualified,))]


def _dynamodb(call: Call) -> list[Need]:
    given = call.parameters
    if call.operation in ("ExecuteStatement", "BatchExecuteStatement"):
        return _partiql(call)
    tables = [given["TableName"]] if "TableName" in given else []
    tables += list(given.get("RequestItems", {}))
    where = [name if name.startswith("arn:") else arn("dynamodb", call.region, f"table/{name}") for name in tables]
    where += [given["ResourceArn"]] if "ResourceArn" in given else []
    if call.operation == "TransactWriteItems":
        return [
            Need(f"dynamodb:{kind}Item", (arn("dynamodb", call.region, f"table/{part['TableName']}"),))
            for item in given["TransactItems"]
            for kind, part in item.items()
        ]
    return [Need(f"dynamodb:{call.operation}", tuple(where) or ("*",))]


def _partiql(call: Call) -> list[Need]:
    statements = call.parameters.get("Statements") or [call.parameters]
    found = []
    for one in statements:
        words = one["Statement"].replace('"', " ").split()
        verb = words[0].upper()
        table = (
            words[1]
            if verb == "UPDATE"
            else words[[word.upper() for word in words].index("INTO" if verb == "INSERT" else "FROM") + 1]
        )
        found.append(Need(f"dynamodb:PartiQL{verb.title()}", (arn("dynamodb", call.region, f"table/{table}"),)))
    return found


def _athena(call: Call) -> list[Need]:
    given = call.parameters
    group = given.get("WorkGroup") or given.get("Name") or call.extra.get("WorkGroup")
    where = given.get("ResourceARN") or (arn("athena", call.region, f"workgroup/{group}") if group else "*")
    return [Need(f"athena:{call.operation}", (where,))]


def _api(call: Call) -> list[Need]:
    base = f"arn:{PARTITION}:apigateway:{call.region}::"
    # HTTP APIs are called at /v2/apis and named /apis in policies (service authorization reference).
    where = base + call.path.removesuffix("/").removeprefix("/v2")
    found = [Need(f"apigateway:{call.method}", (where,))]
    if call.parameters.get("Tags") and call.operation != "TagResource":
        # As they are denied: cloudformation-coverage-roadmap #997, awacs #254
        found += [Need("apigateway:POST", (f"{base}/tags/{where}",)), Need("apigateway:TagResource", (where,))]
    return found


def _ses(call: Call) -> list[Need]:
    given = call.parameters
    where = "*"
    if "ConfigurationSetName" in given and "EmailIdentity" not in given:
        where = arn("ses", call.region, f"configuration-set/{given['ConfigurationSetName']}")
    elif "EmailIdentity" in given:
        where = arn("ses", call.region, f"identity/{given['EmailIdentity']}")
    return [Need(f"ses:{call.operation}", (where,))]


def _pinpoint(call: Call) -> list[Need]:
    given = call.parameters
    where = given.get("ResourceArn")
    if not where:
        app = given.get("ApplicationId")
        ending = "/eventstream" if call.operation.endswith("EventStream") else ""
        where = arn("mobiletargeting", call.region, f"apps/{app}{ending}" if app else "apps")
    return [Need(f"mobiletargeting:{call.operation}", (where,))]


def _logs(call: Call) -> list[Need]:
    given = call.parameters
    name = given.get("logGroupName") or given.get("logGroupNamePrefix")
    where = given.get("resourceArn") or arn("logs", call.region, f"log-group:{name or '*'}")
    if call.operation == "DescribeLogGroups":  # whatever prefix it is given (terraform-provider-aws #8804, cwh #83)
        where = arn("logs", call.region, "log-group::log-stream:")
    if call.operation in ("CreateLogStream", "PutLogEvents", "GetLogEvents", "FilterLogEvents"):
        where += f":log-stream:{given.get('logStreamName', '')}"
    return [Need(f"logs:{call.operation}", (where,))]


def _cloudwatch(call: Call) -> list[Need]:
    given = call.parameters
    names = [given["AlarmName"]] if "AlarmName" in given else list(given.get("AlarmNames") or [])
    where = tuple(arn("cloudwatch", call.region, f"alarm:{name}") for name in names)
    if "ResourceARN" in given:
        where = (given["ResourceARN"],)
    return [Need(f"cloudwatch:{call.operation}", where or ("*",))]


def _sms_voice(call: Call) -> list[Need]:
    """What describes all of a kind names no resource (service authorization reference)."""
    where = "*"
    if not call.operation.startswith("Describe") and "ConfigurationSetName" in call.parameters:
        where = arn("sms-voice", call.region, f"configuration-set/{call.parameters['ConfigurationSetName']}")
    return [Need(f"sms-voice:{call.operation}", (where,))]


def _sns(call: Call) -> list[Need]:
    """The service authorization reference has no resource for a subscription, though a denial names its topic."""
    return _plain(call) if "SubscriptionArn" in call.parameters else _named("Name", "{}")(call)


def _named(key: str, resource: str) -> Callable[[Call], list[Need]]:
    """The needs of a service whose calls name one resource by its ARN or by its name."""

    def make(call: Call) -> list[Need]:
        given = call.parameters
        where = next((str(given[name]) for name in given if name.lower().endswith("arn")), None)
        if where is None and key in given:
            where = arn(call.service, call.region, resource.format(str(given[key]).rsplit("/", 1)[-1]))
        return [Need(f"{call.service}:{call.operation}", (where or "*",))]

    return make


def _own(action: str) -> Callable[[Call], Need]:
    """The right to tag what the call's own action is about."""
    return lambda call: Need(action, _SERVICES[call.service](call)[0].resources)


_TAGGING: dict[str, Callable[[Call], Need]] = {
    "athena:CreateWorkGroup": _own("athena:TagResource"),
    "cloudwatch:PutMetricAlarm": _own("cloudwatch:TagResource"),
    "dynamodb:CreateTable": _own("dynamodb:TagResource"),
    "firehose:CreateDeliveryStream": _own("firehose:TagDeliveryStream"),
    "glue:CreateDatabase": lambda call: Need("glue:TagResource", _glue(call)[0].resources[1:]),
    "iam:CreateRole": _own("iam:TagRole"),
    "lambda:CreateFunction": _own("lambda:TagResource"),
    "logs:CreateLogGroup": _own("logs:TagResource"),
    "pinpoint:CreateApp": lambda call: Need(
        "mobiletargeting:TagResource", (arn("mobiletargeting", call.region, "apps/new"),)
    ),
    "s3:CreateBucket": _own("s3:TagResource"),
    "sns:CreateTopic": _own("sns:TagResource"),
}
_SERVICES: dict[str, Callable[[Call], list[Need]]] = {
    "s3": _s3,
    "iam": _iam,
    "glue": _glue,
    "firehose": _firehose,
    "lambda": _lambda,
    "dynamodb": _dynamodb,
    "athena": _athena,
    "apigatewayv2": _api,
    "sesv2": _ses,
    "pinpoint": _pinpoint,
    "pinpoint-sms-voice-v2": _sms_voice,
    "logs": _logs,
    "cloudwatch": _cloudwatch,
    "sns": _sns,
    "sqs": _named("QueueUrl", "{}"),
    "kms": _named("KeyId", "key/{}"),
    "sts": lambda call: [] if call.operation == "GetCallerIdentity" else _plain(call),  # which nobody can be denied
}
