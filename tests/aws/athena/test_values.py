"""Values come back as what they are, in the order that was asked for, under the names that were given."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from due_cli.aws.athena import query, values
from due_cli.core.results import Table, Value
from tests.aws.athena.conftest import BothTargets, RecordedProgress
from tests.aws_emulator.engine import Catalog, FailedError, Result
from tests.commands import Due

PEOPLE = "(VALUES (1, 'c'), (2, NULL), (3, 'A'), (4, 'b')) AS t (n, s)"
TAGGED = f"(SELECT n, s, map(ARRAY['n'], ARRAY[CAST(n AS varchar)]) AS m, ARRAY[n, NULL] AS l FROM {PEOPLE}) AS p"


def rows(both: BothTargets, progress: RecordedProgress, sql: str) -> list[tuple[Value, ...]]:
    found = query.run(both.stack, progress, sql)
    assert isinstance(found, Table)
    return [tuple(row) for row in found.rows]


VALUES: tuple[tuple[str, Value], ...] = (
    ("TRUE", True),
    ("FALSE", False),
    ("CAST(7 AS tinyint)", 7),
    ("-9223372036854775807", -9223372036854775807),
    ("0.1e0", 0.1),
    ("1e300", 1e300),
    ("CAST(1.5 AS real)", 1.5),
    ("CAST(-12.340 AS decimal(18, 3))", Decimal("-12.340")),
    ("timestamp '2026-03-02 11:22:33.456'", datetime(2026, 3, 2, 11, 22, 33, 456_000)),
    ("date '2026-03-02'", date(2026, 3, 2)),
    ("'text'", "text"),
    ("''", ""),
    ("' '", " "),
    ("'NULL'", "NULL"),
    ("CAST(NULL AS bigint)", None),
    ("CAST(NULL AS varchar)", None),
    ("CAST(NULL AS map(varchar, varchar))", None),
    ("'a \"quoted\", value'", 'a "quoted", value'),
    ("'\"\"'", '""'),
    ("','", ","),
    ("'two\nlines, \r\n\r\nand more\n'", "two\nlines, \r\n\r\nand more\n"),
    ("'\u2028\u0085\x0b\x1c'", "\u2028\u0085\x0b\x1c"),
    ("'☃ 😀 ü'", "☃ 😀 ü"),
    ("map(ARRAY['a=1, b', '☃'], ARRAY['{x}', NULL])", {"a=1, b": "{x}", "☃": None}),
    ("ARRAY['a, b', '[c]', NULL, '']", ["a, b", "[c]", None, ""]),
    ("CAST(ROW(1, 'x=y') AS ROW(p integer, q varchar))", {"p": 1, "q": "x=y"}),
    ("ARRAY[map(ARRAY['k'], ARRAY[ARRAY[1, 2]])]", [{"k": [1, 2]}]),
    ("CAST(map(ARRAY['k'], ARRAY[1]) AS json)", '{"k":1}'),
)


def test_values_are_what_they_were(both: BothTargets, progress: RecordedProgress) -> None:
    columns = ", ".join(f"{expression} AS v{at}" for at, (expression, _) in enumerate(VALUES))
    (found,) = rows(both, progress, f"SELECT {columns}")
    expected = [value for _, value in VALUES]
    assert list(found) == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("timestamp with time zone", "2026-03-02 11:22:33.456 UTC", datetime(2026, 3, 2, 11, 22, 33, 456_000, UTC)),
        (
            "timestamp with time zone",
            "2026-03-02 11:22:33.456 +05:30",
            datetime(2026, 3, 2, 11, 22, 33, 456_000, timezone(timedelta(hours=5, minutes=30))),
        ),
        ("timestamp with time zone", "2026-03-02 11:22:33.456 Nowhere/Land", "2026-03-02 11:22:33.456 Nowhere/Land"),
        ("timestamp", "+12026-03-02 11:22:33.456", "+12026-03-02 11:22:33.456"),
        ("time", "11:22:33.456", time(11, 22, 33, 456_000)),
        ("varbinary", "68 65 6c", b"hel"),
        ("double", "-Infinity", -math.inf),
        ("double", "1.0E-7", 1e-7),
        ("real", "1.5E10", 1.5e10),
        ("interval day to second", "2 00:00:00.000", "2 00:00:00.000"),
    ],
)
def test_a_text_of_athena_is_read(kind: str, text: str, value: Value) -> None:
    assert values.converter(kind)(text) == value


def test_a_zone_by_its_name_is_that_zone() -> None:
    found = values.converter("timestamp with time zone")("2026-07-02 12:00:00.000 Europe/Berlin")
    assert isinstance(found, datetime)
    assert found.astimezone(UTC) == datetime(2026, 7, 2, 10, tzinfo=UTC)


def test_what_is_not_a_number_is_one() -> None:
    found = values.converter("double")("NaN")
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_a_result_is_read_in_parts_of_any_size(size: int) -> None:
    data = 'a,b\n"ü☃","x\ny"\n,""\n"1, ""2""",\n'.replace("a,b", '"a","b"').encode()
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    found = list(values.rows_of_csv(iter(parts), [str, str]))
    assert found == [("ü☃", "x\ny"), (None, ""), ('1, "2"', None)]


