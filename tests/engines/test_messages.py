"""The relations of messages, with all their columns, give the same rows on every engine."""

from __future__ import annotations

from datetime import datetime

import pytest

from due_cli.sql.messages import columns, expanded, families
from due_cli.sql.parameters import Parameter, substitute
from tests.engines.held import Held

_ARRAYS = ("recipients", "contexts")
_PERIOD: dict[str, Parameter] = {"read_from": datetime(2026, 1, 1), "until": datetime(2027, 1, 1)}


def _column(name: str) -> str:
    """A column as both engines return it: a set has no order, and of a map's entries each has its own."""
    if name == "tags":
        return "array_join(array_sort(array_distinct(flatten(transform(tags, t -> map_keys(t))))), ',') AS tags"
    return f"array_join(array_sort({name}), ',') AS {name}" if name in _ARRAYS else name


@pytest.mark.parametrize("family", families())
def test_messages_are_the_same(rich: Held, family: str) -> None:
    names = columns(family)
    own = "message_id, family" if "family" in names else "message_id"
    sql = f"SELECT {', '.join(map(_column, names))} FROM {family}_messages ORDER BY {own}"
    answers = rich.same(substitute(expanded(sql), _PERIOD))
    assert all(len(answer.rows) > 100 for answer in answers)
