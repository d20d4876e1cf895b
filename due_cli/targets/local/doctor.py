"""The checks of ``due doctor`` on a local folder, and its repairs.

The guide's verify step (step 2: the table, its views) and what can go wrong with files on a disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from due_cli.errors import DueError, QueryError
from due_cli.progress import Progress
from due_cli.results import Check, Checks
from due_cli.targets.local import history, ingest, lifecycle, views
from due_cli.targets.local.folder import Folder, is_own
from due_cli.targets.local.state import DataFile, State, opened, writing
from due_cli.targets.local.translate import canonical_columns

_ENOUGH_BYTES = 256 * 1024 * 1024  # less free space than one commit of an ingest needs is a problem
_SHOWN = 3


def examine(folder: Folder, progress: Progress) -> Checks:
    """Every check, each with what it found and the command that mends it; none stops the others."""
    doctor = _Doctor(folder, progress)
    return Checks([check for each in doctor.checks() for check in _guarded(each)])


def repair(folder: Folder, progress: Progress) -> list[str]:
    """Mends what can be mended without new input; returns what was done."""
    done: list[str] = []
    with writing(folder, progress) as state:
        ingest.clear_leftovers(folder, state)
        broken = [file for file in state.data_files() if _fault(folder, file)]
        for file in broken:
            done.append(_set_aside(folder, state, file))
        with state.transaction():
            changed = lifecycle.bring_views_up(state)
            if changed:
                done.append(f"{changed} views made as this version ships them")
            history.recompute_statuses(folder, state, progress)
            differing = history.disagreeing(state)
            if differing:
                history.rebuild_statuses(state)
                done.append(f"the status of {len(differing):,} messages computed anew from their events")
    return done


class _Doctor:
    def __init__(self, folder: Folder, progress: Progress) -> None:
        self._folder, self._progress = folder, progress
        self._mend = f"due doctor --repair --local {folder.root}"

    def checks(self) -> Iterator[Callable[[], Iterator[Check]]]:
        """The checks in the order in which a fault explains the ones after it."""
        yield from (self._state, self._space, self._files, self._table, self._views, self._report, self._statuses)
        yield self._failed

    def _state(self) -> Iterator[Check]:
        with opened(self._folder) as state:
            damage = state.sound()
            if damage:
                yield Check("state", "problem", f"{self._folder.state}: {damage}", self._mend)
            else:
                yield Check("state", "ok", f"{self._folder.state} is sound")

    def _space(self) -> Iterator[Check]:
        usage = shutil.disk_usage(self._folder.root)
        text = f"{_size(usage.free)} free of {_size(usage.total)} at {self._folder.root}"
        if usage.free < min(_ENOUGH_BYTES, usage.total // 20):
            yield Check("disk space", "problem", f"only {text}", f"df -h {self._folder.root}  (then free some space)")
        else:
            yield Check("disk space", "ok", text)

    def _files(self) -> Iterator[Check]:
        with opened(self._folder) as state:
            own = state.data_files()
        faults = [(file.path, fault) for file in own if (fault := _fault(self._folder, file))]
        for path, fault in faults[:_SHOWN]:
            yield Check("files", "problem", f"{path}: {fault}", self._mend)
        if len(faults) > _SHOWN:
            yield Check("files", "problem", f"{len(faults) - _SHOWN} more unreadable files", self._mend)
        foreign = [path for path, _ in self._folder.parquet_files() if not is_own(path)]
        unreadable = [path for path in foreign if _unreadable(self._folder, path)]
        for path in unreadable[:_SHOWN]:
            full = self._folder.root / path
            yield Check(
                "files", "problem", f"{path} (not written by due) is not readable Parquet", f"mv {full} {full}.broken"
            )
        if not faults and not unreadable:
            rows = sum(file.rows for file in own)
            beside = f", {len(foreign):,} files beside them that due did not write" if foreign else ""
            yield Check("files", "ok", f"{len(own):,} files with {rows:,} rows{beside}")

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
                yield Check("views", "problem", f"the view {name} fails: {error.message}", f"due view drop {name}")
        yield Check("views", "ok", f"{len(names)} views, {columns} columns")

    def _report(self) -> Iterator[Check]:
        from due_cli.targets.local.reports import report

        rows = sum(1 for _ in report(self._folder, "bounce-rate", {}, None, None, datetime.now(UTC)).rows)
        yield Check("report", "ok", f"bounce-rate runs: {rows} rows")

    def _statuses(self) -> Iterator[Check]:
        with writing(self._folder, self._progress) as state:
            history.recompute_statuses(self._folder, state, self._progress)
            differing = history.disagreeing(state)
            total = state.one("count_statuses")
        if differing:
            some = ", ".join(differing[:_SHOWN])
            text = f"the stored status of {len(differing):,} messages is not what their events say: {some}"
            yield Check("status store", "problem", text, self._mend)
        else:
            yield Check("status store", "ok", f"{total:,} messages, as their events say")

    def _failed(self) -> Iterator[Check]:
        with opened(self._folder) as state:
            waiting = state.one("count_failed")
        if waiting:
            text = f"{waiting:,} records that could not be read are waiting"
            yield Check(
                "failed records", "problem", text, "due failed list, then due failed replay or due failed discard"
            )
        else:
            yield Check("failed records", "ok", "none waiting")


def _guarded(check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except DueError as error:
        yield Check(check.__name__.strip("_"), "problem", error.message, error.hint)


def _fault(folder: Folder, file: DataFile) -> str | None:
    path = folder.root / file.path
    if not path.exists():
        return "is missing"
    size = path.stat().st_size
    if size != file.bytes:
        return f"has {size:,} bytes where {file.bytes:,} were written"
    return _unreadable(folder, file.path)


def _unreadable(folder: Folder, path: str) -> str | None:
    try:
        pq.ParquetFile(folder.root / path)
    except (pa.ArrowException, OSError) as error:
        return f"is not readable: {str(error).splitlines()[0]}"
    return None


def _set_aside(folder: Folder, state: State, file: DataFile) -> str:
    """Takes a broken file out of the table and forgets its events, so that ingesting them again restores them."""
    path = folder.root / file.path
    aside = folder.root / "broken" / path.name
    with state.transaction():
        if path.exists():
            aside.parent.mkdir(exist_ok=True)
            path.replace(aside)
        state.run("forget_file", file.path)
        state.run("forget_seen_hour", file.hour)
        for other in state.data_files(file.hour, file.hour + 1):
            state.run("forget_file", other.path)
            history.register(folder, state, other.path, other.hour)
    hour = f"{datetime.fromtimestamp(file.hour * 3600, UTC):%Y-%m-%d %H:00}"
    where = f"moved to {aside}" if aside.exists() else "was gone"
    return f"{file.path} {where}; its {file.rows:,} rows ({hour} UTC) come back when their input is ingested again"


def _names(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), str(duckdb.type(kind)).lower()) for name, kind in columns]


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GB" if count >= 2**30 else f"{count / 2**20:,.0f} MB"
