"""The lists of ``portable.md``: what is the same on both engines, and what to write instead of what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from trino.exceptions import TrinoQueryError

from tests.cli import Due
from tests.engines.conftest import Both, difference

_CODE = re.compile(r"`([^`]+)`")
_EVENTS = """\
WITH events AS (
    SELECT
        CAST(subject AS varchar) AS subject, CAST(link AS varchar) AS link,
        event_timestamp, message_send_timestamp, message_tags, destination,
        CAST(customer_context AS varchar) AS customer_context,
        CAST(sends AS bigint) AS sends, CAST(price AS double) AS price
    FROM (
        SELECT
            'Sale, 50%' AS subject, 'https://shop.example/a?id=42' AS link,
            timestamp '2026-03-31 23:30:15.250' AS event_timestamp,
            timestamp '2026-03-30 23:45:00.000' AS message_send_timestamp,
            MAP(ARRAY['color', 'size'], ARRAY['red', 'xl']) AS message_tags,
            ARRAY['b@example.com', 'a@example.com', 'b@example.com'] AS destination,
            '{"a": "x", "b": 2}' AS customer_context, 7 AS sends, 12.5e0 AS price
        UNION ALL
        SELECT
            ' Grüße ', '/b', timestamp '2026-03-01 10:00:00.000', timestamp '2026-02-28 09:59:59.999',
            MAP(ARRAY['size'], ARRAY['s']), ARRAY['c@example.com'], 'no JSON', 2, 1000000e0
        UNION ALL
        SELECT
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL
    ) AS made
)
SELECT EXPRESSION AS found FROM events"""


def _lines(heading: str) -> Iterator[list[str]]:
    """The cells of the table under a heading, without its two first lines."""
    text = Path(__file__).with_name("portable.md").read_text("utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in [line for line in section.splitlines() if line.startswith("|")][2:]:
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        yield [cell.strip().replace("\\|", "|") for cell in cells]


PORTABLE = [code for _, codes in _lines("Portable") for code in _CODE.findall(codes)]
INSTEAD = [(_CODE.findall(old)[0], _CODE.findall(new)[0]) for old, new, _ in _lines("Not portable")]


@pytest.mark.parametrize("expression", sorted({*PORTABLE, *(new for _, new in INSTEAD)}))
def test_portable_expression_is_the_same(due: Due, scenes: Both, expression: str) -> None:
    sql = _EVENTS.replace("EXPRESSION", expression)
    ours, theirs = scenes.due(due, sql), scenes.trino.answer(sql)
    assert ours.columns == theirs.columns
    assert difference(ours.rows, theirs.rows) == ([], [])
    assert any(row["found"] is not None for row in ours.rows) or "missing" in expression or "9)" in expression


@pytest.mark.parametrize("expression", [old for old, _ in INSTEAD])
def test_expression_that_is_not_portable_is_not(due: Due, scenes: Both, expression: str) -> None:
    """Else the list would forbid what works."""
    sql = _EVENTS.replace("EXPRESSION", expression)
    try:
        theirs = scenes.trino.answer(sql)
    except TrinoQueryError:
        return
    ran = due("query", sql, "--local", str(scenes.database), "-o", "json")
    if ran.code == 0 and "approx" not in expression:
        assert (scenes.columns(sql), ran.json) != (theirs.columns, theirs.rows)
