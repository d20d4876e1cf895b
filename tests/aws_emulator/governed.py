"""A governed account: what its organisation denies everybody (service control policies), its root too."""

from __future__ import annotations

import json
from typing import Any

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT

# The calls that create what can be tagged as it is created, beside those of API Gateway, which are all POST.
_CREATING = (
    "athena:CreateWorkGroup cloudwatch:PutMetricAlarm dynamodb:CreateTable "
    "firehose:CreateDeliveryStream glue:CreateDatabase iam:CreateRole lambda:CreateFunction logs:CreateLogGroup "
    "s3:CreateBucket sns:CreateTopic"
)


def boundary_in(emulator: AwsEmulator) -> str:
    """The ARN of a new policy that bounds roles: anything but IAM."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}],
    }
    iam = emulator.client("iam")
    arn: str = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    return arn


def encrypt_catalog(emulator: AwsEmulator) -> str:
    """Encrypts the Glue Data Catalog with a new key; its ARN."""
    key: str = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    at_rest = {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": key}
    emulator.client("glue").put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={"EncryptionAtRest": at_rest}
    )
    return key


def key_in(emulator: AwsEmulator, *services: str) -> str:
    """The ARN of a new key whose policy lets IAM decide, as a new key's does, and some services use it."""
    statements = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}]
    statements += [
        {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "kms:*"}
        for service in services or ("logs.us-east-1", "cloudwatch")
    ]
    policy = {"Version": "2012-10-17", "Statement": [{**one, "Resource": "*"} for one in statements]}
    key: str = emulator.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    return key


def guardrail(boundary: str, tag: str) -> dict[str, Any]:
    """No role without a permissions boundary, and nothing without a tag."""
    on_apis = {"Effect": "Deny", "Action": "apigateway:POST", "Resource": "arn:aws:apigateway:*::/apis"}
    on_others = {"Effect": "Deny", "Action": _CREATING.split(), "Resource": "*"}
    untagged = {"Condition": {"Null": {f"aws:RequestTag/{tag}": "true"}}}
    unbounded = {
        "Effect": "Deny",
        "Action": ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": boundary}},
    }
    return {"Version": "2012-10-17", "Statement": [unbounded, {**on_apis, **untagged}, {**on_others, **untagged}]}
