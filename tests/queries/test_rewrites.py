"""Athena's SQL gives on DuckDB what Trino gives, wherever the engines would silently differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.core.errors import QueryError
from due_cli.local.engine import connect
from due_cli.local.folder import Folder
from due_cli.local.queries import session
from due_cli.sql.transpile import parse, to_duckdb
from tests.commands import Due
from tests.queries.conftest import Week
from tests.queries.raw import at

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Rows of a statement in Athena's SQL; ``t`` has lists and maps that are full, empty and NULL."""
    with connect(Folder(tmp_path_factory.mktemp("engine"))) as connection:
        connection.execute(
            """CREATE TABLE t AS SELECT * FROM (VALUES
                (1, ['a', 'b'], [10, 20, 30], MAP {'x': '1', 'y': '2'}, MAP {'x': '9', 'z': '3'}),
                (2, []::VARCHAR[], [10], MAP {}::MAP(VARCHAR, VARCHAR), NULL),
                (3, NULL, NULL, NULL, MAP {'z': '4'})
            ) AS v (id, names, numbers, m, n)"""
        )

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(to_duckdb(parse(sql))).fetchall()

        yield rows


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("map_concat(m, n)", [{"x": "9", "y": "2", "z": "3"}, None, None]),
        ("CASE WHEN id = 0 THEN m ELSE map_concat(m, n) END", [{"x": "9", "y": "2", "z": "3"}, None, None]),
        ("map_concat(map_concat(m, n), m)", [{"x": "1", "y": "2", "z": "3"}, None, None]),
        ("map_concat(COALESCE(m, n), COALESCE(n, m))", [{"x": "9", "y": "2", "z": "3"}, {}, {"z": "4"}]),
        ("map_concat(COALESCE(m, NULL), COALESCE(n, NULL))", [{"x": "9", "y": "2", "z": "3"}, None, None]),
        (
            "map_concat(COALESCE(m, CAST(MAP() AS map(varchar, varchar))), COALESCE(n, MAP()))",
            [{"x": "9", "y": "2", "z": "3"}, {}, {"z": "4"}],
        ),
        ("m['x']", ["1", None, None]),
        ("m['missing']", [None, None, None]),
        ("element_at(m, 'x')", ["1", None, None]),
        ("transform_values(m, (k, v) -> v || '!')", [{"x": "1!", "y": "2!"}, {}, None]),
        ("transform_values(m, (k, v) -> k || v || CAST(id AS varchar))", [{"x": "x11", "y": "y21"}, {}, None]),
        ("contains(names, 'b')", [True, False, None]),
        ("greatest(id, 2)", [2, 2, 3]),
        ("greatest(id, NULL)", [None, None, None]),
        ("least(element_at(m, 'x'), '5')", ["1", None, None]),
        ("id / 2", [0, 1, 1]),
        ("-id / 2", [0, -1, -1]),
        ("id / 2e0", [0.5, 1.0, 1.5]),
        ("CAST(id AS double) / 2", [0.5, 1.0, 1.5]),
        ("regexp_extract(element_at(names, 1), '([b-z])|a', 0)", ["a", None, None]),
        ("regexp_extract(element_at(names, 1), 'b')", [None, None, None]),
        ("split_part('x/y', '/', id)", ["x", "y", None]),
        ("CAST('äöü' AS varchar(2))", ["äö"] * 3),
        ("TRY_CAST(id AS varchar(9))", ["1", "2", "3"]),
        ("array_position(names, 'b')", [2, 0, None]),
        ("cardinality(array_distinct(ARRAY[id, NULL, NULL, id]))", [2, 2, 2]),
        ("cardinality(array_distinct(names))", [2, 0, None]),
        ("date_format(TIMESTAMP '2026-03-01 23:30:00' AT TIME ZONE 'Europe/Berlin', '%d %H:%i')", ["02 00:30"] * 3),
    ],
)
def test_expression(ask: Ask, expression: str, values: list[Any]) -> None:
    assert [row[0] for row in ask(f"SELECT {expression} FROM t ORDER BY id")] == values


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id FROM t CROSS JOIN UNNEST(names) AS u (a)", [(1,), (1,)]),
        ("SELECT COUNT(*) FROM t CROSS JOIN UNNEST(sequence(1, 3)) AS u (a)", [(9,)]),
        ("SELECT id, a FROM t CROSS JOIN UNNEST(names) AS u (a)", [(1, "a"), (1, "b")]),
        ("SELECT id, a FROM t, UNNEST(names) AS u (a)", [(1, "a"), (1, "b")]),
        ("SELECT id, u.a FROM t CROSS JOIN UNNEST(names) AS u (a)", [(1, "a"), (1, "b")]),
        ("SELECT x.id, U.A FROM t AS x CROSS JOIN UNNEST(x.names) AS u (a) WHERE u.a = 'b'", [(1, "b")]),
        ("SELECT id, names, a FROM t CROSS JOIN UNNEST(names) AS u (a) WHERE a = 'a'", [(1, ["a", "b"], "a")]),
        # A column of the list's own name is the element, not the list.
        ("SELECT id, u.names FROM t CROSS JOIN UNNEST(names) AS u (names)", [(1, "a"), (1, "b")]),
        (
            "SELECT u.names, t.names FROM t CROSS JOIN UNNEST(names) AS u (names) WHERE u.names = 'a'",
            [("a", ["a", "b"])],
        ),
        ("SELECT u.* FROM t CROSS JOIN UNNEST(names) AS u (a)", [("a",), ("b",)]),
        (
            "SELECT x.*, a FROM (SELECT id, names FROM t) AS x CROSS JOIN UNNEST(names) AS u (a) WHERE a = 'a'",
            [(1, ["a", "b"], "a")],
        ),
        (
            "SELECT * FROM (SELECT id, names FROM t) CROSS JOIN UNNEST(names) AS u (a) WHERE u.a = 'a'",
            [(1, ["a", "b"], "a")],
        ),
        ("SELECT u.a, COUNT(*) FROM t CROSS JOIN UNNEST(names) AS u (a) GROUP BY u.a", [("a", 1), ("b", 1)]),
        # Lists of unequal length are filled up; a map gives its keys and values.
        (
            "SELECT id, a, i FROM t CROSS JOIN UNNEST(names, numbers) AS u (a, i)",
            [(1, "a", 10), (1, "b", 20), (1, None, 30), (2, None, 10)],
        ),
        ("SELECT id, k, v FROM t CROSS JOIN UNNEST(m) AS u (k, v)", [(1, "x", "1"), (1, "y", "2")]),
        ("SELECT id, a, i FROM t CROSS JOIN UNNEST(names) WITH ORDINALITY AS u (a, i)", [(1, "a", 1), (1, "b", 2)]),
        # A row without elements stays in a left join.
        ("SELECT id, a FROM t LEFT JOIN UNNEST(names) AS u (a) ON true", [(1, "a"), (1, "b"), (2, None), (3, None)]),
        (
            "SELECT id, a, k FROM t CROSS JOIN UNNEST(names) AS u (a) CROSS JOIN UNNEST(map_keys(n)) AS w (k)",
            [(1, "a", "x"), (1, "a", "z"), (1, "b", "x"), (1, "b", "z")],
        ),
        (
            "WITH d AS (SELECT id, names FROM t) SELECT id, a FROM d CROSS JOIN UNNEST(names) AS u (a)",
            [(1, "a"), (1, "b")],
        ),
        ("SELECT id FROM t WHERE EXISTS (SELECT 1 FROM UNNEST(names) AS u (a) WHERE a = 'b')", [(1,)]),
    ],
)
def test_unnest(ask: Ask, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert sorted(ask(sql), key=str) == sorted(rows, key=str)


def test_names_of_unnested_columns(due: Due, week: Week) -> None:
    sql = "SELECT t.destination FROM email_send CROSS JOIN UNNEST(destination) AS t (destination) LIMIT 1"
    assert list(due.rows("query", sql, "--local", str(week.database))[0]) == ["destination"]


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_null_is_last_in_either_order(ask: Ask, order: str) -> None:
    found = [row[0] for row in ask(f"SELECT element_at(m, 'x') FROM t ORDER BY 1 {order}")]
    assert found == ["1", None, None]


def test_try_holds_although_its_inside_stands_twice(ask: Ask) -> None:
    sql = """SELECT TRY(json_extract_scalar(json_parse(x), '$.a')), TRY(json_extract_scalar(json_parse(x), '$.b')),
             TRY(CAST(x AS integer)), TRY(CAST(x AS integer) + 1)
             FROM (SELECT '{"a": 1' AS x) AS s"""
    assert ask(sql) == [(None, None, None, None)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a": "x"}', "x"),
        ('{"a": 1, "b": [1, 2], "c": "x,]"}', "1"),
        ('{"a": "NaN, }", "b": [null]}', "NaN, }"),
        ('{"a": "\\"", "info": {"nan": "inf,]"}}', '"'),
        ('{"a": {"b": 1}}', None),
        ('{"a": [1]}', None),
        ('{"a": null}', None),
        ("null", None),
    ],
)
def test_json_is_read(ask: Ask, text: str, read: str | None) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    ((parsed_one, scalar, cast),) = ask(
        f"SELECT json_parse(x) IS NOT NULL, json_extract_scalar(x, '$.a'), CAST(json_extract(x, '$.a') AS varchar)"
        f" FROM (SELECT {quoted} AS x) AS s"
    )
    assert parsed_one
    assert scalar == cast == read


