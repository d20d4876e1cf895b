"""``due ingest`` into a stack: what goes to the stream, whatever AWS and the machine do meanwhile."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.aws.ingest.outgoing import with_arrival, with_envelope, without_arrival
from due_cli.aws.pipeline import stream_limits as calling
from due_cli.aws.services import firehose
from due_cli.aws.stack.stack import Stack
from due_cli.events import Envelope, loads
from due_cli.events.wrappers import payload_units
from due_cli.ingest import inputs
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import Due, Ran, process, write_lines
from tests.events import wrapping
from tests.events.records import RECEIVED, pinpoint_email, pinpoint_test_event, ses_bounce, ses_send, sms_inbound
from tests.events.samples import SHAPES
from tests.local.processes import ended, started

__all__ = ["emulator", "made_once", "stack"]

PUT = streaming.PUT
CUT = b'{"eventType": "Send", cut'


def ingest(due: Due, *paths: Path | str) -> dict[str, Any]:
    """The account of an ingest without problems; its exit code is 1 where every record failed."""
    ran = due("ingest", *map(str, paths), "-o", "json")
    account = ran.json
    assert ran.code == (1 if account["records"] == account["failed"] > 0 else 0)
    assert isinstance(account, dict)
    counted = sum(account[key] for key in ("kept", "duplicates", "ignored", "failed"))
    assert account["records"] == counted
    return account


def many(path: Path, count: int = 10_000) -> Path:
    """So many records that their file is several pieces and several calls, and needs further processes."""
    return write_lines(path, (pinpoint_email("open", client={"client_id": f"endpoint-{n}"}) for n in range(count)))


def test_the_stream_and_a_folder_end_with_the_same_events(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    """Every kind of record, bare and in every wrapper, as single documents and several in one."""
    place = tmp_path / "records"
    place.mkdir()
    built = [sample.build() for sample in SHAPES if sample.envelope == Envelope()]
    write_lines(place / "bare.json", [*built, CUT, b"\xff\xfe\x00binary", pinpoint_test_event(), *built])
    for name, wrap in wrapping.WRAPPERS.items():
        write_lines(place / f"{name}.json", map(wrap, built))
    several = wrapping.lambda_sns(ses_bounce())
    assert isinstance(several, dict) and isinstance(several["Records"], list)
    for text in ("STOP", "hello"):
        event = wrapping.lambda_sns(sms_inbound(text, inboundMessageId=f"inbound-{text}"))
        assert isinstance(event, dict) and isinstance(event["Records"], list)
        several["Records"] += event["Records"]
    (place / "several.json").write_bytes(json.dumps(several).encode())
    (place / "zipped.json.gz").write_bytes(gzip.compress(json.dumps(ses_send(mail={"messageId": "zipped"})).encode()))

    account = ingest(due, place)
    emulator.flush()
    database = str(tmp_path / "database")
    due("setup", "--local", database).done()
    local = due("ingest", str(place), "--local", database, "-o", "json").done().json
    wanted = {row["event_id"] for row in due.rows("query", "SELECT event_id FROM all_events", "--local", database)}
    assert {row["event_id"] for row in streaming.rows(emulator, stack)} == wanted
    for key in ("records", "ignored", "failed"):
        assert account[key] == local[key] > 0
    # Two deliveries of one event that say different times are both put: which is the fuller one, the folder decides.
    assert 0 < account["duplicates"] <= local["duplicates"]
    failed = {row["id"] for row in due.rows("failed", "list", "--local", database)}
    assert {row["id"] for row in due.rows("failed", "list")} == failed


def test_records_of_one_document_go_alone_and_keep_their_times(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    events = [wrapping.firehose(ses_bounce(mail={"messageId": f"m-{n}"})) for n in range(3)]
    whole = {"records": [record for event in events for record in event["records"]]}  # type: ignore[index,call-overload,union-attr]
    source = write_lines(tmp_path / "event.json", [whole])
    assert ingest(due, source)["kept"] == 3
    assert emulator.firehose.buffered(stack.names.stream) == 3
    emulator.flush()
    assert {row["arrival_timestamp"] for row in streaming.rows(emulator, stack)} == {RECEIVED}


def test_a_ping_is_not_put_and_the_unreadable_is(emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "mixed.json", [pinpoint_test_event(), CUT, ses_bounce(), ses_bounce()])
    account = ingest(due, source)
    assert [account[key] for key in ("records", "kept", "duplicates", "ignored", "failed", "rows")] == [
        4,
        1,
        1,
        1,
        1,
        1,
    ]
    put = streaming.taken(emulator, stack)
    assert put[0] == CUT
    assert [json.loads(record) for record in put[1:]] == [ses_bounce()]


def test_standard_input_and_gzip(emulator: AwsEmulator, stack: Stack) -> None:
    lines = b"\n".join(json.dumps(ses_send(mail={"messageId": f"m-{n}"})).encode() for n in range(1200))
    ran = process("ingest", "-", "-o", "json", stdin=gzip.compress(lines)).done()
    assert ran.json["kept"] == 1200
    assert len(streaming.taken(emulator, stack)) == 1200
    assert sorted(len(call.parameters["Records"]) for call in emulator.journal.of(PUT)) == [200, 500, 500]


def test_an_input_that_is_damaged_is_put_as_far_as_it_goes(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    lines = b"\n".join(json.dumps(ses_send(mail={"messageId": str(random.random())})).encode() for _ in range(300))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines)[:-3000])
    ran = due("ingest", str(tmp_path / "cut.gz"), "-o", "json").failed(1)
    assert "cut off or damaged" in ran.err and "cut off or damaged" in ran.json["problems"][0]
    assert len(streaming.taken(emulator, stack)) == ran.json["records"] > 0
    due("ingest", str(tmp_path / "not there")).failed(4)


def test_records_refused_inside_a_call_are_put_again_and_no_other(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    source = many(tmp_path / "many.json", 1300)
    emulator.firehose.unwilling.records = 700
    assert ingest(due, source)["kept"] == 1300
    put = streaming.taken(emulator, stack)
    assert sorted(put) == sorted(source.read_bytes().splitlines())


@pytest.mark.parametrize("trouble", ["throttle", "fail"])
def test_a_call_that_is_refused_is_made_again(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, trouble: str
) -> None:
    source = many(tmp_path / "many.json", 1300)
    getattr(emulator.faults, trouble)(PUT, times=4)
    assert ingest(due, source)["kept"] == 1300
    assert sorted(streaming.taken(emulator, stack)) == sorted(source.read_bytes().splitlines())


def test_an_answer_that_is_lost_costs_a_second_put_and_no_record(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    source = many(tmp_path / "many.json", 600)
    emulator.faults.fail(PUT, times=1, after=True)
    assert ingest(due, source)["kept"] == 600
    put = Counter(streaming.taken(emulator, stack))
    assert set(put) == set(source.read_bytes().splitlines())
    assert sum(put.values()) in (700, 1100)


def test_a_stream_that_takes_no_more_ends_the_ingest(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firehose, "_LONGEST_SECONDS", 0.01)
    source = many(tmp_path / "many.json", 600)
    emulator.faults.throttle(PUT, times=None)
    ran = due("ingest", str(source)).failed(1)
    assert "takes no more records" in ran.err and "0 records are in" in ran.err
    emulator.faults.clear()
    assert ingest(due, source)["kept"] == 600


def test_what_will_never_be_taken_is_not_tried_again(emulator: AwsEmulator, due: Due, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "one.json", [ses_bounce()])
    emulator.faults.deny(PUT)
    assert "access denied" in due("ingest", str(source)).failed(5).err
    assert emulator.journal.names[PUT] == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files: one record, and many."""
    place = tmp_path / "records"
    place.mkdir()
    write_lines(place / "a.json", [ses_bounce()])
    many(place / "b.json")
    return place


