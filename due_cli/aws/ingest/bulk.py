"""Statements to DynamoDB by the thousand: their values are encoded as they are, past botocore's model of them.

botocore walks the model of every value of every statement, which takes more than all else that an ingest does for a
status. The events are botocore's own (botocore developer guide, "Extending"): parameters are taken out before they are
encoded, and put in as the body of the request before it is signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from due_cli.aws.client import Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_OPERATION = "dynamodb.BatchExecuteStatement"
_BODY = "due_body"


def bulk_client(aws: Aws) -> DynamoDBClient:
    """The client of DynamoDB for many statements."""
    client = aws.dynamodb_in_bulk
    events = client.meta.events
    events.register(f"before-parameter-build.{_OPERATION}", _encode, unique_id="due-encode")
    events.register(f"before-call.{_OPERATION}", _insert, unique_id="due-insert")
    return client


def _encode(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    context[_BODY] = orjson.dumps(params)
    params["Statements"] = []


def _insert(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = context[_BODY]
