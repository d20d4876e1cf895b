"""Failed records as ``due failed`` lists and names them, in a folder and on a stack alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from due_cli.core.errors import NotFoundError, UsageError
from due_cli.core.results import Table, Value

_Match = TypeVar("_Match")
_COLUMNS = ("id", "reason", "kept_at", "origin", "bytes")
_NONE = "no failed records"
# What in a reason is of one record: where in it the fault is, or which file it is.
_OF_ONE = re.compile(
    r"(?:(?: starting at)?: line \d+ column \d+ \(char \d+\)| at byte \d+| \([\d,]+ bytes, SHA-256 [0-9a-f]+\))$"
)


def failed_table(rows: Iterable[Sequence[Value]], *, by_reason: bool) -> Table:
    """The result of ``due failed list``; each row is id, reason, time, origin and size.

    With ``by_reason`` their reasons, the most frequent first, each with the id of one record.
    """
    return _by_reason(rows) if by_reason else Table(_COLUMNS, rows, empty=_NONE)


def _by_reason(rows: Iterable[Sequence[Value]]) -> Table:
    counts: Counter[str] = Counter()
    one_id: dict[str, str] = {}
    newest = dict[str, str]()
    for identity, full_reason, kept_at, *_ in rows:
        reason = _OF_ONE.sub("", str(full_reason))
        counts[reason] += 1
        one_id.setdefault(reason, str(identity))
        newest[reason] = max(str(kept_at), newest.get(reason, ""))
    reasons = sorted(counts, key=lambda reason: (-counts[reason], reason))
    groups = [(counts[reason], reason, newest[reason], one_id[reason]) for reason in reasons]
    steps = (f"due failed show {groups[0][-1]}", "due failed list --all", "due failed replay") if groups else ()
    return Table(("records", "reason", "newest", "example"), groups, steps, empty=_NONE)


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
        raise UsageError(f"{len(records)} failed records begin with {identity}", "due failed list --all")
    return records[0]
