"""The state of a local folder, in SQLite: one transaction decides what an ingest did."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from due_cli.core.errors import ConfigurationError, DueError
from due_cli.core.progress import Progress
from due_cli.local.folder import Folder, NoSpaceError, Span, file_error, is_own, span_of
from due_cli.sql import files

SQL = Path(__file__).with_name("state.sql")
VERSION = 4  # raised when the schema changes: a newer one is refused, an older one is migrated by the first write
#              1: due 0.1.0; 2: first_release_hour, the own hours whose events may have that release's ids; 3: a digest
#              of each row's content in seen (what was there before is no row's, so another delivery is compared);
#              4: files of days, which earlier ones do not read; lost_event, the events of files which are gone;
#              replaced_file, the files of other writers whose rows are in files written by due

_BUSY_SECONDS = 60
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_UNWRITABLE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, *_READ_ONLY)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# A write fails because of a full disk, a quota or a limit; SQLite does not say which.
_NO_SPACE = ("SQLITE_FULL", *(f"SQLITE_IOERR_{what}" for what in ("WRITE", "FSYNC", "SHMSIZE", "SHMOPEN")))
_SECURE = "secure_delete"  # the setting of a state that overwrites what is deleted, and always did
_CACHE_KIB = 16 * 1024


class DamagedError(DueError):
    """The state file is not readable as one."""


class DataFile(NamedTuple):
    """A Parquet file written by due; ``hour`` counts from the epoch, UTC, and is the first one of a day's file."""

    path: str
    hour: int
    rows: int
    bytes: int

    @property
    def span(self) -> Span:
        """The hours that it holds."""
        return span_of(self.path, self.hour)


class ReplacedFile(NamedTuple):
    """A file of another writer whose rows are in a file written by due; ``moved`` says that it was moved aside."""

    path: str
    bytes: int
    changed: int
    moved: bool

    def is_at(self, path: Path) -> bool:
        """Whether a file is this one: of its size, and not changed since."""
        try:
            status = path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.bytes, self.changed)


class FailedRecord(NamedTuple):
    """A record that could not be read; its bytes are stored separately."""

    id: str
    reason: str
    kept_at: str
    origin: str
    bytes: int


class View(NamedTuple):
    """A stored view: its statement for Athena and for DuckDB, and the tables and views that it reads."""

    name: str
    sql: str
    translated: str
    depends_on: tuple[str, ...]


