"""Conditions of an account that setup checks first: a KMS key (AWS KMS), the concurrency quota (AWS Lambda)."""

from __future__ import annotations

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors

_SYMMETRIC = "SYMMETRIC_DEFAULT"  # the only kind that S3, Firehose, DynamoDB and Lambda encrypt with
_KEPT_UNRESERVED = 100  # Lambda API reference, PutFunctionConcurrency


def kms_key_fault(aws: Aws, arn: str) -> str | None:
    """Why a KMS key cannot encrypt a stack's data, as a predicate of its ARN ("is Disabled"); None where it can."""
    with translate_errors(f"looking for key {arn} (kms:DescribeKey)"), ignore_errors("NotFoundException"):
        key = aws.kms.describe_key(KeyId=arn)["KeyMetadata"]
        if key.get("KeyState") != "Enabled":
            return f"is {key.get('KeyState')}"
        kind = key.get("KeySpec")
        return None if kind == _SYMMETRIC else f"is of the kind {kind}, not {_SYMMETRIC}"
    return "is not there"


def reservable_concurrency(aws: Aws) -> int:
    """How many more concurrent executions can be reserved; Lambda keeps 100 for functions without a reservation."""
    with translate_errors("asking for the limit of concurrent executions (lambda:GetAccountSettings)"):
        limit = aws.lambda_.get_account_settings().get("AccountLimit", {})
        return max(0, limit.get("UnreservedConcurrentExecutions", 0) - _KEPT_UNRESERVED)
