"""``due ingest`` into a stack where an input breaks off, or the way to the stream does."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from due_cli.aws.pipeline import stream_limits as calling
from due_cli.aws.services import firehose
from due_cli.aws.stack.stack import Stack
from due_cli.ingest import inputs
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, stack
from tests.aws.test_ingest import PUT, ingest, many
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import Due, write_lines
from tests.events.records import ses_bounce

__all__ = ["emulator", "made_once", "stack"]

FIRST, SECOND = 100, 400  # records of the input that breaks, and of the one after it


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pieces and calls."""
    monkeypatch.setattr(inputs, "_READ_BYTES", 10_000)
    monkeypatch.setattr(calling, "_RECORDS_A_CALL", 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files: one of gzip, and one beside it that an ingest reaches when it is done with the first."""
    place = tmp_path / "records"
    place.mkdir()
    many(place / "b.json", SECOND)
    lines = many(tmp_path / "lines.json", FIRST).read_bytes().replace(b"endpoint-", b"first-")
    (place / "a.json.gz").write_bytes(gzip.compress(lines))
    return place


def put_by_one_that_is_cut_off(emulator: AwsEmulator, stack: Stack, due: Due, folder: Path) -> list[bytes]:
    """What an ingest puts that ends early, in the second file."""
    streaming.deny_puts_after(emulator, 30)
    due("ingest", str(folder)).failed(5)
    emulator.faults.clear()
    return streaming.taken(emulator, stack)


def test_an_input_that_breaks_off_is_named_again_by_the_run_that_goes_on(
    emulator: AwsEmulator, stack: Stack, due: Due, folder: Path, small: None
) -> None:
    first = folder / "a.json.gz"
    first.write_bytes(first.read_bytes()[:-400])
    before = put_by_one_that_is_cut_off(emulator, stack, due, folder)
    ran = due("ingest", str(folder), "-o", "json").failed(1)
    assert "cut off or damaged" in ran.json["problems"][0]
    assert "going on where" in ran.err
    after = streaming.taken(emulator, stack)
    assert ran.json["records"] == len({*before, *after})
    assert not any(b"first-" in record for record in after)


@pytest.mark.parametrize("at", [2, -400])
def test_an_input_that_was_mended_meanwhile_is_read(
    emulator: AwsEmulator, stack: Stack, due: Due, folder: Path, small: None, at: int
) -> None:
    """As after a ``chmod``, neither its size nor its time say so."""
    first = folder / "a.json.gz"
    whole, about = first.read_bytes(), first.stat()
    first.write_bytes(whole[:at] + b"\xff" * 8 + whole[at:][8:])
    os.utime(first, ns=(about.st_atime_ns, about.st_mtime_ns))
    before = put_by_one_that_is_cut_off(emulator, stack, due, folder)
    first.write_bytes(whole)
    os.utime(first, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert ingest(due, folder)["failed"] == 0
    put = {*before, *streaming.taken(emulator, stack)}
    assert {*gzip.decompress(whole).splitlines(), *(folder / "b.json").read_bytes().splitlines()} <= put


class Way:
    """A way to the emulator that can be closed: whoever takes it then finds nobody listening."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self._emulator, self.port = emulator, 0
        self.open()

    def open(self) -> None:
        """Listens, at the same port every time."""
        self._server = make_server("127.0.0.1", self.port, self._emulator._application, threaded=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Listens no more; what was asked is answered."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def way(emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """The way that records are put by."""
    found = Way(emulator)
    monkeypatch.setenv("AWS_ENDPOINT_URL_FIREHOSE", f"http://127.0.0.1:{found.port}")
    monkeypatch.setattr(calling, "_RECORDS_A_CALL", 10)
    yield found
    found.close()


def closes_at(emulator: AwsEmulator, way: Way, number: int, seconds: float | None = None) -> None:
    """Closes the way when so many calls were made, for some seconds or for good."""
    once = threading.Lock()

    def close(_: Call) -> None:
        if emulator.journal.names[PUT] >= number and once.acquire(blocking=False):
            way.close()
            if seconds is not None:
                threading.Timer(seconds, way.open).start()

    emulator.faults.hook(close, name=PUT)


def test_a_network_that_is_gone_for_a_moment_costs_no_record(
    emulator: AwsEmulator, stack: Stack, way: Way, due: Due, tmp_path: Path
) -> None:
    source = many(tmp_path / "many.json", SECOND)
    closes_at(emulator, way, 20, seconds=1.0)
    assert ingest(due, source)["kept"] == SECOND
    assert {*streaming.taken(emulator, stack)} == {*source.read_bytes().splitlines()}


def test_a_network_that_stays_gone_ends_the_ingest(
    emulator: AwsEmulator, way: Way, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firehose, "_LONGEST_SECONDS", 0.01)
    closes_at(emulator, way, 20)
    said = due("ingest", str(many(tmp_path / "many.json", SECOND))).failed(1).err
    assert "takes no more records" in said and "Could not connect" in said and "goes on from there" in said


def test_a_stream_that_was_never_reached_is_not_waited_for(
    emulator: AwsEmulator, way: Way, due: Due, tmp_path: Path
) -> None:
    """It may be a region without the service."""
    way.close()
    said = due("ingest", str(write_lines(tmp_path / "one.json", [ses_bounce()]))).failed(3).err
    assert "takes no more records" not in said and "check that the service exists in this region" in said
