"""The SQL of ``queries/`` is Athena's and stock Trino's alike, and ``--sql`` prints it ready to paste."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from due_cli.sql import files
from due_cli.sql.messages import columns, expanded, families
from tests.commands import Due
from tests.queries.conftest import Week
from tests.queries.forbidden import RULES

FILES = [(kind, name) for kind in ("views", "reports", "status", "tables") for name in files.names(kind)]
QUERIES = [(kind, name) for kind, name in FILES if kind != "tables"]
_OPTIONS = {
    "tag": ("my'key:since=a 'b' :until %(c)s; --", ["my'key:since", "a 'b' :until %(c)s; --"]),
    "address": ("o'hara@example.com", ["o'hara@example.com"]),
    "min-sends": ("12", ["12"]),
    "known-for": ("2w", ["2026-04-17 12:34:56.789"]),
}
_PERIOD = ("--since", "2026-04-01T10:20:30Z", "--until", "2026-05-01T12:34:56.789Z")


def _parsed(sql: str, dialect: str) -> exp.Expr:
    (statement,) = sqlglot.parse(sql, read=dialect)
    assert statement is not None
    assert not isinstance(statement, exp.Command), f"{dialect} does not read it"
    return statement


@pytest.mark.parametrize("dialect", ["athena", "trino"])
@pytest.mark.parametrize(("kind", "name"), QUERIES, ids=str)
def test_query_is_athenas_and_trinos(kind: str, name: str, dialect: str) -> None:
    statement = _parsed(files.query(kind, name).sql, dialect)
    broken = {rule: [piece.sql(dialect) for piece in find(statement)] for rule, find in RULES.items()}
    assert broken == {rule: [] for rule in RULES}


def test_table_is_athenas() -> None:
    created = _parsed(files.query("tables", "all_events").sql, "athena")
    assert isinstance(created, exp.Create)
    assert created.kind == "TABLE"


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("a map or an array with a subscript", "SELECT attributes['x'] FROM all_events"),
        ("UNNEST of a column", "SELECT r FROM all_events CROSS JOIN UNNEST(people) AS t (r)"),
        ("UNNEST of a column", "SELECT r FROM all_events CROSS JOIN UNNEST(facets.email_channel.people) AS t (r)"),
        ("date_add of milliseconds", "SELECT date_add('millisecond', x, timestamp '1970-01-01') FROM t"),
        ("a parameter outside of WHERE", "SELECT a FROM t GROUP BY a HAVING COUNT(*) >= :n"),
        ("a parameter outside of WHERE", "SELECT element_at(m, :key) FROM t WHERE a = :a"),
        ("a parameter outside of WHERE", "SELECT a FROM (SELECT m = :x AS a FROM t) AS u WHERE a"),
        ("a time with a zone", "SELECT from_unixtime(event_timestamp / 1000) AS event_timestamp FROM all_events"),
        ("a time with a zone", "SELECT CAST(from_unixtime(event_timestamp / 1e3) AS timestamp(3)) FROM all_events"),
        ("the clock", "SELECT 1 FROM all_events WHERE ingest_timestamp > current_timestamp - interval '30' day"),
        ("a function of one engine", "SELECT approx_distinct(a) FROM t"),
        ("JSON outside of TRY", "SELECT CAST(json_parse(a) AS map(varchar, varchar)) FROM t"),
    ],
)
def test_rule_finds_what_breaks_it(rule: str, sql: str) -> None:
    assert list(RULES[rule](_parsed(sql, "athena")))


@pytest.mark.parametrize("name", files.names("reports"))
def test_percent_signs_stay_out_of_reports(name: str) -> None:
    assert "%" not in files.query("reports", name).sql  # a client that formats with % would read them


def _messages_query(family: str) -> str:
    """A statement with all columns of a relation of messages."""
    return expanded(f"SELECT {', '.join(columns(family))} FROM {family}_messages")


@pytest.mark.parametrize("dialect", ["athena", "trino"])
@pytest.mark.parametrize("family", families())
def test_relation_of_messages_is_athenas_and_trinos(family: str, dialect: str) -> None:
    statement = _parsed(_messages_query(family), dialect)
    broken = {rule: [piece.sql(dialect) for piece in find(statement)] for rule, find in RULES.items()}
    assert broken == {rule: [] for rule in RULES}


def _words(name: str) -> list[str]:
    own = [option.name for option in files.query("reports", name).options]
    return ["report", name, *_PERIOD, *(word for option in own for word in (f"--{option}", _OPTIONS[option][0]))]


@pytest.mark.parametrize("name", files.names("reports"))
def test_printed_statement_has_its_values_as_literals(due: Due, name: str) -> None:
    sql = due(*_words(name), "--sql").done().out
    expected = {"2026-04-01 10:00:00.000", "2026-05-01 13:00:00.000"}
    for option in files.query("reports", name).options:
        expected |= set(_OPTIONS[option.name][1])
    for dialect in ("athena", "trino"):
        statement = _parsed(sql, dialect)
        assert not list(statement.find_all(exp.Placeholder))
        assert expected <= {literal.name for literal in statement.find_all(exp.Literal)}


@pytest.mark.parametrize("name", files.names("reports"))
def test_printed_statement_gives_the_rows_of_the_report(due: Due, week: Week, name: str) -> None:
    words = ["report", name, "--since", "2026-03-02T10:20Z", "--until", "2026-03-03T20:10Z"]
    choices = {"tag": "mycustomerid=x='1'", "address": "ada@example.com", "min-sends": "2", "known-for": "30min"}
    if name == "sms-cost-by-tag":
        choices["tag"] = 'mycustomerid={"deep":"4"}'
    for option in files.query("reports", name).options:
        words += [f"--{option.name}", choices[option.name]]
    sql = due(*words, "--sql").done().out
    rows = due.rows(*words, "--local", str(week.database))
    assert due.rows("query", sql, "--local", str(week.database)) == rows
    assert rows
    assert any(value for row in rows for value in row.values())


def test_printing_a_statement_needs_no_database(due: Due) -> None:
    assert due("report", "bounce-rate", "--sql").done().out.startswith("WITH email_events AS (")