def lines_of(folder: Path) -> set[bytes]:
    return {line for file in folder.iterdir() for line in file.read_bytes().splitlines()}


def test_a_killed_ingest_goes_on_where_it_was(
    emulator: AwsEmulator, stack: Stack, folder: Path, tmp_path: Path
) -> None:
    assert stopped(emulator, folder, signal.SIGKILL, at=17).code == -signal.SIGKILL
    before = streaming.taken(emulator, stack)
    ran = process("ingest", str(folder), "-o", "json").done()
    after = streaming.taken(emulator, stack)
    assert "going on where" in ran.err
    assert (ran.json["records"], ran.json["kept"]) == (10_001, 10_001)
    assert {*before, *after} == lines_of(folder)
    assert not {*(folder / "a.json").read_bytes().splitlines()} & {*after}
    # What was under way (7 calls) and the rest of the piece that the last acknowledged record is of.
    assert len(before) + len(after) - 10_001 < 7 * 500 + 2_000
    assert list((tmp_path / "home" / ".local" / "state" / "due" / "ingest").iterdir()) == []
    process("ingest", str(folder / "a.json")).done()
    assert len(streaming.taken(emulator, stack)) == 1  # on purpose, so put again


def test_ctrl_c_says_how_far_it_came_and_can_be_gone_on_from(emulator: AwsEmulator, stack: Stack, folder: Path) -> None:
    ran = stopped(emulator, folder, signal.SIGINT, at=12)
    assert ran.code == 130
    assert "records are in; the same command goes on from there" in ran.err
    assert "Traceback" not in ran.err
    before = streaming.taken(emulator, stack)
    assert process("ingest", str(folder), "-o", "json").done().json["records"] == 10_001
    after = streaming.taken(emulator, stack)
    assert {*before, *after} == lines_of(folder)
    assert len(after) < 10_001


