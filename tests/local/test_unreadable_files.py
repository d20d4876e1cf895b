"""Files that are something else are one failed record each; compressed files and other encodings are read."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Due
from tests.events.records import pinpoint_email, ses_send, sms_event
from tests.events.wrapping import PACKED, encoded
from tests.local.database import ingest, rows
from tests.sampling import sampled

LINES = b"".join(encoded(record) + b"\n" for record in (ses_send(), sms_event(), pinpoint_email()))
NOISE = random.Random(7).randbytes(200_000)
FILES = {
    "e-mail": (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nHello,\r\nbye\r\n", "an e-mail"),
    "PDF": (b"%PDF-1.7\n" + NOISE, "a PDF"),
    "binary": (b"\x7fELF" + NOISE, "a binary file"),
    "text": (b"It was a dark night.\nNothing happened.\n", "plain text"),
    "long text": (b"It was a dark night and it was long.\n" * 60_000, "plain text"),
    "CSV": (b"id,name\n1,Ada\n2,Bo\n", "CSV, not JSON"),
    "CSV of JSON": (b'id,record\n1,"{""eventType"":""Send""}"\n2,"{""eventType"":""Open""}"\n', "CSV with JSON"),
    "Python": (f"{ses_send()}\n{sms_event()}\n".encode(), "a Python object"),
    "HTML": (b"<!DOCTYPE html>\n<html>\n</html>\n", "HTML or XML"),
    "Avro": (b"Obj\x01\x04\n\x14avro.codec\n", "an Avro file"),
}


@pytest.mark.parametrize("kind", sampled(FILES, 5))
def test_a_file_without_json_is_one_failed_record(due: Due, database: Path, tmp_path: Path, kind: str) -> None:
    data, what = FILES[kind]
    path = tmp_path / "given"
    path.write_bytes(data)
    ran = due("ingest", str(path), "--local", str(database), "-o", "json")
    assert (ran.code, ran.json["records"], ran.json["failed"]) == (1, 1, 1)
    [row] = due.rows("failed", "list", "--local", str(database))
    assert row["reason"].startswith(what)
    assert hashlib.sha256(data).hexdigest() in row["reason"]
    assert (row["origin"], row["bytes"]) == (str(path), len(data))
    assert due("failed", "show", row["id"], "--local", str(database)).done().raw == data[: 64 * 1024]
    replayed = due("failed", "replay", "--local", str(database), "-o", "json").done().json
    assert (replayed["records"], replayed["failed"]) == (1, 1)
    assert due.rows("failed", "list", "--local", str(database)) == [row]
    doctor = due("doctor", "--local", str(database), "-o", "json").json
    mend = next(check["mend"] for check in doctor if check["check"] == "failed records")
    assert mend.startswith("due failed list")


def test_json_lines_with_bad_ones_fail_line_by_line(due: Due, database: Path, tmp_path: Path) -> None:
    """Wherever the JSON begins: what stands before it is not kept as a file."""
    text = b"It was a dark night.".ljust(2000) + b"\n"
    text *= 1000
    (tmp_path / "late.json").write_bytes(text + LINES)
    summary = ingest(due, database, tmp_path / "late.json")
    assert (summary["kept"], summary["failed"]) == (3, 1000)


@pytest.mark.parametrize("kind", sampled(PACKED, 4))
def test_a_file_is_read_whatever_was_done_to_it(due: Due, database: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "records").write_bytes(PACKED[kind](LINES))
    summary = ingest(due, database, tmp_path / "records")
    assert (summary["kept"], summary["failed"], summary["problems"]) == (3, 0, [])


@pytest.mark.parametrize("pack", [PACKED["bzip2"], PACKED["xz"], PACKED["ZIP"]])
def test_a_damaged_file_is_a_problem(due: Due, database: Path, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "records").write_bytes(pack(LINES)[:-30])
    ran = due("ingest", str(tmp_path / "records"), "--local", str(database), "-o", "json")
    assert ran.code == 1
    assert "what came before was read" in ran.json["problems"][0]


def test_exported_log_lines_are_read(due: Due, database: Path, tmp_path: Path) -> None:
    lines = b"".join(b"2026-11-22T03:00:00.000Z " + line + b"\n" for line in LINES.splitlines())
    (tmp_path / "log").write_bytes(b"2026-11-22T03:00:00.000Z START RequestId: 1\n" + lines)
    summary = ingest(due, database, tmp_path / "log")
    assert (summary["kept"], summary["failed"]) == (3, 1)
    assert len(rows(due, database)) == 3


@pytest.mark.parametrize(
    ("data", "strict", "code"),
    [
        (LINES, True, 0),
        (LINES + b"bad\n", False, 0),
        (LINES + b"bad\n", True, 1),
        (b'{"a":1}\n', False, 1),
        (b"", True, 0),
    ],
)
def test_the_exit_code_says_whether_records_failed(
    due: Due, database: Path, tmp_path: Path, data: bytes, strict: bool, code: int
) -> None:
    (tmp_path / "records").write_bytes(data)
    words = ["--strict"] if strict else []
    assert due("ingest", *words, str(tmp_path / "records"), "--local", str(database)).code == code
