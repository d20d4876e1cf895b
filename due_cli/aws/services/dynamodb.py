"""Amazon DynamoDB: statuses of messages in the status table, decoded by the code that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import translate_errors
from due_cli.aws.pipeline.status_item import EXPIRES_AT, FACTS, KEY, is_key, live_status
from due_cli.aws.retry import LateError, wait_until
from due_cli.core.errors import DueError, RefusedError
from due_cli.events.status import Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesOutputTypeDef, KeysAndAttributesTypeDef

_KEYS_A_CALL = 100  # Amazon DynamoDB API reference, BatchGetItem


def read_statuses(aws: Aws, table: str, messages: Sequence[str]) -> dict[str, Status]:
    """The stored status of each message (given once each); none for an expired item.

    Raises :class:`RefusedError` where the table cannot be read.
    """
    statuses: dict[str, Status] = {}
    keys = [message for message in messages if is_key(message)]
    for start in range(0, len(keys), _KEYS_A_CALL):
        for item in _items(aws, table, keys[start : start + _KEYS_A_CALL]):
            status = _status(item)
            if status is not None:
                statuses[status.message_id] = status
    return statuses


def creation_time(aws: Aws, table: str) -> int | None:
    """When a table was created (epoch ms); None where the caller may not know."""
    try:
        with translate_errors(f"looking at table {table}"):
            return round(aws.dynamodb.describe_table(TableName=table)["Table"]["CreationDateTime"].timestamp() * 1000)
    except (DueError, KeyError):
        return None


def _items(aws: Aws, table: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The items of up to 100 keys; keys that DynamoDB leaves unprocessed are read again."""
    unprocessed: Mapping[str, KeysAndAttributesTypeDef | KeysAndAttributesOutputTypeDef] = {
        table: {
            "Keys": [{KEY: {"S": key}} for key in keys],
            "ProjectionExpression": f"{KEY}, {FACTS}, {EXPIRES_AT}",
        }
    }
    items: list[dict[str, Any]] = []

    def read() -> bool:
        nonlocal unprocessed
        response = aws.dynamodb.batch_get_item(RequestItems=unprocessed)
        items.extend(response["Responses"].get(table, []))
        unprocessed = response.get("UnprocessedKeys", {})
        return not unprocessed

    try:
        with translate_errors(f"reading {table} (dynamodb:BatchGetItem)"):
            wait_until(read, "unprocessed keys of DynamoDB")
    except LateError:
        raise RefusedError(f"DynamoDB is throttling reads of {table}", "run the same command in a minute") from None
    return items


def _status(item: dict[str, Any]) -> Status | None:
    """The status of an item; None for one that due did not write, and that cannot be decoded."""
    try:
        return live_status(item)
    except (ValueError, KeyError):
        return None
