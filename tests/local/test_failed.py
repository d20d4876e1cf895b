"""Records that could not be read: kept byte for byte, once, until a replay can read them or they are discarded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from due_cli.core.progress import Silent
from due_cli.events import registry
from due_cli.ingest.batch import Block, read_block
from due_cli.ingest.inputs import OversizedRecord
from due_cli.ingest.workers import BatchResult
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest as ingest_results
from due_cli.local.state import open_for_writing
from tests.commands import Due, write_lines
from tests.events.records import ses_bounce, ses_delivery, sms_event
from tests.local.database import ingest, rows

BAD = [b'{"eventType": "Send", cut', b"\xff\xfe\x00binary", b'{"unknown": true}', b'"a text"']


@pytest.fixture
def filled(due: Due, database: Path, tmp_path: Path) -> Path:
    """A database with a good record and four that could not be read."""
    summary = ingest(due, database, write_lines(tmp_path / "mixed.json", [BAD[0], ses_bounce(), *BAD[1:]]))
    assert (summary["kept"], summary["failed"]) == (1, 4)
    return database


def listed(due: Due, database: Path) -> list[dict[str, str]]:
    return due.rows("failed", "list", "--local", str(database))


def test_each_is_listed_with_its_reason_time_and_origin(due: Due, filled: Path, tmp_path: Path) -> None:
    found = listed(due, filled)
    assert [row["origin"] for row in found] == [f"{tmp_path / 'mixed.json'}:{line}" for line in (1, 3, 4, 5)]
    assert all(row["reason"] and row["kept_at"].endswith("Z") for row in found)


def test_the_list_on_a_screen_counts_each_reason(due: Due, filled: Path, tmp_path: Path) -> None:
    """Where in a record the fault is makes no reason of its own; programs get each record as before."""
    cut = [b'{"eventType": "Send", cut again', b'{"eventType": "Send", "a": 1, cut']
    ingest(due, filled, write_lines(tmp_path / "more.json", cut))
    records = listed(due, filled)
    assert len({row["reason"] for row in records if row["reason"].startswith("not JSON: Expecting prop")}) > 1
    ran = due("failed", "list", "--local", str(filled)).done()
    first, *others = ran.out.splitlines()[2:]
    count, reason, newest, example = re.split(r"  +", first.strip())
    assert (count, reason) == ("3", "not JSON: Expecting property name enclosed in double quotes")
    assert newest == max(row["kept_at"] for row in records)
    assert example in {row["id"] for row in records}
    assert len(others) == 3 and all(line.strip().startswith("1 ") for line in others)
    for command in ("failed show", "failed list --all", "failed replay"):
        assert f"due failed {command.split()[1]} --local {filled}" in ran.err
    every = due("failed", "list", "--all", "--local", str(filled)).done().out
    assert all(row["id"] in every for row in records)
    assert len(due("failed", "list", "--limit", "1", "--local", str(filled)).done().out.splitlines()) == 3


def test_each_is_shown_byte_for_byte(due: Due, filled: Path) -> None:
    shown = [due("failed", "show", row["id"], "--local", str(filled)).done().raw for row in listed(due, filled)]
    assert shown == BAD


def test_the_same_record_is_kept_once_however_often_it_comes(due: Due, filled: Path, tmp_path: Path) -> None:
    before = listed(due, filled)
    summary = ingest(due, filled, write_lines(tmp_path / "again.json", [*BAD, *BAD]))
    assert summary["failed"] == 8
    assert listed(due, filled) == before


def test_an_id_may_be_shortened_and_must_be_known(due: Due, filled: Path) -> None:
    identity = listed(due, filled)[0]["id"]
    assert due("failed", "show", identity[:6], "--local", str(filled)).done().raw == BAD[0]
    assert "due failed list" in due("failed", "show", "zzzz", "--local", str(filled)).failed(4).err


def test_a_replay_of_what_still_fails_changes_nothing(due: Due, filled: Path) -> None:
    before = listed(due, filled)
    summary = due("failed", "replay", "--local", str(filled), "-o", "json").done().json
    assert (summary["records"], summary["failed"]) == (4, 4)
    assert listed(due, filled) == before


def test_a_record_of_which_ctrl_c_left_a_part_unread_is_not_kept(due: Due, database: Path) -> None:
    """What was read before it is; and the same record is kept whole afterwards."""
    folder = Folder(database)

    def results(*, is_interrupted: bool) -> Iterator[BatchResult]:
        for line, record in enumerate(BAD):
            yield Block("input", line, record), read_block(Block("input", line, record))
        yield OversizedRecord("input", 9, b"x" * 10, last=False)
        if is_interrupted:
            raise KeyboardInterrupt
        yield OversizedRecord("input", 9, b"y" * 10, last=True)

    with open_for_writing(folder, Silent()) as opened:
        with pytest.raises(KeyboardInterrupt):
            ingest_results(folder, opened, results(is_interrupted=True), Silent())
        assert len(opened.rows("failed").fetchall()) == len(BAD)
        assert opened.one("failed_parts", "pending") is None
        ingest_results(folder, opened, results(is_interrupted=False), Silent())
    (large,) = [row for row in listed(due, database) if row["reason"] == "larger than 4 MB"]
    assert due("failed", "show", large["id"], "--local", str(database)).done().raw == b"x" * 10 + b"y" * 10


def test_after_an_upgrade_a_replay_files_what_it_now_understands(
    due: Due, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [ses_bounce(), sms_event("TEXT_DELIVERED"), ses_delivery()]
    source = write_lines(tmp_path / "records.json", records)
    with monkeypatch.context() as older:
        older.setattr(registry, "SOURCES", [one for one in registry.SOURCES if one.name != "ses"])
        summary = ingest(due, database, source)
    assert (summary["kept"], summary["failed"]) == (1, 2)
    summary = due("failed", "replay", "--local", str(database), "-o", "json").done().json
    assert (summary["records"], summary["kept"], summary["failed"]) == (2, 2, 0)
    assert listed(due, database) == []
    assert len(rows(due, database)) == 3
    assert ingest(due, database, source)["duplicates"] == 3
    assert len(rows(due, database)) == 3
    due("doctor", "--local", str(database)).done()


def test_one_id_is_replayed_alone(due: Due, filled: Path) -> None:
    identity = listed(due, filled)[2]["id"]
    summary = due("failed", "replay", identity, "--local", str(filled), "-o", "json").done().json
    assert summary["records"] == 1


def test_discarding_forgets_the_named_ones_or_all(due: Due, filled: Path) -> None:
    first = listed(due, filled)[0]["id"]
    due("failed", "discard", first, "--yes", "--local", str(filled)).done()
    assert first not in {row["id"] for row in listed(due, filled)}
    due("failed", "discard", "--local", str(filled), "--yes").failed(2)
    due("failed", "discard", "--all", "--yes", "--local", str(filled)).done()
    assert listed(due, filled) == []
