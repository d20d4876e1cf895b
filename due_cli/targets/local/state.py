"""The bookkeeping of a local folder, in SQLite: one transaction decides what an ingest did."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from due_cli.errors import ConfigurationError, DueError
from due_cli.progress import Progress
from due_cli.sql import files
from due_cli.targets.local.folder import Folder, denied

VERSION = 1  # raised when the schema changes; a newer one than this is refused

_BUSY_SECONDS = 60
_CACHE_KIB = 16 * 1024


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file that due wrote; ``hour`` counts from the epoch, UTC."""

    path: str
    hour: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record that could not be read; its bytes are kept apart."""

    id: str
    reason: str
    kept_at: str
    origin: str
    bytes: int


@dataclass(frozen=True, slots=True)
class View:
    """A stored view: as it was written (Athena), as DuckDB runs it, and the tables and views it reads."""

    name: str
    sql: str
    translated: str
    needs: tuple[str, ...]


class State:
    """An open state; use as a context manager. Statements are in ``queries/local/state.sql``."""

    def __init__(self, folder: Folder, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._sql = files.statements("state")

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is done inside; readers see the state before until it is committed."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self.commit()

    def begin(self) -> None:
        """Starts a transaction that :meth:`commit` or :meth:`rollback` ends."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Makes everything since the transaction began count."""
        self._connection.commit()

    def rollback(self) -> None:
        """Forgets everything since the transaction began."""
        self._connection.rollback()

    def run(self, statement: str, *values: object) -> int:
        """Runs a statement by its name; returns how many rows it changed."""
        return self._connection.execute(self._sql[statement], values).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs a statement by its name for each row of values."""
        self._connection.executemany(self._sql[statement], rows)

    def rows(self, statement: str, *values: object) -> sqlite3.Cursor:
        """The rows of a statement by its name."""
        return self._connection.execute(self._sql[statement], values)

    def one(self, statement: str, *values: object) -> object:
        """The first column of the first row, or None."""
        found = self.rows(statement, *values).fetchone()
        return None if found is None else found[0]

    def meta(self, key: str, default: str = "") -> str:
        """A setting of the folder."""
        found = self.one("meta", key)
        return default if found is None else str(found)

    def data_files(self, first: int = 0, last: int = 2**40) -> list[DataFile]:
        """The files of due's own that count, with an hour in [first, last)."""
        return [DataFile(*row) for row in self.rows("live_files", first, last)]

    def views(self) -> dict[str, View]:
        """The stored views by name."""
        return {row[0]: View(row[0], row[1], row[2], tuple(row[3].split())) for row in self.rows("views")}

    def sound(self) -> str | None:
        """What SQLite's own check finds wrong, or None."""
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if found == "ok" else str(found)


def create(folder: Folder, meta: dict[str, str]) -> None:
    """Makes the state of a new folder; it appears whole or not at all."""
    new = folder.private / "state.new"
    for leftover in folder.private.glob("state.new*"):
        leftover.unlink()
    connection = _connected(new)
    try:
        connection.executescript(
            f"BEGIN;\n{files.statements('state')['schema']}\nPRAGMA user_version = {VERSION};\nCOMMIT;"
        )
        connection.executemany(files.statements("state")["set_meta"], meta.items())
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    new.replace(folder.state)


@contextmanager
def opened(folder: Folder, *, write: bool = False) -> Iterator[State]:
    """The state of a folder that was set up.

    Raises :class:`ConfigurationError` for a folder that was not, or that a newer version made, and
    :class:`DueError` where the system refuses.
    """
    folder.require()
    try:
        connection = _open(folder.state, write)
    except OSError as error:
        raise denied(error, folder.root) from None
    try:
        with State(folder, connection) as state:
            yield state
    except sqlite3.OperationalError as error:
        raise _explained(error, folder) from None
    except sqlite3.DatabaseError as error:
        raise DueError(f"{folder.state} is damaged: {error}", f"due doctor --repair --local {folder.root}") from None


@contextmanager
def writing(folder: Folder, progress: Progress) -> Iterator[State]:
    """The state of a folder for its only writer; waits for another one, and says so."""
    folder.require()
    try:
        lock = folder.writing(lambda: progress.note(f"another due is writing to {folder.root}; waiting for it"))
        with lock, opened(folder, write=True) as state:
            yield state
    except OSError as error:
        raise denied(error, folder.root) from None


def _open(path: Path, write: bool) -> sqlite3.Connection:
    try:
        connection = _connected(path)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.OperationalError:
        if write:
            raise
        # A folder or a disk that takes no new file cannot hold the log that a shared reading needs.
        connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True, isolation_level=None)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        connection.close()
        raise ConfigurationError(
            f"{path.parent.parent} was made by a newer due (state {version}; this one reads up to {VERSION})",
            "upgrade due: pip install --upgrade due-cli",
        )
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _explained(error: sqlite3.OperationalError, folder: Folder) -> DueError:
    text = str(error)
    if "full" in text or "disk I/O error" in text:
        return DueError(
            f"no space left for {folder.state}",
            f"free some space (df -h {folder.root}) and run the same command again",
        )
    if "readonly" in text or "unable to open" in text:
        return DueError(f"no permission: {folder.state}", f"check who owns it: ls -ld {folder.private}")
    return DueError(f"{folder.state}: {text}", f"due doctor --local {folder.root}")
