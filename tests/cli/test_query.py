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


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "CREATE VIEW outside AS SELECT * FROM read_csv('{file}')",
    ],
)
def test_no_query_reads_another_file_of_the_machine(due: Due, folder: Path, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n")
    ran = due("query", sql.format(file=secret, folder=tmp_path)).failed(6)
    assert "secret\n" not in ran.out
    assert due.query("SELECT COUNT(*) AS n FROM all_events") == [{"n": 0}]


def test_a_plan_is_read_line_by_line(due: Due, folder: Path) -> None:
    """Of the statement in Athena's SQL, which DuckDB would not take."""
    lines = due("query", "EXPLAIN SELECT element_at(attributes, 'x') FROM all_events").done().out.splitlines()
    assert lines[0] == "Query Plan"
    assert len(lines) > 3 and all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT COUNT(*) FORM email_send", "unexpected "),
        ("SELECT date_diff('day', 1)", "an argument is missing in a call of date_diff"),
    ],
)
def test_a_statement_that_does_not_parse_is_told_in_words(due: Due, folder: Path, sql: str, says: str) -> None:
    ran = due("query", sql).failed(6)
    assert says in ran.err and "class" not in ran.err
