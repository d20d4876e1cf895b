"""Whatever comes in: the batch goes on, good records are kept, bad ones too, byte for byte and with a reason."""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from due_cli.events.model import Json
from tests.commands import Due, write_lines
from tests.events.records import pinpoint_app, pinpoint_email, ses_send, sms_event
from tests.events.wrapping import encoded
from tests.local.database import Row, ingest, is_balanced, rows
from tests.sampling import sampled

GOOD = encoded(sms_event("TEXT_DELIVERED", messageId="good-1"))
ALSO_GOOD = encoded(sms_event("TEXT_DELIVERED", messageId="good-2"))


def kept_failures(due: Due, database: Path) -> dict[bytes, str]:
    """The reason of each failed record by its bytes, which ``due failed show`` gives back."""
    listed = due.rows("failed", "list", "--local", str(database))
    found = {}
    for line in listed:
        shown = due("failed", "show", line["id"], "--local", str(database)).done().raw
        assert len(shown) == line["bytes"]
        assert line["reason"] and line["kept_at"] and line["origin"]
        found[shown] = line["reason"]
    assert len(found) == len(listed)
    return found


def between_good_ones(due: Due, database: Path, bad: bytes, tmp_path: Path, name: str = "2-bad.json") -> Row:
    """Ingests a file between two others, whose records must be kept; returns the summary."""
    place = tmp_path / "input"
    place.mkdir()
    (place / "1-good.json").write_bytes(GOOD + b"\n")
    (place / name).write_bytes(bad)
    (place / "3-good.json").write_bytes(ALSO_GOOD + b"\n")
    ran = due("ingest", str(place), "--local", str(database), "-o", "json")
    summary: Row = ran.json
    assert ran.code == (1 if summary["problems"] else 0)
    assert is_balanced(summary)
    assert {"good-1", "good-2"} <= {(row["attributes"] or {}).get("message_id") for row in rows(due, database)}
    return summary


@pytest.mark.parametrize(
    "nothing",
    [b"", b"\n\n \r\n\t\n", b"[]", b"[\n]\n", gzip.compress(b""), gzip.compress(b"\n")],
    ids=["empty", "blank", "empty array", "empty array of lines", "empty gzip", "gzip of a blank line"],
)
def test_files_without_records(due: Due, database: Path, tmp_path: Path, nothing: bytes) -> None:
    summary = between_good_ones(due, database, nothing, tmp_path)
    assert (summary["records"], summary["kept"], summary["problems"]) == (2, 2, [])


_BINARY = bytes(byte for byte in random.Random(7).randbytes(5000) if byte != 10)
_TORN = GOOD[: len(GOOD) // 2]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (_TORN, "not JSON"),
        (b"hello", "not JSON"),
        (b"{}", "not a record"),
        (b"42", "not an object"),
        (b'"text"', "not an object"),
        (b"null", "not an object"),
        (_BINARY, "not"),
        (GOOD.replace(b"good-1", b"caf\xe9"), "not UTF-8"),
        (GOOD.replace(b'"good-1"', b"NaN"), "not JSON"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "levels deep"),
        (b"[" * 10_000 + b"1" + b"]" * 10_000, ""),
        (b'{"event_type":"x","attributes":{"a":"' + b"y" * 5_000_000 + b'"}}', "larger than 4 MB"),
    ],
    ids=[
        *("torn", "words", "empty object", "number", "string", "null", "binary", "Latin-1", "NaN"),
        *("deep objects", "deep arrays", "5 MB"),
    ],
)
def test_a_line_that_is_no_record(due: Due, database: Path, tmp_path: Path, bad: bytes, reason: str) -> None:
    summary = between_good_ones(due, database, bad + b"\n", tmp_path)
    assert (summary["kept"], summary["problems"]) == (2, [])
    found = kept_failures(due, database)
    assert all(reason in why for why in found.values())
    if reason:
        assert list(found) == [bad.rstrip(b"\n")]


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"eventTimestamp": "yesterday"}, "eventTimestamp"),
        ({"eventTimestamp": 12}, "eventTimestamp"),
        ({"eventTimestamp": 10**18}, "eventTimestamp"),
        ({"eventTimestamp": None}, "eventTimestamp"),
        ({"eventTimestamp": {"at": 1}}, "eventTimestamp"),
        ({"eventType": 7}, ""),
    ],
    ids=str,
)
def test_a_record_without_its_type_or_time(
    due: Due, database: Path, tmp_path: Path, over: dict[str, Json], reason: str
) -> None:
    bad = encoded({**sms_event("TEXT_DELIVERED"), **over})
    assert between_good_ones(due, database, bad, tmp_path)["failed"] == 1
    found = kept_failures(due, database)
    assert list(found) == [bad]
    assert reason in found[bad]


