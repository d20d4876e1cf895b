"""JSON as another serialiser would write it: the same values in another text."""

from __future__ import annotations

import json
from random import Random

from due_cli.events.model import Json

_SPACE = ("", "", " ", "\n", "\t ")


def respelled(value: Json, random: Random) -> str:
    """JSON text of a value, with its keys, spaces, escapes and numbers as chance has them."""
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        pairs = (f"{_text(key, random)}{_space(random)}:{respelled(value[key], random)}" for key in keys)
        return _bracketed("{", pairs, "}", random)
    if isinstance(value, list):
        return _bracketed("[", (respelled(item, random) for item in value), "]", random)
    if isinstance(value, str):
        return _text(value, random)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return _number(value, random)


def _bracketed(opening: str, parts: object, closing: str, random: Random) -> str:
    assert hasattr(parts, "__iter__")
    inner = ",".join(f"{_space(random)}{part}{_space(random)}" for part in parts)
    return f"{_space(random)}{opening}{inner}{closing}{_space(random)}"


def _space(random: Random) -> str:
    return random.choice(_SPACE)


def _text(value: str, random: Random) -> str:
    """Some characters as escapes; JSON that a record holds as text is left alone: it is a value like any other."""
    plain = json.dumps(value, ensure_ascii=random.random() < 0.5)
    if not plain.isascii() or "\\" in plain:
        return plain
    return "".join(f"\\u{ord(one):04x}" if one.isalnum() and random.random() < 0.1 else one for one in plain)


def _number(value: int | float, random: Random) -> str:
    if isinstance(value, int):
        return random.choice((f"{value}", f"{value}.0", f"{value}e0", f"{value}0E-1"))
    return random.choice((repr(value), f"{value!r}e0" if "e" not in repr(value) else repr(value)))
