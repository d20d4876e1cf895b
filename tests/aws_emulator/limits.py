"""Lengths, ranges and patterns of parameters in botocore's models, which AWS checks and botocore does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape

from tests.aws_emulator.calls import Call
from tests.aws_emulator.recognise import model
from tests.aws_emulator.wire import RefusedError

# Java's classes and pairs of surrogates, as Python writes what they stand for.
_AS_PYTHON = (
    (r"\p{L}\p{Z}\p{N}", r"\w\s"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"),
    (r"\uD7FF", "\ud7ff"),
)


def check(call: Call) -> None:
    """Refuses a call with a parameter that its model does not allow."""
    shape = model(call.service).operation_model(call.operation).input_shape
    for place, value, constraint in _violations(shape, call.parameters, top=True):
        words = f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: {constraint}"
        raise RefusedError("ValidationException", words)


def _violations(
    shape: Shape | None, value: Any, place: str = "", *, top: bool = False
) -> Iterator[tuple[str, Any, str]]:
    """The place, the value and the constraint of each parameter that breaks one."""
    if shape is None or value is None:
        return
    given: Any = shape
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in given.members.items():
            key = name if top else member.serialization.get("name", name)
            yield from _violations(member, value.get(key), f"{place}.{name}".lstrip("."))
        return
    size: float | None = None
    if shape.type_name == "list" and isinstance(value, list):
        size = len(value)
        for number, one in enumerate(value, 1):
            yield from _violations(given.member, one, f"{place}.{number}")
    elif shape.type_name == "map" and isinstance(value, dict):
        size = len(value)
        for key, one in value.items():
            yield from _violations(given.key, key, f"{place}.{key}")
            yield from _violations(given.value, one, f"{place}.{key}")
    elif shape.type_name == "string" and isinstance(value, str):
        size = len(value)
        pattern = _pattern(shape.metadata.get("pattern", ""))
        if pattern and not pattern.fullmatch(value):
            yield place, value, f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"
    elif shape.type_name in ("integer", "long", "double", "float"):
        size = float(value)
    least, most = (shape.metadata.get(name) for name in ("min", "max"))
    if size is not None and ((least is not None and size < least) or (most is not None and size > most)):
        yield place, value, f"Member must be between {least} and {most} (length, number or value)"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """A pattern in Python's form; None without one, and for the few that Python cannot write."""
    for java, python in _AS_PYTHON:
        text = text.replace(java, python)
    try:
        return re.compile(text) if text else None
    except re.error:
        return None
