"""Taking a database down removes what due made, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Due, process, write_lines
from tests.events.records import ses_bounce, ses_delivery
from tests.local.database import files_below, ingest


@pytest.fixture
def filled(due: Due, tmp_path: Path) -> Path:
    """A database with events, beside files of the user's own and of the AWS solution."""
    place = tmp_path / "data"
    foreign = place / "events" / "2020" / "01" / "02" / "03"
    foreign.mkdir(parents=True)
    (foreign / "part-0.parquet").write_bytes(b"not looked into")
    (place / "notes.txt").write_text("mine")
    due("setup", "--local", str(place)).done()
    ingest(due, place, write_lines(tmp_path / "records.json", [ses_bounce(), ses_delivery()]))
    return place


FOREIGN = {"notes.txt", "events/2020/01/02/03/part-0.parquet"}


def test_with_delete_data_only_what_due_did_not_make_is_left(due: Due, filled: Path) -> None:
    due("teardown", "--delete-data", "--yes", "--local", str(filled)).done()
    assert files_below(filled) == FOREIGN
    assert not (filled / ".due").exists()
    assert not (filled / "events" / "2026").exists()


def test_without_it_the_events_stay_and_a_setup_finds_them_again(due: Due, filled: Path) -> None:
    before = files_below(filled / "events")
    assert "left:" in due("teardown", "--yes", "--local", str(filled)).done().out
    assert files_below(filled / "events") == before
    assert not (filled / ".due").exists()
    (filled / "events/2020/01/02/03/part-0.parquet").unlink()
    due("setup", "--local", str(filled)).done()
    assert due.rows("query", "SELECT COUNT(*) AS n FROM all_events", "--local", str(filled)) == [{"n": 2}]
    due("doctor", "--local", str(filled)).done()


def test_a_folder_that_due_did_not_set_up_is_refused(due: Due, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    due("teardown", "--delete-data", "--yes", "--local", str(tmp_path / "other")).failed(3)
    assert files_below(tmp_path / "other") == {"file"}


def test_it_can_be_asked_for_again(due: Due, filled: Path) -> None:
    due("teardown", "--delete-data", "--yes", "--local", str(filled)).done()
    due("teardown", "--delete-data", "--yes", "--local", str(filled)).failed(3)
    assert files_below(filled) == FOREIGN


def test_nothing_is_removed_where_nobody_can_be_asked(filled: Path) -> None:
    before = files_below(filled)
    assert "--yes" in process("teardown", "--delete-data", "--local", str(filled)).failed(2).err
    assert files_below(filled) == before


def test_failed_records_are_not_lost_unasked(due: Due, filled: Path, tmp_path: Path) -> None:
    ingest(due, filled, write_lines(tmp_path / "bad.json", [b"{broken"]))
    ran = due("teardown", "--yes", "--local", str(filled)).failed(1)
    assert "1 failed record" in ran.err
    assert (filled / ".due" / "state.sqlite").exists()
    due("teardown", "--delete-data", "--yes", "--local", str(filled)).done()


def test_the_record_of_the_target_is_forgotten_with_it(due: Due, filled: Path) -> None:
    due("outputs").done()
    due("teardown", "--delete-data", "--yes").done()
    assert "no events database is set up" in due("outputs").failed(3).err


def test_it_can_be_asked_for_in_the_folder_itself(due: Due, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The working directory goes with it, and the record of the target too."""
    due("setup", "--local", "made").done()
    monkeypatch.chdir("made")
    assert "Removed" in due("teardown", "--delete-data", "--yes").done().out
    monkeypatch.chdir(tmp_path)
    assert "no events database is set up" in due("outputs").failed(3).err
