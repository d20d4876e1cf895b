"""``due doctor`` on a folder: the checks, each with its result and, for a problem, the command that fixes it.

They cover the guide's verify step (step 2: the table, its views) and what can go wrong with files on a disk.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import duckdb

from due_cli.core.errors import ConfigurationError, DueError, QueryError
from due_cli.core.hours import hour_text
from due_cli.core.progress import Progress
from due_cli.core.results import Check, Checks, Finding, counted
from due_cli.local import adopted_files, compact, data_files, failed_records, retention, statuses, views
from due_cli.local.all_events import LostValues, lost_values, sample
from due_cli.local.engine import canonical_columns, translate_errors
from due_cli.local.folder import Folder, hour_of
from due_cli.local.footers import Schemas
from due_cli.local.queries import report, session
from due_cli.local.repair import accept_losses, repair
from due_cli.local.state import DamagedError, DataFile, open_state
from due_cli.local.unread import gone_files, ingest_command, unread_files
from due_cli.sql.files import TABLE
from due_cli.sql.parameters import FOREVER
from due_cli.sql.reports import bind

_MIN_FREE_BYTES = 256 * 1024 * 1024  # one commit of an ingest
_PROBE_BYTES = 1024 * 1024
_MAX_LISTED = 3
_MAX_WHOLE = 2_000  # files of other writers whose footers are read to the end
_COMMANDS = ("due ", "df ", "ls ", "mv ")


def examine(folder: Folder, progress: Progress, *, repair_first: bool, accept_loss: list[str] | None = None) -> Checks:
    """Run every check; none stops the others. With ``repair_first`` after a repair, whose actions come first.

    ``accept_loss`` are the hours whose lost events are accepted before that. Raises :class:`ConfigurationError` for a
    folder that is not set up or is of a newer version.
    """
    done = repair(folder, progress) if repair_first else []
    folder.require()
    done += accept_losses(folder, accept_loss, progress) if accept_loss else []
    return Checks([*(Check("repair", "ok", action) for action in done), *_FolderDoctor(folder, progress).checks()])


class _FolderDoctor:
    def __init__(self, folder: Folder, progress: Progress) -> None:
        self._folder, self._progress = folder, progress
        self._repair = folder.command("doctor --repair")

    def checks(self) -> Iterator[Check]:
        """The checks, in an order in which a fault explains the ones after it."""
        state = list(_run("state", self._state))
        yield from state
        yield from _run("disk space", self._space)
        if _has_problem(state):
            return
        files = list(_run("files", self._files))
        yield from files
        yield from _run("lost events", self._lost)
        yield from _run("other files", self._unread)
        reads_files = (
            ("table", self._table),
            ("values", self._values),
            ("views", self._views),
            ("report", self._report),
            ("status store", self._statuses),
        )
        for name, check in reads_files:
            if _has_problem(files):
                yield Check(name, "warning", "not checked: fix the files first")
            else:
                yield from _run(name, check)
        yield from _run("closed days", self._closed_days)
        yield from _run("retention", self._retention)
        yield from _run("failed records", self._failed)

    def _state(self) -> Iterator[Finding]:
        try:
            with open_state(self._folder) as state:
                damage = state.damage()
        except DamagedError as error:
            yield "problem", error.message, self._repair
            return
        if damage:
            yield "problem", f"{self._folder.state}: {damage}", self._repair
        else:
            yield "ok", f"{self._folder.state} is intact", None

    def _space(self) -> Iterator[Finding]:
        root = self._folder.root
        usage = shutil.disk_usage(root)
        text = f"{_size(usage.free)} free of {_size(usage.total)} at {root}"
        show_space = f"df -h {shlex.quote(str(root))}"
        if usage.free < min(_MIN_FREE_BYTES, usage.total // 20):
            yield "problem", f"only {text}: free some", show_space
            return
        try:
            self._write_probe()
        except PermissionError:
            yield "warning", f"{text}; the folder is read-only for this user", None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            yield "problem", f"nothing can be written to {self._folder.private}: {reason} ({text})", show_space
        else:
            yield "ok", text, None

    def _write_probe(self) -> None:
        """Write a little where an ingest writes: a quota or a limit shows in nothing else."""
        prefix = self._folder.query_temp_prefix
        probe = prefix.with_name(f"{prefix.name}{os.getpid()}-probe")
        try:
            with probe.open("wb") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    def _files(self) -> Iterator[Finding]:
        with open_state(self._folder) as state, self._folder.reader_lock():
            listed = state.data_files()
            unlisted = [path for path, _ in data_files.unlisted(self._folder, state)]
            foreign = [path for path, _ in state.foreign_files()]
            faults = [
                *self._faults_of_listed(listed),
                *self._faults_of_unlisted(unlisted),
                *self._faults_of_foreign(foreign),
            ]
        yield from faults
        if not faults:
            others = f", and {counted(len(foreign), 'file')} not written by due" if foreign else ""
            if len(foreign) > _MAX_WHOLE:
                others += f" (of {_MAX_WHOLE:,} of them the whole footer was read, of the others its ends)"
            rows = sum(file.rows for file in listed)
            yield "ok", f"{counted(len(listed), 'file')} with {counted(rows, 'row')}{others}", None

    def _faults_of_listed(self, files: list[DataFile]) -> Iterator[Finding]:
        for file in files:
            fault = data_files.fault(self._folder, file)
            if fault:
                kind = "missing" if fault == data_files.MISSING else "damaged"
                yield "problem", f"{file.path} ({counted(file.rows, 'row')}) {fault}", self._repair, kind

    def _faults_of_unlisted(self, paths: list[str]) -> Iterator[Finding]:
        for path in paths:
            fault = data_files.parquet_fault(self._folder, path)
            if fault:
                yield self._broken(path, fault)
            else:
                yield "problem", f"{path} was written by due and is not in the table", self._repair, "unlisted"

    def _faults_of_foreign(self, paths: list[str]) -> Iterator[Finding]:
        whole = set(sample(paths, _MAX_WHOLE))
        schemas = Schemas()
        for path in paths:
            if path in whole:
                fault = data_files.parquet_fault(self._folder, path)
            else:
                fault = schemas.fault(f"{self._folder.root}/{path}")
            if fault:
                yield self._broken(path, fault)

    def _broken(self, path: str, fault: str) -> Finding:
        full = shlex.quote(str(self._folder.root / path))
        return "problem", f"{path} {fault}", f"mv {full} {full}.broken", "foreign-damaged"

    def _lost(self) -> Iterator[Finding]:
        """The events that were in files which are gone, by hour: lost until they are back or that is accepted."""
        with open_state(self._folder) as state:
            hours = state.lost_hours()
            gone: dict[int, list[str]] = defaultdict(list)
            for path in gone_files(self._folder, state):
                gone[hour_of(path) or 0].append(path)
        for hour, count in hours:
            text = f"{counted(count, 'event')} of the hour {hour_text(hour)} UTC are in no file any more"
            yield "problem", f"{text}: ingest their input again, or accept the loss", self._accept(hour)
        for hour, paths in sorted(gone.items()):
            text = f"{paths[0]}{f' and {len(paths) - 1:,} more of its hour' if paths[1:] else ''}: gone since queries"
            yield "problem", f"{text} read it; put it back, or accept the loss", self._accept(hour), "adopted"
        if not hours and not gone:
            yield "ok", "none", None

    def _accept(self, hour: int) -> str:
        return self._folder.command(f"doctor --accept-loss {hour_text(hour)}")

    def _unread(self) -> Iterator[Finding]:
        with open_state(self._folder) as state:
            files = unread_files(self._folder, state)
        for group in files[:_MAX_LISTED]:
            yield "problem", group.text, ingest_command(self._folder, group.path)
        if len(files) > _MAX_LISTED:
            number = sum(group.count for group in files[_MAX_LISTED:])
            text = f"{counted(number, 'more such file')} in {counted(len(files) - _MAX_LISTED, 'other folder')}"
            yield "problem", text, ingest_command(self._folder)
        if not files:
            yield "ok", "no events under events/ that are not read", None

    def _values(self) -> Iterator[Finding]:
        with session(self._folder, set(), only_types=True) as (connection, state), translate_errors():
            lost = lost_values(connection, state)
        for values in lost[:_MAX_LISTED]:
            yield "warning", _lost_text(values), None
        if len(lost) > _MAX_LISTED:
            yield "warning", f"{counted(len(lost) - _MAX_LISTED, 'more such column')}", None
        if not lost:
            yield "ok", "every value of every column is read", None

    def _table(self) -> Iterator[Finding]:
        with open_state(self._folder) as state:
            expected = [*canonical_columns(state).items(), ("ingest_timestamp", "TIMESTAMP")]
        columns = views.columns_of(self._folder, [TABLE])[TABLE]
        if isinstance(columns, QueryError):
            raise columns
        if _normalised(columns) == _normalised(expected):
            yield "ok", f"{TABLE}: {len(columns)} columns", None
        else:
            yield "problem", f"{TABLE} has unexpected columns", self._repair

    def _views(self) -> Iterator[Finding]:
        with open_state(self._folder) as state:
            stored = state.views()
            outdated = [view.name for view in views.shipped_views(state) if stored.get(view.name) != view]
        for name in outdated:
            fault = "is missing" if name not in stored else "differs from this version's"
            kind = "missing" if name not in stored else "outdated"
            yield "problem", f"the view {name} {fault}", self._repair, kind
        names = [name for name in stored if name not in outdated]
        number = 0
        for name, columns in views.columns_of(self._folder, names).items():
            if isinstance(columns, QueryError):
                drop = self._folder.command(f"view drop {shlex.quote(name)}")
                yield "problem", f"the view {name} fails: {columns.message}", drop, "failing"
            else:
                number += len(columns)
        yield "ok", f"{counted(len(names), 'view')}, {counted(number, 'column')}", None

    def _report(self) -> Iterator[Finding]:
        rows = sum(1 for _ in report(self._folder, bind("bounce-rate", {}, now=datetime.now(UTC))).rows)
        yield "ok", f"bounce-rate runs: {counted(rows, 'row')}", None

    def _statuses(self) -> Iterator[Finding]:
        with open_state(self._folder) as state, self._folder.reader_lock(), state.snapshot():
            try:
                statuses.recompute_statuses(self._folder, state, self._progress)
            except DueError as error:
                yield "problem", f"events cannot be read: {error.message}", self._repair, "unreadable"
                return
            differing = statuses.differing_messages(state)
            total = state.count("count_statuses")
        if differing:
            listed = ", ".join(differing[:_MAX_LISTED])
            text = f"the stored status of {counted(len(differing), 'message')} differs from the events: {listed}"
            yield "problem", text, self._repair
        else:
            yield "ok", f"{counted(total, 'message')}, consistent with the events", None

    def _closed_days(self) -> Iterator[Finding]:
        with open_state(self._folder) as state:
            days = compact.worthwhile_days(self._folder, state)
            originals = adopted_files.kept_originals(self._folder, state)
        if days:
            number = sum(len(files) for _, files in days)
            text = f"{counted(len(days), 'day')} in {counted(number, 'file')}: reports would be faster with one a day"
            yield "ok", text, self._folder.command("compact")
        else:
            yield "ok", "one file each, or little more", None
        if originals:
            text = f"{counted(len(originals), 'original')} of compacted files are kept in {self._folder.replaced}"
            yield "ok", text, self._folder.command("compact --adopted --yes")

    def _retention(self) -> Iterator[Finding]:
        with open_state(self._folder) as state:
            kept, days = retention.settings(state), state.meta("status_days", str(statuses.DEFAULT_DAYS))
            oldest = state.one("oldest_hour")
        times = {option: "for ever" if time == FOREVER else time for option, time in kept.items()}
        text = f"events are kept {times['keep_events']}, failed records {times['keep_errors']}, statuses {days} days"
        since = f"; the oldest day is {hour_text(oldest)[:10]}" if isinstance(oldest, int) else ""
        yield "ok", f"{text}{since}", None

    def _failed(self) -> Iterator[Finding]:
        total, readable = failed_records.count_readable(self._folder)
        if readable:
            text = f"{readable:,} of {counted(total, 'failed record')} can be read by this version"
            yield "problem", text, self._folder.command("failed replay"), "readable"
        elif total:
            text = f"{counted(total, 'record')} that cannot be read: look at them, replay them after an upgrade"
            yield "problem", text, self._folder.command("failed list")
        else:
            yield "ok", "none waiting", None


def _run(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Check]:
    """The results of a check under its name; an error of due's is a problem, except that the folder is not usable."""
    try:
        for result in check():
            yield Check(name, *result)
    except ConfigurationError:
        raise
    except DueError as error:
        is_command = error.hint is not None and error.hint.startswith(_COMMANDS)
        yield Check(name, "problem", error.message, error.hint if is_command else None)


def _lost_text(values: LostValues) -> str:
    where = f"{values.column} of {counted(values.rows, 'row')}, as in {values.example}, cannot be read and is NULL"
    if values.read < values.files:
        return f"{where} (looked at {values.read:,} of {values.files:,} files)"
    return where


def _has_problem(checks: list[Check]) -> bool:
    return any(check.outcome == "problem" for check in checks)


def _normalised(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), str(duckdb.type(kind)).lower()) for name, kind in columns]


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GB" if count >= 2**30 else f"{count / 2**20:,.0f} MB"