def test_one_column_of_nulls_is_lines_of_nothing() -> None:
    assert list(values.rows_of_csv([b'"a"\n\n""\n\n'], [str])) == [(None,), ("",), (None,)]


def test_lines_of_text_are_columns_where_there_are_several() -> None:
    described = b"event_type          \tstring              \t                    \n\t \t \n# Partition\nkey \tint\n"
    assert list(values.rows_of_text([described], 3)) == [
        ("event_type", "string", ""),
        ("# Partition", None, None),
        ("key", "int", None),
    ]
    assert list(values.rows_of_text([b"one\ttab\n\nlast"], 1)) == [("one\ttab",), ("",), ("last",)]


@pytest.mark.parametrize(
    ("sql", "column", "ordered"),
    [
        (f"SELECT m, n FROM {TAGGED} ORDER BY n DESC", 1, [4, 3, 2, 1]),
        (f"SELECT m, n FROM {TAGGED} ORDER BY s DESC NULLS FIRST, n", 1, [2, 1, 4, 3]),
        (f"SELECT m, n FROM {TAGGED} ORDER BY 2 DESC LIMIT 2", 1, [4, 3]),
        (f"SELECT m, n AS x FROM {TAGGED} WHERE s IS NOT NULL ORDER BY lower(s), p.n", 1, [3, 4, 1]),
        (f"SELECT m, -n AS n FROM {TAGGED} ORDER BY -n", 1, [-1, -2, -3, -4]),
        (f"SELECT m, n AS k, n AS k FROM {TAGGED} ORDER BY s", 1, [3, 4, 1, 2]),
        (f"SELECT * FROM {TAGGED} ORDER BY p.s, n;", 0, [3, 4, 1, 2]),
        (f"SELECT DISTINCT m, s FROM {TAGGED} WHERE s > 'A' ORDER BY s DESC", 1, ["c", "b"]),
        (
            f"SELECT m, n FROM {TAGGED} UNION ALL SELECT m, n * 10 FROM {TAGGED} ORDER BY n DESC LIMIT 3",
            1,
            [40, 30, 20],
        ),
        (
            f"SELECT max_by(m, n) AS m, n % 2 AS odd FROM {TAGGED} WHERE n < 4 GROUP BY n % 2 ORDER BY count(*)",
            1,
            [0, 1],
        ),
        (f"WITH w AS (SELECT * FROM {TAGGED}) SELECT l, n FROM w ORDER BY n DESC -- the end", 1, [4, 3, 2, 1]),
    ],
)
def test_the_order_stays_where_columns_become_json(
    both: BothTargets, progress: RecordedProgress, sql: str, column: int, ordered: list[Value]
) -> None:
    found = rows(both, progress, sql)
    assert [row[column] for row in found] == ordered
    assert any(isinstance(value, (dict, list)) for value in found[0])
    asked = list(both.emulator.athena.queries.values())[-1].sql
    assert asked.rpartition(") AS due_rows")[2].count("ORDER BY") == 1, "Trino drops the order of a query in a FROM"


def test_names_stay_as_they_were_given(both: BothTargets, progress: RecordedProgress) -> None:
    sql = 'SELECT 1 AS a, ARRAY[1] AS "A b", 2 AS "It\'s ""odd""", map(ARRAY[\'x\'], ARRAY[1]) AS "select"'
    found = query.run(both.stack, progress, sql)
    assert isinstance(found, Table)
    assert list(found.columns) == ["a", "A b", 'It\'s "odd"', "select"]
    assert list(found.rows) == [(1, [1], 2, {"x": 1})]


@pytest.mark.parametrize("view", ["email_click", "email_hardbounce", "sms_success", "email_unsubscribe"])
def test_a_view_shows_the_same_on_both(both: BothTargets, due: Due, view: str) -> None:
    sql = f"SELECT * FROM {view} ORDER BY event_id, ingest_timestamp"
    ours = due.rows("query", sql, "--local", str(both.database))
    assert ours
    assert due.rows("query", sql, "--stack", "due") == ours


def test_every_column_of_the_table_is_the_same_on_both(both: BothTargets, due: Due) -> None:
    sql = "SELECT * FROM all_events ORDER BY event_id, event_type, ingest_timestamp"
    ours = due.rows("query", sql, "--local", str(both.database))
    assert len(ours) > 150
    in_hive = json.loads(json.dumps(ours).replace("unsubscribeLinkTag", "unsubscribelinktag"))  # which has no capitals
    assert due.rows("query", sql, "--stack", "due") == in_hive


class NoJsonOfBytes:
    """An engine that casts what Trino casts."""

    def __init__(self, both: BothTargets) -> None:
        self._engine = both.emulator.athena.engine

    def execute(self, sql: str, catalog: Catalog) -> Result:
        if "CAST(due_" in sql:
            raise FailedError("TYPE_MISMATCH: line 1:8: Cannot cast array(varbinary) to json")
        return self._engine.execute(sql, catalog)


def test_what_has_no_json_is_shown_as_athena_writes_it(
    both: BothTargets, progress: RecordedProgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(both.emulator.athena, "engine", NoJsonOfBytes(both))
    assert rows(both, progress, "SELECT ARRAY['a', 'b'] AS l, 1 AS n ORDER BY n") == [("[a, b]", 1)]
    (note,) = progress.notes
    assert "as Athena writes them" in note
