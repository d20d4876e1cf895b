"""``due failed``: the records of a folder that could not be read, to list, show, replay and discard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, Table
from due_cli.events.not_records import UnreadableFile, describe_file, has_json
from due_cli.ingest.batch import Batch, Block, failed_id, read_block
from due_cli.ingest.failed import failed_table, only_match, require_choice
from due_cli.ingest.workers import BatchResult
from due_cli.local.folder import Folder
from due_cli.local.ingest import block_reader, ingest
from due_cli.local.state import FailedRecord, State, open_for_writing, open_state

_MAX_REPLAY_BYTES = 64 * 1024 * 1024
_MAX_TRIALS = 1000
_DIGEST = re.compile(r" \([\d,]+ bytes, SHA-256 ([0-9a-f]{64})\)$")


def list_failed(folder: Folder, *, by_reason: bool) -> Table:
    """Every failed record, oldest first; or their reasons."""
    with open_state(folder) as state:
        return failed_table(state.rows("failed").fetchall(), by_reason=by_reason)


def content(folder: Folder, identity: str) -> bytes:
    """A failed record byte for byte as it was received."""
    with open_state(folder) as state:
        return _content(state, _record(state, identity))


def count_readable(folder: Folder) -> tuple[int, int]:
    """The number of failed records, and how many of them (of the first, if many) a replay could read now."""
    with open_state(folder) as state:
        records = _records(state)
        tried = [record for record in records if record.bytes <= _MAX_REPLAY_BYTES][:_MAX_TRIALS]
        blocks = ((record, _block(state, record)) for record in tried)
        return len(records), sum(
            _unreadable_file(record, block) is None and _is_readable(read_block(block), record)
            for record, block in blocks
        )


def replay(folder: Folder, identities: list[str], progress: Progress) -> IngestSummary:
    """Ingest failed records again, all of them without ids; those that can be read now leave the list."""
    with open_for_writing(folder, progress) as state:
        records = _selected(state, identities) or _records(state)
        return ingest(folder, state, _batches(state, records, progress), progress)


def discard(folder: Folder, identities: list[str], progress: Progress) -> int:
    """Delete failed records; return how many."""
    with open_for_writing(folder, progress) as state, state.transaction():
        records = _selected(state, identities)
        for record in records:
            _delete(state, record)
        return len(records)


def full_ids(folder: Folder, identities: list[str], *, everything: bool) -> list[str]:
    """The full ids of the named records, or of all; raises :class:`UsageError` for neither."""
    require_choice(identities, everything=everything)
    with open_state(folder) as state:
        return [record.id for record in (_records(state) if everything else _selected(state, identities))]


def _batches(state: State, records: list[FailedRecord], progress: Progress) -> Iterator[BatchResult]:
    """Each record, read again; one that succeeds is deleted when its rows are stored."""
    read = block_reader(state)
    for record in records:
        if record.bytes > _MAX_REPLAY_BYTES:
            progress.note(f"skipped {record.id}: {record.bytes:,} bytes is larger than any record may be")
            continue
        block = _block(state, record)
        if file := _unreadable_file(record, block):
            yield file
            continue
        batch = read(block)
        yield block, batch
        if _is_readable(batch, record):  # once its rows are stored: between the two, a signal may end due
            _delete(state, record)


def _block(state: State, record: FailedRecord) -> Block:
    return Block(record.origin, 1, _content(state, record))


def _unreadable_file(record: FailedRecord, block: Block) -> UnreadableFile | None:
    """The file whose beginning a failed record is; None for any other record."""
    digest = _DIGEST.search(record.reason)
    if digest is None or (record.bytes == len(block.data) and has_json(block.data)):
        return None
    what = describe_file(block.data, record.bytes) or record.reason[: digest.start()]
    return UnreadableFile(record.origin, record.bytes, digest[1], block.data, what)


def _is_readable(batch: Batch, record: FailedRecord) -> bool:
    return record.id not in {failed_id(failure.raw) for failure in batch.failures}


def _records(state: State) -> list[FailedRecord]:
    return [FailedRecord(*row) for row in state.rows("failed")]


def _selected(state: State, identities: list[str]) -> list[FailedRecord]:
    """The named records, each once."""
    return list(dict.fromkeys(_record(state, identity) for identity in identities))


def _record(state: State, identity: str) -> FailedRecord:
    """The failed record whose id starts with ``identity``; raises unless it is exactly one."""
    return only_match(identity, (record for record in _records(state) if record.id.startswith(identity)))


def _content(state: State, record: FailedRecord) -> bytes:
    return b"".join(part for (part,) in state.rows("failed_parts", record.id))


def _delete(state: State, record: FailedRecord) -> None:
    state.run("delete_failed", record.id)
    state.run("delete_failed_parts", record.id)
