"""Record templates: how their placeholders are filled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from due_cli.demo.templates import read_templates, render


def rendered(tmp_path: Path, template: Any, **values: object) -> Any:
    path = tmp_path / "templates.json"
    path.write_text(json.dumps({"base": {"a": 1, "b": "{b?}"}, "more": {"c": "{b?}"}, "template": template}), "utf-8")
    return render(read_templates(path)["template"], values)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ({"a": "{n}", "b": "{texts}", "c": "x {n} y"}, {"a": 5, "b": ["t"], "c": "x 5 y"}),
        ([1, None, "{n}"], [1, None, 5]),
        ("{sent:iso}", "2026-11-22T03:55:00.123Z"),
        ("{sent:iso_seconds}", "2026-11-22T03:55:00Z"),
        ("{sent:epoch_seconds}", "1795319700"),
        ("{object:json}", '{"ü":[1,null]}'),
        ("{n:text}", "5"),
        ('{"errorMessage":null}', '{"errorMessage":null}'),
        ("", ""),
    ],
)
def test_a_placeholder_becomes_its_value(tmp_path: Path, template: Any, result: Any) -> None:
    values = {"n": 5, "texts": ["t"], "sent": 1_795_319_700_123, "object": {"ü": [1, None]}}
    assert rendered(tmp_path, template, **values) == result


def test_a_field_is_left_out_only_if_it_is_optional(tmp_path: Path) -> None:
    template = {"here": "{a?}", "absent": "{b?}", "none": "{c?}", "null": "{c}", "false": "{d?}"}
    assert rendered(tmp_path, template, a=1, c=None, d=False) == {"here": 1, "null": None, "false": False}
    with pytest.raises(KeyError, match="missing"):
        rendered(tmp_path, {"a": "{missing}"})


def test_a_list_repeats_its_item_for_each_of_the_values(tmp_path: Path) -> None:
    template = ["{*people}", {"name": "{name}", "of": "{team}", "age": "{age?}"}]
    people = [{"name": "ada"}, {"name": "bob", "age": 3, "team": "own"}]
    assert rendered(tmp_path, template, people=people, team="t") == [
        {"name": "ada", "of": "t"},
        {"name": "bob", "of": "own", "age": 3},
    ]
    assert rendered(tmp_path, template, people=[]) == []


def test_a_template_includes_the_fields_of_others_in_place(tmp_path: Path) -> None:
    record = rendered(tmp_path, {"z": 0, "...": ["base", "more"], "a": 2}, b="b")
    assert list(record.items()) == [("z", 0), ("a", 2), ("b", "b"), ("c", "b")]
    assert rendered(tmp_path, {"inner": [{"...": "base"}]}) == {"inner": [{"a": 1}]}


def test_records_share_nothing_with_their_template(tmp_path: Path) -> None:
    path = tmp_path / "templates.json"
    path.write_text('{"t": {"tags": {"a": [1]}}}')
    template = read_templates(path)["t"]
    render(template, {})["tags"]["a"].append(2)
    assert render(template, {}) == {"tags": {"a": [1]}}
