"""Customer contexts of every kind become the same message tags on both engines."""

from __future__ import annotations

import pytest

from tests.engines import dataset, servers
from tests.engines.conftest import Attached
from tests.engines.held import Held

_TEXTS = (
    "{}",
    '{"a": "x"}',
    ' {"a" : "x" } ',
    '{"a": ""}',
    '{"": "x"}',
    '{"a": "null"}',
    '{"a": null}',
    '{"a": true, "b": false}',
    '{"a": 1, "b": -0, "c": 12345678901234567890}',
    '{"a": 1.10}',
    '{"a": 1e3}',
    '{"a": 1.5e300}',
    '{"a": 0.1, "b": 2.0}',
    '{"a": {"b": {"c": [1, 2]}}}',
    '{"a": {"z": 1, "b": 2}}',
    '{"a": [1, "x", null, true]}',
    '{"a": []}',
    '{"a": {}}',
    '{"a": {"b": "é \\u00e9 \\" \\\\ \\n /"}}',
    '{"a": "é \\u00e9 \\" \\\\ \\n \\/"}',
    '{"a": "\\ud83d\\ude00 😀"}',
    '{"a": "x", "a": "y"}',
    '{"a": "x"} {"b": "y"}',
    '{"a": "x"',
    "{'a': 'x'}",
    '{"a": "x",}',
    '{"a": NaN}',
    '["a"]',
    '"a"',
    "42",
    "null",
    "",
    " ",
    "a=b",
)
# Where DuckDB's JSON goes its own way; none of these is what a service or a JSON library writes.
_DIFFER = {
    '{"a": 1.5e300}': "a number that is written out again: Trino spells its exponent E, DuckDB as it stood",
    '{"a": "x",}': "DuckDB's reader takes a trailing comma, which is no JSON: Trino's message_tags are NULL",
    '{"a": NaN}': "DuckDB's reader takes NaN, which is no JSON: Trino's message_tags are NULL",
}


@pytest.fixture(scope="module")
def contexts(server: servers.Server, attached: Attached, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """A message with each of the contexts."""
    database = dataset.contexts(server.data / "contexts", tmp_path_factory.mktemp("work"), _TEXTS)
    return Held(database, attached("contexts", database))


@pytest.mark.parametrize(
    "text",
    [pytest.param(text, marks=pytest.mark.xfail(reason=_DIFFER[text])) if text in _DIFFER else text for text in _TEXTS],
)
def test_message_tags_are_the_same(contexts: Held, text: str) -> None:
    contexts.same(f"SELECT message_tags FROM sms_buffered WHERE message_id = '{_TEXTS.index(text)}'")
