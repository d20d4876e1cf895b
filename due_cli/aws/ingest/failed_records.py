"""Failed records of a stack: list, show, replay, discard.

They are entries of objects that AWS wrote (:mod:`due_cli.aws.ingest.failed_entries`). What is held of all of them at a
time is their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from due_cli.aws.ingest.failed_entries import FailedEntry, read_objects, read_raw, remove_entries
from due_cli.aws.ingest.replay import replay_entries
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, Table, Value
from due_cli.events.times import iso
from due_cli.ingest.failed import failed_table, only_match, require_choice


def list_failed(stack: Stack, *, by_reason: bool) -> Table:
    """Every failed record once, oldest first as far as the hours of their objects tell; or their reasons."""
    return failed_table(_rows(stack), by_reason=by_reason)


def content(stack: Stack, identity: str) -> bytes:
    """A failed record byte for byte as it was received."""
    first: FailedEntry | None = None
    matching: set[str] = set()
    for entry in _entries(stack):
        if entry.id.startswith(identity):
            first = first or entry
            matching.add(entry.id)
    only_match(identity, matching)
    return read_raw(stack, first) if first else b""


def full_ids(stack: Stack, identities: list[str], *, everything: bool) -> list[str]:
    """The full ids of the records with the given ids, or of all; raises :class:`UsageError` for neither."""
    require_choice(identities, everything=everything)
    if everything:
        return list(dict.fromkeys(entry.id for entry in _entries(stack)))
    matching: dict[str, set[str]] = {identity: set() for identity in identities}
    for entry in _entries(stack):
        for identity, ids in matching.items():
            if entry.id.startswith(identity):
                ids.add(entry.id)
    return list(dict.fromkeys(only_match(identity, ids) for identity, ids in matching.items()))


def replay(stack: Stack, identities: list[str], progress: Progress) -> IngestSummary:
    """Ingest failed records again, all of them without ids; those that can be read now leave the list."""
    ids = set(full_ids(stack, identities, everything=False)) if identities else None
    progress.start("Replaying", None)
    try:
        return replay_entries(stack, ids, progress)
    finally:
        progress.finish()


def discard(stack: Stack, full_identities: list[str], progress: Progress) -> int:
    """Delete the failed records of these full ids for good; return how many, without those that an object keeps."""
    chosen_ids = set(full_identities)
    discarded: set[str] = set()
    kept: set[str] = set()
    progress.start("Deleting", None)
    try:
        for opened, entries in read_objects(stack) if chosen_ids else ():
            ids = {entry.id for entry in entries} & chosen_ids
            if not ids:
                continue
            if remove_entries(stack, opened.summary, ids, progress):
                progress.advance(0, count=len(ids - discarded))
                discarded |= ids
            else:
                kept |= ids
    finally:
        progress.finish()
    return len(discarded - kept)


def _entries(stack: Stack) -> Iterator[FailedEntry]:
    return chain.from_iterable(entries for _, entries in read_objects(stack))


def _rows(stack: Stack) -> Iterator[tuple[Value, ...]]:
    seen: set[str] = set()  # ids are all that is held of a record
    for entry in _entries(stack):
        if entry.id not in seen:
            seen.add(entry.id)
            kept_at = (
                f"{iso(entry.failed_at)[:19]}Z"  # named by the column: a folder keeps a record as soon as it fails
            )
            yield entry.id, entry.reason, kept_at, entry.origin, entry.size
