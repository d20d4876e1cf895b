"""The checks of ``due doctor`` on a local folder.

The guide's verify step (step 2: the table, its views) and what can go wrong with files on a disk. Each problem names
the command that mends it, to be run as it stands.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import duckdb

from due_cli.core.errors import ConfigurationError, DueError, QueryError
from due_cli.core.progress import Progress
from due_cli.core.results import Check, Checks, counted
from due_cli.local import failures, history, views
from due_cli.local.folder import Folder, is_own
from due_cli.local.repair import fault, repair
from due_cli.local.state import DamagedError, DataFile, opened
from due_cli.local.translate import canonical_columns

__all__ = ["examine", "repair"]

_ENOUGH_BYTES = 256 * 1024 * 1024  # less free space than one commit of an ingest needs is a problem
_PROBE_BYTES = 1024 * 1024
_SHOWN = 3
_COMMANDS = ("due ", "df ", "ls ", "mv ")


def examine(folder: Folder, progress: Progress, repaired: list[str] | None = None) -> Checks:
    """Every check, each with what it found and the command that mends it; none stops the others.

    ``repaired`` is what a repair before it did, and comes first.
    """
    folder.require()
    done = [Check("repair", "ok", what) for what in repaired or []]
    return Checks([*done, *_Doctor(folder, progress).examined()])


class _Doctor:
    def __init__(self, folder: Folder, progress: Progress) -> None:
        self._folder, self._progress = folder, progress
        self._mend = folder.command("doctor --repair")

    def examined(self) -> Iterator[Check]:
        """The checks in the order in which a fault explains the ones after it.

        Raises :class:`ConfigurationError` for a database of a newer version: nothing of it can be judged.
        """
        state = list(self._state())
        yield from state
        yield from _guarded(self._space)
        if _wrong(state):
            return
        files = list(_guarded(self._files))
        yield from files
        for check in (self._table, self._views, self._report, self._statuses):
            if _wrong(files):
                yield Check(_name(check), "warning", "not checked: first the files are to be mended")
            else:
                yield from _guarded(check)
        yield from _guarded(self._failed)

    def _state(self) -> Iterator[Check]:
        try:
            with opened(self._folder) as state:
                damage = state.sound()
        except ConfigurationError:
            raise
        except DueError as error:
            mend = self._mend if isinstance(error, DamagedError) else _command(error)
            yield Check("state", "problem", error.message, mend)
            return
        if damage:
            yield Check("state", "problem", f"{self._folder.state}: {damage}", self._mend)
        else:
            yield Check("state", "ok", f"{self._folder.state} is sound")

    def _space(self) -> Iterator[Check]:
        root = self._folder.root
        usage = shutil.disk_usage(root)
        text = f"{_size(usage.free)} free of {_size(usage.total)} at {root}"
        look = f"df -h {shlex.quote(str(root))}"
        if usage.free < min(_ENOUGH_BYTES, usage.total // 20):
            yield Check("disk space", "problem", f"only {text}: free some", look)
            return
        try:
            self._write_probe()
        except PermissionError:
            yield Check("disk space", "warning", f"{text}; this user may read the folder and not write to it")
        except OSError as error:
            what = f"nothing can be written to {self._folder.private}: {(error.strerror or str(error)).lower()}"
            yield Check("disk space", "problem", f"{what} ({text})", look)
        else:
            yield Check("disk space", "ok", text)

    def _write_probe(self) -> None:
        """Writes a little where an ingest writes: a quota or a limit shows in nothing else."""
        probe = self._folder.query_work.with_name(f"{self._folder.query_work.name}{os.getpid()}-probe")
        try:
            with probe.open("wb") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    def _files(self) -> Iterator[Check]:
        with opened(self._folder) as state, self._folder.reading():
            strays = history.unnamed(self._folder, state)
            own = state.data_files()
            found = [*self._faults_of_own(own), *self._faults_of_others(strays)]
        yield from found[:_SHOWN]
        if len(found) > _SHOWN:
            yield Check("files", "problem", counted(len(found) - _SHOWN, "more such file"), found[-1].fix)
        if not found:
            foreign = sum(1 for path, _ in self._folder.parquet_files() if not is_own(path))
            beside = f", {counted(foreign, 'file')} beside them that due did not write" if foreign else ""
            rows = sum(file.rows for file in own)
            yield Check("files", "ok", f"{counted(len(own), 'file')} with {counted(rows, 'row')}{beside}")

    def _faults_of_own(self, own: list[DataFile]) -> Iterator[Check]:
        for file in own:
            what = fault(self._folder, file)
            if what:
                yield Check("files", "problem", f"{file.path}: {what}", self._mend)

    def _faults_of_others(self, strays: list[tuple[str, int]]) -> Iterator[Check]:
        unnamed = {path for path, _ in strays}
        for path, _ in self._folder.parquet_files():
            if is_own(path) and path not in unnamed:
                continue
            what = history.unreadable(self._folder, path)
            full = shlex.quote(str(self._folder.root / path))
            if what:
                yield Check("files", "problem", f"{path} {what}", f"mv {full} {full}.broken")
            elif path in unnamed:
                yield Check("files", "problem", f"{path} is due's, but not in the table", self._mend)

    def _table(self) -> Iterator[Check]:
        with opened(self._folder) as state:
            wanted = [*canonical_columns(state).items(), ("ingest_timestamp", "TIMESTAMP")]
        found = views.columns_of(self._folder, [views.TABLE])[views.TABLE]
        if _names(found) == _names(wanted):
            yield Check("table", "ok", f"{views.TABLE}: {len(found)} columns")
        else:
            yield Check("table", "problem", f"{views.TABLE} has other columns than it should", self._mend)

    def _views(self) -> Iterator[Check]:
        with opened(self._folder) as state:
            stored = state.views()
            wanted = views.standard(state)
        wrong = [view.name for view in wanted if stored.get(view.name) != view]
        for name in wrong:
            what = "is missing" if name not in stored else "is not as this version ships it"
            yield Check("views", "problem", f"the view {name} {what}", self._mend)
        names = [name for name in stored if name not in wrong]
        columns = 0
        for name in names:
            try:
                columns += len(views.columns_of(self._folder, [name])[name])
            except QueryError as error:
                drop = self._folder.command(f"view drop {shlex.quote(name)}")
                yield Check("views", "problem", f"the view {name} fails: {error.message}", drop)
        yield Check("views", "ok", f"{counted(len(names), 'view')}, {counted(columns, 'column')}")

    def _report(self) -> Iterator[Check]:
        from due_cli.local.reports import report

        rows = sum(1 for _ in report(self._folder, "bounce-rate", {}, None, None, datetime.now(UTC)).rows)
        yield Check("report", "ok", f"bounce-rate runs: {counted(rows, 'row')}")

    def _statuses(self) -> Iterator[Check]:
        with opened(self._folder) as state, self._folder.reading(), state.snapshot():
            try:
                history.recompute_statuses(self._folder, state, self._progress)
            except DueError as error:
                yield Check("status store", "problem", f"events cannot be read: {error.message}", self._mend)
                return
            differing = history.disagreeing(state)
            total = state.count("count_statuses")
        if differing:
            some = ", ".join(differing[:_SHOWN])
            text = f"the stored status of {counted(len(differing), 'message')} is not what the events say: {some}"
            yield Check("status store", "problem", text, self._mend)
        else:
            yield Check("status store", "ok", f"{counted(total, 'message')}, as the events say")

    def _failed(self) -> Iterator[Check]:
        waiting, readable = failures.waiting(self._folder)
        if readable:
            text = f"{readable:,} of {waiting:,} failed records can be read by this version"
            yield Check("failed records", "problem", text, self._folder.command("failed replay"))
        elif waiting:
            text = f"{counted(waiting, 'record')} that cannot be read (due failed list)"
            yield Check("failed records", "problem", text, self._folder.command("failed discard --all"))
        else:
            yield Check("failed records", "ok", "none waiting")


def _guarded(check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except DueError as error:
        yield Check(_name(check), "problem", error.message, _command(error))


def _command(error: DueError) -> str | None:
    return error.hint if error.hint and error.hint.startswith(_COMMANDS) else None


def _name(check: Callable[[], Iterator[Check]]) -> str:
    return {"_statuses": "status store", "_failed": "failed records", "_space": "disk space"}.get(
        check.__name__, check.__name__.strip("_")
    )


def _wrong(checks: list[Check]) -> bool:
    return any(check.outcome == "problem" for check in checks)


def _names(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), str(duckdb.type(kind)).lower()) for name, kind in columns]


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GB" if count >= 2**30 else f"{count / 2**20:,.0f} MB"
