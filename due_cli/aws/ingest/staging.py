"""Inputs staged on the disk of this machine: each is ingested into a folder of its own, which is then published.

So what an input holds, its duplicates and its Parquet files are decided by the code that decides them for a folder, in
the same bounded memory, and depend on that input alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from due_cli.core.locks import exclusive_lock, try_exclusive_lock
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.events.not_records import UnreadableFile
from due_cli.ingest.batch import file_id
from due_cli.ingest.inputs import Chunk
from due_cli.ingest.workers import BatchResult
from due_cli.local import parquet_input
from due_cli.local.data_files import merge_hours
from due_cli.local.engine import canonical_columns
from due_cli.local.folder import Folder, NoSpaceError, file_error
from due_cli.local.ingest import ingest
from due_cli.local.state import create, open_state

_PREFIX = "due-ingest-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedInput:
    """An input in a folder of its own, and its summary; ``unreadable_files`` are its texts without JSON by their id."""

    folder: Folder
    summary: IngestSummary
    unreadable_files: dict[str, UnreadableFile]

    @property
    def bytes(self) -> int:
        """The bytes of its folder."""
        return sum(path.stat().st_size for path in self.folder.root.rglob("*") if path.is_file())

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder.root, ignore_errors=True)


class StagingArea:
    """A temporary folder in which inputs are staged one after the other; those that are not removed stay beside."""

    def __init__(self, root: Path) -> None:
        self._root, self._count = root, 0
        self._template = Folder(root / "template", durable=False, by_hour=True)
        self._template.private.mkdir(parents=True)
        create(self._template, {})
        with open_state(self._template, write=True) as state:
            canonical_columns(state)  # made once: it takes longer than a small input

    def chunks(self, file: str) -> Iterator[Chunk]:
        """The chunks of a file; of a Parquet file that due did not write its rows."""
        with open_state(self._template) as state:
            yield from parquet_input.chunks(self._template, state, [file])

    def stage(self, results: Iterable[BatchResult], progress: Progress) -> StagedInput:
        """Ingest the results of one input into a new folder.

        Raises :class:`NoSpaceError` where the disk is full.
        """
        self._count += 1
        folder = Folder(self._root / str(self._count), durable=False, by_hour=True)
        unreadable_files: dict[str, UnreadableFile] = {}
        try:
            shutil.copytree(self._template.root, folder.root)
            with open_state(folder, write=True) as state:
                watched = _watched(results, unreadable_files)
                summary = ingest(folder, state, watched, _InputProgress(progress))
                merge_hours(folder, state)
        except (OSError, NoSpaceError) as error:
            known = error if isinstance(error, NoSpaceError) else file_error(error, self._root)
            if isinstance(known, NoSpaceError):
                hint = f"free some space (df -h {self._root.parent}), or set TMPDIR to a folder on a larger disk"
                raise NoSpaceError(known.message, f"{hint}, and run the same command again") from None
            raise known from None
        return StagedInput(folder=folder, summary=summary, unreadable_files=unreadable_files)


@contextmanager
def staging_area() -> Iterator[StagingArea]:
    """A staging area in the folder of temporary files, removed at the end; those of killed commands go too."""
    _remove_abandoned()
    try:
        with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
            root = Path(name)
            with exclusive_lock(root / _LOCK):
                yield StagingArea(root)
    except OSError as error:
        raise file_error(error, Path(tempfile.gettempdir())) from None


def _remove_abandoned() -> None:
    for root in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if (root / _LOCK).is_file():
            with try_exclusive_lock(root / _LOCK) as is_abandoned:
                if is_abandoned:
                    shutil.rmtree(root, ignore_errors=True)


def _watched(results: Iterable[BatchResult], unreadable_files: dict[str, UnreadableFile]) -> Iterator[BatchResult]:
    for result in results:
        if isinstance(result, UnreadableFile):
            unreadable_files[file_id(result.digest)] = result
        yield result


class _InputProgress:
    """The progress of one input of many: what is read of it, without the work that follows, and its notes."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._within = progress, False

    def note(self, text: str) -> None:
        self._progress.note(text)

    def aside(self, text: str) -> None:
        self._progress.aside(text)

    def start(self, what: str, total: int | None) -> None:  # noqa: ARG002
        self._within = True

    def advance(self, done: int, *, count: int = 0) -> None:
        if not self._within:
            self._progress.advance(done, count=count)

    def finish(self) -> None:
        self._within = False
