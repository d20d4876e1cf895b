"""One row of several deliveries of one event, whichever came first (docs/data.md, "Several deliveries of one event").

An identity's notification, a configuration set's event and EventBridge tell of the same bounce, each with fields that
the others lack. Merging is commutative, associative and idempotent, so neither order nor grouping changes the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce

from due_cli.events.identity import bare_address, canonical
from due_cli.events.model import Json, Row, Struct, without_empty

_quoted = json.encoder.encode_basestring_ascii
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_ADDRESS_KEYS = ("email_address", "emailAddress")  # of a column and of a list in details
# Two values of different types: the later type stays. The columns have one type each; lists in details hold anything.
_TYPES: tuple[type, ...] = (bool, int, float, str, list, dict)


def merge_rows(first: Row, *others: Row) -> Row:
    """Return one row of several deliveries of one event, merged leaf by leaf.

    A value goes before NULL, maps merge by key, lists of people by address and other lists by item. Of two texts the
    :func:`fuller` stays, of two numbers the greater, and the arrival is the earliest.
    """
    return reduce(_merge_two, map(without_empty, (first, *others)))  # as the stored row is, which may be one of them


def fuller(text: str) -> tuple[int, str]:
    """Return the sort key of a text among those of one leaf, of which the greatest stays: length of its JSON first."""
    quoted = _quoted(text)
    return len(quoted), quoted


def _merge_two(one: Row, other: Row) -> Row:
    merged: Row = _merge_structs(one, other)  # type: ignore[arg-type,assignment]  # a Row is a struct
    if "details" in one and "details" in other:
        merged["details"] = _merge_details(one["details"], other["details"])
    merged["arrival_timestamp"] = min(one["arrival_timestamp"], other["arrival_timestamp"])
    return merged


def _merge_structs(one: Struct, other: Struct) -> Struct:
    return {key: _merge_values(one.get(key), other.get(key)) for key in (*one, *(other.keys() - one.keys()))}


def _merge_values(one: Json, other: Json) -> Json:
    if one is None or other is None:
        return other if one is None else one
    if type(one) is not type(other) and not (_is_number(one) and _is_number(other)):
        return max(one, other, key=lambda value: _TYPES.index(type(value)))
    if isinstance(one, dict) and isinstance(other, dict):
        return _merge_structs(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return _merge_lists(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return one if one == other else max(one, other, key=fuller)
    return max(one, other, key=_size)


def _merge_lists(one: list[Json], other: list[Json]) -> list[Json]:
    """Each person or other item once, in the order of the list that has all of them, else in order of their keys."""
    if one == other and _COMPACT.encode(one) == _COMPACT.encode(other):  # 1 and true are equal in Python
        return one
    items: Struct = {}
    for item in (*one, *other):
        key = _item_key(item)
        items[key] = _merge_values(items.get(key), item)
    complete = [keys for keys in map(_item_keys, (one, other)) if len(keys) == len(items)]
    return [items[key] for key in max(complete, default=sorted(items))]


def _merge_details(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Merge by path; a list, which stands there as JSON text, is merged as one."""
    return {
        key: one[key] if key not in other else other[key] if key not in one else _merge_texts(one[key], other[key])
        for key in (*one, *(other.keys() - one.keys()))
    }


def _merge_texts(one: str, other: str) -> str:
    if one == other:
        return one
    first, second = _list(one), _list(other)
    if first is not None and second is not None:
        return _COMPACT.encode(_merge_lists(first, second))
    return max(one, other, key=lambda text: (_list(text) is not None, fuller(text)))


def _list(text: str) -> list[Json] | None:
    if not text.startswith("["):
        return None
    try:
        value: Json = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _refuse(constant: str) -> Json:
    raise ValueError(constant)  # NaN has no order


def _item_keys(items: Iterable[Json]) -> list[str]:
    return list(dict.fromkeys(map(_item_key, items)))


def _item_key(item: Json) -> str:
    """What an item of a list is recognised by: a person by the bare address, anything else by its value."""
    address: Json = item
    if isinstance(item, dict):
        address = next((item[key] for key in _ADDRESS_KEYS if isinstance(item.get(key), str)), None)
    elif isinstance(item, str) and "@" not in item:
        address = None
    return bare_address(address) if isinstance(address, str) else canonical(item)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(value: Json) -> tuple[float, int, str]:
    """The sort key of a number, or of true and false, of which the longer JSON stays."""
    text = canonical(value)
    return (0, len(text), text) if isinstance(value, bool) else (value, 0, str(value))  # type: ignore[return-value]