class State:
    """An open state; a context manager. Statements are called by their names in ``due_cli/local/state.sql``."""

    def __init__(self, folder: Folder, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self._sql = files.statements(SQL)
        self._in_snapshot = False

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that is rolled back on any exception; readers see the state before it until the commit."""
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def begin(self) -> None:
        """Start a transaction; :meth:`commit` or :meth:`rollback` ends it."""
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit; raises :class:`DueError` where SQLite has rolled back by itself, as it does on a full disk."""
        if not self.connection.in_transaction:
            raise DueError(f"{self.folder.state} could not be written", self.folder.command("doctor"))
        self.connection.commit()

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`."""
        self.connection.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A read transaction: everything read inside is of one moment, whatever is committed meanwhile."""
        self.connection.execute("BEGIN DEFERRED")
        self._in_snapshot = True
        try:
            yield
        finally:
            self._in_snapshot = False
            self.connection.rollback()

    def cache(self, statement: str, *rows: Sequence[object]) -> None:
        """Run a statement that only speeds up later calls, for each row of values, in one commit.

        Skipped where the state cannot be written at once, and for that of an earlier version, which its due may read.
        """
        if self._in_snapshot or self.version != VERSION:
            return
        autocommit = not self.connection.in_transaction
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            with self.transaction() if autocommit else nullcontext():
                self.run_many(statement, rows)
        except sqlite3.OperationalError as error:
            no_space = autocommit and error.sqlite_errorname in _NO_SPACE
            if error.sqlite_errorcode & 0xFF not in _UNWRITABLE and not no_space:
                raise
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")

    def run(self, statement: str, *values: object) -> int:
        """Run a statement; return how many rows it changed."""
        return self.connection.execute(self._sql[statement], values).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row of values."""
        self.connection.executemany(self._sql[statement], rows)

    def rows(self, statement: str, *values: object) -> sqlite3.Cursor:
        """The rows of a statement."""
        return self.connection.execute(self._sql[statement], values)

    def one(self, statement: str, *values: object) -> object:
        """The first column of a statement's first row, or None."""
        row = self.rows(statement, *values).fetchone()
        return None if row is None else row[0]

    def count(self, statement: str) -> int:
        """The number that a statement selects."""
        return int(str(self.one(statement)))

    @property
    def version(self) -> int:
        """The version of the schema."""
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    @version.setter
    def version(self, version: int) -> None:
        self.connection.execute(f"PRAGMA user_version = {version}")

    def meta(self, key: str, default: str = "") -> str:
        """A setting of the folder."""
        value = self.one("meta", key)
        return default if value is None else str(value)

    def data_files(self, first: int = 0, last: int = 2**40) -> list[DataFile]:
        """The files written by due that count, with an hour in [first, last)."""
        files = (DataFile(*row) for row in self.rows("live_files", first, last))
        return [file for file in files if file.span.overlaps(first, last)]

    def replaced_files(self) -> list[ReplacedFile]:
        """The files of other writers whose rows are in files written by due."""
        rows = self.rows("replaced_files") if self.version == VERSION else ()
        return [ReplacedFile(path, size, changed, bool(moved)) for path, size, changed, moved in rows]

    def foreign_files(self, first: int | None = None, last: int | None = None) -> Iterator[tuple[str, int]]:
        """The files of other writers that count, with their hours, from and up to an hour as far as these are given."""
        replaced = {file.path: file for file in self.replaced_files()}
        for path, hour in self.folder.parquet_files(first, last):
            if not is_own(path) and not (path in replaced and replaced[path].is_at(self.folder.root / path)):
                yield path, hour

    def views(self) -> dict[str, View]:
        """The stored views by name."""
        return {row[0]: View(row[0], row[1], row[2], tuple(row[3].split())) for row in self.rows("views")}

    def lost_hours(self) -> list[tuple[int, int]]:
        """The hours whose files are gone, and how many of their events were not ingested again."""
        return self.rows("lost_hours").fetchall() if self.version == VERSION else []

    def forget(self) -> None:
        """Have the file keep nothing of what was deleted, in its log and in the parts that it does not use.

        Those are overwritten as they become unused; a file that an earlier release wrote is written anew, once.
        """
        if not self.meta(_SECURE):
            self.connection.execute("VACUUM")
            self.run("set_meta", _SECURE, "1")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def damage(self) -> str | None:
        """The first fault that SQLite's own check reports, or None."""
        result = self.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if result == "ok" else str(result)


def create(folder: Folder, meta: dict[str, str], fill: Callable[[State], None] | None = None) -> None:
    """Create the state of a folder, filled by ``fill``, atomically; it replaces an existing one.

    The caller holds the writer lock.
    """
    new = folder.private / "state.new"
    for partial in folder.private.glob("state.new*"):
        partial.unlink()
    with _errors_of_due(folder), State(folder, _connect(new, folder)) as state:
        with state.transaction():
            for statement in files.statements(SQL)["schema"].split(";\n"):
                state.connection.execute(statement)
            state.version = VERSION
            state.run_many("set_meta", {**meta, _SECURE: "1"}.items())
            if fill:
                fill(state)
        state.connection.execute("PRAGMA journal_mode = WAL")  # last, so that everything is in the file that is renamed
    for log in ("-wal", "-shm"):  # of the previous state: SQLite would apply them to this one
        folder.state.with_name(folder.state.name + log).unlink(missing_ok=True)
    new.replace(folder.state)


@contextmanager
def open_state(folder: Folder, *, write: bool = False) -> Iterator[State]:
    """The state of a folder.

    Raises :class:`ConfigurationError` for a folder that is not set up or is of a newer version, :class:`DamagedError`
    for a file that is not a state, and :class:`DueError` for missing permissions or space.
    """
    folder.require()
    with _errors_of_due(folder), State(folder, _open(folder, write)) as state:
        if write:
            _migrate(state)
        yield state


@contextmanager
def open_for_writing(folder: Folder, progress: Progress) -> Iterator[State]:
    """The state of a folder for its only writer; waits for another one, with a note."""
    with writer_lock(folder, progress), open_state(folder, write=True) as state:
        yield state


@contextmanager
def writer_lock(folder: Folder, progress: Progress) -> Iterator[None]:
    """The folder's writer lock, whether or not the folder has a state; waits for another writer, with a note."""
    try:
        with folder.writer_lock(lambda: progress.note(f"another process is writing to {folder.root}; waiting for it")):
            yield
    except FileNotFoundError as error:
        folder.require()
        raise file_error(error, folder.root) from None
    except OSError as error:
        raise file_error(error, folder.root) from None


def _migrate(state: State) -> None:
    """Bring the state of an earlier release to this version; the caller holds the writer lock."""
    if state.version == VERSION:
        return
    with state.transaction():
        if state.version == 1:
            state.run("from_version_1")
            hours = [(int.from_bytes(prefix, "big"),) for (prefix,) in state.rows("seen_hours").fetchall()]
            state.run_many("add_first_release_hour", hours)
        if state.version <= 2:
            state.run("from_version_2")
        state.run("from_version_3")
        state.run("create_replaced_file")
        state.version = VERSION


def _open(folder: Folder, write: bool) -> sqlite3.Connection:
    try:
        return _checked(_connect(folder.state, folder), folder)
    except sqlite3.OperationalError as error:
        unwritable = error.sqlite_errorcode & 0xFF in _READ_ONLY or error.sqlite_errorname in _NO_SPACE
        if write or not unwritable:
            raise
    # A read-only folder and a full disk cannot hold the log that reading beside a writer needs.
    log = folder.state.with_name(f"{folder.state.name}-wal")
    if log.exists() and log.stat().st_size:
        raise DueError(
            f"{folder.state} was not closed by its last writer, and is read-only for this user",
            f"as the folder's owner: {folder.command('doctor')}",
        )
    uri = f"{folder.state.as_uri()}?immutable=1"
    return _checked(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False), folder)


def _checked(connection: sqlite3.Connection, folder: Folder) -> sqlite3.Connection:
    """The connection, closed where its file is not a state of this version."""
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


def _connect(path: Path, folder: Folder) -> sqlite3.Connection:
    # A result may be read to its end, and closed, by another thread than the one that asked.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA synchronous = {'FULL' if folder.durable else 'OFF'}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased leaves nothing in unused parts of the file
    return connection


def damaged(folder: Folder, what: str) -> DamagedError:
    """The error for a state that SQLite cannot read."""
    return DamagedError(f"{folder.state} is damaged: {what}", folder.command("doctor --repair"))


@contextmanager
def _errors_of_due(folder: Folder) -> Iterator[None]:
    """Raise SQLite's errors as due's, where they are not due's own mistake."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translated(error, folder) from None


def _translated(error: sqlite3.DatabaseError, folder: Folder) -> Exception:
    name, code = error.sqlite_errorname, error.sqlite_errorcode & 0xFF
    if name in _NO_SPACE:
        return NoSpaceError(
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
