"""Records that could not be read: kept byte for byte, once, until a replay can read them or they are discarded."""

from __future__ import annotations

from pathlib import Path

import pytest

from due_cli.events import registry
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
