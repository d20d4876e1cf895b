"""Killed at any moment, the same command run again ends where an undisturbed one does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Due, write_lines
from tests.events.records import pinpoint_email, ses_bounce, ses_delivery, ses_notification, sms_event
from tests.local import killing
from tests.local.conftest import NewDatabase
from tests.local.looking import files_below, ingest, rows, state, statuses, unaccounted

RECORDS = [
    pinpoint_email("_email.send"),
    ses_bounce(),
    ses_delivery(),
    sms_event("TEXT_DELIVERED"),
    sms_event("TEXT_DELIVERED"),
    b"{broken",
]


def killed_at_each_change(prepared: Path, words: list[str]) -> Iterator[Path]:
    """Copies of a database, each after a command on it was killed one change later than on the one before."""
    number = 0
    while True:
        number += 1
        copy = prepared.with_name(f"killed-{number}")
        shutil.copytree(prepared, copy)
        killed, _ = killing.run([*words, "--local", str(copy)], number)
        if not killed:
            assert number > 5, "hardly anything was changed: the watch sees nothing"
            shutil.rmtree(copy, ignore_errors=True)
            return
        yield copy
        shutil.rmtree(copy, ignore_errors=True)  # a teardown may have removed it


def check_ingest(due: Due, prepared: Path, source: Path) -> None:
    """Kills an ingest everywhere and runs it again; all must be as after one that was left alone."""
    undisturbed = prepared.with_name("undisturbed")
    shutil.copytree(prepared, undisturbed)
    whole = ingest(due, undisturbed, source)
    expected = (rows(due, undisturbed), statuses(undisturbed))
    names = {path.rpartition("/")[0] for path in files_below(undisturbed / "events")}
    for copy in killed_at_each_change(prepared, ["ingest", str(source)]):
        again = ingest(due, copy, source)
        assert (again["records"], again["failed"], again["ignored"]) == (whole["records"], whole["failed"], 0)
        assert (rows(due, copy), statuses(copy)) == expected
        assert unaccounted(copy) == set()
        assert {path.rpartition("/")[0] for path in files_below(copy / "events")} == names
        assert state(copy, "SELECT COUNT(*) FROM failed") == state(undisturbed, "SELECT COUNT(*) FROM failed")


def test_an_ingest_into_an_empty_database(due: Due, database: Path, tmp_path: Path) -> None:
    check_ingest(due, database, write_lines(tmp_path / "records.json", RECORDS))


def test_an_ingest_that_replaces_a_row_by_a_fuller_one(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "first.json", [ses_notification("Bounce"), ses_delivery()]))
    check_ingest(due, database, write_lines(tmp_path / "records.json", [ses_bounce()]))


def test_an_ingest_that_merges_small_files(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database()
    for number in range(7):
        one = sms_event("TEXT_DELIVERED", messageId=f"message-{number}")
        ingest(due, database, write_lines(tmp_path / "one.json", [one]))
    last = sms_event("TEXT_DELIVERED", messageId="message-7")
    source = write_lines(tmp_path / "last.json", [last])
    check_ingest(due, database, source)
    ingest(due, database, source)
    assert state(database, "SELECT COUNT(*) FROM file WHERE live = 1") == [(1,)]


@pytest.mark.parametrize("words", [["teardown", "--delete-data", "--yes"], ["teardown", "--yes"]], ids=" ".join)
def test_a_teardown(due: Due, database: Path, tmp_path: Path, words: list[str]) -> None:
    ingest(due, database, write_lines(tmp_path / "records.json", RECORDS[:4]))
    for copy in killed_at_each_change(database, words):
        ran = due(*words, "--local", str(copy))
        assert ran.code in (0, 3), ran.err
        left = files_below(copy) if copy.exists() else set()
        assert not any(path.startswith(".due") for path in left), left
        assert all(path.startswith("events/") for path in left), left
        if "--delete-data" in words:
            assert left == set()


def test_a_setup(due: Due, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for copy in killed_at_each_change(empty, ["setup"]):
        due("setup", "--local", str(copy)).done()
        due("doctor", "--local", str(copy)).done()
