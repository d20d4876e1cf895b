"""A full disk, files and folders that may not be read or written, a database of a newer version."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from due_cli.core.errors import DueError
from due_cli.local.folder import Folder
from due_cli.local.state import open_state
from tests.commands import Due, write_lines
from tests.events.records import pinpoint_app, pinpoint_email, ses_bounce, sms_event
from tests.events.wrapping import encoded
from tests.local.database import Row, files_below, ingest, rows, state, statuses, unaccounted
from tests.local.restricted import with_room_for, without_privileges
from tests.sampling import sampled

FEW = [pinpoint_email("_email.send"), ses_bounce(), sms_event("TEXT_DELIVERED")]


def _many(count: int) -> list[bytes]:
    return [
        encoded(pinpoint_app("_session.stop", attributes={"number": str(number), "filler": os.urandom(64).hex()}))
        for number in range(count)
    ]


@pytest.fixture
def filled(due: Due, database: Path, tmp_path: Path) -> Path:
    """A database with something to lose."""
    ingest(due, database, write_lines(tmp_path / "few.json", FEW))
    return database


@pytest.mark.parametrize("room", sampled([0, 4096, 40_000, 150_000, 400_000, 1_000_000], 1), ids="{:,} bytes".format)
def test_a_full_disk_takes_nothing_away(due: Due, filled: Path, tmp_path: Path, room: int) -> None:
    """However much room there was: for nothing, for the bookkeeping's log, for some of the Parquet, or for all."""
    before = rows(due, filled), statuses(filled)
    source = write_lines(tmp_path / "many.json", _many(2_000))
    ran = with_room_for(room, "ingest", str(source), "--local", str(filled))
    with_room_for(room, "query", "SELECT COUNT(*) AS n FROM all_events", "--local", str(filled)).done()
    if ran.code:
        ran.failed(1)
        assert "no space left" in ran.err, ran.err
        assert "run the same command again" in ran.err, ran.err
        assert (rows(due, filled), statuses(filled)) == before
    summary = ingest(due, filled, source)
    assert summary["kept"] + summary["duplicates"] == 2_000
    assert summary["kept"] == (2_000 if ran.code else 0)
    assert len(rows(due, filled)) == 2_000 + len(FEW)
    assert unaccounted(filled) == set()


def test_the_rooms_above_are_too_small_and_large_enough(due: Due, filled: Path, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "many.json", _many(2_000))
    assert with_room_for(150_000, "ingest", str(source), "--local", str(filled)).code == 1
    assert with_room_for(100_000_000, "ingest", str(source), "--local", str(filled)).code == 0
    due("doctor", "--local", str(filled)).done()


def test_a_full_disk_as_sqlite_itself_names_it(filled: Path) -> None:
    """A limit on pages ends in SQLITE_FULL, as a full disk mostly does; a limit on files ends in an I/O error."""
    with (
        pytest.raises(DueError, match="no space left for"),
        open_state(Folder(filled), write=True) as opened,
        opened.transaction(),
    ):
        opened.connection.execute("PRAGMA max_page_count = 1")
        opened.run("add_failed_part", "abc", 0, bytes(1_000_000))


def test_a_setup_on_a_full_disk(due: Due, tmp_path: Path) -> None:
    place = tmp_path / "new"
    ran = with_room_for(4096, "setup", "--local", str(place)).failed(1)
    assert "no space left" in ran.err and "run the same command again" in ran.err, ran.err
    due("setup", "--local", str(place)).done()
    due("doctor", "--local", str(place)).done()


def test_a_replay_on_a_full_disk(due: Due, filled: Path, tmp_path: Path) -> None:
    due("ingest", str(write_lines(tmp_path / "bad.json", [b"{broken"])), "--local", str(filled)).failed(1)
    before = due.rows("failed", "list", "--local", str(filled))
    ran = with_room_for(4096, "failed", "replay", "--local", str(filled)).failed(1)
    assert "no space left" in ran.err and "run the same command again" in ran.err, ran.err
    assert due.rows("failed", "list", "--local", str(filled)) == before
    assert due("failed", "replay", "--local", str(filled)).done().out.startswith("1 record: ")
    assert len(rows(due, filled)) == len(FEW)


@pytest.mark.parametrize("words", [("--yes",), ("--delete-data", "--yes")], ids=" ".join)
def test_a_teardown_on_a_full_disk(due: Due, filled: Path, words: tuple[str, ...]) -> None:
    """SQLite needs room even to list the files: nothing is removed, and the same command works once there is some."""
    before = files_below(filled)
    ran = with_room_for(4096, "teardown", *words, "--local", str(filled)).failed(1)
    assert "no space left" in ran.err and "run the same command again" in ran.err, ran.err
    assert before <= files_below(filled)
    due("teardown", *words, "--local", str(filled)).done()
    assert not (filled / ".due").exists()
    assert bool(files_below(filled)) is ("--delete-data" not in words)


