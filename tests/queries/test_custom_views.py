"""Views of custom events (guide, appendix E), made by ``due view create``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from due_cli.events.model import Record
from due_cli.sql import files
from tests.commands import Due
from tests.queries.filing import adopted, filed, ingested, lowered

ODD_KEYS = (
    "it's",
    'say "hi"',
    "a.b.c",
    "two words",
    "100%",
    "a=b",
    "semi;colon--",
    "back\\slash",
    "{name}",
    ":until",
    "Größe",
    "42",
)
_TEMPLATE = ["event_timestamp", "arrival_timestamp", "application_id", "endpoint_id", "aws_account_id"]


def _event(event_type: str, attributes: Record, metrics: Record | None = None) -> Record:
    return {
        "event_type": event_type,
        "event_timestamp": 1_794_000_061_234,
        "arrival_timestamp": 1_794_000_062_345,
        "application": {"app_id": "app-1"},
        "client": {"client_id": "endpoint-1"},
        "awsAccountId": "317167123431",
        "attributes": attributes,
        "metrics": metrics or {},
    }


_PURCHASE = _event("purchase", {"Currency": "EUR", "item": "shoe"}, {"Amount": 12.5, "pieces": 2})
_GIFT = _event("purchase", {"item": "sock"}, {"pieces": 1})
_ODD = _event("o'dd %type", {key: f"value of {key}" for key in ODD_KEYS})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with custom events."""
    return ingested(tmp_path_factory.mktemp("filled"), [_PURCHASE, _GIFT, _ODD])


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> list[str]:
    """A copy of it to make views in, as the option that names it."""
    return ["--local", str(shutil.copytree(filled, tmp_path / "shop"))]


def _create(*words: str) -> list[str]:
    return ["view", "create", "purchases", "--event-type", "purchase", *words]


def test_attributes_and_metrics_are_columns(due: Due, shop: list[str]) -> None:
    own = ("--attribute", "Currency", "--attribute", "item=article", "--metric", "Amount=price", "--metric", "pieces")
    due(*_create(*own), *shop).done()
    first, second = due.rows("query", "SELECT * FROM purchases ORDER BY price", *shop)
    assert list(first) == [*_TEMPLATE, "currency", "article", "price", "pieces", "ingest_timestamp"]
    assert first == {
        "event_timestamp": "2026-11-06T21:21:01.234Z",
        "arrival_timestamp": "2026-11-06T21:21:02.345Z",
        "application_id": "app-1",
        "endpoint_id": "endpoint-1",
        "aws_account_id": "317167123431",
        "currency": "EUR",
        "article": "shoe",
        "price": 12.5,
        "pieces": 2.0,
        "ingest_timestamp": "2026-11-06T21:00:00.000Z",
    }
    assert (second["currency"], second["article"], second["price"]) == (None, "sock", None)
    described = due.rows("query", "DESCRIBE purchases", *shop)
    types = {row["column_name"]: row["column_type"] for row in described}
    assert types["event_timestamp"] == types["ingest_timestamp"] == "TIMESTAMP"
    assert (types["currency"], types["price"]) == ("VARCHAR", "DOUBLE")


def test_keys_of_any_kind(due: Due, shop: list[str]) -> None:
    own = [word for number, key in enumerate(ODD_KEYS) for word in ("--attribute", f"{key}=c{number}")]
    due("view", "create", "odd", "--event-type", "o'dd %type", *own, *shop).done()
    (row,) = due.rows("query", "SELECT * FROM odd", *shop)
    assert {row[f"c{number}"] for number in range(len(ODD_KEYS))} == {f"value of {key}" for key in ODD_KEYS}


@pytest.mark.parametrize(
    ("key", "column"),
    [("two words", "two_words"), ("a.b.c", "a_b_c"), ("it's", "it_s"), ("100%=c", "c"), ("a=b=c", "c")],
)
def test_column_is_named_after_its_key(due: Due, shop: list[str], key: str, column: str) -> None:
    due("view", "create", "odd", "--event-type", "o'dd %type", "--attribute", key, *shop).done()
    (row,) = due.rows("query", "SELECT * FROM odd", *shop)
    assert row[column] == f"value of {key.removesuffix('=c')}"