@pytest.mark.parametrize("wrong", [None, True, 7, 1e300, -0.5, 10**30, "x", "\0", [], [[1]], {}, {"a": {"b": [None]}}])
def test_a_wrong_type_in_every_field_at_once(due: Due, database: Path, tmp_path: Path, wrong: Json) -> None:
    """All but what makes it a row: type, time and message id."""
    records: list[Json] = []
    for record in (
        sms_event("TEXT_DELIVERED"),
        ses_send(),
        pinpoint_email("_email.hardbounce"),
        pinpoint_app("_session.stop"),
    ):
        for key in record:
            records.append({**record, key: wrong})
    summary = between_good_ones(due, database, write_lines(tmp_path / "records", records).read_bytes(), tmp_path)
    assert summary["records"] == len(records) + 2
    assert len(kept_failures(due, database)) <= summary["failed"]


def test_text_that_databases_fear(due: Due, database: Path, tmp_path: Path) -> None:
    """NUL, half a surrogate pair, quotes, wildcards, a text that is a number, a very long one."""
    fearsome = [
        "a\0b",
        "\ud800 alone",
        "'; DROP TABLE status; --",
        "{braces} $name :name %s ?",
        "1e5",
        "\u202e",
        "x" * 10**6,
    ]
    records = [
        pinpoint_app("_session.stop", attributes={"text": text}, client={"client_id": f"c-{text[:9]}"})
        for text in fearsome
    ]
    summary = ingest(due, database, write_lines(tmp_path / "records.json", records))
    assert summary["kept"] == len(fearsome)
    found = {row["attributes"]["text"] for row in rows(due, database)}
    assert found == {text.replace("\ud800", "\ufffd") for text in fearsome}


@pytest.mark.slow
def test_a_hundred_thousand_keys(due: Due, database: Path, tmp_path: Path) -> None:
    record = pinpoint_app("_session.stop")
    record["attributes"] = {f"key-{number}": str(number) for number in range(100_000)}
    assert between_good_ones(due, database, encoded(record), tmp_path)["kept"] == 3
    (found,) = due.rows(
        *("query", "SELECT CARDINALITY(MAP_KEYS(attributes)) AS n FROM all_events WHERE source = 'pinpoint'"),
        *("--local", str(database)),
    )
    assert found["n"] == 100_000


