"""``due query``: where the statement comes from, and the values of its parameters."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_cli.core.errors import UsageError
from due_cli.sql.parameters import given_parameters
from due_cli.sql.statements import with_values
from tests.commands import Due, process

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("words", [("query",), ("query", "-"), ("query", "-f", "-")], ids=" ".join)
def test_a_statement_comes_through_a_pipe(folder: Path, words: tuple[str, ...]) -> None:
    ran = process(*words, "-o", "csv", "--local", str(folder), stdin=b"SELECT 1 AS one").done()
    assert ran.out == "one\n1\n"


def test_values_stand_where_the_statement_names_them_and_nowhere_else() -> None:
    sql = (
        "SELECT ':name' AS a, :name, x -- :name\nFROM t WHERE b = :name AND c > :count AND ts >= :since AND ts < :until"
    )
    values = given_parameters(["name=it's :count", "count=-7"], "2026-11-01T10:30Z", None, NOW)
    assert values["since"] == datetime(2026, 11, 1, 10)
    assert with_values(sql, {**values, "until": values["since"]}) == (
        "SELECT ':name' AS a, 'it''s :count', x -- :name\nFROM t WHERE b = 'it''s :count' AND c > -7 "
        "AND ts >= TIMESTAMP '2026-11-01 10:00:00.000' AND ts < TIMESTAMP '2026-11-01 10:00:00.000'"
    )


def test_the_two_times_are_whole_hours_as_those_of_a_report() -> None:
    assert given_parameters([], "2d", None, NOW) == {"since": datetime(2026, 11, 20, 4)}
    assert given_parameters([], None, "1d", NOW) == {"until": datetime(2026, 11, 21, 5)}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("SELECT :a", "--param", "b=1"), "the statement names :a, which has no value"),
        (("SELECT 1", "--param", "b=1"), "the statement does not name :b"),
        (("SELECT 1", "--since", "7d"), "the statement does not name :since"),
        (("SELECT :until",), "add --until TIME"),
        (("SELECT :a", "--param", "a"), "--param: 'a' is not name=value"),
        (("SELECT :since", "--since", "soon"), "--since: 'soon' is neither"),
    ],
    ids=str,
)
def test_values_and_names_must_agree(due: Due, folder: Path, words: tuple[str, ...], says: str) -> None:
    assert says in due("query", *words).failed(2).err


def test_a_value_is_never_sql(due: Due, folder: Path) -> None:
    nasty = "'; DROP VIEW email_send; --"
    assert due.rows("query", "SELECT :x AS x", "--param", f"x={nasty}") == [{"x": nasty}]


def test_nothing_is_asked_of_a_parameter_in_a_text() -> None:
    assert with_values("SELECT ':a'", {}) == "SELECT ':a'"
    with pytest.raises(UsageError):
        with_values("SELECT :a", {})
