"""The function behind the HTTP API: the status of one message (docs/data.md, "Message status").

Payload format 2.0 (Amazon API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs").
"""

from __future__ import annotations

import json
from typing import Any

from due_cli.aws.pipeline import environment
from due_cli.aws.pipeline.environment import client
from due_cli.aws.pipeline.status_item import KEY, is_key, live_status
from due_cli.events import Json


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001  Lambda passes it
    """Answer ``GET …?message_id=ID``: 200 with the item and its ``status``, 404 for an unknown or expired message,
    400 without an id; one DynamoDB call at most.

    Raises :class:`~due_cli.aws.pipeline.environment.EnvironmentVariableError` and what boto3 raises, which the API
    answers with 500 and an alarm counts.
    """
    table = environment.text(environment.STATUS_TABLE)
    message_id = (event.get("queryStringParameters") or {}).get(KEY, "")
    if not message_id:
        return _response(400, {"message": f"The parameter {KEY} is missing: GET …?{KEY}=ID"})
    status = None
    if is_key(message_id):
        response = client("dynamodb").get_item(TableName=table, Key={KEY: {"S": message_id}})
        status = live_status(response.get("Item"))
    if status is None:
        return _response(404, {KEY: message_id, "message": "No message of this id is known."})
    return _response(200, status.item())


def _response(code: int, body: dict[str, Json]) -> dict[str, Any]:
    return {
        "statusCode": code,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body, ensure_ascii=False),
        "isBase64Encoded": False,
    }