@pytest.mark.slow
@pytest.mark.parametrize("size", sampled([50, 100], 1), ids="{} MB".format)
@pytest.mark.parametrize("beginning", sampled([b"", b'{"event_type": "'], 1), ids=["garbage", "a string without end"])
def test_a_line_that_does_not_end(due: Due, database: Path, tmp_path: Path, size: int, beginning: bytes) -> None:
    line = beginning + bytes(range(97, 123)) * (size * 2**20 // 26)
    place = tmp_path / "long.json"
    place.write_bytes(GOOD + b"\n" + line + b"\n" + ALSO_GOOD + b"\n")
    summary = ingest(due, database, place)
    assert (summary["records"], summary["kept"], summary["failed"]) == (3, 2, 1)
    assert kept_failures(due, database) == {line: "larger than 4 MB"}


def test_gzip_that_is_cut_off(due: Due, database: Path, tmp_path: Path) -> None:
    """What could be unzipped is read; the half record at its end is kept as one that failed."""
    lines = [encoded(pinpoint_app("_session.stop", client={"client_id": os.urandom(40).hex()})) for _ in range(400)]
    whole = gzip.compress(b"\n".join(lines))
    summary = between_good_ones(due, database, whole[: len(whole) * 3 // 4], tmp_path)
    (problem,) = summary["problems"]
    assert "2-bad.json: gzip that is cut off" in problem
    assert 200 < summary["kept"] < 402
    for failed in kept_failures(due, database):
        assert any(line.startswith(failed) for line in lines)


@pytest.mark.parametrize("garbage", [b"garbage", b"\0" * 10 + b"x", b"\x1f\x8b\x08 another that is broken"], ids=repr)
def test_gzip_with_garbage_after_it(due: Due, database: Path, tmp_path: Path, garbage: bytes) -> None:
    record = encoded(pinpoint_app("_session.stop"))
    summary = between_good_ones(due, database, gzip.compress(record) + garbage, tmp_path)
    assert summary["kept"] == 3
    assert len(summary["problems"]) == 1


def test_gzip_whose_checksum_is_wrong(due: Due, database: Path, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(encoded(pinpoint_app("_session.stop"))))
    packed[-6] ^= 255
    assert len(between_good_ones(due, database, bytes(packed), tmp_path)["problems"]) == 1


def test_a_parquet_file_of_no_events_as_input(due: Due, database: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    summary = between_good_ones(due, database, (tmp_path / "a.parquet").read_bytes(), tmp_path, "2.parquet")
    (problem,) = summary["problems"]
    assert problem.endswith("2.parquet: a Parquet file without a column event_type")
    assert (summary["records"], summary["failed"]) == (2, 0)


def test_a_folder_of_everything(due: Due, database: Path, tmp_path: Path) -> None:
    place = tmp_path / "everything"
    (place / "deep/er").mkdir(parents=True)
    (place / "empty").mkdir()
    (place / ".hidden").mkdir()
    for name in ("deep/er/a.json", ".hidden/b.json", ".c.json"):
        write_lines(place / name, [sms_event("TEXT_DELIVERED", messageId=name)])
    write_lines(place / "a name with spaces, 'quotes' and ümlaut.json", [b"bad one"])
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(place / "socket"))
    (place / "dangling").symlink_to("nowhere")
    (place / "round").symlink_to(place)
    Path(os.fsdecode(os.fsencode(place) + b"/\xff.json")).write_bytes(b"bad two\n" + GOOD)
    ran = due("ingest", str(place), "--local", str(database), "-o", "json").failed(1)
    summary: Row = ran.json
    assert is_balanced(summary)
    assert (summary["kept"], summary["failed"]) == (2, 2)
    assert summary["problems"] == [f"{place}/dangling: no such file or directory"]
    assert set(kept_failures(due, database)) == {b"bad one", b"bad two"}
    origins = {row["origin"] for row in due.rows("failed", "list", "--local", str(database))}
    assert origins == {f"{place}/a name with spaces, 'quotes' and ümlaut.json:1", f"{place}/\ufffd.json:1"}


def test_a_path_that_is_not_there(due: Due, database: Path, tmp_path: Path) -> None:
    """It is a mistake in typing: nothing is read until it is corrected."""
    good = write_lines(tmp_path / "good.json", [GOOD])
    ran = due("ingest", str(good), str(tmp_path / "nowhere"), "--local", str(database)).failed(4)
    assert f"no such file or folder: {tmp_path / 'nowhere'}" in ran.err
    assert rows(due, database) == []


def test_a_name_that_is_too_long(due: Due, database: Path, tmp_path: Path) -> None:
    good = write_lines(tmp_path / "good.json", [GOOD])
    ran = due("ingest", "x" * 5000, str(good), "--local", str(database), "-o", "json").failed(1)
    assert ran.json["kept"] == 1
    assert ran.json["problems"] == [f"{'x' * 5000}: file name too long"]


def test_bad_records_inside_a_wrapper_are_kept_alone(due: Due, database: Path, tmp_path: Path) -> None:
    """One of several records: its own text is kept, not that of all."""
    batch = {"records": [json.loads(GOOD), {"strange": 1}, json.loads(ALSO_GOOD), "also strange"]}
    summary = ingest(due, database, write_lines(tmp_path / "batch.json", [batch]))
    assert (summary["records"], summary["kept"], summary["failed"]) == (4, 2, 2)
    assert set(kept_failures(due, database)) == {b'{"strange":1}', b"also strange"}


@pytest.mark.parametrize(
    "line",
    sampled([b"2026-11-06 20:01 INFO sent {number}", b'{{"event_type": "cut off {number}', b"{{}}", b"", b"  "], 1),
    ids=["a log", "torn records", "empty objects", "blank", "spaces"],
)
def test_very_many_lines(due: Due, database: Path, tmp_path: Path, line: bytes) -> None:
    """More than is read at once, between two good records; each line is a failure of its own, or nothing."""
    count = 40_000
    lines = [line.decode().format(number=number).encode() for number in range(count)]
    place = tmp_path / "lines"
    place.write_bytes(b"\n".join([GOOD, *lines, ALSO_GOOD]))
    summary = ingest(due, database, place)
    assert (summary["kept"], summary["failed"]) == (2, count if line.strip() else 0)
    listed = due.rows("failed", "list", "--local", str(database))
    assert len(listed) == len({one for one in lines if one.strip()})
