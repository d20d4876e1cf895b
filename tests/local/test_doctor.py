"""Each fault is really there: doctor names it with exit code 7, and the command that it prints fixes it."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Due, write_lines
from tests.events.records import HAPPENED, pinpoint_email, ses_bounce, ses_delivery, sms_event
from tests.local.database import ingest, rows, state
from tests.local.restricted import with_room_for

GOOD = [pinpoint_email("_email.send"), ses_bounce(), ses_delivery(), sms_event("TEXT_DELIVERED")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The input that the database was filled from."""
    return write_lines(tmp_path / "records.json", GOOD)


@pytest.fixture
def filled(due: Due, database: Path, source: Path) -> Path:
    """A database in which everything is in order."""
    assert ingest(due, database, source)["kept"] == len(GOOD)
    due("doctor", "--local", str(database)).done()
    return database


def problems(due: Due, database: Path) -> list[dict[str, Any]]:
    """What doctor finds wrong; it must find something."""
    checks = due("doctor", "--local", str(database), "-o", "json").failed(7).json
    return [check for check in checks if check["outcome"] == "problem"]


def fix(due: Due, problem: dict[str, Any]) -> None:
    """Runs the command that doctor printed, as it stands."""
    words = shlex.split(problem["mend"])
    assert words[0] == "due"
    assert due(*words[1:]).code in (0, 7)


def in_order(due: Due, database: Path) -> None:
    due("doctor", "--local", str(database)).done()


def data_files(database: Path) -> list[Path]:
    return sorted((database / "events").rglob("*.parquet"))


def test_a_parquet_file_cut_in_the_middle(due: Due, filled: Path, source: Path) -> None:
    before = rows(due, filled)
    broken = data_files(filled)[0]
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    (problem,) = problems(due, filled)
    assert broken.name in problem["found"]
    fix(due, problem)
    (lost,) = problems(due, filled)
    assert lost["code"] == "lost-events"
    again = ingest(due, filled, source)
    in_order(due, filled)
    assert again["kept"] + again["duplicates"] == len(GOOD)
    assert again["kept"] >= 1
    assert rows(due, filled) == before


def test_a_parquet_file_that_is_gone(due: Due, filled: Path, source: Path) -> None:
    """Its events are lost, however often the folder is repaired, until they are ingested again."""
    before = rows(due, filled)
    data_files(filled)[-1].unlink()
    (problem,) = problems(due, filled)
    assert "is missing" in problem["found"]
    assert problem["code"] == "files-missing"
    for _ in range(2):
        fix(due, problem)
        (lost,) = problems(due, filled)
        assert lost["code"] == "lost-events"
        assert re.match(r"\d events? of the hour 2026-11-\d\dT\d\d UTC are in no file any more", lost["found"])
    ingest(due, filled, source)
    in_order(due, filled)
    assert rows(due, filled) == before


def test_whole_hours_that_vanished_are_lost_until_each_is_accepted_by_name(
    due: Due, filled: Path, source: Path, tmp_path: Path
) -> None:
    later = sms_event("TEXT_DELIVERED", messageId="later", eventTimestamp=HAPPENED + 5 * 3_600_000)
    assert ingest(due, filled, write_lines(tmp_path / "later.json", [later]))["kept"] == 1
    shutil.rmtree(filled / "events")
    (filled / "events").mkdir()
    missing = problems(due, filled)
    assert {problem["code"] for problem in missing} == {"files-missing"}
    fix(due, missing[0])
    lost = problems(due, filled)
    assert len(lost) == len(missing) == 2
    assert due("doctor", "--local", str(filled), "--accept-loss", "2020-01-01T00").failed(4).err
    assert due("doctor", "--local", str(filled), "--accept-loss", "yesterday").failed(2).err
    fix(due, lost[0])
    assert [problem["found"] for problem in problems(due, filled)] == [problem["found"] for problem in lost[1:]]
    ingest(due, filled, source, tmp_path / "later.json")
    in_order(due, filled)


