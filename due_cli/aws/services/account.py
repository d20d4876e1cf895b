"""What an account has and allows, asked before anything is made of it."""

from __future__ import annotations

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained, ignore_errors

_SYMMETRIC = "SYMMETRIC_DEFAULT"  # the only kind that S3, Firehose, DynamoDB and Lambda encrypt with
_KEPT_UNRESERVED = 100  # Lambda API reference, PutFunctionConcurrency


def fault_of_key(aws: Aws, arn: str) -> str | None:
    """Why a KMS key cannot encrypt a stack's data, in words that follow its ARN; None where it can."""
    with explained(f"looking for key {arn} (kms:DescribeKey)"), ignore_errors("NotFoundException"):
        found = aws.kms.describe_key(KeyId=arn)["KeyMetadata"]
        if found.get("KeyState") != "Enabled":
            return f"is {found.get('KeyState')}"
        kind = found.get("KeySpec")
        return None if kind == _SYMMETRIC else f"is of the kind {kind}, not {_SYMMETRIC}"
    return "is not there"


def most_concurrency(aws: Aws) -> int:
    """How many executions of functions can be reserved yet; Lambda keeps 100 for the functions without."""
    with explained("asking for the limit of concurrent executions (lambda:GetAccountSettings)"):
        limit = aws.lambda_.get_account_settings().get("AccountLimit", {})
        return max(0, limit.get("UnreservedConcurrentExecutions", 0) - _KEPT_UNRESERVED)
