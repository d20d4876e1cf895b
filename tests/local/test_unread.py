"""Files under ``events/`` that no query reads are named, with the command that takes them in."""

from __future__ import annotations

import gzip
import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Due
from tests.events.records import ARRIVED, HAPPENED, pinpoint_email, pinpoint_sms
from tests.local.database import ingest, rows
from tests.local.foreign_files import set_up, shared_rows, tables_of, write
from tests.local.parquet_layouts import HIVE
from tests.queries.filing import ingested

HOUR = 3_600_000
RECORDS = [
    pinpoint_email("_email.send"),
    pinpoint_email("_email.hardbounce", arrival_timestamp=ARRIVED + HOUR),
    pinpoint_sms("_SMS.SUCCESS", attributes={"message_id": "sms-1"}),
    pinpoint_email("_email.open", arrival_timestamp=ARRIVED + 2 * HOUR),
]
JSON = [
    pinpoint_sms("_SMS.BUFFERED", attributes={"message_id": f"sms-{n}"}, event_timestamp=HAPPENED) for n in range(3)
]
IN_JSON = "\n".join(map(json.dumps, JSON)).encode()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingested(tmp_path_factory.mktemp("original"), [*RECORDS, *JSON])


def lay_out(original: Path, place: Path) -> None:
    """The events of Pinpoint in Hive's folders and at another depth, the others as JSON, with what is no event."""
    parquet = ingested(place.parent / "parquet", RECORDS)
    events = place / "events"
    first, second, *others = tables_of(parquet)
    write(first[1], events / "year=2024/month=01/day=02/hour=03/part-0.parquet", layout=HIVE)
    write(second[1], events / "2024/01/flat.parquet", layout=HIVE)
    for number, (_, table) in enumerate(others):
        write(table, events / f"region={number}/000000_0")
    (events / "2024/01/02/03").mkdir(parents=True)
    (events / "2024/01/02/03/firehose-1").write_bytes(IN_JSON)
    (events / "2024/01/02/04.gz").write_bytes(gzip.compress(IN_JSON))
    (events / "2024/01/02/03/notes.txt").write_text("mine")
    (events / "2024/_SUCCESS").touch()


def problems(due: Due, place: Path) -> list[dict[str, Any]]:
    checks = due("doctor", "--local", str(place), "-o", "json").json
    return [check for check in checks if check["outcome"] == "problem"]


def test_the_commands_of_doctor_take_them_in(due: Due, original: Path, tmp_path: Path) -> None:
    place = tmp_path / "a database"
    lay_out(original, place)
    said = due("setup", "--local", str(place)).done()
    assert "events/2024: no query reads 1 JSON file and 1 Parquet file and 1 compressed file" in said.out
    assert "events/year=2024: no query reads 1 Parquet file" in said.out
    assert f"due ingest {shlex.quote(str(place / 'events'))}" in said.out + said.err
    found = problems(due, place)
    assert [one["found"].partition(":")[0] for one in found] == ["events/2024", "events/region=0", "events/year=2024"]
    for problem in found:
        words = shlex.split(problem["mend"])
        assert words[:2] == ["due", "ingest"]
        due(*words[1:])
    [failed] = problems(due, place)
    assert failed["check"] == "failed records", "of the notes"
    assert rows(due, place) == rows(due, original)
    due("ingest", str(place / "events"), "--local", str(place), "-o", "json")
    assert rows(due, place) == rows(due, original)


def test_a_file_that_changes_after_it_was_ingested_is_named_again(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, tmp_path / "data")
    file = place / "events/new.json"
    file.write_bytes(IN_JSON)
    ingest(due, place, file)
    assert problems(due, place) == []
    file.write_bytes(IN_JSON + b"\n" + IN_JSON)
    [problem] = problems(due, place)
    assert problem["found"] == "events: no query reads 1 JSON file"


def test_many_places_are_few_lines(due: Due, tmp_path: Path) -> None:
    place = set_up(due, tmp_path / "data")
    for number in range(30):
        file = place / f"events/day={number}/part.json"
        file.parent.mkdir()
        file.write_bytes(IN_JSON)
    found = problems(due, place)
    assert len(found) == 4
    assert "27 more such files in 27 other folders" in found[-1]["found"]
    assert shlex.split(found[-1]["mend"])[2] == str(place / "events")
    assert due("setup", "--local", str(place)).done().out.count("Not read: ") == 4


def test_files_that_queries_read_are_not_ingested(due: Due, original: Path, tmp_path: Path) -> None:
    place = tmp_path / "data"
    for folder, table in tables_of(original):
        write(table, place / folder / "part-0.parquet")
    set_up(due, place)
    before = shared_rows(due, place)
    ran = due("ingest", str(place / "events"), "--local", str(place)).done()
    assert "skipped: queries read them where they are" in ran.err
    assert shared_rows(due, place) == before
    assert problems(due, place) == []


def test_parquet_that_is_no_table_of_events_is_a_problem(due: Due, original: Path, tmp_path: Path) -> None:
    place = set_up(due, tmp_path / "data")
    [(_, table), *_] = tables_of(original)
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    write(table.drop_columns(["event_type"]), tmp_path / "other.parquet")
    for name, reason in (("cut", "cut.parquet: "), ("other", "a Parquet file without a column event_type")):
        ran = due("ingest", str(tmp_path / f"{name}.parquet"), "--local", str(place), "-o", "json").failed(1)
        assert reason in ran.json["problems"][0]


def test_a_pipe_is_not_waited_for(due: Due, folder: Path) -> None:
    os.mkfifo(folder / "events" / "pipe")
    due("setup", "--local", str(folder)).done()
