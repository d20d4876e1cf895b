"""The folder of the local target: its layout and its locks."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from due_cli.core import locks
from due_cli.core.errors import ConfigurationError, DueError

PARQUET_MAGIC = b"PAR1"  # a Parquet file begins and ends with it
_OWN_FILE = re.compile(r"due-[0-9a-f]{32}\.parquet")
_NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_DAY = 24
_OPEN_HOURS = 2  # a day is closed so many hours after its end: by then a stream has delivered almost all of it
_HOUR_PARTS = (re.compile("[0-9]{4}"), *[re.compile("[0-9]{2}")] * 3)


class NoSpaceError(DueError):
    """A full disk, or a quota or limit of it."""


class Span(NamedTuple):
    """The hours that a file holds, from ``hour`` (since the epoch, UTC) on: one, or the 24 of a day."""

    hour: int
    hours: int = 1

    @property
    def end(self) -> int:
        """The hour after the last one."""
        return self.hour + self.hours

    @property
    def is_day(self) -> bool:
        """Whether it is a day."""
        return self.hours == _DAY

    @property
    def bounds(self) -> tuple[int, int]:
        """The first hour, and the one after the last."""
        return self.hour, self.end

    def overlaps(self, first: int, last: int) -> bool:
        """Whether one of its hours is in [first, last)."""
        return self.hour < last and first < self.end


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is an events database, or that setup is about to make one.

    One that is not ``durable`` need not outlive a crash of the machine: nothing waits until the disk has it. With
    ``by_hour`` closed days too lie by the hour, as on a stack.
    """

    root: Path
    durable: bool = True
    by_hour: bool = False

    @property
    def events(self) -> Path:
        """The Parquet files, by day and hour of arrival."""
        return self.root / "events"

    @property
    def private(self) -> Path:
        """The folder of the state, the locks and work in progress."""
        return self.root / ".due"

    @property
    def state(self) -> Path:
        """The SQLite file; a folder that has one is an events database."""
        return self.private / "state.sqlite"

    @property
    def staging(self) -> Path:
        """Uncommitted work of an ingest."""
        return self.private / "staging"

    @property
    def facts(self) -> Path:
        """The stored facts of messages."""
        return self.private / "facts"

    @property
    def created_marker(self) -> Path:
        """An empty file: setup created the folder itself, so teardown removes it too."""
        return self.private / "made-folder"

    @property
    def broken(self) -> Path:
        """Where a repair moves what it cannot read."""
        return self.root / "broken"

    @property
    def replacements(self) -> Path:
        """Files that an erasure puts in the place of those that due did not write."""
        return self.private / "replacements"

    @property
    def replaced(self) -> Path:
        """Where the files of other writers are kept whose rows are in files written by due."""
        return self.root / "replaced"

    @property
    def query_temp_prefix(self) -> Path:
        """The beginning of the paths to which queries spill."""
        return self.private / "query-"

    def require(self) -> None:
        """Raise :class:`ConfigurationError` where the folder is not an events database."""
        try:
            is_database = self.state.is_file()
        except OSError as error:
            raise file_error(error, self.root) from None
        if not is_database:
            raise ConfigurationError(f"{self.root} is not an events database", self.command("setup"))

    def span_folder(self, span: Span) -> Path:
        """The folder of an hour, or of a day."""
        layout = "%Y/%m/%d" if span.is_day else "%Y/%m/%d/%H"
        return self.events / f"{datetime.fromtimestamp(span.hour * 3600, UTC):{layout}}"

    def new_file(self, span: Span) -> Path:
        """A unique path for a new Parquet file."""
        return self.span_folder(span) / f"due-{os.urandom(16).hex()}.parquet"

    def first_open_hour(self) -> int:
        """The hour (since the epoch) in which the first day begins that is not closed; 0 where every day is open."""
        return 0 if self.by_hour else (int(time.time()) // 3600 - _OPEN_HOURS) // _DAY * _DAY

    def relative(self, path: Path) -> str:
        """The path as the state stores it: relative, so that the folder may be moved."""
        return path.relative_to(self.root).as_posix()

    def parquet_files(self, first: int | None = None, last: int | None = None) -> Iterator[tuple[str, int]]:
        """Every Parquet file of the layout with its hour: (path below the folder, hours since the epoch).

        A day has files written by due alone; their hour is its first. ``first`` and ``last`` (exclusive) leave out what
        lies outside. Folders that are not of the layout are skipped: a stray one must not fail every query.
        """
        low, high = (None if bound is None else datetime.fromtimestamp(bound * 3600, UTC) for bound in (first, last))
        yield from _walk(str(self.events), "events", (), low, high)

    def hour_folders(self) -> Iterator[Path]:
        """Every folder of the layout: years, months, days and hours."""
        for depth in range(1, 5):
            for path in self.events.glob("/".join(["[0-9]*"] * depth)):
                parts = path.relative_to(self.events).parts
                if path.is_dir() and all(map(re.Pattern.fullmatch, _HOUR_PARTS, parts)):
                    yield path

    def command(self, words: str) -> str:
        """A ``due`` command on this folder that runs as it stands."""
        return f"due {words} --local {shlex.quote(str(self.root))}"

    def writer_lock(self, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """The lock of the only writer; waits for another one, after calling ``on_wait``."""
        return locks.exclusive_lock(self.private / "write.lock", on_wait)

    def reader_lock(self) -> AbstractContextManager[None]:
        """While this is held, no file that a reader may have listed is removed."""
        return locks.shared_lock(self.private / "read.lock")

    def no_readers(self) -> AbstractContextManager[bool]:
        """Whether nobody is reading; while this is held, no reader starts."""
        return locks.try_exclusive_lock(self.private / "read.lock")

    def without_readers(self, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """While this is held, nobody reads; waits for readers to end, after calling ``on_wait``."""
        return locks.exclusive_lock(self.private / "read.lock", on_wait)

    def create_locks(self) -> None:
        """Create the lock files, so that users who may only read the folder can lock them too."""
        for name in ("read.lock", "write.lock"):
            (self.private / name).touch()


def is_own(path: str) -> bool:
    """Whether a file was written by due, by its name."""
    return _OWN_FILE.fullmatch(path.rpartition("/")[2]) is not None


def hour_of(path: str) -> int | None:
    """The hour (since the epoch) of a path below the folder; None for one that is in no folder of an hour."""
    parts = path.split("/")[-5:-1]
    if len(parts) != 4 or not all(pattern.fullmatch(part) for pattern, part in zip(_HOUR_PARTS, parts, strict=True)):
        return None
    return _hour(tuple(map(int, parts)))


def is_day_file(path: str) -> bool:
    """Whether a file of the layout lies in the folder of a day, by its path below the events database's."""
    return path.count("/") == len(_HOUR_PARTS)


def day_span(hour: int) -> Span:
    """The day of an hour."""
    return Span(hour // _DAY * _DAY, _DAY)


def span_of(path: str, hour: int) -> Span:
    """The hours that a file holds, by its path and the first of them."""
    return day_span(hour) if is_day_file(path) else Span(hour)


def _hour(parts: tuple[int, ...]) -> int | None:
    """The hour (since the epoch) of a year, month, day and hour, or the first of a day; None for no such time."""
    year, month, day, hour = (*parts, 0)[:4]
    try:
        return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) // 3600
    except ValueError:
        return None


def file_error(error: OSError, folder: Path) -> DueError:
    """A file operation's failure as an error of due's: what, where, what to do."""
    path = error.filename or folder
    if isinstance(error, PermissionError):
        return DueError(f"no permission: {path}", f"check who owns it: ls -ld {path}")
    if error.errno in _NO_SPACE:
        return NoSpaceError(
            f"no space left for {path}", f"free some space (df -h {folder}) and run the same command again"
        )
    reason = error.strerror or str(error).partition("\n")[0]
    return DueError(f"{reason.lower()}: {path}")


def _walk(
    folder: str, name: str, parts: tuple[int, ...], low: datetime | None, high: datetime | None
) -> Iterator[tuple[str, int]]:
    """The Parquet files below a folder of the layout; ``parts`` are its year, month, day and hour as far as it has."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise file_error(error, Path(folder)) from None
    depth = len(parts)
    if depth >= 3 and (hour := _hour(parts)) is not None:
        in_day = depth == 3
        yield from ((f"{name}/{entry.name}", hour) for entry in entries if _is_data(entry, only_own=in_day))
    if depth == 4:
        return
    for entry in entries:
        if not _HOUR_PARTS[depth].fullmatch(entry.name) or not entry.is_dir():
            continue
        inner = (*parts, int(entry.name))
        if _outside(inner, low, high):
            continue
        yield from _walk(entry.path, f"{name}/{entry.name}", inner, low, high)


def first_bytes(path: str, count: int) -> bytes:
    """The first bytes of a file; none where it cannot be read.

    A pipe is not looked into: what is read of it is gone, and it may never have anything.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  any bytes as a name
            return b""
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(count)
    except OSError:
        return b""


def _is_data(entry: os.DirEntry[str], *, only_own: bool) -> bool:
    """Whether Athena would read it too: it ignores names that start with a dot or an underscore.

    Hive, Spark and Athena itself write files without a suffix; an empty file has no rows.
    """
    if entry.name.startswith((".", "_")) or (only_own and not is_own(entry.name)) or not entry.is_file():
        return False
    if entry.name.endswith(".parquet"):
        return is_own(entry.name) or entry.stat().st_size > 0
    try:
        with Path(entry.path).open("rb") as file:
            if file.read(len(PARQUET_MAGIC)) != PARQUET_MAGIC:
                return False
            file.seek(-len(PARQUET_MAGIC), os.SEEK_END)
            return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError:
        return False


def _outside(parts: tuple[int, ...], low: datetime | None, high: datetime | None) -> bool:
    below = low is not None and parts < (low.year, low.month, low.day, low.hour)[: len(parts)]
    above = high is not None and parts > (high.year, high.month, high.day, high.hour)[: len(parts)]
    return below or above
