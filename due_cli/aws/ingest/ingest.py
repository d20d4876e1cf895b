"""Ingest into a stack: the records of files put to its stream, as they were received.

What becomes of a record is decided here as the transform will decide it, so that the account is known at once: a test
ping is not put, what cannot be read is put all the same (the transform fails it, and Firehose keeps it under
``errors/``), and what a stream does not take is written under ``errors/`` directly.
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

from due_cli.aws.ingest.checkpoint import Journal, Place, journal
from due_cli.aws.ingest.failed_records import TOO_LARGE_FOLDER
from due_cli.aws.ingest.outgoing import Outgoing, Prepared, Preparing
from due_cli.aws.services import firehose, s3
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.ingest import inputs
from due_cli.ingest.batch import failed_id, identity_of
from due_cli.ingest.inputs import STDIN, Chunk, InputError, OversizedRecord
from due_cli.ingest.workers import batches

_REMEMBERED = 200_000  # records of which a second one is known as a duplicate; any other duplicate is put again


def ingest_paths(stack: Stack, paths: list[str], progress: Progress) -> IngestSummary:
    """Puts the records of files, folders and standard input to the stream.

    Raises :class:`~due_cli.core.errors.NotFoundError` for a path that is not there, before anything is put. An ingest
    of files that was cut off goes on where it was when it is run again.
    """
    files = inputs.found(paths)
    names = stack.names
    with journal((names.account, names.region, names.stack), paths, progress) as noted:
        work = _Ingest(stack, noted, progress)
        progress.start("Putting to the stream", inputs.size_of(files))
        ended = False
        try:
            work.run(files)
            ended = True
        finally:
            progress.finish()
            if not ended:
                progress.note(_how_far(work.account, files))
    return work.account


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of an input: where it ends, how large it is and what its records became.

    ``is_broken`` is the end of an input that was not read to its own.
    """

    path: str
    place: Place
    size: int = 0
    account: IngestSummary = field(default_factory=IngestSummary)
    is_broken: bool = False


class _Sent(NamedTuple):
    """A record on its way or, without data, the end of a stretch."""

    data: bytes
    stretch: _Stretch | None = None


