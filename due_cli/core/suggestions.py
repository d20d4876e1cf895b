"""Errors for unknown names, which suggest similar ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from due_cli.core.errors import NotFoundError

_MAX_LISTED = 3


def not_found(what: str, name: str, known: Mapping[str, str]) -> NotFoundError:
    """The error for an unknown name; its hint suggests similar ones. ``known`` maps names to how they are shown."""
    existing = list(dict.fromkeys(known.values()))
    if suggestion := _similar(name, known):
        hint = suggestion
    elif existing:
        more = f" and {len(existing) - _MAX_LISTED} more" if len(existing) > _MAX_LISTED else ""
        hint = f"there are {', '.join(existing[:_MAX_LISTED])}{more}"
    else:
        hint = f"there is no {what} in this account and region"
    return NotFoundError(f"there is no {what} {name}", hint)


def similar(name: str, known: Iterable[str]) -> str | None:
    """The question whether one of the similar names was meant; None where none is similar."""
    return _similar(name, {one: one for one in known})


def _similar(name: str, known: Mapping[str, str]) -> str | None:
    lowered = {key.lower(): value for key, value in known.items()}
    matches = dict.fromkeys(lowered[match] for match in get_close_matches(name.lower(), lowered, _MAX_LISTED))
    return f"did you mean {' or '.join(matches)}?" if matches else None