def test_data_of_the_aws_solution_has_its_keys_in_lower_case(due: Due, tmp_path: Path) -> None:
    database = ingested(tmp_path / "new", [_PURCHASE])
    old = adopted(tmp_path / "old", [lowered(event) for event in filed([_PURCHASE, _GIFT])], database)
    place = ("--local", str(old))
    due(*_create("--attribute", "Currency", "--metric", "Amount"), *place).done()
    rows = due.rows("query", "SELECT currency, amount FROM purchases ORDER BY currency", *place)
    assert rows == [{"currency": "EUR", "amount": None}, {"currency": None, "amount": None}]  # metrics were not kept


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Purchases"], "'Purchases' is not a view name"),
        (["1st"], "'1st' is not a view name"),
        (["pur-chases"], "'pur-chases' is not a view name"),
        (["x; DROP VIEW email_send"], "is not a view name"),
        (["a" * 129], "is not a view name"),
        (["email_send"], "email_send is one of the guide's views"),
        (["all_events"], "all_events is the table of all events"),
        (["p", "--attribute", "item=Item"], "'Item' is not a column name"),
        (["p", "--attribute", "item="], "'' is not a column name"),
        (["p", "--attribute", "%"], "'' is not a column name"),
        (["p", "--attribute", "42"], "'42' is not a column name"),
        (["p", "--attribute", "=item"], "'=item' is not KEY or KEY=column"),
        (["p", "--attribute", 'item=a" AS b, 1 AS "c'], "is not a column name"),
        (["p", "--attribute", "endpoint_id"], "two columns are named endpoint_id"),
        (["p", "--attribute", "x=ingest_timestamp"], "two columns are named ingest_timestamp"),
        (["p", "--attribute", "Item", "--metric", "item"], "two columns are named item"),
    ],
)
def test_name_that_cannot_be_one_is_refused(due: Due, scenes: Path, words: list[str], says: str) -> None:
    name, *own = words
    place = ("--local", str(scenes))
    ran = due("view", "create", name, "--event-type", "t", *(own or ["--attribute", "k"]), *place).failed(2)
    assert says in ran.err.splitlines()[0]
    assert [row["view"] for row in due.rows("view", "list", *place)] == list(files.names("views"))


def test_view_without_a_column_of_its_own_is_refused(due: Due, scenes: Path) -> None:
    ran = due(*_create(), "--local", str(scenes)).failed(2)
    assert "a custom view needs at least one column" in ran.err


@pytest.mark.parametrize("name", ["order", "select", "table", "_", "a1"])
def test_name_may_be_a_word_of_sql(due: Due, shop: list[str], name: str) -> None:
    due("view", "create", name, "--event-type", "purchase", "--attribute", f"item={name}", *shop).done()
    rows = due.rows("query", f'SELECT "{name}" AS found FROM "{name}" ORDER BY 1', *shop)
    assert rows == [{"found": "shoe"}, {"found": "sock"}]


def test_view_is_replaced(due: Due, shop: list[str]) -> None:
    due(*_create("--attribute", "item"), *shop).done()
    due(*_create("--attribute", "Currency"), *shop).done()
    assert list(due.rows("query", "SELECT * FROM purchases", *shop)[0])[5:] == ["currency", "ingest_timestamp"]


def test_view_is_listed_shown_and_dropped(due: Due, shop: list[str]) -> None:
    due(*_create("--attribute", "item"), *shop).done()
    listed = due.rows("view", "list", *shop)
    assert [row["view"] for row in listed] == sorted([*files.names("views"), "purchases"])
    assert all(row["about"] for row in listed)
    shown = due("view", "show", "PURCHASES", *shop).done().out
    (statement,) = sqlglot.parse(shown, read="trino")
    assert statement is not None
    due("view", "drop", "Purchases", *shop).done()
    due("view", "show", "purchases", *shop).failed(4)
    due("view", "drop", "purchases", *shop).failed(4)
    due("query", shown, *shop).done()  # pasted again
    assert len(due.rows("query", "SELECT * FROM purchases", *shop)) == 2


@pytest.mark.parametrize("name", ["email_send", "SMS_OPTOUT"])
def test_views_of_the_guide_stay(due: Due, scenes: Path, name: str) -> None:
    place = ("--local", str(scenes))
    assert "guide's views" in due("view", "drop", name, *place).failed(2).err
    assert "guide's views" in due("query", f"DROP VIEW {name}", *place).failed(2).err
    assert due.rows("query", f"SELECT COUNT(*) AS n FROM {name}", *place)[0]["n"] > 0


@pytest.mark.parametrize("name", files.names("views"))
def test_shown_view_of_the_guide_is_its_file(due: Due, scenes: Path, name: str) -> None:
    ran = due("view", "show", name, "--local", str(scenes)).done().out
    assert ran.strip() == files.query("views", name).sql


def test_view_that_others_read_is_not_dropped(due: Due, shop: list[str]) -> None:
    due(*_create("--attribute", "item"), *shop).done()
    due("query", "CREATE VIEW shoes AS SELECT * FROM purchases WHERE item = 'shoe'", *shop).done()
    ran = due("view", "drop", "purchases", *shop).failed(6)
    assert "needed by shoes" in ran.err
    found: list[dict[str, Any]] = due.rows("query", "SELECT item FROM shoes", *shop)
    assert found == [{"item": "shoe"}]
