"""What ``portable.md`` lists is the same on every engine; of docs/portability.md only what it says to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from trino.exceptions import TrinoQueryError

from due_cli.core.errors import QueryError
from tests.engines.held import Held

DOCUMENT = Path(__file__).parents[2] / "docs" / "portability.md"
_ON_MORE_ROWS = ("approx_distinct", "variance")  # which differ on many rows, or by the order of rows
_CODE = re.compile(r"`([^`]+)`")
_EVENTS = """\
WITH events AS (
    SELECT
        CAST(subject AS varchar) AS subject, CAST(link AS varchar) AS link,
        event_timestamp, message_send_timestamp, message_tags, destination,
        CAST(customer_context AS varchar) AS customer_context,
        CAST(substr(customer_context, 1, 10) AS varchar) AS cut_off,
        CAST(sends AS bigint) AS sends, CAST(price AS double) AS price
    FROM (
        SELECT
            'Sale, 50%' AS subject, 'https://shop.example/a?id=42' AS link,
            timestamp '2026-03-31 23:30:15.250' AS event_timestamp,
            timestamp '2026-03-30 23:45:00.000' AS message_send_timestamp,
            MAP(ARRAY['color', 'size'], ARRAY['red', 'xl']) AS message_tags,
            ARRAY['b@example.com', 'a@example.com', 'b@example.com'] AS destination,
            '{"a": "x", "c": {"d": [1], "e": true}, "b": 2}' AS customer_context, 7 AS sends, 12.5e0 AS price
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


def _lines(path: Path, heading: str) -> Iterator[list[str]]:
    """The cells of the table under a heading, without its two first lines."""
    section = path.read_text("utf-8").partition(f"\n{heading}\n")[2].partition("\n#")[0]
    for line in [line for line in section.splitlines() if line.startswith("|")][2:]:
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        yield [cell.strip().replace("\\|", "|") for cell in cells]


_HERE = Path(__file__).parent
PORTABLE = [code for _, codes in _lines(_HERE / "portable.md", "") for code in _CODE.findall(codes)]
INSTEAD = [
    (old.strip("`"), new.strip("`"))
    for old, new, _ in _lines(DOCUMENT, "")
    if _CODE.fullmatch(old) and _CODE.fullmatch(new) and not old.startswith("`SELECT")
]


@pytest.mark.parametrize("expression", sorted({*PORTABLE, *(new for _, new in INSTEAD)}))
def test_portable_expression_is_the_same(scenes: Held, expression: str) -> None:
    answers = scenes.same(_EVENTS.replace("EXPRESSION", expression))
    assert any(word in expression for word in ("missing", "cut_off")) or any(
        row["found"] is not None for answer in answers for row in answer.rows
    )


@pytest.mark.parametrize("expression", [old for old, _ in INSTEAD if not old.startswith(_ON_MORE_ROWS)])
def test_expression_that_is_not_portable_is_not(scenes: Held, expression: str) -> None:
    """Else the list would forbid what works."""
    with pytest.raises((AssertionError, TrinoQueryError, QueryError)):
        scenes.same(_EVENTS.replace("EXPRESSION", expression))