@pytest.mark.parametrize(
    "text", ['{"a": 1,}', '{"a": [1, ] }', '{"a": NaN}', "[-Infinity]", "nan", '{"a": "x,]", }', '{"a": 1', "a=b", ""]
)
def test_what_is_no_json_is_null_where_it_is_tried(ask: Ask, text: str) -> None:
    sql = f"SELECT TRY(json_parse(x)), TRY(CAST(json_parse(x) AS map(varchar, json))) FROM (SELECT '{text}' AS x) AS s"
    assert ask(sql) == [(None, None)]


def test_value_at_an_extreme_may_be_null(ask: Ask) -> None:
    sql = (
        "SELECT min_by(names, -id), max_by(names, id), max_by(names, id) FILTER (WHERE id < 3), count_if(id > 1) FROM t"
    )
    assert ask(sql) == [(None, None, [], 2)]


_MILLIS = st.integers(at("2000-01-01"), at("2100-01-01"))
_EPOCH = datetime(1970, 1, 1)


@given(_MILLIS)
def test_epoch_milliseconds_are_kept_whole(ask: Ask, millis: int) -> None:
    moment = _EPOCH + timedelta(milliseconds=millis)
    sql = f"""SELECT CAST(from_unixtime({millis} / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)),
              from_unixtime({millis} / 1e3), from_unixtime({millis} / 1e3 + 3e-4), from_unixtime({millis} / 1000)"""
    zoned = moment.replace(tzinfo=UTC)
    assert ask(sql) == [(moment, zoned, zoned, zoned.replace(microsecond=0))]


