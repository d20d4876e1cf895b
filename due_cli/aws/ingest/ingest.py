"""Ingest into a stack: the records of files put to its stream, as they were received.

Each record is read here as the transform will read it, so that the summary is known at once: a test ping is not put,
what cannot be read is put all the same (the transform fails it, and Firehose keeps it under ``errors/``), and what a
stream does not take is written under ``errors/`` directly.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import IO, NamedTuple

from due_cli.aws.ingest.checkpoint import Checkpoint, Journal, open_journal
from due_cli.aws.ingest.failed_entries import TOO_LARGE_FOLDER
from due_cli.aws.ingest.outgoing import OutgoingBatch, OutgoingRecord, PrepareBlock, file_record
from due_cli.aws.services import firehose, s3
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.events.not_records import UnreadableFile
from due_cli.ingest import inputs
from due_cli.ingest.batch import digest_id, failed_id
from due_cli.ingest.inputs import STDIN, Chunk, InputError, OversizedRecord
from due_cli.ingest.workers import process

_REMEMBERED = 200_000  # records of which a second one is known as a duplicate; any other duplicate is put again


def ingest_paths(stack: Stack, paths: list[str], progress: Progress) -> IngestSummary:
    """Put the records of files, folders and standard input to the stream.

    Raises :class:`~due_cli.core.errors.NotFoundError` for a path that is not there, before anything is put. An ingest
    of files that was cut off goes on where it was when it is run again.
    """
    files = inputs.find_files(paths)
    names = stack.names
    with open_journal((names.account, names.region, names.stack), paths, progress) as journal:
        ingest = _StreamIngest(stack, journal, progress)
        progress.start("Putting to the stream", inputs.total_size(files))
        is_complete = False
        try:
            ingest.run(files)
            is_complete = True
        finally:
            progress.finish()
            if not is_complete:
                progress.note(_interruption_note(ingest.summary, files))
    return ingest.summary


@dataclass(frozen=True, slots=True)
class _ChunkEnd:
    """The end of a chunk of an input: the checkpoint there, the chunk's bytes and the summary of its records.

    ``is_error`` where it is the end of an input that could not be read to its own end.
    """

    path: str
    checkpoint: Checkpoint
    size: int = 0
    summary: IngestSummary = field(default_factory=IngestSummary)
    is_error: bool = False


class _IngestRecord(NamedTuple):
    """A record to be put or, without data, the end of a chunk."""

    data: bytes
    end: _ChunkEnd | None = None


class _StreamIngest:
    """One ingest; ``summary`` is that of the records that the stream has acknowledged."""

    def __init__(self, stack: Stack, journal: Journal, progress: Progress) -> None:
        self._stack, self._journal, self._progress = stack, journal, progress
        self._ends: deque[_ChunkEnd] = deque()  # of the chunks that are being prepared, in order
        self._last_end: _ChunkEnd | None = None
        self._is_resumed = False
        self._digests: set[bytes] = set()
        self._digests_in_order: deque[bytes] = deque()
        self._spool: IO[bytes] | None = None
        self._sha256 = hashlib.sha256()
        self.summary = IngestSummary()

    def run(self, files: list[str | InputError]) -> None:
        """Put every record of the files."""
        stream = self._stack.names.stream
        with closing(firehose.put_records(self._stack.aws, stream, self._records(files))) as acknowledged:
            for record in chain.from_iterable(acknowledged):
                if record.end is not None:
                    self._acknowledge(record.end)

    def _acknowledge(self, end: _ChunkEnd) -> None:
        """Everything up to the end of a chunk is in the stream."""
        last = self._last_end
        summary = end.checkpoint.summary
        if last is not None and last.path == end.path:
            summary = last.checkpoint.summary
        elif last is not None and not last.is_error:  # what ended in an error is read again: it may be readable then
            self._journal.write(last.path, replace(last.checkpoint, done=True))
        checkpoint = replace(end.checkpoint, summary=summary.plus(end.summary))
        self._journal.write(end.path, checkpoint)
        self._last_end = replace(end, checkpoint=checkpoint)
        self.summary = self.summary.plus(end.summary)
        self._progress.advance(end.size, count=end.summary.records)

    def _chunks(self, files: list[str | InputError]) -> Iterator[Chunk]:
        """The chunks that were not put yet; the end of each goes to ``_ends``."""
        for file in files:
            if isinstance(file, InputError):
                self._ends.append(_ChunkEnd(file.origin, Checkpoint()))
                yield file
                continue
            earlier = self._journal.checkpoint(file)
            chunks, checkpoint = _chunks_after(earlier, file)
            self._resume(file, earlier, checkpoint)
            for chunk in chunks:
                size = 0
                if not isinstance(chunk, InputError):
                    size = len(chunk.data)
                    checksum = zlib.crc32(chunk.data, checkpoint.checksum)
                    checkpoint = replace(checkpoint, chunks=checkpoint.chunks + 1, checksum=checksum)
                self._ends.append(_ChunkEnd(file, checkpoint, size))
                yield chunk

    def _resume(self, file: str, earlier: Checkpoint, checkpoint: Checkpoint) -> None:
        """Count in what an earlier ingest put of a file, with one note for all."""
        if earlier.chunks and checkpoint != earlier:
            self._progress.note(f"{inputs.display_path(file)} was changed since it was put in part: all of it is put")
        elif earlier.chunks:
            self.summary = self.summary.plus(earlier.summary)
            if not self._is_resumed:
                self._progress.note("going on where an earlier ingest of the same paths ended")
            self._is_resumed = True

    def _records(self, files: list[str | InputError]) -> Iterator[_IngestRecord]:
        """The records to be put, and after those of each chunk its end."""
        with closing(process(self._chunks(files), PrepareBlock(int(time.time() * 1000)))) as results:
            for result in results:
                end = self._ends.popleft()
                if isinstance(result, InputError):
                    self._progress.note(result.reason)
                    summary = IngestSummary(problems=(result.reason,))
                    yield _IngestRecord(b"", replace(end, summary=summary, is_error=True))
                elif isinstance(result, UnreadableFile):
                    yield _IngestRecord(file_record(result))
                    yield _IngestRecord(b"", replace(end, summary=IngestSummary(records=1, failed=1)))
                elif not isinstance(result, OversizedRecord):
                    yield from self._records_of(result[1], end)
                elif self._keep_oversized(result):
                    yield _IngestRecord(b"", replace(end, summary=IngestSummary(records=1, failed=1)))

    def _records_of(self, batch: OutgoingBatch, end: _ChunkEnd) -> Iterator[_IngestRecord]:
        summary = IngestSummary(records=len(batch.records) + batch.ignored, ignored=batch.ignored)
        for record in batch.records:
            if record.digest and self._is_repeated(record.digest):
                summary = replace(summary, duplicates=summary.duplicates + 1)
                continue
            summary = summary.plus(_summary_of(record))
            if record.too_large:
                self._write_too_large(io.BytesIO(record.data), failed_id(record.data))
            else:
                yield _IngestRecord(record.data)
        yield _IngestRecord(b"", replace(end, summary=summary))

    def _is_repeated(self, digest: bytes) -> bool:
        """Whether a record of the same content was put a little before."""
        if digest in self._digests:
            return True
        self._digests.add(digest)
        self._digests_in_order.append(digest)
        if len(self._digests_in_order) > _REMEMBERED:
            self._digests.discard(self._digests_in_order.popleft())
        return False

    def _keep_oversized(self, part: OversizedRecord) -> bool:
        """Keep a part of a record too large to hold; whether it was the last, and the record is written."""
        if self._spool is None:
            self._spool, self._sha256 = tempfile.TemporaryFile(), hashlib.sha256()  # noqa: SIM115  closed with its last part
        self._spool.write(part.data)
        self._sha256.update(part.data)
        if part.last:
            with self._spool as spool:
                spool.seek(0)
                self._write_too_large(spool, digest_id(self._sha256))
            self._spool = None
        return part.last

    def _write_too_large(self, record: IO[bytes], identity: str) -> None:
        """Write a record as it is under ``errors/``, named by its id."""
        key = f"{TOO_LARGE_FOLDER}{datetime.now(UTC):%Y/%m/%d/%H}/{identity}"
        s3.write_object(self._stack.aws, self._stack.names.bucket, key, record)


def _summary_of(record: OutgoingRecord) -> IngestSummary:
    if not record.digest or record.too_large:
        return IngestSummary(failed=1)
    return IngestSummary(kept=1, rows=record.rows, duplicate_rows=record.duplicate_rows, nulled=record.nulled)


def _chunks_after(checkpoint: Checkpoint, file: str) -> tuple[Iterator[Chunk], Checkpoint]:
    """The chunks of a file after a checkpoint, if its content up to there is what it was; else all of them."""
    if checkpoint.done:
        return iter(()), checkpoint
    chunks, checksum = inputs.chunks([file]), 0
    for chunk in islice(chunks, checkpoint.chunks):
        checksum = checksum if isinstance(chunk, InputError) else zlib.crc32(chunk.data, checksum)
    if checksum != checkpoint.checksum:
        return inputs.chunks([file]), Checkpoint()
    return chunks, checkpoint


def _interruption_note(summary: IngestSummary, files: list[str | InputError]) -> str:
    again = "the same command goes on from there"
    if STDIN in files:
        again = "put again they change no number, because an event that comes twice counts once"
    return f"{summary.records:,} records are in; {again}"