def test_a_loss_may_be_accepted_before_a_repair(due: Due, filled: Path) -> None:
    (hour,) = {row["ingest_timestamp"][:13] for row in rows(due, filled)}
    data_files(filled)[0].unlink()
    ran = due("doctor", "--local", str(filled), "--accept-loss", hour, "-o", "json").done()
    assert ran.json[0]["found"].startswith("accepted the loss of ")
    in_order(due, filled)


def test_a_file_of_another_writer_that_is_gone(due: Due, filled: Path, tmp_path: Path) -> None:
    """Since queries read it; put back, it is there again."""
    foreign = filled / "events/2026/01/02/03/foreign.parquet"
    foreign.parent.mkdir(parents=True)
    shutil.copy(data_files(filled)[0], foreign)
    in_order(due, filled)
    foreign.rename(tmp_path / "aside")
    (problem,) = problems(due, filled)
    assert (problem["code"], "foreign.parquet" in problem["found"]) == ("lost-events-adopted", True)
    (tmp_path / "aside").rename(foreign)
    in_order(due, filled)
    foreign.unlink()
    fix(due, problems(due, filled)[0])
    in_order(due, filled)


def test_many_damaged_files_are_few_lines_on_a_screen_and_all_in_json(due: Due, filled: Path) -> None:
    place = filled / "events" / "2026" / "01" / "02" / "03"
    place.mkdir(parents=True)
    for number in range(30):
        (place / f"{number}.parquet").write_bytes(b"this is no Parquet")
    assert len(problems(due, filled)) == 30
    lines = due("doctor", "--local", str(filled)).failed(7).out.splitlines()
    damaged = [line for line in lines if line.startswith("PROBLEM")]
    assert len(damaged) == 4 and "27 more of this kind" in damaged[-1]
    assert "arrow" not in "".join(lines).lower() and "magic" not in "".join(lines).lower()
    marks = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert marks == sorted(marks[:-1], key=["PROBLEM", "warning", "ok"].index) + marks[-1:]
    assert re.fullmatch(r"30 problems, \d+ warnings, \d+ ok", lines[-1])


def test_a_state_that_was_deleted(due: Due, filled: Path, tmp_path: Path) -> None:
    """What the files have comes back; what they cannot have is said."""
    before = rows(due, filled)
    due("query", "CREATE VIEW mine AS SELECT 1 AS one", "--local", str(filled)).done()
    copy = Path(shutil.copytree(filled, tmp_path / "copy"))
    for database, words in ((filled, ("setup",)), (copy, ("doctor", "--repair"))):
        (database / ".due" / "state.sqlite").unlink()
        ran = due(*words, "--local", str(database)).done()
        assert "failed records, views of your own and --status-days, which no file has" in ran.out
        assert "4 events in " in ran.out
        in_order(due, database)
        assert rows(due, database) == before


@pytest.mark.parametrize("words", [("setup",), ("doctor", "--repair")], ids=" ".join)
def test_a_damaged_state_is_recovered_and_what_was_not_is_named(due: Due, filled: Path, words: tuple[str, ...]) -> None:
    due("query", "CREATE VIEW mine AS SELECT 1 AS one", "--local", str(filled)).done()
    data_files(filled)[0].unlink()
    file = filled / ".due" / "state.sqlite"
    tables = dict(state(filled, "SELECT name, rootpage FROM sqlite_master"))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    start = (tables["status"] - 1) * 4096
    content[start : start + 4096] = b"\xff" * 4096
    file.write_bytes(bytes(content))
    ran = due(*words, "--local", str(filled))
    assert ran.code == (7 if "doctor" in words else 0), ran.err
    assert "0 failed records, 1 view of your own" in ran.out
    assert due.rows("query", "SELECT one FROM mine", "--local", str(filled)) == [{"one": 1}]
    assert [problem["code"] for problem in problems(due, filled)] == ["lost-events"]


