"""The tour of ``due demo``: each command that a newcomer would type, and what it answers."""

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
from due_cli.local.teardown import take_down
from due_cli.sql.custom import preview_command
from due_cli.sql.reports import bind

DEFAULT_FOLDER = "due-demo"
DATABASE = "due_demo"
_RECORDS = "records"
_MARK = "demo"

Part = tuple[str, Result]


def tour(place: Path | None, progress: Progress) -> Iterator[Part]:
    """Makes the month, ingests it and shows what can be asked; a demo that was there before is made anew.

    Raises :class:`UsageError` for a folder that holds anything else.
    """
    shown = place or Path(DEFAULT_FOLDER)
    folder = Folder(shown.absolute())
    _clear(folder, shown, progress)
    now = datetime.now(UTC)
    month = _made(folder, now, progress)
    records = shlex.quote(str(shown / _RECORDS))
    yield (
        "A small shop's month: raw records of SES, Pinpoint, End User Messaging SMS and WhatsApp, in every wrapper.",
        Done([f"{month.records:,} records in {len(month.files)} files in {records}"]),
    )
    with_folder = f"{_program()} --local {shlex.quote(str(shown))}"
    yield f"$ {with_folder} ingest {records}", ingest_paths(folder, [str(shown / _RECORDS)], progress)
    yield from _answers(folder, month, with_folder, now)
    yield (
        "Where to go from here",
        Record(
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
                f"{with_folder} report",
                f"{with_folder} report subject-lines --address {month.address}",
                preview_command("email_hardbounce").replace("due", with_folder, 1),
                f"{with_folder} doctor",
                f"{_program()} setup --local DIR, then {_program()} ingest YOUR-FILES",
            ),
        ),
    )


def _program() -> str:
    """What to type for this program: its path where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "due" or shutil.which("due"):
        return "due"
    return os.path.relpath(called)


def _answers(folder: Folder, month: Month, with_folder: str, now: datetime) -> Iterator[Part]:
    for name, options in (
        ("bounce-rate", {"since": "12h"}),
        ("engagement-rate", {"since": "12h"}),
        ("campaign-engagement", {}),
        ("sms-cost", {}),
    ):
        typed = " ".join(f"--{option} {value}" for option, value in options.items())
        yield (
            f"$ {with_folder} report {name} {typed}".rstrip(),
            report(folder, bind(name, {}, options.get("since"), now=now)),
        )
    for message in (month.interesting_message, month.sms_message):
        yield f"$ {with_folder} status {message}", statuses(folder, [message])
    yield f"$ {with_folder} failed list", failed_records.list_failed(folder)


def _made(folder: Folder, now: datetime, progress: Progress) -> Month:
    set_up(folder, DATABASE, None, progress)
    with open_for_writing(folder, progress) as state, state.transaction():
        state.run("set_meta", _MARK, "yes")
    records = folder.root / _RECORDS
    records.mkdir(exist_ok=True)
    progress.start("Making up a month", DEFAULT_RECORDS)
    try:
        return write_month(records, now, progress=lambda count: progress.advance(count, count=count))
    finally:
        progress.finish()


def _clear(folder: Folder, shown: Path, progress: Progress) -> None:
    """Removes the demo of an earlier call, and nothing else."""
    if not folder.root.exists() or not any(folder.root.iterdir()):
        return
    demo = False
    if folder.state.exists():
        with open_state(folder) as state:
            demo = state.meta(_MARK) == "yes"
    if not demo:
        raise UsageError(f"{shown} holds something that is not a demo", "due demo --local ANOTHER-FOLDER")
    shutil.rmtree(folder.root / _RECORDS, ignore_errors=True)
    take_down(folder, delete_data=True, progress=progress)
