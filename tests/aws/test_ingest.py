"""``due ingest`` into a stack: every event under its own hour, whatever AWS and the machine do meanwhile."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.aws.ingest.wrapping import with_arrival, with_envelope, without_arrival
from due_cli.aws.stack.stack import Stack
from due_cli.events import Envelope, loads
from due_cli.events.reading import Reading, read
from due_cli.events.wrappers import Unit, payload_units
from due_cli.ingest import inputs, workers
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import Due, process, write_lines
from tests.events import wrapping
from tests.events.records import iso, pinpoint_email, pinpoint_test_event, ses_bounce, ses_delivery, ses_send
from tests.events.samples import SHAPES
from tests.local.foreign_files import hours_of

__all__ = ["emulator", "made_once", "stack"]

PUT_OBJECT = "s3:PutObject"
CUT = b'{"eventType": "Send", cut'
HOUR_MS = 3_600_000
YEAR_AGO = 1_763_866_800_000  # 2025-11-23T03:00:00Z


def ingest(due: Due, *paths: Path | str) -> dict[str, Any]:
    """The summary of an ingest without problems; its exit code is 1 where every record failed."""
    ran = due("ingest", *map(str, paths), "-o", "json")
    summary = ran.json
    assert ran.code == (1 if summary["records"] == summary["failed"] > 0 else 0), ran.err
    assert isinstance(summary, dict)
    counted = sum(summary[key] for key in ("kept", "duplicates", "ignored", "failed"))
    assert summary["records"] == counted
    return summary


def opened(number: int, at: int = YEAR_AGO) -> dict[str, Any]:
    """A record of Pinpoint's of a message of its own, that arrived at a time."""
    mail = {"mail_event": {"mail": {"message_id": f"m-{number}"}}}
    return pinpoint_email("open", event_timestamp=at, arrival_timestamp=at, facets={"email_channel": mail})


def many(path: Path, count: int, hours: int = 3) -> Path:
    """So many records of some hours a year ago, in a file of their own."""
    return write_lines(path, (opened(n, YEAR_AGO + n % hours * HOUR_MS) for n in range(count)))


def event_ids(emulator: AwsEmulator, stack: Stack) -> Counter[str]:
    return Counter(row["event_id"] for row in streaming.rows(emulator, stack))


def keys(emulator: AwsEmulator, stack: Stack) -> list[str]:
    """The keys of the objects with events."""
    return sorted(streaming.objects(emulator, stack, "events/"))