def test_a_view_that_was_altered(due: Due, filled: Path) -> None:
    due("query", "CREATE OR REPLACE VIEW email_send AS SELECT 1 AS one", "--local", str(filled)).done()
    (problem,) = problems(due, filled)
    assert "email_send" in problem["found"]
    fix(due, problem)
    in_order(due, filled)
    assert len(due.rows("query", "SELECT subject FROM email_send", "--local", str(filled))) == 1


def test_a_view_that_is_missing(due: Due, filled: Path) -> None:
    state(filled, "DELETE FROM view WHERE name = ?", "sms_optout")
    (problem,) = problems(due, filled)
    assert "sms_optout is missing" in problem["found"]
    fix(due, problem)
    in_order(due, filled)


def test_a_status_that_was_changed(due: Due, filled: Path) -> None:
    ((message, body),) = state(filled, "SELECT message_id, body FROM status ORDER BY message_id LIMIT 1")
    changed = bytes(body).replace(b"17", b"18", 1)
    assert changed != body
    state(filled, "UPDATE status SET body = ? WHERE message_id = ?", changed, message)
    (problem,) = problems(due, filled)
    assert message in problem["found"]
    fix(due, problem)
    in_order(due, filled)
    assert state(filled, "SELECT body FROM status WHERE message_id = ?", message) == [(body,)]


def test_a_status_that_is_missing(due: Due, filled: Path) -> None:
    state(filled, "DELETE FROM status")
    (problem,) = problems(due, filled)
    fix(due, problem)
    in_order(due, filled)


def test_failed_records_that_wait(due: Due, filled: Path, tmp_path: Path) -> None:
    ingest(due, filled, write_lines(tmp_path / "bad.json", [b"{broken"]))
    (problem,) = problems(due, filled)
    assert "1" in problem["found"]
    listed = due.rows("failed", "list", "--local", str(filled))
    due("failed", "discard", listed[0]["id"], "--yes", "--local", str(filled)).done()
    in_order(due, filled)


def test_a_state_that_is_damaged(due: Due, filled: Path) -> None:
    before = rows(due, filled)
    file = filled / ".due" / "state.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    file.write_bytes(bytes(content))
    found = problems(due, filled)
    assert "state" in found[0]["check"]
    fix(due, found[0])
    in_order(due, filled)
    assert rows(due, filled) == before


def test_a_full_disk(due: Due, filled: Path) -> None:
    """No command makes room; the one that doctor prints shows where there is none."""
    ran = with_room_for(0, "doctor", "--local", str(filled), "-o", "json").failed(7)
    (problem,) = (check for check in ran.json if check["outcome"] == "problem")
    assert problem["check"] == "disk space"
    assert "nothing can be written" in problem["found"]
    shown = subprocess.run(shlex.split(problem["mend"]), capture_output=True, text=True, check=True).stdout
    assert "Avail" in shown
    in_order(due, filled)


def test_a_foreign_file_that_is_no_parquet(due: Due, filled: Path) -> None:
    place = filled / "events" / "2026" / "01" / "02" / "03"
    place.mkdir(parents=True)
    (place / "foreign.parquet").write_bytes(b"this is no Parquet")
    (problem,) = problems(due, filled)
    assert "foreign.parquet" in problem["found"]
    words = shlex.split(problem["mend"])
    assert words[0] == "mv"
    Path(words[1]).rename(words[2])
    in_order(due, filled)
    assert (place / "foreign.parquet.broken").read_bytes() == b"this is no Parquet"


def test_the_guides_verify_step_names_the_table_the_views_and_a_report(due: Due, filled: Path) -> None:
    checks = {check["check"]: check["found"] for check in due.rows("doctor", "--local", str(filled))}
    assert "all_events" in checks["table"]
    assert checks["views"].startswith("15 views")
    assert "bounce-rate" in checks["report"]
