"""What was meant by a name that nothing has."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from due_cli.core.errors import NotFoundError

_SHOWN = 3


def not_found(what: str, name: str, known: Mapping[str, str]) -> NotFoundError:
    """The error for a name that is none of the known ones; those near it are its hint, as what they stand for."""
    lowered = {key.lower(): value for key, value in known.items()}
    near = dict.fromkeys(lowered[one] for one in get_close_matches(name.lower(), lowered, _SHOWN))
    there = list(dict.fromkeys(known.values()))
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif there:
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        hint = f"there are {', '.join(there[:_SHOWN])}{more}"
    else:
        hint = f"there is no {what} in this account and region"
    return NotFoundError(f"there is no {what} {name}", hint)
