"""Messages that the status table does not know enough of are looked up in the events, all of them in one query."""

from __future__ import annotations

import pytest

from due_cli.aws.athena import statuses
from due_cli.local.folder import Folder
from due_cli.local.statuses import statuses_from_events
from tests.aws.athena import stacks
from tests.aws.athena.conftest import BothTargets, RecordedProgress
from tests.commands import Due
from tests.queries.raw import Mail, at, ses
from tests.queries.scenes import HAND

ON = ("--stack", "due")


@pytest.fixture(scope="module")
def known_ids(both: BothTargets) -> list[str]:
    """Some of the messages of the events, of every kind."""
    return sorted(stacks.statuses_of(*(record for case in HAND for record in case.records)))[::4]


def test_every_message_of_the_events_is_as_on_a_folder(
    both: BothTargets, progress: RecordedProgress, known_ids: list[str]
) -> None:
    ours = statuses_from_events(Folder(both.database), known_ids)
    both.emulator.journal.clear()
    theirs = statuses.statuses(both.stack, progress, known_ids, everywhere=True)
    assert len(ours) > 15
    for line in theirs.timelines:
        status = ours.get(str(line.item["message_id"]))
        assert status is not None
        facts = {key: None if value == "NA" else value for key, value in status.item().items()}
        assert line.item == {**facts, "from": "events"}
    assert len(both.emulator.journal.of("athena:StartQueryExecution")) == 2  # its columns, and all messages at once
    (note,) = progress.notes
    assert note.startswith("searching all events: ")


def test_an_id_may_be_any_text(due: Due, both: BothTargets) -> None:
    words = ["o'brien", "100%; DROP TABLE all_events --", "''", "☃", "awkward-1"]
    items = due("status", *words, "--everywhere", *ON, "-o", "json").failed(4).json
    assert [item["status"] for item in items] == ["not_found"] * 4 + ["send"]
    assert items[-1]["from"] == "events"


def test_what_the_table_knows_beyond_the_events_is_not_lost(due: Due, both: BothTargets, known_ids: list[str]) -> None:
    """An event is in the table at once, and in the events only when the stream has delivered it."""
    late = Mail("awkward-2", at("2025-06-02T12:00"))
    stacks.store_statuses(
        both.emulator, both.stack, stacks.statuses_of(ses(late, "open", at("2025-06-02T13:00"))).values()
    )
    (item,) = due("status", "awkward-2", *ON, "-o", "json").done().json
    assert (item["status"], item["send"], item["open"], item["from"]) == (
        "open",
        "2025-06-02T12:00:00.000Z",
        "2025-06-02T13:00:00.000Z",
        "events",
    )


def test_a_header_that_a_sender_defined_stands_for_its_message(due: Due, both: BothTargets) -> None:
    mail = Mail("headed-1", at("2025-06-02T12:00"))
    stacks.store_statuses(both.emulator, both.stack, stacks.statuses_of(ses(mail, "send")).values())
    (item,) = due("status", "<headed-1@eu-west-1.amazonses.com>", *ON, "-o", "json").done().json
    assert (item["message_id"], item["from"]) == ("headed-1", "store")


def test_many_ids_are_as_many_statements_as_athena_takes(both: BothTargets, progress: RecordedProgress) -> None:
    """A statement has at most 262,144 bytes, and an id stands in it three times."""
    both.emulator.journal.clear()
    unknown = ["x" + "'" * 300 + f"-{number}" for number in range(250)]
    found = statuses.statuses(both.stack, progress, [*unknown, "awkward-1"], everywhere=True)
    assert [line.item["status"] for line in found.timelines] == ["not_found"] * 250 + ["send"]
    asked = [call.parameters["QueryString"] for call in both.emulator.journal.of("athena:StartQueryExecution")]
    assert max(len(sql.encode()) for sql in asked) < 262_144
    assert len(asked) == 2 * 3
