"""A query that is put into another for its maps, arrays and rows returns what it returned, in its own order."""

from __future__ import annotations

import json

import pytest

from due_cli.sql.as_json import as_json, columns_query, complex_columns
from due_cli.sql.transpile import parse
from tests.engines.hive import Trino
from tests.engines.servers import Server

PEOPLE = (
    "(VALUES (3, 'c', MAP(ARRAY['k'], ARRAY['v3']), ARRAY[1, 2]), (1, 'A', MAP(ARRAY['k'], ARRAY['v1']), ARRAY[NULL]),"
    " (2, NULL, MAP(ARRAY['k'], ARRAY[NULL]), NULL), (4, 'b', MAP(), ARRAY[])) AS t (n, s, m, a)"
)


@pytest.fixture(scope="module")
def trino(server: Server) -> Trino:
    """Trino, without a table."""
    return Trino(server, "nothing")


def _athena(kind: str) -> str:
    """The name that Athena has for a type in DuckDB's words."""
    return {"MAP(": "map", "STRU": "row"}.get(kind[:4], "array" if kind.endswith("[]") else kind)


def wrapped(trino: Trino, sql: str) -> tuple[str, frozenset[int]]:
    columns = trino.answer(columns_query(sql)).columns
    cast = complex_columns([_athena(kind) for _, kind in columns])
    return as_json(sql, parse(sql), [name for name, _ in columns], cast), cast


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT m, a, CAST(ROW(n, s) AS ROW(x integer, y varchar)) AS r, s FROM {PEOPLE} ORDER BY n DESC",
        f"SELECT m, n AS k FROM {PEOPLE} ORDER BY s DESC NULLS FIRST, 2",
        f"SELECT m, s FROM {PEOPLE} ORDER BY s",
        f"SELECT m FROM {PEOPLE} ORDER BY -n",
        f"SELECT m, -n AS n FROM {PEOPLE} ORDER BY -n",
        f"SELECT m, n FROM {PEOPLE} ORDER BY lower(s), t.n",
        f"SELECT m FROM {PEOPLE} ORDER BY element_at(m, 'k'), n",
        f"SELECT *, n + 1 AS n1 FROM {PEOPLE} ORDER BY t.n DESC, n1 LIMIT 2",
        f"SELECT DISTINCT m, s FROM {PEOPLE} ORDER BY s DESC",
        f"SELECT m, n FROM {PEOPLE} UNION ALL SELECT m, n + 10 FROM {PEOPLE} ORDER BY -n",
        f"SELECT arbitrary(m) AS m, n % 3 AS rest FROM {PEOPLE} GROUP BY n % 3 ORDER BY count(*) DESC, rest",
        f'SELECT array_agg(s ORDER BY n) AS l, \'it\'\'s "q"\' AS "a ""b" FROM {PEOPLE}',
        f"WITH w AS (SELECT * FROM {PEOPLE}) SELECT m, s FROM w ORDER BY s OFFSET 1 -- done",
        f"SELECT s, m FROM {PEOPLE} ORDER BY s FETCH FIRST 2 ROWS ONLY",
        "VALUES (1, ARRAY['x']), (2, ARRAY['y'])",
    ],
)
def test_rows_names_and_order_stay(trino: Trino, sql: str) -> None:
    text, cast = wrapped(trino, sql)
    assert cast
    plain, found = trino.answer(sql), trino.answer(text)
    names = [name for name, _ in found.columns]
    assert names == [name for name, _ in plain.columns]
    as_values = [
        {name: json.loads(str(row[name])) if at in cast and row[name] else row[name] for at, name in enumerate(names)}
        for row in found.rows
    ]
    assert as_values == plain.rows


def test_two_columns_of_one_name_stay_two(trino: Trino) -> None:
    text, _ = wrapped(trino, f"SELECT m, n AS k, s AS k FROM {PEOPLE} ORDER BY 3, n")
    assert [name for name, _ in trino.answer(text).columns] == ["m", "k", "k"]


@pytest.mark.parametrize("value", ["ARRAY[X'6869']", "ARRAY[now()]", "MAP(ARRAY[ROW(1, 2)], ARRAY[1])"])
def test_what_has_no_json_is_refused_by_the_place_where_it_stands(trino: Trino, value: str) -> None:
    """Which is how due knows that the query itself is sound."""
    text, _ = wrapped(trino, f"SELECT {value} AS v")
    with pytest.raises(Exception, match=r"line 1:8: Cannot cast"):
        trino.answer(text)
