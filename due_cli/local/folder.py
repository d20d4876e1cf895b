"""The folder of the local target: its layout, its marks, its locks."""

from __future__ import annotations

import errno
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from due_cli.core import locks
from due_cli.core.errors import ConfigurationError, DueError

_OWN_FILE = re.compile(r"due-[0-9a-f]{32}\.parquet")
_HOUR_PARTS = (re.compile("[0-9]{4}"), *[re.compile("[0-9]{2}")] * 3)


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

    @property
    def made_mark(self) -> Path:
        """Says that setup made the folder itself, so that it goes when the database does."""
        return self.private / "made-folder"

    @property
    def set_aside(self) -> Path:
        """Where a repair puts what it cannot read."""
        return self.root / "broken"

    @property
    def query_work(self) -> Path:
        """How the names of places begin where queries put what does not fit into memory."""
        return self.private / "query-"

    def require(self) -> None:
        """Raises :class:`ConfigurationError` where the folder is not a database."""
        try:
            found = self.state.is_file()
        except OSError as error:
            raise denied(error, self.root) from None
        if not found:
            raise ConfigurationError(f"{self.root} is not an events database", self.command("setup"))

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

    def hour_folders(self) -> Iterator[Path]:
        """Every folder of the layout, of hours, days, months and years."""
        for depth in range(1, 5):
            for place in self.events.glob("/".join(["[0-9]*"] * depth)):
                parts = place.relative_to(self.events).parts
                if place.is_dir() and all(map(re.Pattern.fullmatch, _HOUR_PARTS, parts)):
                    yield place

    def has_foreign_files(self) -> bool:
        """Whether there are events that due did not write."""
        return any(not is_own(path) for path, _ in self.parquet_files())

    def command(self, words: str) -> str:
        """A command on this folder, to be typed as it stands."""
        return f"due {words} --local {shlex.quote(str(self.root))}"

    def writing(self, waiting: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """The only writer: waits for another one, after calling ``waiting`` to say so."""
        return locks.held(self.private / "write.lock", waiting)

    def reading(self) -> AbstractContextManager[None]:
        """While this lasts, no file that a reader may have listed is removed."""
        return locks.shared(self.private / "read.lock")

    def alone(self) -> AbstractContextManager[bool]:
        """Whether no reader is at work now; while this lasts, none begins."""
        return locks.alone(self.private / "read.lock")

    def make_locks(self) -> None:
        """Makes the locks, so that those who may only read the folder can take them too."""
        for name in ("read.lock", "write.lock"):
            (self.private / name).touch()


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
            yield from ((f"{name}/{entry.name}", hour) for entry in entries if _is_data(entry))
        return
    for entry in entries:
        if not _HOUR_PARTS[depth].fullmatch(entry.name) or not entry.is_dir():
            continue
        inner = (*parts, int(entry.name))
        if _outside(inner, low, high):
            continue
        yield from _walk(Path(entry.path), f"{name}/{entry.name}", inner, low, high)


def _is_data(entry: os.DirEntry[str]) -> bool:
    """Whether Athena would read it too: names with a dot or an underscore before them are work under way.

    Hive, Spark and Athena itself give their files no ending; one that is empty has no rows.
    """
    if entry.name.startswith((".", "_")) or not entry.is_file():
        return False
    if entry.name.endswith(".parquet"):
        return is_own(entry.name) or entry.stat().st_size > 0
    try:
        with Path(entry.path).open("rb") as file:
            if file.read(4) != b"PAR1":
                return False
            file.seek(-4, os.SEEK_END)
            return file.read(4) == b"PAR1"
    except OSError:
        return False


def _outside(parts: tuple[int, ...], low: datetime | None, high: datetime | None) -> bool:
    below = low is not None and parts < (low.year, low.month, low.day, low.hour)[: len(parts)]
    above = high is not None and parts > (high.year, high.month, high.day, high.hour)[: len(parts)]
    return below or above
