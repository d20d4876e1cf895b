"""``due doctor --repair``: repairs a folder as far as that is possible without new input; and losses accepted."""

from __future__ import annotations

from due_cli.core.errors import DueError, NotFoundError
from due_cli.core.hours import hour_text, parse_hour
from due_cli.core.progress import Progress
from due_cli.core.results import counted
from due_cli.core.settings import DEFAULT_DATABASE
from due_cli.local import data_files, facts, statuses
from due_cli.local.folder import Folder, hour_of
from due_cli.local.recovery import recover_state
from due_cli.local.setup import set_up
from due_cli.local.state import DataFile, State, open_for_writing, open_state, writer_lock
from due_cli.local.unread import gone_files
from due_cli.local.views import update_shipped_views

_MAX_LISTED = 3


def repair(folder: Folder, progress: Progress) -> list[str]:
    """Repair a folder and return what was done; repeating it does nothing."""
    done: list[str] = []
    if not folder.state.exists() and folder.private.is_dir():  # the state was deleted, and the files were not
        done += set_up(folder, DEFAULT_DATABASE, None, progress).lines
    folder.require()
    with writer_lock(folder, progress):
        done += recover_state(folder)
        with open_state(folder, write=True) as state:
            data_files.clean_up(folder, state)
            removed = [
                _remove_broken(folder, state, file) for file in state.data_files() if data_files.fault(folder, file)
            ]
            done += removed[:_MAX_LISTED]
            if len(removed) > _MAX_LISTED:
                done.append(f"the same with {counted(len(removed) - _MAX_LISTED, 'more file')}")
            adopted = data_files.adopt(folder, state, progress)
            if adopted:
                events = counted(sum(file.rows for file in adopted), "event")
                done.append(f"listed {events} in {counted(len(adopted), 'file')} written by due again")
            with state.transaction():
                state.run("delete_restored")
                views_updated = update_shipped_views(state)
            if views_updated:
                done.append(f"updated {counted(views_updated, 'view')} to this version's")
            done += _repair_statuses(folder, state, progress, rows_lost=bool(removed))
            data_files.clear_staging(folder, state)
            if broken := facts.broken(folder):
                facts.remove(folder, broken)
                done.append(f"removed {counted(len(broken), 'unreadable file')} of facts of messages")
    return done


def accept_losses(folder: Folder, hours: list[str], progress: Progress) -> list[str]:
    """Accept that the events of files which are gone are lost, hour by hour; return what was accepted, in lines.

    Raises :class:`UsageError` for what is no hour, and :class:`NotFoundError` for one of which nothing is lost.
    """
    numbers = [parse_hour(text, "--accept-loss") for text in hours]
    done = []
    with open_for_writing(folder, progress) as state:
        for hour in numbers:
            missing = [file for file in state.data_files(hour, hour + 1) if not (folder.root / file.path).exists()]
            for file in missing:
                _remove_broken(folder, state, file)
            if missing:
                _repair_statuses(folder, state, progress, rows_lost=True)
            with state.transaction():
                state.run("delete_restored")
                events = state.run("accept_lost_hour", hour)
                gone = [path for path in gone_files(folder, state) if hour_of(path) == hour]
                state.run_many("delete_foreign_file", [(path,) for path in gone])
            if not events and not gone:
                raise NotFoundError(f"nothing of the hour {hour_text(hour)} is lost", folder.command("doctor"))
            lost = [counted(events, "event")] if events else []
            lost += [counted(len(gone), "file")] if gone else []
            done.append(f"accepted the loss of {' and '.join(lost)} of the hour {hour_text(hour)} UTC")
    return done


def _remove_broken(folder: Folder, state: State, file: DataFile) -> str:
    """Remove a broken file and forget that its events were seen, so that ingesting them again restores them."""
    path = folder.root / file.path
    target = folder.broken / path.name
    with state.transaction():
        if path.exists():
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
        state.run("delete_file", file.path)
        state.run("add_lost_hours", *file.span.bounds)
        state.run("delete_seen_hours", *file.span.bounds)
        for other in state.data_files(*file.span.bounds):
            if not data_files.fault(folder, other):
                data_files.mark_seen(folder, state, other)
    action = f"moved {file.path} to {target}" if target.exists() else f"{file.path} was missing"
    rows, hour = counted(file.rows, "row"), hour_text(file.hour)
    when = f"day {hour[:10]}" if file.span.is_day else f"hour {hour} UTC"
    return f"{action}; ingest its input again to restore its {rows} ({when})"


def _repair_statuses(folder: Folder, state: State, progress: Progress, *, rows_lost: bool) -> list[str]:
    done = []
    try:
        statuses.recompute_statuses(folder, state, progress)
    except DueError:
        # A file with a readable footer and unreadable rows.
        broken = [file for file in state.data_files() if data_files.fault(folder, file, read_rows=True)]
        if not broken:
            raise
        done = [_remove_broken(folder, state, file) for file in broken]
        statuses.recompute_statuses(folder, state, progress)
    differing = statuses.differing_messages(state)
    if differing:
        with state.transaction():
            statuses.repair_statuses(state, differing, rows_lost=rows_lost or bool(done))
        done.append(f"repaired the status of {counted(len(differing), 'message')} from the events")
    return done
