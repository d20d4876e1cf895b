"""The items of a stack's status table without a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.pipeline.status_item import EXPIRES_AT, FACTS, KEY, attributes
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.erase.person import ERASED, Eraser, Mode
from due_cli.events.model import UnreadableError
from due_cli.events.status import Dated, Status
from due_cli.events.status_codec import decode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_ATTEMPTS = 8
_UNCHANGED = "facts = :facts"  # the condition of a write
_RECIPIENTS = ("destination", "destination_phone_number")
_CHANGED = "ConditionalCheckFailedException"

Item = dict[str, "AttributeValueTypeDef"]


def named_statuses(stack: Stack, eraser: Eraser) -> tuple[int, int]:
    """How many items the table has, and how many of them name the person."""
    count = named = 0
    for item in _items(stack):
        count += 1
        named += _names(item, eraser)
    return count, named


def erase_statuses(stack: Stack, eraser: Eraser, event_ids: set[str]) -> None:
    """Remove the person from every item: the item where it is about them alone, else what names them.

    ``event_ids`` are of the person's events, which get new ids.
    """
    for item in _items(stack):
        if _names(item, eraser) or (event_ids and _has_event(item, event_ids)):
            _erase_item(stack, eraser, item, event_ids)


def _items(stack: Stack) -> Iterator[Item]:
    table = stack.names.status_table
    with translate_errors(f"reading {table} (dynamodb:Scan)"):
        for page in stack.aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]


def _names(item: Item, eraser: Eraser) -> bool:
    return any(eraser.person.is_named_in(str(value["S"])) for value in item.values() if "S" in value)


def _has_event(item: Item, event_ids: set[str]) -> bool:
    status = _status(item)
    return status is not None and any(stamp[1] in event_ids for stamp, _ in _dated(status))


def _erase_item(stack: Stack, eraser: Eraser, item: Item, event_ids: set[str]) -> None:
    aws, table = stack.aws, stack.names.status_table
    current: Item | None = item
    for _ in range(_ATTEMPTS):
        if current is None:
            return
        condition: dict[str, Any] = {}
        if FACTS in current:
            condition = {
                "ConditionExpression": _UNCHANGED,
                "ExpressionAttributeValues": {":facts": current[FACTS]},
            }
        new = _erased(eraser, current, event_ids)
        doing = f"writing {table} (dynamodb:PutItem, dynamodb:DeleteItem)"
        with translate_errors(doing), ignore_errors(_CHANGED):
            if new is None or new[KEY] != current[KEY]:
                aws.dynamodb.delete_item(TableName=table, Key={KEY: current[KEY]}, **condition)
                condition = {}
            if new is not None:
                aws.dynamodb.put_item(TableName=table, Item=new, **condition)
            return
        with translate_errors(f"reading {table} (dynamodb:BatchGetItem)"):
            answer = aws.dynamodb.batch_get_item(
                RequestItems={table: {"Keys": [{KEY: item[KEY]}], "ConsistentRead": True}}
            )
        items = answer["Responses"].get(table)
        current = items[0] if items else None
    raise DueError(f"an item of {table} is being changed by somebody else", "run the same command again")


def _erased(eraser: Eraser, item: Item, event_ids: set[str]) -> Item | None:
    """The item without the person; None where it is about them alone, or cannot be read."""
    status = _status(item)
    if status is None:
        return None
    recipients = [text for key, (_, text) in status.earliest.items() if key in _RECIPIENTS]
    if eraser.mode is Mode.ERASE and recipients and all(_without(eraser, text) == "" for text in recipients):
        return None

    def erased(dated: Dated | None) -> Dated | None:
        if dated is None:
            return None
        (time, event_id), text = dated
        return (time, eraser.event_id(event_id) if event_id in event_ids else event_id), _without(eraser, text)

    earliest = {key: new for key, dated in status.earliest.items() if (new := erased(dated)) and new[1]}
    changed = status._replace(
        message_id=eraser.text(status.message_id),
        earliest=earliest,
        record_status=erased(status.record_status),
        final=erased(status.final),
        answer=erased(status.answer),
    )
    return {**cast("Item", attributes(changed, 1)), EXPIRES_AT: item[EXPIRES_AT]}


def _without(eraser: Eraser, text: str) -> str:
    """A value without the person; of a list of addresses the others."""
    changed = eraser.text(text)
    if eraser.mode is Mode.PSEUDONYMISE or changed == text:
        return changed
    return ", ".join(part for part in changed.split(", ") if part != ERASED)


def _status(item: Item) -> Status | None:
    try:
        return decode(str(item[KEY]["S"]), str(item[FACTS]["S"]))
    except (UnreadableError, KeyError):
        return None


def _dated(status: Status) -> Iterator[Dated]:
    yield from status.earliest.values()
    yield from filter(None, (status.record_status, status.final, status.answer))
