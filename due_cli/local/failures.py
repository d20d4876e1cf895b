"""Records of a local folder that could not be read: list, show, replay, discard."""

from __future__ import annotations

from collections.abc import Iterator

from due_cli.core.errors import NotFoundError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, Table
from due_cli.ingest.batch import Batch, Block, failed_id, normalised
from due_cli.ingest.workers import Normalised
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest
from due_cli.local.state import FailedRecord, State, opened, writing

COLUMNS = ("id", "reason", "kept_at", "origin", "bytes")
_REPLAYABLE_BYTES = 64 * 1024 * 1024
_TRIED = 1000


def listed(folder: Folder) -> Table:
    """Every failed record, oldest first."""
    with opened(folder) as state:
        return Table(COLUMNS, state.rows("failed").fetchall(), empty="no failed records")


def shown(folder: Folder, identity: str) -> bytes:
    """A failed record byte for byte as it was received."""
    with opened(folder) as state:
        return _content(state, _record(state, identity).id)


def waiting(folder: Folder) -> tuple[int, int]:
    """How many failed records there are, and how many of them a replay would read (of the first ones, if many)."""
    with opened(folder) as state:
        records = _all(state)
        tried = [record for record in records if record.bytes <= _REPLAYABLE_BYTES][:_TRIED]
        return len(records), sum(_is_readable(normalised(_block(state, record)), record) for record in tried)


def replay(folder: Folder, identities: list[str], progress: Progress) -> IngestSummary:
    """Ingests failed records again, all of them without ids; those that can be read now leave the list."""
    with writing(folder, progress) as state:
        records = _chosen(state, identities) or _all(state)
        return ingest(folder, state, _attempts(state, records, progress), progress)


def discard(folder: Folder, identities: list[str], progress: Progress) -> int:
    """Forgets failed records for good; returns how many."""
    with writing(folder, progress) as state, state.transaction():
        records = _chosen(state, identities)
        for record in records:
            _forget(state, record.id)
        return len(records)


def chosen(folder: Folder, identities: list[str], *, everything: bool) -> list[str]:
    """The whole ids of the records that were named, or of all; raises :class:`UsageError` where neither was said."""
    if not identities and not everything:
        raise UsageError("which failed records?", "give ids of due failed list, or --all")
    with opened(folder) as state:
        records = _all(state) if everything else _chosen(state, identities)
        return [record.id for record in records]


def _attempts(state: State, records: list[FailedRecord], progress: Progress) -> Iterator[Normalised]:
    """Each record read again; one that is not failed any more is forgotten in the commit that files its rows."""
    for record in records:
        if record.bytes > _REPLAYABLE_BYTES:
            progress.note(f"{record.id} is {record.bytes:,} bytes, larger than any record may be; it stays")
            continue
        block = _block(state, record)
        batch = normalised(block)
        if _is_readable(batch, record):
            _forget(state, record.id)
        yield block, batch


def _block(state: State, record: FailedRecord) -> Block:
    return Block(record.origin, 1, _content(state, record.id))


def _is_readable(batch: Batch, record: FailedRecord) -> bool:
    return record.id not in {failed_id(failure.raw) for failure in batch.failures}


def _chosen(state: State, identities: list[str]) -> list[FailedRecord]:
    """The records that ids name, each once."""
    return list({record.id: record for record in (_record(state, identity) for identity in identities)}.values())


def _all(state: State) -> list[FailedRecord]:
    return [FailedRecord(*row) for row in state.rows("failed")]


def _record(state: State, identity: str) -> FailedRecord:
    """The failed record of an id, or of the beginning of one that is enough."""
    found = [record for record in _all(state) if record.id.startswith(identity)]
    if not found:
        raise NotFoundError(f"no failed record {identity}", "due failed list")
    if len(found) > 1:
        raise UsageError(f"{len(found)} failed records begin with {identity}", "due failed list shows whole ids")
    return found[0]


def _content(state: State, identity: str) -> bytes:
    return b"".join(part for (part,) in state.rows("failed_parts", identity))


def _forget(state: State, identity: str) -> None:
    state.run("forget_failed", identity)
    state.run("forget_failed_parts", identity)
