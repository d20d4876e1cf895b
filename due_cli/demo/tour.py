"""The guided demo of ``due demo``: each command that a newcomer would type, with its output."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from due_cli.core.errors import UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Record, Result
from due_cli.demo import DEFAULT_RECORDS, Month, write_month
from due_cli.local import failed_records
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from due_cli.local.queries import report
from due_cli.local.setup import set_up
from due_cli.local.state import open_for_writing, open_state
from due_cli.local.statuses import statuses
from due_cli.local.teardown import execute_removal
from due_cli.sql.custom import preview_command
from due_cli.sql.reports import bind

DEFAULT_FOLDER = "due-demo"
DATABASE = "due_demo"
_RECORDS = "records"
_MARK = "demo"

# The reports that are shown, with their period.
_REPORTS = (("bounce-rate", "12h"), ("engagement-rate", "12h"), ("campaign-engagement", None), ("sms-cost", None))

Part = tuple[str, Result]


def tour(place: Path | None, progress: Progress) -> Iterator[Part]:
    """Write the month, ingest it and run the commands of a guided demo; an earlier demo in the folder is replaced.

    Raises :class:`UsageError` for a folder that holds anything else.
    """
    shown = place or Path(DEFAULT_FOLDER)
    folder = Folder(shown.absolute())
    _remove_earlier_demo(folder, shown, progress)
    now = datetime.now(UTC)
    month = _write_records(folder, now, progress)
    records = shlex.quote(str(shown / _RECORDS))
    yield (
        "A small shop's month: raw records of SES, Pinpoint, End User Messaging SMS and WhatsApp, in every wrapper.",
        Done([f"{month.records:,} records in {len(month.files)} files in {records}"]),
    )
    program = f"{_program()} --local {shlex.quote(str(shown))}"
    yield f"$ {program} ingest {records}", ingest_paths(folder, [str(shown / _RECORDS)], progress)
    for name, since in _REPORTS:
        option = f" --since {since}" if since else ""
        yield f"$ {program} report {name}{option}", report(folder, bind(name, {}, since, now=now))
    for message in (month.interesting_message, month.sms_message):
        yield f"$ {program} status {message}", statuses(folder, [message], with_details=True)
    yield f"$ {program} failed list", failed_records.list_failed(folder, by_reason=True)
    yield "Where to go from here", _next_steps(shown, month, program)


def _next_steps(shown: Path, month: Month, program: str) -> Record:
    return Record(
        {
            "database": str(shown),
            "records": str(shown / _RECORDS),
            "message": month.interesting_message,
            "bounced_message": month.bounced_message,
            "sms_message": month.sms_message,
            "tag": month.tag,
            "address": month.address,
        },
        (
            f"{program} report",
            f"{program} report subject-lines --address {month.address}",
            preview_command("email_hardbounce").replace("due", program, 1),
            f"{program} doctor",
            f"{_program()} setup --local DIR, then {_program()} ingest YOUR-FILES",
        ),
    )


def _program() -> str:
    """What to type for this program: its path where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "due" or shutil.which("due"):
        return "due"
    return os.path.relpath(called)


def _write_records(folder: Folder, now: datetime, progress: Progress) -> Month:
    set_up(folder, DATABASE, None, progress)
    with open_for_writing(folder, progress) as state, state.transaction():
        state.run("set_meta", _MARK, "yes")
    records = folder.root / _RECORDS
    records.mkdir(exist_ok=True)
    progress.start("Writing a month of records", DEFAULT_RECORDS)
    try:
        return write_month(records, now, progress=lambda count: progress.advance(count, count=count))
    finally:
        progress.finish()


def _remove_earlier_demo(folder: Folder, shown: Path, progress: Progress) -> None:
    """Remove the demo of an earlier call, and nothing else."""
    if not folder.root.exists() or not any(folder.root.iterdir()):
        return
    demo = False
    if folder.state.exists():
        with open_state(folder) as state:
            demo = state.meta(_MARK) == "yes"
    if not demo:
        raise UsageError(f"{shown} holds something that is not a demo", "due demo --local ANOTHER-FOLDER")
    shutil.rmtree(folder.root / _RECORDS, ignore_errors=True)
    execute_removal(folder, delete_data=True, progress=progress)