def test_results_that_cannot_be_written(filled: Path) -> None:
    """``/dev/full`` refuses every byte, as a full disk refuses a redirected result."""
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "due_cli", "query", "SELECT * FROM all_events", "--local", str(filled)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (1, b"due: standard output: no space left on device\n")


def test_a_file_and_a_folder_that_may_not_be_read(due: Due, database: Path, tmp_path: Path) -> None:
    place = tmp_path / "input"
    place.mkdir()
    write_lines(place / "1-good.json", FEW[:2])
    secret = write_lines(place / "2-secret.json", FEW)
    (place / "3-closed").mkdir()
    write_lines(place / "3-closed/inside.json", FEW)
    write_lines(place / "4-good.json", FEW[2:])
    secret.chmod(0)
    (place / "3-closed").chmod(0)
    try:
        ran = without_privileges("ingest", str(place), "--local", str(database), "-o", "json").failed(1)
    finally:
        (place / "3-closed").chmod(0o755)
    summary: Row = ran.json
    assert summary["kept"] == 3
    assert sorted(summary["problems"]) == [f"{secret}: permission denied", f"{place / '3-closed'}: permission denied"]
    assert all(problem in ran.err for problem in summary["problems"])
    assert len(rows(due, database)) == 3


def test_a_file_that_may_not_be_read_given_by_name(database: Path, tmp_path: Path) -> None:
    secret, good = write_lines(tmp_path / "secret.json", FEW), write_lines(tmp_path / "good.json", FEW)
    secret.chmod(0)
    ran = without_privileges("ingest", str(secret), str(good), "--local", str(database), "-o", "json").failed(1)
    assert (ran.json["kept"], ran.json["problems"]) == (3, [f"{secret}: permission denied"])


@pytest.fixture
def read_only(due: Due, filled: Path) -> Path:
    """A database that may be read and nothing else; its cache is empty, so that a reader would like to write to it."""
    state(filled, "DELETE FROM translation")
    make_read_only(filled)
    return filled


def make_read_only(place: Path) -> None:
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def test_a_read_only_database_answers(due: Due, read_only: Path) -> None:
    local = ("--local", str(read_only))
    query = without_privileges("query", "SELECT COUNT(*) AS n FROM all_events", *local, "-o", "json").done()
    assert query.json == [{"n": 3}]
    without_privileges("status", "unknown-message", *local).failed(4)
    without_privileges("report", "sms-cost", "--since", "2000-01-01", *local).done()
    without_privileges("view", "list", *local).done()
    without_privileges("failed", "list", *local).done()
    without_privileges("outputs", *local).done()
    checks = without_privileges("doctor", *local, "-o", "json").done().json
    assert {check["outcome"] for check in checks} == {"ok", "warning"}


def test_a_read_only_database_refuses_to_be_written(read_only: Path, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "more.json", FEW)
    for words in (("ingest", str(source)), ("failed", "replay"), ("teardown", "--yes"), ("setup",)):
        ran = without_privileges(*words, "--local", str(read_only)).failed(1)
        assert ran.err.startswith("due: no permission: "), ran.err


def test_a_read_only_database_whose_writer_was_killed_is_not_read_in_part(
    due: Due, filled: Path, tmp_path: Path
) -> None:
    """Its log holds what is not in its state, and cannot be read without writing beside it."""
    log = filled / ".due/state.sqlite-wal"
    log.write_bytes(b"x" * 100)
    make_read_only(filled)
    ran = without_privileges("query", "SELECT COUNT(*) FROM all_events", "--local", str(filled))
    assert "not closed by its last writer" in ran.failed(1).err


def test_a_folder_that_may_not_be_entered(filled: Path) -> None:
    (filled / ".due").chmod(0)
    try:
        ran = without_privileges("query", "SELECT 1", "--local", str(filled)).failed(1)
    finally:
        (filled / ".due").chmod(0o755)
    assert ran.err.startswith("due: no permission: "), ran.err


def test_a_database_of_a_newer_version(due: Due, filled: Path) -> None:
    state(filled, "PRAGMA user_version = 99")
    for words in (("query", "SELECT 1"), ("ingest", "-"), ("status", "x"), ("setup",), ("doctor",), ("teardown", "-y")):
        ran = due(*words, "--local", str(filled)).failed(3)
        assert "made by a newer due" in ran.err
        assert "upgrade" in ran.err
