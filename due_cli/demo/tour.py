"""The guided demo of ``due demo``: each command that a newcomer would type, with its output."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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

Part = tuple[str, Result]


def tour(place: Path | None, progress: Progress, records: int = DEFAULT_RECORDS) -> Iterator[Part]:
    """Write the month, ingest it, tell its story by commands, and end with more to try; replaces an earlier demo.

    Raises :class:`UsageError` for a folder that holds anything else.
    """
    shown = place or Path(DEFAULT_FOLDER)
    folder = Folder(shown.absolute())
    _remove_earlier_demo(folder, shown, progress)
    now = datetime.now(UTC)
    month = _write_records(folder, now, progress, records)
    written = shlex.quote(str(shown / _RECORDS))
    yield (
        "A small shop's month: raw records of SES, Pinpoint, End User Messaging SMS and WhatsApp, in every wrapper.",
        Done([f"{month.records:,} records in {len(month.files)} files in {written}"]),
    )
    program = f"{_program()} --local {shlex.quote(str(shown))}"
    yield f"$ {program} ingest {written}", ingest_paths(folder, [str(shown / _RECORDS)], progress)

    def shown_report(story: str, name: str, since: datetime | None = None, until: datetime | None = None) -> Part:
        period = [None if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}" for moment in (since, until)]
        options = "".join(f" --{name} {at}" for name, at in zip(("since", "until"), period, strict=True) if at)
        rows = report(folder, bind(name, {}, *period, now=now))
        return f"{story}\n$ {program} report {name}{options}", rows

    at, hour = month.incident, timedelta(hours=1)
    yield shown_report(
        f"On {at.day} {at:%B} at {at:%H:%M} UTC every ninth mail bounced. SES reviews senders at one in twenty.",
        "bounce-rate",
        at - 3 * hour,
        at + 3 * hour,
    )
    yield shown_report("It was one campaign: the last of these, which went to an old list.", "campaign-engagement")
    yield shown_report("Text messages: what each campaign cost, in thousandths of a cent.", "sms-cost")
    for story, message in (
        ("A customer asks where a mail is. It was delayed, delivered, opened and clicked.", month.interesting_message),
        ("Another waits for a text. The carrier blocked it.", month.sms_message),
    ):
        yield f"{story}\n$ {program} status {message}", statuses(folder, [message], with_details=True)
    failed = failed_records.list_failed(folder, by_reason=True)
    yield f"What could not be read is kept, with the reason.\n$ {program} failed list", failed
    yield "Try it yourself", Done(list(_menu(month, program)))
    yield "Where it is", _places(shown, month)


def _menu(month: Month, program: str) -> Iterator[str]:
    """Questions, each with the command that answers it."""
    for question, words in (
        ("Which mails did one customer get, and which were opened?", f"report subject-lines --address {month.address}"),
        ("Why did this message bounce?", f"status {month.bounced_message}"),
        ("Which subjects are read?", "report subject-engagement"),
        ("Who gets mail for months and never reads it?", "report address-engagement"),
        ("What did texts about orders cost?", f"report sms-cost-by-tag --tag {month.tag}"),
        ("What does a view hold?", preview_command("email_hardbounce").removeprefix("due ")),
        ("The reports as files for others?", "report bounce-rate -o csv"),
        ("Is everything in order?", "doctor"),
    ):
        yield question
        yield f"  $ {program} {words}"


def _places(shown: Path, month: Month) -> Record:
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
        (f"{_program()} setup --local DIR, then {_program()} ingest YOUR-FILES",),
    )


def _program() -> str:
    """What to type for this program: its path where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "due" or shutil.which("due"):
        return "due"
    return os.path.relpath(called)


def _write_records(folder: Folder, now: datetime, progress: Progress, records: int) -> Month:
    set_up(folder, DATABASE, None, progress)
    with open_for_writing(folder, progress) as state, state.transaction():
        state.run("set_meta", _MARK, "yes")
    place = folder.root / _RECORDS
    place.mkdir(exist_ok=True)
    progress.start("Writing a month of records", records)
    try:
        return write_month(place, now, records=records, progress=lambda count: progress.advance(count, count=count))
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
