"""The statuses that the DynamoDB table has of messages, read by the code of the functions that write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained
from due_cli.aws.pipeline.status_item import EXPIRES_AT, FACTS, KEY, live_status
from due_cli.aws.retry import LateError, wait_until
from due_cli.core.errors import RefusedError
from due_cli.events.status import Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesOutputTypeDef, KeysAndAttributesTypeDef

# Amazon DynamoDB API reference, BatchGetItem; developer guide, "Constraints".
_KEYS_A_READ = 100
_LONGEST_KEY = 2048


def statuses(aws: Aws, table: str, messages: Sequence[str]) -> dict[str, Status]:
    """What the table knows of messages, each named once; an item whose time is over counts as none.

    Raises :class:`RefusedError` where the table cannot be read.
    """
    found: dict[str, Status] = {}
    keys = [message for message in messages if _is_key(message)]
    for start in range(0, len(keys), _KEYS_A_READ):
        for item in _items(aws, table, keys[start : start + _KEYS_A_READ]):
            status = _status(item)
            if status is not None:
                found[status.message_id] = status
    return found


def _items(aws: Aws, table: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The items of up to a hundred keys; what DynamoDB leaves out of an answer is asked for again."""
    left: Mapping[str, KeysAndAttributesTypeDef | KeysAndAttributesOutputTypeDef] = {
        table: {
            "Keys": [{KEY: {"S": key}} for key in keys],
            "ProjectionExpression": f"{KEY}, {FACTS}, {EXPIRES_AT}",
        }
    }
    items: list[dict[str, Any]] = []

    def read() -> bool:
        nonlocal left
        answer = aws.dynamodb.batch_get_item(RequestItems=left)
        items.extend(answer["Responses"].get(table, []))
        left = answer.get("UnprocessedKeys", {})
        return not left

    try:
        with explained(f"reading {table} (dynamodb:BatchGetItem)"):
            wait_until(read, "what DynamoDB left unread")
    except LateError:
        raise RefusedError(f"DynamoDB holds back what {table} knows: it is busy", "again in a minute") from None
    return items


def _status(item: dict[str, Any]) -> Status | None:
    """The status of an item; None for one that was written by other means than due's, and cannot be read."""
    try:
        return live_status(item)
    except (ValueError, KeyError):
        return None


def _is_key(message: str) -> bool:
    try:
        return 0 < len(message.encode()) <= _LONGEST_KEY
    except UnicodeEncodeError:
        return False
