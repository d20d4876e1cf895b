"""Ingest into a stack: each input is staged on this machine, then published: written to the hours of its records.

Nothing goes through the delivery stream, which would file everything under the hour of the upload. While an input is
published, the next ones are staged, as long as what lies on the disk is little.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from itertools import groupby
from operator import itemgetter

from due_cli.aws.ingest.checkpoint import Journal, open_journal
from due_cli.aws.ingest.publish import Publishing, publishing
from due_cli.aws.ingest.staging import StagingArea
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.ingest import inputs
from due_cli.ingest.batch import read_block
from due_cli.ingest.inputs import STDIN, Chunk, InputError
from due_cli.ingest.workers import BatchResult, process


def ingest_paths(stack: Stack, paths: list[str], progress: Progress) -> IngestSummary:
    """Put the records of files, folders and standard input into the stack.

    Raises :class:`~due_cli.core.errors.NotFoundError` for a path that is not there, before anything is read. An ingest
    of files that was cut off goes on after those that were done when it is run again.
    """
    files = inputs.find_files(paths)
    names = stack.names
    with open_journal((names.account, names.region, names.stack), paths, progress) as journal:
        ingest = _StackIngest(journal, progress)
        progress.start("Ingesting", inputs.total_size(files))
        is_complete = False
        try:
            with publishing(stack, progress) as publication:
                ingest.run(files, publication)
            is_complete = True
        finally:
            progress.finish()
            if not is_complete:
                progress.note(_interruption_note(ingest.summary, files))
    return ingest.summary


class _StackIngest:
    """One ingest; ``summary`` is that of the inputs that are in the stack."""

    def __init__(self, journal: Journal, progress: Progress) -> None:
        self._journal, self._progress = journal, progress
        self._numbers: deque[int] = deque()  # of the inputs of the chunks that are being read, in order
        self._is_resumed = False
        self.summary = IngestSummary()

    def run(self, files: list[str | InputError], publication: Publishing) -> None:
        """Stage and publish every input that an earlier ingest was not done with."""
        with closing(process(self._chunks(files, publication.area), read_block)) as results:
            for number, of_input in groupby(self._numbered(results), key=itemgetter(0)):
                publication.add((result for _, result in of_input), partial(self._finish, files[number]))

    def _chunks(self, files: list[str | InputError], area: StagingArea) -> Iterator[Chunk]:
        """The chunks of every input; the number of each one's input goes to ``_numbers``."""
        for number, file in enumerate(files):
            if isinstance(file, InputError):
                self._numbers.append(number)
                yield file
            elif (summary := self._journal.summary(file)) is not None:
                self._resume(file, summary)
            else:
                for chunk in area.chunks(file):
                    self._numbers.append(number)
                    yield chunk

    def _numbered(self, results: Iterable[BatchResult]) -> Iterator[tuple[int, BatchResult]]:
        return ((self._numbers.popleft(), result) for result in results)

    def _resume(self, file: str, summary: IngestSummary) -> None:
        """Count in what an earlier ingest put into the stack, with one note for all."""
        if not self._is_resumed:
            self._progress.note("going on where an earlier ingest of the same paths ended")
        self._is_resumed = True
        self.summary = self.summary.plus(summary)
        with suppress(OSError):
            self._progress.advance(os.stat(file).st_size, count=summary.records)  # noqa: PTH116  any bytes as a name

    def _finish(self, file: str | InputError, summary: IngestSummary) -> None:
        """An input is in the stack."""
        self.summary = self.summary.plus(summary)
        if not isinstance(file, InputError) and not summary.problems:
            self._journal.write(file, summary)


def _interruption_note(summary: IngestSummary, files: list[str | InputError]) -> str:
    again = "what is given again counts once" if STDIN in files else "the same command goes on from there"
    return f"{summary.records:,} records are ingested; {again}"
