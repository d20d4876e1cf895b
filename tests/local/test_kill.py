"""Killed at any moment, the same command run again ends where an undisturbed one does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from due_cli.core.progress import Silent
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from tests.commands import Due, write_lines
from tests.events import wrapping
from tests.events.records import (
    HAPPENED,
    RECEIVED,
    pinpoint_email,
    ses_bounce,
    ses_complaint,
    ses_delivery,
    ses_notification,
    ses_open,
    sms_event,
)
from tests.local.database import content, files_below, ingest, rows, state, statuses, unaccounted
from tests.local.kills import crash_images, kill

RECORDS = [
    pinpoint_email("_email.send"),
    ses_bounce(),
    ses_delivery(),
    sms_event("TEXT_DELIVERED"),
    sms_event("TEXT_DELIVERED"),
    b"{broken",
]


HOUR = 3_600_000
STEPS = pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 7])


def killed(database: Path, words: list[str], place: Path, step: int) -> Iterator[Path]:
    """Copies of a database, as a kill during a command left it: by every so manieth change, and three by SIGKILL."""
    place.mkdir()
    changes, images = crash_images(database, words, place)
    assert changes > 5, "hardly anything was changed: the profiler sees nothing"
    images = images[::step]
    for number in (1, changes // 2, changes * 3 // 4):
        image = place / f"SIGKILL-{number}"
        shutil.copytree(database, image)
        kill(image, words, number)
        images.append(image)
    for image in images:
        yield image
        shutil.rmtree(image, ignore_errors=True)  # a teardown may have removed it


def check_ingest(due: Due, database: Path, source: Path, place: Path, step: int) -> None:
    """An ingest that was killed and is run again must end as one that was left alone."""
    undisturbed = place / "undisturbed"
    shutil.copytree(database, undisturbed)
    summary = ingest(due, undisturbed, source)
    expected = (rows(due, undisturbed), statuses(undisturbed))
    folders = {path.rpartition("/")[0] for path in files_below(undisturbed / "events")}
    for image in killed(database, ["ingest", str(source)], place / "killed", step):
        again = ingest(due, image, source)
        assert (again["records"], again["failed"], again["ignored"]) == (summary["records"], summary["failed"], 0)
        assert (rows(due, image), statuses(image)) == expected
        assert unaccounted(image) == set()
        assert {path.rpartition("/")[0] for path in files_below(image / "events")} == folders
        assert state(image, "SELECT COUNT(*) FROM failed") == state(undisturbed, "SELECT COUNT(*) FROM failed")


@STEPS
def test_an_ingest_into_an_empty_database(due: Due, database: Path, tmp_path: Path, step: int) -> None:
    check_ingest(due, database, write_lines(tmp_path / "records.json", RECORDS), tmp_path, step)


@STEPS
def test_an_ingest_that_merges_deliveries_into_stored_rows(due: Due, database: Path, tmp_path: Path, step: int) -> None:
    """One row stays in its hour, one moves to an earlier one, one loses a file of its own."""
    later = [wrapping.received(record, RECEIVED + 5 * 3_600_000) for record in (ses_complaint(), ses_open())]
    ingest(due, database, write_lines(tmp_path / "first.json", [ses_notification("Bounce"), ses_delivery()]))
    ingest(due, database, write_lines(tmp_path / "second.json", later))
    ingest(due, database, write_lines(tmp_path / "third.json", [ses_notification("Complaint")]))
    records = [ses_bounce(), ses_notification("Delivery"), ses_open(newField="new")]
    check_ingest(due, database, write_lines(tmp_path / "records.json", records), tmp_path, step)


@pytest.mark.slow
@STEPS
def test_an_ingest_that_compacts_days(due: Due, database: Path, tmp_path: Path, step: int) -> None:
    """Two days of files of hours, of which one has a file of the day too."""
    texts = [sms_event("TEXT_DELIVERED", messageId=f"m-{n}", eventTimestamp=HAPPENED + n * 9 * HOUR) for n in range(6)]
    ingest(due, database, write_lines(tmp_path / "first.json", texts[:1]))
    for one in texts[1:5]:
        ingest_paths(Folder(database, by_hour=True), [str(write_lines(tmp_path / "one.json", [one]))], Silent())
    check_ingest(due, database, write_lines(tmp_path / "last.json", texts[5:]), tmp_path, step)


@STEPS
def test_a_compaction(due: Due, database: Path, tmp_path: Path, step: int) -> None:
    for n in range(4):
        one = write_lines(tmp_path / "one.json", [sms_event("TEXT_DELIVERED", messageId=f"m-{n}")])
        ingest_paths(Folder(database, by_hour=True), [str(one)], Silent())
    before = content(due, database)
    for image in killed(database, ["compact"], tmp_path / "killed", step):
        assert rows(due, image) == before.rows, "a reader after the kill and before the next writer"
        due("compact", "--local", str(image)).done()
        assert content(due, image) == before
        assert state(image, "SELECT COUNT(*) FROM file") == [(1,)]
        assert unaccounted(image) == set()


@STEPS
def test_an_ingest_that_merges_small_files(
    due: Due, database: Path, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("due_cli.local.folder.Folder.first_open_hour", lambda _: 0)
    texts = [sms_event("TEXT_DELIVERED", messageId=f"message-{number}") for number in range(8)]
    for text in texts[:7]:
        ingest(due, database, write_lines(tmp_path / "one.json", [text]))
    source = write_lines(tmp_path / "last.json", texts[7:])
    check_ingest(due, database, source, tmp_path, step)
    ingest(due, database, source)
    assert state(database, "SELECT COUNT(*) FROM file WHERE live = 1") == [(1,)]


@STEPS
@pytest.mark.parametrize("words", [["teardown", "--delete-data", "--yes"], ["teardown", "--yes"]], ids=" ".join)
def test_a_teardown(due: Due, database: Path, tmp_path: Path, words: list[str], step: int) -> None:
    ingest(due, database, write_lines(tmp_path / "records.json", RECORDS[:4]))
    for image in killed(database, words, tmp_path / "killed", step):
        ran = due(*words, "--local", str(image))
        assert ran.code in (0, 3), ran.err
        remaining = files_below(image) if image.exists() else set()
        assert all(path.startswith("events/") for path in remaining), remaining
        assert remaining == set() or "--delete-data" not in words


@pytest.mark.slow
@STEPS
def test_a_setup(due: Due, tmp_path: Path, step: int) -> None:
    (tmp_path / "empty").mkdir()
    for image in killed(tmp_path / "empty", ["setup"], tmp_path / "killed", step):
        due("setup", "--local", str(image)).done()
        due("doctor", "--local", str(image)).done()
