"""The fields of a raw record: going through them and changing one; a webhook entry is opened like any object."""

from __future__ import annotations

import json
from collections.abc import Iterator

from due_cli.events import Json, Record

Path = tuple[str | int, ...]
ENTRY = "whatsAppWebhookEntry"


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every scalar inside a record but null, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif value is not None:
        yield path, value


def opened(record: Record) -> Record:
    """The record with the JSON of its webhook entry opened."""
    entry = record.get(ENTRY)
    return {**record, ENTRY: json.loads(entry)} if isinstance(entry, str) else record


def closed(record: Record) -> Record:
    return {**record, ENTRY: json.dumps(record[ENTRY])} if ENTRY in record else record


def replaced(value: Json, path: Path, leaf: Json) -> Json:
    """A record with another value at ``path``."""
    if not path:
        return leaf
    if isinstance(value, list):
        return [replaced(item, path[1:], leaf) if index == path[0] else item for index, item in enumerate(value)]
    assert isinstance(value, dict)
    return {key: replaced(item, path[1:], leaf) if key == path[0] else item for key, item in value.items()}