_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}


@given(_MOMENTS, _MOMENTS, st.sampled_from(sorted(_UNITS)))
def test_date_diff_counts_whole_units(ask: Ask, first: datetime, last: datetime, unit: str) -> None:
    sql = f"SELECT date_diff('{unit}', TIMESTAMP '{first}', TIMESTAMP '{last}')"
    assert ask(sql) == [(int((last - first).total_seconds() / _UNITS[unit]),)]


def test_date_diff_within_date_diff(ask: Ask) -> None:
    late, early = "TIMESTAMP '2026-01-01 23:00'", "TIMESTAMP '2026-01-02 01:00'"
    sql = f"""SELECT date_diff('day', {late}, {early}), date_diff('month', DATE '2026-01-15', DATE '2026-02-14'),
              date_diff('day', {late}, date_add('day', date_diff('day', {late}, {early}), {early}))"""
    assert ask(sql) == [(0, 0, 0)]


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_integers_divide_as_integers(ask: Ask, left: int, right: int) -> None:
    assert ask(f"SELECT {left} / ({right}), CAST({left} AS double) / ({right})") == [(int(left / right), left / right)]


_MAPS = st.none() | st.dictionaries(st.sampled_from("abc"), st.sampled_from("123"), max_size=3)


def _written(value: dict[str, str] | None) -> str:
    if value is None:
        return "CAST(NULL AS map(varchar, varchar))"
    keys, values = (", ".join(f"'{each}'" for each in part) for part in (value.keys(), value.values()))
    return f"CAST(MAP(ARRAY[{keys}], ARRAY[{values}]) AS map(varchar, varchar))"


@given(_MAPS, _MAPS)
def test_map_concat_is_null_with_a_null(ask: Ask, left: dict[str, str] | None, right: dict[str, str] | None) -> None:
    joined = None if left is None or right is None else {**left, **right}
    assert ask(f"SELECT map_concat({_written(left)}, {_written(right)})") == [(joined,)]


def _files_read(database: Path, sql: str) -> int:
    """How many Parquet files a statement opens to read rows."""
    translated = to_duckdb(parse(sql))
    with session(Folder(database), set(re.findall(r"\w+", sql))) as (connection, _):
        plan = "\n".join(row[1] for row in connection.execute(f"EXPLAIN ANALYZE {translated}").fetchall())
    return sum(int(number) for number in re.findall(r"Total Files Read: (\d+)", plan))


_DAYS = (datetime.now(UTC) - datetime(2026, 3, 3, 12, tzinfo=UTC)).days
_CUT = "TIMESTAMP '2026-03-03 12:00:00'"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp >= {_CUT}",
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp > current_timestamp - interval '{_DAYS}' day",
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp > now() - interval '{_DAYS}' day",
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp > localtimestamp - interval '{_DAYS}' day",
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp > date_add('day', -{_DAYS}, current_timestamp)",
        f"SELECT COUNT(*) FROM email_open WHERE current_timestamp - interval '{_DAYS}' day < ingest_timestamp",
        f"SELECT COUNT(*) FROM email_open WHERE ingest_timestamp BETWEEN {_CUT} AND current_timestamp",
        f"SELECT COUNT(bounced_recipient_status) FROM email_hardbounce WHERE ingest_timestamp >= {_CUT}",
        f"""SELECT COUNT(a) FROM email_send CROSS JOIN UNNEST(destination) AS t (a)
            WHERE ingest_timestamp > current_timestamp - interval '{_DAYS}' day""",
    ],
)
def test_only_the_files_of_the_asked_hours_are_read(week_by_hour: Week, sql: str) -> None:
    every = _files_read(week_by_hour.database, sql.partition("WHERE")[0])
    assert every == len({event.hour for event in week_by_hour.events})
    assert 0 < _files_read(week_by_hour.database, sql) < every * 2 / 3


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT (1", "SELECT 1; SELECT 2", "", "SELECT 'open", "SELECT * FROM t WHERE"]
)
def test_statement_that_is_not_one_is_refused(sql: str) -> None:
    with pytest.raises(QueryError):
        parse(sql)