def test_a_file_that_was_changed_meanwhile_is_put_whole(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size and time say nothing of it, so its content is looked at again; pieces and calls are small here."""
    monkeypatch.setattr(inputs, "_READ_BYTES", 10_000)
    monkeypatch.setattr(calling, "_RECORDS_A_CALL", 10)
    source = many(tmp_path / "many.json", 400)
    streaming.deny_puts_after(emulator, 25)
    due("ingest", str(source)).failed(5)
    emulator.faults.clear()
    streaming.taken(emulator, stack)
    about, text = source.stat(), source.read_bytes()
    source.write_bytes(text.replace(b"endpoint-1", b"endpoint-X"))
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    ran = due("ingest", str(source), "-o", "json").done()
    assert "was changed" in ran.err
    assert ran.json["records"] == 400
    assert set(streaming.taken(emulator, stack)) == set(source.read_bytes().splitlines())


def test_without_a_state_folder_it_works_and_says_so(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ran = due("ingest", str(write_lines(tmp_path / "one.json", [ses_bounce()]))).done()
    assert "begin anew" in ran.err
    assert len(streaming.taken(emulator, stack)) == 1


def stopped(emulator: AwsEmulator, folder: Path, number: int, *, at: int) -> Ran:
    """An ingest that is sent a signal when its call of a number has brought its records in."""
    with started("ingest", str(folder)) as running:
        once = threading.Lock()

        def stop(call: Call) -> None:
            if emulator.journal.names[PUT] >= at and once.acquire(blocking=False):
                os.kill(running.pid, number)

        emulator.faults.hook(stop, name=PUT)
        found = ended(running)
    emulator.faults.clear()
    return found


def incompressible(megabytes: float) -> str:
    return base64.b85encode(random.Random(7).randbytes(int(megabytes * 800_000))).decode()


def test_a_record_too_large_for_a_stream_is_kept_beside_it(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    large = json.dumps(ses_send(mail={"messageId": "large", "tags": {"tag": [incompressible(1.5)]}})).encode()
    source = write_lines(tmp_path / "large.json", [large, ses_bounce()])
    account = ingest(due, source)
    assert (account["kept"], account["failed"]) == (1, 1)
    assert ingest(due, source)["failed"] == 1
    assert len(streaming.taken(emulator, stack)) == 2
    (row,) = due.rows("failed", "list")
    assert row["bytes"] == len(large) and "1,000 KiB" in row["reason"]
    assert due("failed", "show", row["id"]).done().raw == large
    assert due("failed", "replay", "-o", "json").done().json["failed"] == 1
    assert [one["id"] for one in due.rows("failed", "list")] == [row["id"]]
    due("failed", "discard", row["id"], "--yes").done()
    assert streaming.objects(emulator, stack, "errors/") == {}


def test_a_large_record_that_gzip_makes_small_goes_through(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    record = ses_send(mail={"messageId": "large", "tags": {"tag": ["x" * 2_000_000]}})
    source = write_lines(tmp_path / "large.json", [record])
    assert ingest(due, source)["kept"] == 1
    emulator.flush()
    (row,) = streaming.rows(emulator, stack)
    database = str(tmp_path / "database")
    due("setup", "--local", database).done()
    due("ingest", str(source), "--local", database).done()
    assert due.rows("query", "SELECT event_id FROM all_events", "--local", database) == [{"event_id": row["event_id"]}]


def test_a_line_too_large_to_hold_is_kept_as_it_comes(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_HOLD_BYTES", 2 * 1024 * 1024)
    line = b"[" + random.Random(3).randbytes(4_000_000).replace(b"\n", b"-").replace(b"{", b"-")
    source = write_lines(tmp_path / "endless.json", [line, ses_bounce()])
    account = ingest(due, source)
    assert (account["kept"], account["failed"]) == (1, 1)
    (row,) = due.rows("failed", "list")
    assert due("failed", "show", row["id"]).done().raw == line


def test_a_file_without_json_is_one_failed_record_that_says_what_it_is(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    data = b"It was a dark night.\n" * 10_000
    (tmp_path / "novel.txt").write_bytes(data)
    ran = due("ingest", str(tmp_path / "novel.txt"), "-o", "json")
    assert (ran.code, ran.json["records"], ran.json["failed"]) == (1, 1, 1)
    emulator.flush()
    (row,) = due.rows("failed", "list")
    assert row["reason"].startswith("plain text, not JSON") and hashlib.sha256(data).hexdigest() in row["reason"]
    kept = due("failed", "show", row["id"]).done().json["unreadable_file"]
    assert (kept["path"], kept["size"]) == (str(tmp_path / "novel.txt"), len(data))
    assert base64.b64decode(kept["head"]) == data[: 64 * 1024]


@given(
    received_at=st.none() | st.integers(946_684_800_000, 4_102_444_799_999),
    sent_at=st.none() | st.integers(946_684_800_000, 4_102_444_799_999),
    account=st.none() | st.just("123456789012"),
    bus_source=st.none() | st.just("aws.ses"),
    detail_type=st.none() | st.just("Email Sent"),
    region=st.none() | st.just("eu-west-1"),
)
def test_wrappers_made_here_say_what_the_envelope_said(
    received_at: int | None,
    sent_at: int | None,
    account: str | None,
    bus_source: str | None,
    detail_type: str | None,
    region: str | None,
) -> None:
    envelope = Envelope(received_at, sent_at, account, bus_source, detail_type, region)
    text = json.dumps({"a": "ü", "b": [1, 2.5, None]}, ensure_ascii=False).encode()
    (unit,) = payload_units(with_envelope(text, envelope), Envelope(), loads)
    assert (unit.record, unit.envelope, unit.reason) == (json.loads(text), envelope, None)
    assert without_arrival(with_arrival(text, received_at)) == (text, received_at)
