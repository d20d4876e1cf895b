"""The folder of the local target: its layout, its marks, its locks."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from due_cli.errors import ConfigurationError, DueError

_SYNC_ONE_BY_ONE = 16
_OWN_FILE = re.compile(r"due-[0-9a-f]{32}\.parquet")
_HOUR_PARTS = (re.compile(r"\d{4}"), re.compile(r"\d\d"), re.compile(r"\d\d"), re.compile(r"\d\d"))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that ``due setup --local`` made, or is about to make, the events database."""

    root: Path

    @property
    def events(self) -> Path:
        """The Parquet files, by hour of arrival."""
        return self.root / "events"

    @property
    def private(self) -> Path:
        """What only due reads."""
        return self.root / ".due"

    @property
    def state(self) -> Path:
        """The SQLite file that makes the folder a database; its presence is the mark of a set-up folder."""
        return self.private / "state.sqlite"

    @property
    def staging(self) -> Path:
        """Work of an ingest that is not committed."""
        return self.private / "staging"

    def require(self) -> None:
        """Raises :class:`ConfigurationError` where the folder is not a database."""
        try:
            found = self.state.is_file()
        except OSError as error:
            raise denied(error, self.root) from None
        if not found:
            raise ConfigurationError(f"{self.root} is not an events database", f"due setup --local {self.root}")

    def hour_folder(self, hour: int) -> Path:
        """Where the files of an hour (hours since the epoch, UTC) stand."""
        return self.events / f"{datetime.fromtimestamp(hour * 3600, UTC):%Y/%m/%d/%H}"

    def new_file(self, hour: int) -> Path:
        """A name for a new Parquet file that no other can have."""
        return self.hour_folder(hour) / f"due-{os.urandom(16).hex()}.parquet"

    def relative(self, path: Path) -> str:
        """The path as the state stores it, so that the folder may be moved."""
        return path.relative_to(self.root).as_posix()

    def parquet_files(self, first: int | None = None, last: int | None = None) -> Iterator[tuple[str, int]]:
        """Every Parquet file of the layout with its hour: (path below the folder, hours since the epoch).

        ``first`` and ``last`` (exclusive) leave out days that lie outside. Folders that are not of the layout are not
        entered: a stray one must not fail every query.
        """
        low, high = (None if bound is None else datetime.fromtimestamp(bound * 3600, UTC) for bound in (first, last))
        yield from _walk(self.events, "events", (), low, high)

    @contextmanager
    def writing(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """The only writer: waits for another one, after calling ``waiting`` to say so."""
        with _locked(self.private / "write.lock", fcntl.LOCK_EX, waiting):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While this lasts, no file that a reader may have listed is removed."""
        try:
            with _locked(self.private / "read.lock", fcntl.LOCK_SH, None):
                yield
        except PermissionError:
            yield  # a folder that may only be read has no writer on this machine

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no reader is at work now; while this lasts, none begins."""
        try:
            descriptor = os.open(self.private / "read.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)


def is_own(path: str) -> bool:
    """Whether due gave a file its name."""
    return _OWN_FILE.fullmatch(path.rpartition("/")[2]) is not None


def hour_of(path: str) -> int | None:
    """The hour (since the epoch) of a path below the folder, or None where it is not of the layout."""
    parts = path.split("/")[-5:-1]
    if len(parts) != 4 or not all(form.fullmatch(part) for form, part in zip(_HOUR_PARTS, parts, strict=True)):
        return None
    try:
        year, month, day, hour = (int(part) for part in parts)
        return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) // 3600
    except ValueError:
        return None


def denied(error: OSError, place: Path) -> DueError:
    """What to say when the system refuses a file: what, where, what to do."""
    where = error.filename or place
    if isinstance(error, PermissionError):
        return DueError(f"no permission: {where}", f"check who owns it: ls -ld {where}")
    if error.errno in _FULL:
        return DueError(f"no space left for {where}", f"free some space (df -h {place}) and run the same command again")
    reason = error.strerror or str(error).partition("\n")[0]
    return DueError(f"{reason.lower()}: {where}")


_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def make_durable(files: list[Path]) -> None:
    """Has the system write files to the disk itself, before a commit says that they are there."""
    if len(files) > _SYNC_ONE_BY_ONE:
        os.sync()
        return
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _locked(path: Path, kind: int, waiting: Callable[[], None] | None) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _walk(
    place: Path, name: str, parts: tuple[int, ...], low: datetime | None, high: datetime | None
) -> Iterator[tuple[str, int]]:
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise denied(error, place) from None
    depth = len(parts)
    if depth == 4:
        hour = hour_of(f"{name}/x")
        if hour is not None:
            yield from ((f"{name}/{entry.name}", hour) for entry in entries if entry.name.endswith(".parquet"))
        return
    for entry in entries:
        if not _HOUR_PARTS[depth].fullmatch(entry.name) or not entry.is_dir():
            continue
        inner = (*parts, int(entry.name))
        if _outside(inner, low, high):
            continue
        yield from _walk(Path(entry.path), f"{name}/{entry.name}", inner, low, high)


def _outside(parts: tuple[int, ...], low: datetime | None, high: datetime | None) -> bool:
    below = low is not None and parts < (low.year, low.month, low.day, low.hour)[: len(parts)]
    above = high is not None and parts > (high.year, high.month, high.day, high.hour)[: len(parts)]
    return below or above
