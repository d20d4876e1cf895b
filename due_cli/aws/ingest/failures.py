"""Records of a stack that did not get into the table: list, show, replay, discard.

They lie in objects that AWS wrote (:mod:`due_cli.aws.ingest.failed_records`). What is held of all of them at a time is
their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from due_cli.aws.ingest.failed_records import Leftover, contents, take_out, whole
from due_cli.aws.ingest.replay import brought_in
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import NotFoundError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, Table, Value
from due_cli.events.times import iso

COLUMNS = ("id", "reason", "kept_at", "origin", "bytes")


def listed(stack: Stack) -> Table:
    """Every failed record once, oldest first as far as the hours of their objects tell."""
    return Table(COLUMNS, _rows(stack), empty="no failed records")


def shown(stack: Stack, identity: str) -> bytes:
    """A failed record byte for byte as it was received."""
    first: Leftover | None = None
    found: dict[str, None] = {}
    for leftover in _all(stack):
        if leftover.id.startswith(identity):
            first = first or leftover
            found[leftover.id] = None
    _only(identity, found)
    return whole(stack, first) if first else b""


def chosen(stack: Stack, identities: list[str], *, everything: bool) -> list[str]:
    """The whole ids of the records that were named, or of all; raises :class:`UsageError` where neither was said."""
    if not identities and not everything:
        raise UsageError("which failed records?", "give ids of due failed list, or --all")
    if everything:
        return list(dict.fromkeys(leftover.id for leftover in _all(stack)))
    matches: dict[str, dict[str, None]] = {identity: {} for identity in identities}
    for leftover in _all(stack):
        for identity, found in matches.items():
            if leftover.id.startswith(identity):
                found[leftover.id] = None
    return list(dict.fromkeys(_only(identity, found) for identity, found in matches.items()))


def replay(stack: Stack, identities: list[str], progress: Progress) -> IngestSummary:
    """Brings failed records in again, all of them without ids; those that can be read now leave the list."""
    wanted = set(chosen(stack, identities, everything=False)) if identities else None
    progress.start("Replaying", None)
    try:
        return brought_in(stack, wanted, progress)
    finally:
        progress.finish()


def discard(stack: Stack, identities: list[str], progress: Progress) -> int:
    """Deletes failed records for good; returns how many, without those that an object keeps."""
    wanted = set(chosen(stack, identities, everything=False)) if identities else set()
    gone: set[str] = set()
    kept: set[str] = set()
    progress.start("Deleting", None)
    try:
        for content, leftovers in contents(stack) if wanted else ():
            ids = {leftover.id for leftover in leftovers} & wanted
            if not ids:
                continue
            if take_out(stack, content.summary, ids, progress):
                progress.advance(0, count=len(ids - gone))
                gone |= ids
            else:
                kept |= ids
    finally:
        progress.finish()
    return len(gone - kept)


def _all(stack: Stack) -> Iterator[Leftover]:
    return chain.from_iterable(leftovers for _, leftovers in contents(stack))


def _rows(stack: Stack) -> Iterator[tuple[Value, ...]]:
    seen: set[str] = set()  # ids are all that is held of a record
    for one in _all(stack):
        if one.id not in seen:
            seen.add(one.id)
            yield one.id, one.reason, f"{iso(one.kept_at)[:19]}Z", one.origin, one.size


def _only(identity: str, found: dict[str, None]) -> str:
    """The id that a beginning names, of those that begin with it."""
    if not found:
        raise NotFoundError(f"no failed record {identity}", "due failed list")
    if len(found) > 1:
        raise UsageError(f"{len(found)} failed records begin with {identity}", "due failed list shows whole ids")
    return next(iter(found))
