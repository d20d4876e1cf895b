"""Every view shows the same rows on every engine, with the same columns and types, and they are the right ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from due_cli.sql import files
from tests.commands import Due
from tests.engines.dataset import CHECKOUT, CUSTOM_TYPE
from tests.engines.held import Engine, Held, Local, difference
from tests.engines.hive import Answer, Row
from tests.queries import plain_table, plain_views
from tests.queries.plain_views import Custom

CUSTOM = {
    "purchases": Custom(
        CUSTOM_TYPE,
        {"Currency": "currency", "item": "article", "it's": "odd"},
        {"Amount": "price", "pieces": "pieces"},
    ),
    "gone": Custom(CUSTOM_TYPE, {"Currency": "currency", 'say "hi" {x}; --': "said", "a=b": "equal"}, {}),
    "measured": Custom(CHECKOUT, {}, {"Größe.mm": "size"}),
}


_LINK_TAG = "unsubscribeLinkTag"


def _keys(columns: Iterable[tuple[str, str]]) -> list[str]:
    """The columns that rows can be put in order by: those with neither a list nor a map."""
    return [name for name, kind in columns if not re.search(r"\[|\(", kind)]


def _order(row: Row, keys: Sequence[str]) -> list[tuple[bool, object]]:
    """What stands where in Athena's order: NULL last."""
    return [(row[key] is None, row[key] or 0) for key in keys]


def _compared(held: Held, view: str, columns: list[tuple[str, str]], expected: Sequence[Row]) -> None:
    keys = _keys(columns)
    answers = held.same(f"SELECT * FROM {view} ORDER BY {', '.join(keys)}")
    in_order = sorted(_order(row, keys) for row in expected)
    for answer in answers:
        assert answer.columns == columns
        assert difference(answer.rows, expected) == ([], [])
        assert [_order(row, keys) for row in answer.rows] == in_order
        assert list(answer.rows[0]) == [name for name, _ in columns]
    empty = [name for name, _ in columns if all(row[name] is None for row in expected)]
    assert empty == [], "columns in which nothing was compared"
    filled = [name for name, _ in columns if all(row[name] is not None for row in expected)]
    assert set(filled) <= {"ingest_timestamp", "message_tags"}, "columns in which no NULL was compared"


@pytest.mark.parametrize("view", files.names("views"))
def test_every_view_has_a_plain_answer(view: str) -> None:
    assert plain_views.columns(view), f"{view} is not in tests/queries/views.csv and view_paths.csv"
    assert plain_views.rows(view, []) == []


@pytest.mark.parametrize("view", files.names("views"))
def test_view_is_the_same(rich: Held, view: str) -> None:
    _compared(rich, view, plain_views.columns(view), plain_views.rows(view, rich.rows))


def _spelled(found: Any) -> Any:
    """The one field of a struct whose name has capitals, as Trino names it (docs/portability.md)."""
    if isinstance(found, list):
        return [_spelled(item) for item in found]
    if isinstance(found, dict):
        return {_LINK_TAG.lower() if name == _LINK_TAG else name: _spelled(item) for name, item in found.items()}
    return found


def test_table_is_the_same(rich: Held) -> None:
    kinds = set()
    for engine in rich.engines.values():
        answer = engine.answer("SELECT * FROM all_events")
        assert difference(_spelled(answer.rows), _spelled(plain_table.rows(rich.rows))) == ([], [])
        kinds.add(tuple((name, kind.replace('"', "").lower()) for name, kind in answer.columns))
    assert len(kinds) == 1


@pytest.fixture(scope="module")
def shop(rich: Held, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """The same database; views that are made in it stay out of the other one."""
    copy = shutil.copytree(rich.database, tmp_path_factory.mktemp("custom") / "database")
    return Held(copy, rich.others, rich.events, rich.rows)


@pytest.mark.parametrize("name", CUSTOM)
def test_custom_view_is_the_same(due: Due, shop: Held, name: str) -> None:
    view = CUSTOM[name]
    words = ["view", "create", name, "--event-type", view.event_type]
    for option, named in (("--attribute", view.attributes), ("--metric", view.metrics)):
        words += [word for key, column in named.items() for word in (option, f"{key}={column}")]
    due(*words, "--local", str(shop.database)).done()
    shown = due("view", "show", name, "--local", str(shop.database)).done().out
    for engine in shop.others.values():
        engine.answer(shown)
    _compared(shop, name, view.columns, view.rows(shop.rows))


@pytest.mark.parametrize("name", files.names("status"))
def test_events_of_messages_are_the_same(rich: Held, name: str) -> None:
    sql = files.query("status", name).sql.replace(":message_id", "'ses-0', 'text-1'")
    sql = sql.replace(":since", "TIMESTAMP '2000-01-01 00:00:00'")
    first, *others = (_spelled(engine.answer(sql).rows) for engine in rich.engines.values())
    assert first
    for other in others:
        assert difference(other, first) == ([], [])


def test_an_engine_that_differs_is_noticed(rich: Held) -> None:
    """Another engine needs an ``answer`` and nothing else."""

    class Forgetful:
        def __init__(self, engine: Engine) -> None:
            self._engine = engine

        def answer(self, sql: str) -> Answer:
            found = self._engine.answer(sql)
            return Answer(found.columns, found.rows[1:])

    with pytest.raises(AssertionError, match="forgetful"):
        Held(rich.database, {"forgetful": Forgetful(Local(rich.database))}).same("SELECT * FROM email_send")
