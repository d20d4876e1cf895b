"""Failed records as ``due failed`` lists and names them, in a folder and on a stack alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from due_cli.core.errors import NotFoundError, UsageError
from due_cli.core.results import Table, Value

_Match = TypeVar("_Match")


def failed_table(rows: Iterable[Sequence[Value]]) -> Table:
    """The result of ``due failed list``; each row is id, reason, time, origin and size."""
    return Table(("id", "reason", "kept_at", "origin", "bytes"), rows, empty="no failed records")


def require_choice(identities: Sequence[str], *, everything: bool) -> None:
    """Raise :class:`UsageError` where neither ids nor all records are named."""
    if not identities and not everything:
        raise UsageError("which failed records?", "give ids of due failed list, or --all")


def only_match(identity: str, matches: Iterable[_Match]) -> _Match:
    """The one record whose id begins with ``identity``, of all that do; raises unless there is exactly one."""
    records = list(matches)
    if not records:
        raise NotFoundError(f"no failed record {identity}", "due failed list")
    if len(records) > 1:
        raise UsageError(f"{len(records)} failed records begin with {identity}", "due failed list shows whole ids")
    return records[0]