class _Ingest:
    """One ingest; ``account`` is that of the records that the stream has acknowledged."""

    def __init__(self, stack: Stack, noted: Journal, progress: Progress) -> None:
        self._stack, self._journal, self._progress = stack, noted, progress
        self._cut: deque[_Stretch] = deque()  # of the pieces that are being prepared, in order
        self._reached: _Stretch | None = None
        self._goes_on = False
        self._seen: set[bytes] = set()
        self._seen_first: deque[bytes] = deque()
        self._spool: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self.account = IngestSummary()

    def run(self, files: list[str | InputError]) -> None:
        """Puts every record of the files."""
        stream = self._stack.names.stream
        with closing(firehose.put_records(self._stack.aws, stream, self._sent(files))) as acknowledged:
            for sent in chain.from_iterable(acknowledged):
                if sent.stretch is not None:
                    self._note(sent.stretch)

    def _note(self, stretch: _Stretch) -> None:
        """Everything up to the end of a stretch is in the stream."""
        before = self._reached
        so_far = stretch.place.account
        if before is not None and before.path == stretch.path:
            so_far = before.place.account
        elif before is not None and not before.is_broken:  # what is broken is read again: it may have been mended
            self._journal.reached(before.path, replace(before.place, done=True))
        place = replace(stretch.place, account=so_far.plus(stretch.account))
        self._journal.reached(stretch.path, place)
        self._reached = replace(stretch, place=place)
        self.account = self.account.plus(stretch.account)
        self._progress.advance(stretch.size, count=stretch.account.records)

    def _pieces(self, files: list[str | InputError]) -> Iterator[Chunk]:
        """The pieces that were not put yet; the stretch of each goes to ``_cut``."""
        for file in files:
            if isinstance(file, InputError):
                self._cut.append(_Stretch(file.origin, Place()))
                yield file
                continue
            before = self._journal.place(file)
            pieces, place = _from(file, before)
            self._go_on(file, before, place)
            for piece in pieces:
                size = 0
                if not isinstance(piece, InputError):
                    size = len(piece.data)
                    place = replace(place, pieces=place.pieces + 1, checksum=zlib.crc32(piece.data, place.checksum))
                self._cut.append(_Stretch(file, place, size))
                yield piece

    def _go_on(self, file: str, before: Place, place: Place) -> None:
        """Counts in what an earlier ingest put of a file, and says so once."""
        if before.pieces and place != before:
            self._progress.note(f"{inputs.shown(file)} was changed since it was put in part: all of it is put")
        elif before.pieces:
            self.account = self.account.plus(before.account)
            if not self._goes_on:
                self._progress.note("going on where an earlier ingest of the same paths ended")
            self._goes_on = True

    def _sent(self, files: list[str | InputError]) -> Iterator[_Sent]:
        """The records to be put, and after those of each piece the end of its stretch."""
        with closing(batches(self._pieces(files), Preparing(int(time.time() * 1000)))) as results:
            for result in results:
                stretch = self._cut.popleft()
                if isinstance(result, InputError):
                    self._progress.note(result.reason)
                    account = IngestSummary(problems=(result.reason,))
                    yield _Sent(b"", replace(stretch, account=account, is_broken=True))
                elif not isinstance(result, OversizedRecord):
                    yield from self._records(result[1], stretch)
                elif self._is_kept(result):
                    yield _Sent(b"", replace(stretch, account=IngestSummary(records=1, failed=1)))

    def _records(self, prepared: Prepared, stretch: _Stretch) -> Iterator[_Sent]:
        account = IngestSummary(records=len(prepared.outgoing) + prepared.ignored, ignored=prepared.ignored)
        for one in prepared.outgoing:
            if one.digest and self._is_repeated(one.digest):
                account = replace(account, duplicates=account.duplicates + 1)
                continue
            account = account.plus(_of_one(one))
            if one.too_large:
                self._keep(io.BytesIO(one.data), failed_id(one.data))
            else:
                yield _Sent(one.data)
        yield _Sent(b"", replace(stretch, account=account))

    def _is_repeated(self, digest: bytes) -> bool:
        """Whether a record of the same rows was put a little before."""
        if digest in self._seen:
            return True
        self._seen.add(digest)
        self._seen_first.append(digest)
        if len(self._seen_first) > _REMEMBERED:
            self._seen.discard(self._seen_first.popleft())
        return False

    def _is_kept(self, piece: OversizedRecord) -> bool:
        """Takes a part of a record too large to hold; whether it was the last, and the record is kept."""
        if self._spool is None:
            self._spool, self._digest = tempfile.TemporaryFile(), hashlib.sha256()  # noqa: SIM115  closed with its last part
        self._spool.write(piece.data)
        self._digest.update(piece.data)
        if piece.last:
            with self._spool as spool:
                spool.seek(0)
                self._keep(spool, identity_of(self._digest))
            self._spool = None
        return piece.last

    def _keep(self, record: IO[bytes], identity: str) -> None:
        """Writes a record as it is under ``errors/``, its id for a name."""
        key = f"{TOO_LARGE_FOLDER}{datetime.now(UTC):%Y/%m/%d/%H}/{identity}"
        s3.write_object(self._stack.aws, self._stack.names.bucket, key, record)


def _of_one(record: Outgoing) -> IngestSummary:
    is_kept = bool(record.digest) and not record.too_large
    return IngestSummary(kept=1, rows=record.rows, nulled=record.nulled) if is_kept else IngestSummary(failed=1)


def _from(file: str, before: Place) -> tuple[Iterator[Chunk], Place]:
    """The pieces of a file after a place, if its content up to there is what it was; else all of them."""
    if before.done:
        return iter(()), before
    pieces, checksum = inputs.pieces([file]), 0
    for piece in islice(pieces, before.pieces):
        checksum = checksum if isinstance(piece, InputError) else zlib.crc32(piece.data, checksum)
    if checksum != before.checksum:
        return inputs.pieces([file]), Place()
    return pieces, before


def _how_far(account: IngestSummary, files: list[str | InputError]) -> str:
    """What to say of an ingest that was cut off."""
    again = "the same command goes on from there"
    if STDIN in files:
        again = "put again they change no number, because an event that comes twice counts once"
    return f"{account.records:,} records are in; {again}"