def by_hour(files: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """The rows of Parquet files by their hours (``2025/11/23/03``), in the order of their ids."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, content in files.items():
        found["/".join(path.split("/")[-5:-1])] += pq.read_table(io.BytesIO(content)).to_pylist()
    return {hour: sorted(rows, key=itemgetter("event_id")) for hour, rows in sorted(found.items())}


@pytest.fixture
def folder(due: Due, tmp_path: Path) -> Path:
    """A folder that gets the same records, to compare."""
    place = tmp_path / "database"
    due("setup", "--local", str(place)).done()
    return place


def test_a_stack_and_a_folder_end_with_the_same_rows_under_the_same_hours(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, folder: Path
) -> None:
    """Every kind of record, bare and in every wrapper, with repetitions, in one file: the summary is the same too."""
    built = [sample.build() for sample in SHAPES if sample.envelope == Envelope()]
    wrapped = [wrap(one) for wrap in wrapping.WRAPPERS.values() for one in built[:20]]
    unreadable = [CUT, b"\xff\xfe\x00binary", pinpoint_test_event()]
    source = write_lines(tmp_path / "records.json", [*built, *unreadable, *wrapped, *built])

    summary = ingest(due, source)
    assert summary == due("ingest", str(source), "--local", str(folder), "-o", "json").done().json
    assert summary["duplicates"] > 0 and summary["ignored"] > 0 and summary["failed"] > 0
    stored = by_hour(streaming.objects(emulator, stack, "events/"))
    assert stored == {
        hour.removeprefix("events/"): sorted(table.to_pylist(), key=itemgetter("event_id"))
        for hour, table in hours_of(folder)
    }
    failed = {row["id"] for row in due.rows("failed", "list", "--local", str(folder))}
    assert {row["id"] for row in due.rows("failed", "list")} == failed
    emulator.functions.settle()
    assert [f"{hour[:10].replace('-', '/')}/{hour[11:13]}" for hour in streaming.hours(emulator, stack)] == [*stored]
    assert not emulator.journal.of(streaming.PUT)


def test_a_year_old_export_is_filed_under_its_year(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    assert ingest(due, many(tmp_path / "many.json", 300))["rows"] == 300
    assert [key.rpartition("/")[0] for key in keys(emulator, stack)] == [f"events/2025/11/23/0{n}" for n in (3, 4, 5)]
    assert streaming.hours(emulator, stack) == [f"2025-11-23 0{n}:00:00" for n in (3, 4, 5)]
    assert streaming.statuses(emulator, stack) == {}  # expired long ago


def test_the_same_file_twice_changes_nothing(emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path) -> None:
    source = many(tmp_path / "many.json", 100)
    first = ingest(due, source)
    before = streaming.objects(emulator, stack, "")
    emulator.journal.clear()
    assert ingest(due, source) == first
    assert streaming.objects(emulator, stack, "") == before
    assert [call.status for call in emulator.journal.of(PUT_OBJECT)] == [412] * 3
    assert "glue:BatchCreatePartition" not in emulator.journal.names


def test_neither_the_order_of_files_nor_what_is_beside_them_changes_an_object(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    one, other = many(tmp_path / "a.json", 90), many(tmp_path / "b.json", 60)
    ingest(due, one, other)
    both = keys(emulator, stack)
    for key in both:
        emulator.client("s3").delete_object(Bucket=stack.names.bucket, Key=key)
    ingest(due, other)
    ingest(due, one)
    assert keys(emulator, stack) == both
    assert len(both) == 6  # three hours of each: those of the smaller one are second rows of the other's
    assert {*event_ids(emulator, stack).values()} == {1, 2}


def test_neither_processes_nor_blocks_change_an_object(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = many(tmp_path / "many.json", 200)
    ingest(due, source)
    before = keys(emulator, stack)
    streaming.clear(emulator, stack)
    monkeypatch.setattr(inputs, "_READ_BYTES", 20_000)
    monkeypatch.setattr(workers, "_IN_PROCESS_BYTES", 0)
    ingest(due, source)
    assert keys(emulator, stack) == before


def test_two_deliveries_of_one_event_that_differ_are_both_kept(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    """In one hour and of one event each, so that their objects would have one name if content were not in it."""
    bare = write_lines(tmp_path / "bare.json", [opened(1)])
    full = write_lines(tmp_path / "full.json", [{**opened(1), "attributes": {"campaign_id": "spring"}}])
    for files in ((bare, full), (full, bare)):
        ingest(due, *files)
        assert [*event_ids(emulator, stack).values()] == [2]
        assert len(keys(emulator, stack)) == 2


def test_an_hour_whose_partition_is_elsewhere_gets_its_rows_there(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    ingest(due, write_lines(tmp_path / "one.json", [opened(1)]))
    emulator.functions.settle()
    move(emulator, stack, "2025-11-23 03:00:00", "compacted/2025/11/23/")
    source = write_lines(tmp_path / "two.json", [opened(2), opened(3, YEAR_AGO + HOUR_MS)])
    ingest(due, source)
    assert len(streaming.objects(emulator, stack, "compacted/2025/11/23/ingest-")) == 1
    assert [key.rpartition("/")[0] for key in keys(emulator, stack)] == ["events/2025/11/23/03", "events/2025/11/23/04"]
    assert streaming.hours(emulator, stack) == ["2025-11-23 03:00:00", "2025-11-23 04:00:00"]


def test_a_partition_that_is_moved_meanwhile_is_followed(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    ingest(due, write_lines(tmp_path / "one.json", [opened(1)]))
    emulator.functions.settle()
    calls = iter([PUT_OBJECT])

    def moves(_: Call) -> None:
        if next(calls, None):
            move(emulator, stack, "2025-11-23 03:00:00", "compacted/2025/11/23/")

    emulator.faults.hook(moves, name=PUT_OBJECT)
    ingest(due, write_lines(tmp_path / "two.json", [opened(2)]))
    emulator.faults.clear()
    assert len(streaming.objects(emulator, stack, "compacted/2025/11/23/ingest-")) == 1


def test_a_partition_that_the_archived_solution_wrote_is_the_hours_own(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    """It spelled the hour in another way: a second partition would show every row of it twice."""
    ingest(due, write_lines(tmp_path / "one.json", [opened(1)]))
    emulator.functions.settle()
    move(emulator, stack, "2025-11-23 03:00:00", "old/2025/11/23/03/", value="2025-11-23 03:00:00.0")
    ingest(due, write_lines(tmp_path / "two.json", [opened(2)]))
    assert streaming.hours(emulator, stack) == ["2025-11-23 03:00:00.0"]
    assert len(streaming.objects(emulator, stack, "old/2025/11/23/03/")) == 1


def move(emulator: AwsEmulator, stack: Stack, hour: str, to: str, value: str | None = None) -> None:
    """Has the partition of an hour be at another prefix of the bucket, or be a new one of another value there."""
    glue, table = emulator.client("glue"), {"DatabaseName": stack.options.database, "TableName": "all_events"}
    partition = glue.get_partition(**table, PartitionValues=[hour])["Partition"]
    storage = {**partition["StorageDescriptor"], "Location": f"s3://{stack.names.bucket}/{to}"}
    glue.delete_partition(**table, PartitionValues=[hour])
    glue.create_partition(**table, PartitionInput={"Values": [value or hour], "StorageDescriptor": storage})


def test_statuses_are_merged_once_and_expired_ones_are_not_written(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    """Two files overlap; each message has its status of both, as a folder of both has."""
    recent = int(time.time() * 1000) - 40 * 24 * HOUR_MS
    mails = [{"messageId": f"m-{n}", "timestamp": iso(recent + n)} for n in range(3)]
    old = {"messageId": "old", "timestamp": iso(recent - 90 * 24 * HOUR_MS)}
    one = write_lines(tmp_path / "one.json", [ses_send(mail=mail) for mail in (*mails, old)])
    delivered = [ses_delivery(mail=mail, delivery={"timestamp": iso(recent + 5000)}) for mail in mails]
    other = write_lines(tmp_path / "other.json", [*delivered, ses_send(mail=mails[0])])
    ingest(due, one, other)
    found = streaming.statuses(emulator, stack)
    assert found.keys() == {"m-0", "m-1", "m-2"}
    assert {status.status for status in found.values()} == {"delivered"}
    assert found["m-1"].times == {"send": recent + 1, "delivered": recent + 5000}
    ingest(due, other, one)
    assert streaming.statuses(emulator, stack) == found


def test_what_the_status_table_does_not_take_is_kept_and_replayed(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    recent = {"timestamp": iso(int(time.time() * 1000) - HOUR_MS)}
    source = write_lines(tmp_path / "s.json", [ses_send(mail={"messageId": f"m-{n}", **recent}) for n in range(3)])
    emulator.faults.refuse("dynamodb:BatchExecuteStatement", "AccessDeniedException", status=403)
    ran = due("ingest", str(source), "-o", "json").done()
    assert "did not take the statuses of 3 messages" in ran.err and "due failed replay" in ran.err
    assert ran.json["kept"] == 3
    emulator.faults.clear()
    assert len(due.rows("failed", "list")) == 3
    assert due("failed", "replay", "-o", "json").done().json["kept"] == 3
    assert streaming.statuses(emulator, stack).keys() == {"m-0", "m-1", "m-2"}
    assert streaming.objects(emulator, stack, "errors/") == {}


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_throttled_status_table_is_waited_for(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, code: str
) -> None:
    recent = {"timestamp": iso(int(time.time() * 1000) - HOUR_MS)}
    source = write_lines(tmp_path / "s.json", [ses_send(mail={"messageId": f"m-{n}", **recent}) for n in range(30)])
    emulator.faults.refuse("dynamodb:BatchExecuteStatement", code, times=9)
    ran = due("ingest", str(source), "-o", "json").done()
    assert "did not take" not in ran.err
    assert len(streaming.statuses(emulator, stack)) == 30


def test_standard_input_and_gzip(emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path) -> None:
    source = many(tmp_path / "many.json", 200)
    ran = process("ingest", "-", "-o", "json", stdin=gzip.compress(source.read_bytes())).done()
    assert ran.json["kept"] == 200
    before = keys(emulator, stack)
    ingest(due, source)
    assert keys(emulator, stack) == before


def test_what_cannot_be_read_is_kept_once_and_replayed_to_its_own_hour(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version reads what this one cannot."""
    source = write_lines(tmp_path / "mixed.json", [CUT, opened(1), opened(2), pinpoint_test_event()])
    with monkeypatch.context() as patched:
        patched.setattr("due_cli.ingest.batch.read", failing("m-1"))
        assert [ingest(due, source)[key] for key in ("kept", "ignored", "failed")] == [1, 1, 2]
        assert ingest(due, source)["failed"] == 2
    (key,) = streaming.objects(emulator, stack, "errors/")
    assert key.startswith("errors/ingest/")
    reasons = {row["reason"].partition(":")[0]: row for row in due.rows("failed", "list")}
    assert reasons.keys() == {"not JSON", "Ingest.UnreadableRecord"}
    assert "can be read now" in reasons["Ingest.UnreadableRecord"]["reason"]
    assert due("failed", "show", reasons["not JSON"]["id"]).done().raw == CUT
    assert due("failed", "replay", "-o", "json").done().json["kept"] == 1
    assert {key.rpartition("/")[0] for key in keys(emulator, stack)} == {"events/2025/11/23/03"}
    assert [row["reason"].partition(":")[0] for row in due.rows("failed", "list")] == ["not JSON"]


def failing(message: str) -> Callable[..., Reading]:
    """What reads records, but for that of one message."""

    def read_others(unit: Unit, *rest: Any) -> Reading:
        is_that = f'"{message}"' in json.dumps(unit.record)
        return Reading([], [], [], reason="not known yet") if is_that else read(unit, *rest)

    return read_others


def test_an_input_that_is_damaged_is_read_as_far_as_it_goes(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    lines = b"\n".join(json.dumps(ses_send(mail={"messageId": str(random.random())})).encode() for _ in range(300))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines)[:-3000])
    ran = due("ingest", str(tmp_path / "cut.gz"), "-o", "json").failed(1)
    assert "cut off or damaged" in ran.err and "cut off or damaged" in ran.json["problems"][0]
    assert len(streaming.rows(emulator, stack)) == ran.json["kept"] > 0
    due("ingest", str(tmp_path / "not there")).failed(4)


