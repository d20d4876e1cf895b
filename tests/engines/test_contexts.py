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
    '{"a": [1, 2, ], "b": "x"}',
    '{"a": NaN}',
    '{"a": [-Infinity]}',
    '{"a": "NaN,]", "b": "x, }"}',
    '{"a": 12345678.5}',
    '{"a": 9999999.5, "b": 0.001, "c": 10000000, "d": -0.0}',
    '{"a": {"b": [0.0001]}}',
    '{"a": {"b": 1, "b": 2}}',
    "{'a': 1}",
    '{"a": tru}',
    '{"a": 01}',
    '{"a": "\t"}',
    '{"a": 1}/* */',
    '["a"]',
    '"a"',
    "42",
    "null",
    "",
    " ",
    "a=b",
)
# Where DuckDB's JSON goes its own way; docs/portability.md has them.
_DIFFER = {
    '{"a": 1.5e300}': "Trino spells it 1.5E300",
    '{"a": 12345678.5}': "Trino spells it 1.23456785E7",
    '{"a": {"b": [0.0001]}}': "Trino spells it 1.0E-4",
    '{"a": {"b": 1, "b": 2}}': "Trino keeps the last of a nested object's equal keys, DuckDB each",
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
