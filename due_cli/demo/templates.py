"""Record templates: JSON files with placeholders, filled with the values of one record."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from due_cli.events.times import iso

Record = dict[str, Any]
Template = Any
Values = Mapping[str, Any]

_FOLDER = Path(__file__).with_name("templates")
_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?(\?)?\}")
_INCLUDE = "..."
_REPEAT = re.compile(r"\{\*(\w+)\}")
_OMITTED: Final = object()


class _Placeholder(NamedTuple):
    name: str
    format: str
    optional: bool


class _Text(NamedTuple):
    parts: tuple[str | _Placeholder, ...]


class _Repeated(NamedTuple):
    name: str
    item: Any


def compact_json(value: object) -> str:
    """JSON as the services write it: without spaces and in UTF-8."""
    return json.dumps(value, ensure_ascii=False, check_circular=False, separators=(",", ":"))


def text_id(text: bytes) -> str:
    """An id in the usual notation that follows from a text, so that a repeated delivery repeats it."""
    digits = hashlib.sha256(text).hexdigest()[:32]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_FORMATS: Mapping[str, Callable[[Any], str]] = {
    "iso": iso,
    "iso_seconds": lambda millis: iso(millis)[:19] + "Z",
    "epoch_seconds": lambda millis: str(millis // 1000),
    "json": compact_json,
    "text": str,
}


def read_templates(path: Path) -> dict[str, Template]:
    """The templates of a JSON file, by name.

    The key ``...`` stands for the fields of another template of the file, or of several.
    """
    file = json.loads(path.read_text("utf-8"))
    return {name: _parsed(template, file) for name, template in file.items()}


def render(template: Template, values: Values) -> Any:
    """A copy of ``template`` in which the placeholders are filled with ``values``.

    ``"{name}"`` becomes the value, of any type; among other text, its text. ``"{name:iso}"`` formats it. ``"{name?}"``
    leaves its field out if there is no such value or it is None. ``["{*names}", item]`` is a list with ``item`` filled
    once for each of the values ``names``, which are objects whose fields stand beside ``values``.

    Raises :class:`KeyError` for a value that is missing.
    """
    kind = type(template)
    if kind is dict:
        rendered = {}
        for key, item in template.items():
            value = render(item, values)
            if value is not _OMITTED:
                rendered[key] = value
        return rendered
    if kind is _Placeholder:
        return _value(template, values)
    if kind is _Repeated:
        return [render(template.item, {**values, **fields}) for fields in values[template.name]]
    if kind is list:
        return [render(item, values) for item in template]
    if kind is _Text:
        return "".join(str(render(part, values)) for part in template.parts)
    return template


def _value(placeholder: _Placeholder, values: Values) -> Any:
    name, format_name, optional = placeholder
    if optional and values.get(name) is None:
        return _OMITTED
    value = values[name]
    return _FORMATS[format_name](value) if format_name else value


def _parsed(template: Any, file: Mapping[str, Any]) -> Template:
    """A template as :func:`render` takes it, of JSON."""
    if isinstance(template, str):
        return _parsed_text(template)
    if isinstance(template, list):
        if template and (repeat := _REPEAT.fullmatch(str(template[0]))):
            return _Repeated(repeat[1], _parsed(template[1], file))
        return [_parsed(item, file) for item in template]
    if not isinstance(template, dict):
        return template
    fields: dict[str, Template] = {}
    for key, item in template.items():
        if key == _INCLUDE:
            for name in [item] if isinstance(item, str) else item:
                fields |= _parsed(file[name], file)
        else:
            fields[key] = _parsed(item, file)
    return fields


def _parsed_text(text: str) -> Template:
    parts: list[str | _Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        name, format_name, optional = match.groups()
        parts.append(_Placeholder(name, format_name or "", optional is not None))
        end = match.end()
    if end < len(text) or not parts:
        parts.append(text[end:])
    return parts[0] if len(parts) == 1 else _Text(tuple(parts))


PINPOINT, SES, SMS, WHATSAPP, WRAPPERS, FLAWS = (
    read_templates(_FOLDER / f"{name}.json") for name in ("pinpoint", "ses", "sms", "whatsapp", "wrappers", "flaws")
)