def test_a_record_that_is_too_large_is_kept_as_it_is(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    large = json.dumps(ses_send(mail={"tags": {"tag": ["x" * 4_500_000]}})).encode()
    source = write_lines(tmp_path / "large.json", [large, ses_bounce()])
    for _ in range(2):
        assert [ingest(due, source)[key] for key in ("kept", "failed")] == [1, 1]
    (row,) = due.rows("failed", "list")
    assert row["bytes"] == len(large) and "larger than 4 MB" in row["reason"]
    assert due("failed", "show", row["id"]).done().raw == large
    assert due("failed", "replay", "-o", "json").done().json["failed"] == 1
    due("failed", "discard", row["id"], "--yes").done()
    assert streaming.objects(emulator, stack, "errors/") == {}


def test_what_was_too_large_for_a_stream_only_is_read_by_a_replay(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    """due 0.1.0 kept it: it put records to the stream, which takes 1,000 KiB."""
    record = {**opened(1), "attributes": {"text": "x" * 1_500_000}}
    streaming.put(emulator, stack, "errors/too-large/2026/11/22/03/abcdefgh", record, between=b"")
    assert "can be read now" in due.rows("failed", "list")[0]["reason"]
    assert due("failed", "replay", "-o", "json").done().json["kept"] == 1
    assert [key.rpartition("/")[0] for key in keys(emulator, stack)] == ["events/2025/11/23/03"]
    assert streaming.objects(emulator, stack, "errors/") == {}


def test_a_line_too_large_to_hold_is_kept_as_it_comes(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_HOLD_BYTES", 2 * 1024 * 1024)
    line = b"[" + random.Random(3).randbytes(5_000_000).replace(b"\n", b"-").replace(b"{", b"-")
    source = write_lines(tmp_path / "endless.json", [line, ses_bounce()])
    assert [ingest(due, source)[key] for key in ("kept", "failed")] == [1, 1]
    (row,) = due.rows("failed", "list")
    assert due("failed", "show", row["id"]).done().raw == line


def test_a_file_without_json_is_one_failed_record_that_says_what_it_is(
    emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path
) -> None:
    data = b"It was a dark night.\n" * 10_000
    (tmp_path / "novel.txt").write_bytes(data)
    ran = due("ingest", str(tmp_path / "novel.txt"), "-o", "json")
    assert (ran.code, ran.json["records"], ran.json["failed"]) == (1, 1, 1)
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
