"""Several processes on one database: writers wait for each other, readers wait for nobody and miss nothing."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.commands import Due, write_lines
from tests.events.records import sms_event
from tests.events.wrapping import encoded
from tests.local.database import ingest, is_balanced, rows, state, unaccounted
from tests.local.processes import command, ended, ingest_under_way, let_end, says, started

COUNTS = "SELECT COUNT(*) AS n, COUNT(DISTINCT event_id) AS d, SUM(LENGTH(event_type)) AS read FROM all_events"


def _text(number: int) -> bytes:
    return encoded(sms_event("TEXT_DELIVERED", messageId=f"message-{number}"))


def test_a_second_ingest_waits_and_says_so(due: Due, database: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "second.json", [_text(0), _text(1)])
    with (
        ingest_under_way(database, tmp_path / "pipe") as first,
        started("ingest", str(file), "--local", str(database), "-o", "json") as second,
    ):
        says(second, f"another process is writing to {database}; waiting for it")
        assert second.poll() is None
        one = let_end(first, _text(1) + b"\n" + _text(2)).done().json
        other = ended(second).done().json
    assert (one["kept"], one["duplicates"]) == (2, 0)
    assert (other["kept"], other["duplicates"]) == (1, 1)
    assert is_balanced(one) and is_balanced(other)
    assert len(rows(due, database)) == 3
    assert unaccounted(database) == set()


def test_readers_do_not_wait_for_an_ingest(due: Due, database: Path, tmp_path: Path) -> None:
    """Nor where they have something to remember: a statement that is translated for the first time."""
    ingest(due, database, write_lines(tmp_path / "first.json", [_text(0)]))
    with ingest_under_way(database, tmp_path / "pipe") as writer:
        begun = time.monotonic()
        assert len(rows(due, database)) == 1
        due("report", "sms-cost", "--local", str(database)).done()
        due("status", "message-0", "--local", str(database)).done()
        due("failed", "list", "--local", str(database)).done()
        due("doctor", "--local", str(database)).done()
        assert time.monotonic() - begun < 45, "SQLite waits 60 seconds for a writer"
        let_end(writer, _text(1)).done()
    assert len(rows(due, database)) == 2


# One process that ingests many files, one after the other, in the same hour.
_WRITER = """
import sys
from due_cli.cli.app import main
for path in sys.argv[2:]:
    assert main(["ingest", path, "--local", sys.argv[1], "--quiet"]) == 0
"""


def test_a_reader_sees_each_event_once_while_small_files_are_merged(due: Due, database: Path, tmp_path: Path) -> None:
    total = 24
    files = [str(write_lines(tmp_path / f"{number}.json", [_text(number)])) for number in range(total)]
    seen: list[int] = []
    with command(sys.executable, "-c", _WRITER, str(database), *files) as writer:
        while writer.poll() is None:
            (found,) = due.rows("query", COUNTS, "--local", str(database))
            assert found["n"] == found["d"], "an event was seen twice"
            seen.append(found["n"])
        ended(writer).done()
    assert seen == sorted(seen), "an event was gone for a while"
    assert len(set(seen)) > 3, "the reader saw too little of it"
    assert len(rows(due, database)) == total
    assert state(database, "SELECT COUNT(*) FROM file WHERE live = 1")[0][0] < 8
    ingest(due, database, files[0])  # the last reader may have been at work when the last writer cleared up
    assert unaccounted(database) == set()


def test_files_that_a_reader_may_have_listed_stay_until_it_ends(due: Due, database: Path, tmp_path: Path) -> None:
    """The reader's output is not taken from it, so that it is still at work when its files are merged."""
    for number in range(7):
        records = [encoded(sms_event("TEXT_DELIVERED", messageId=f"{number}-{index}")) for index in range(60)]
        ingest(due, database, write_lines(tmp_path / "some.json", records))
    before = {path for (path,) in state(database, "SELECT path FROM file")}
    with started("query", "SELECT * FROM all_events", "--local", str(database), "-o", "json") as reader:
        assert reader.stdout is not None
        first = os.read(reader.stdout.fileno(), 1)
        records = [encoded(sms_event("TEXT_DELIVERED", messageId=f"last-{index}")) for index in range(60)]
        ingest(due, database, write_lines(tmp_path / "last.json", records))
        assert state(database, "SELECT COUNT(*) FROM file WHERE live = 1") == [(1,)], "they should have been merged"
        assert all((database / path).exists() for path in before)
        seen = ended(reader).done()
    assert len(json.loads(first + seen.raw)) == 7 * 60
    ingest(due, database, write_lines(tmp_path / "again.json", [_text(0)]))
    assert not any((database / path).exists() for path in before)
    assert unaccounted(database) == set()


def test_two_setups_of_one_folder(tmp_path: Path) -> None:
    place = str(tmp_path / "new")
    with started("setup", "--local", place) as one, started("setup", "--local", place) as other:
        outputs = sorted(ended(process).done().out.splitlines()[0] for process in (one, other))
    assert outputs == [
        f"Created events database due_eventdb in {place}",
        f"Events database due_eventdb in {place} is already set up",
    ]


def test_an_ingest_that_waits_for_a_teardown(database: Path, tmp_path: Path) -> None:
    """Either is first; in the end there is no database, and no bookkeeping of one."""
    file = write_lines(tmp_path / "late.json", [_text(1)])
    with (
        ingest_under_way(database, tmp_path / "pipe") as first,
        started("teardown", "--delete-data", "--yes", "--local", str(database)) as teardown,
        started("ingest", str(file), "--local", str(database)) as late,
    ):
        for process in (teardown, late):
            says(process, "waiting for it")
        let_end(first, _text(0)).done()
        ended(teardown).done()
        came_late = ended(late)
    assert came_late.code in (0, 3), came_late.err
    assert "Traceback" not in came_late.err
    assert not (database / ".due").exists()


def test_standard_input_is_read_in_small_pieces(due: Due, database: Path) -> None:
    """The first bytes decide between gzip and text, and a pipe may bring them one by one."""
    with started("ingest", "-", "--local", str(database), "-o", "json", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for byte in gzip.compress(_text(0)):
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
        assert ended(process).done().json["kept"] == 1
    assert len(rows(due, database)) == 1
