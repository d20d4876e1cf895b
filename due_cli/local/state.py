"""The bookkeeping of a local folder, in SQLite: one transaction decides what an ingest did."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from due_cli.core.errors import ConfigurationError, DueError
from due_cli.core.progress import Progress
from due_cli.local.folder import Folder, denied
from due_cli.sql import loader

SQL = Path(__file__).with_name("state.sql")
VERSION = 1  # raised when the schema changes; a newer one than this is refused

_BUSY_SECONDS = 60
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_NOT_NOW = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, *_READ_ONLY)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# A write that fails is of a full disk, a quota or a limit; SQLite does not say which.
_FULL = ("SQLITE_FULL", *(f"SQLITE_IOERR_{what}" for what in ("WRITE", "FSYNC", "SHMSIZE", "SHMOPEN")))
_CACHE_KIB = 16 * 1024


class DamagedError(DueError):
    """The state cannot be read as one."""


class DataFile(NamedTuple):
    """A Parquet file that due wrote; ``hour`` counts from the epoch, UTC."""

    path: str
    hour: int
    rows: int
    bytes: int


class FailedRecord(NamedTuple):
    """A record that could not be read; its bytes are kept apart."""

    id: str
    reason: str
    kept_at: str
    origin: str
    bytes: int


class View(NamedTuple):
    """A stored view: as it was written (Athena), as DuckDB runs it, and the tables and views it reads."""

    name: str
    sql: str
    translated: str
    depends_on: tuple[str, ...]


class State:
    """An open state; use as a context manager. Statements are in ``due_cli/local/state.sql``."""

    def __init__(self, folder: Folder, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._sql = loader.statements(SQL)
        self._looking = False

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
        if not self._connection.in_transaction:  # SQLite ends one itself where the disk is full, and would go on
            raise DueError(f"{self.folder.state} could not be written", self.folder.command("doctor"))
        self._connection.commit()

    def rollback(self) -> None:
        """Forgets everything since the transaction began."""
        self._connection.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment, whatever is committed meanwhile."""
        self._connection.execute("BEGIN DEFERRED")
        self._looking = True
        try:
            yield
        finally:
            self._looking = False
            self._connection.rollback()

    def remember(self, statement: str, *values: object) -> None:
        """Runs a statement that only makes the next call sooner: if not at once, not at all."""
        if self._looking:
            return
        alone = not self._connection.in_transaction
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            self.run(statement, *values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NOT_NOW and not (alone and error.sqlite_errorname in _FULL):
                raise
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")

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

    def count(self, statement: str) -> int:
        """What a statement counts."""
        return int(str(self.one(statement)))

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


def create(folder: Folder, meta: dict[str, str], fill: Callable[[State], None] | None = None) -> None:
    """Makes the state of a folder, with what ``fill`` puts into it; it appears whole or not at all.

    It takes the place of the one that is there. The caller holds the write lock.
    """
    new = folder.private / "state.new"
    for leftover in folder.private.glob("state.new*"):
        leftover.unlink()
    connection = _connected(new)
    with State(folder, connection) as state:
        with state.transaction():
            for statement in loader.statements(SQL)["schema"].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            state.run_many("set_meta", meta.items())
            if fill:
                fill(state)
        connection.execute("PRAGMA journal_mode = WAL")  # last, so that all of it is in the file that is moved
    for log in ("-wal", "-shm"):  # of the state before: SQLite would read them as this one's
        folder.state.with_name(folder.state.name + log).unlink(missing_ok=True)
    new.replace(folder.state)


@contextmanager
def opened(folder: Folder, *, write: bool = False) -> Iterator[State]:
    """The state of a folder that was set up.

    Raises :class:`ConfigurationError` for a folder that was not, or that a newer version made,
    :class:`DamagedError` for a file that is not a state, and :class:`DueError` where the system refuses.
    """
    folder.require()
    try:
        with State(folder, _open(folder, write)) as state:
            yield state
    except sqlite3.DatabaseError as error:
        raise _explained(error, folder) from None


@contextmanager
def writing(folder: Folder, progress: Progress) -> Iterator[State]:
    """The state of a folder for its only writer; waits for another one, and says so."""
    with alone(folder, progress), opened(folder, write=True) as state:
        yield state


@contextmanager
def alone(folder: Folder, progress: Progress) -> Iterator[None]:
    """The folder for its only writer, whether or not it has a state."""
    try:
        with folder.writing(lambda: progress.note(f"another due is writing to {folder.root}; waiting for it")):
            yield
    except FileNotFoundError as error:
        folder.require()
        raise denied(error, folder.root) from None
    except OSError as error:
        raise denied(error, folder.root) from None


def _open(folder: Folder, write: bool) -> sqlite3.Connection:
    try:
        return _checked(_connected(folder.state), folder)
    except sqlite3.OperationalError as error:
        takes_no_file = error.sqlite_errorcode & 0xFF in _READ_ONLY or error.sqlite_errorname in _FULL
        if write or not takes_no_file:
            raise
    # A folder that may only be read, and a full disk, cannot hold the log that a shared reading needs.
    log = folder.state.with_name(f"{folder.state.name}-wal")
    if log.exists() and log.stat().st_size:
        raise DueError(
            f"{folder.state} was not closed by its last writer, and may only be read here",
            f"as the folder's owner: {folder.command('doctor')}",
        )
    uri = f"{folder.state.as_uri()}?immutable=1"
    return _checked(sqlite3.connect(uri, uri=True, isolation_level=None), folder)


def _checked(connection: sqlite3.Connection, folder: Folder) -> sqlite3.Connection:
    """A connection whose file is a state of this version; closed where it is not."""
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            raise damaged(folder, "it is empty")
        if version > VERSION:
            raise ConfigurationError(
                f"{folder.root} was made by a newer due (state {version}; this one reads up to {VERSION})",
                "upgrade due: pip install --upgrade due-cli",
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def damaged(folder: Folder, what: str) -> DamagedError:
    """The error of a state that SQLite cannot read."""
    return DamagedError(f"{folder.state} is damaged: {what}", folder.command("doctor --repair"))


def _explained(error: sqlite3.DatabaseError, folder: Folder) -> Exception:
    name, code = error.sqlite_errorname, error.sqlite_errorcode & 0xFF
    if name in _FULL:
        return DueError(
            f"no space left for {folder.state}",
            f"free some space (df -h {shlex.quote(str(folder.root))}) and run the same command again",
        )
    if code in _DAMAGED:
        return damaged(folder, str(error))
    if code in _READ_ONLY:
        return DueError(f"no permission: {folder.state}", f"check who owns it: ls -la {folder.private}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR):
        return DueError(f"{folder.state}: {error}", folder.command("doctor"))
    return error
