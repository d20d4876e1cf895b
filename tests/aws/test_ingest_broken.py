"""``due ingest`` into a stack that ends early, on a machine or with an AWS that does not do its part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.ingest import publish, staging
from due_cli.aws.stack.stack import Stack
from tests.aws import streaming
from tests.aws.streaming import emulator, made_once, stack
from tests.aws.test_ingest import CUT, HOUR_MS, PUT_OBJECT, YEAR_AGO, event_ids, ingest, keys, many, opened
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import RefusedError
from tests.commands import Due, Ran, process, write_lines
from tests.local.processes import ended, started

__all__ = ["emulator", "made_once", "stack"]

LAST = "events/2025/11/23/05/"  # the hour of the last of three files


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of processes."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, each with an hour of its own."""
    place = tmp_path / "records"
    place.mkdir()
    for number, name in enumerate("abc"):
        write_lines(place / f"{name}.json", [opened(n, YEAR_AGO + number * HOUR_MS) for n in range(5)])
    return place


def deny_last(emulator: AwsEmulator) -> None:
    """The answer to the object of the last file is that it was denied."""

    def deny(call: Call) -> None:
        if str(call.parameters.get("Key")).startswith(LAST):
            raise RefusedError("AccessDenied", "User is not authorized to perform this action", 403)

    emulator.faults.hook(deny, name=PUT_OBJECT)


def stopped(emulator: AwsEmulator, folder: Path, number: int) -> Ran:
    """An ingest that gets a signal when the object of the last file is in the bucket."""
    once = threading.Lock()
    with started("ingest", str(folder)) as running:

        def stop(call: Call) -> None:
            if str(call.parameters.get("Key")).startswith(LAST) and once.acquire(blocking=False):
                os.kill(running.pid, number)

        emulator.faults.hook(stop, name=PUT_OBJECT)
        found = ended(running)
    emulator.faults.clear()
    return found


def test_a_killed_ingest_goes_on_and_clears_up(
    emulator: AwsEmulator, stack: Stack, folder: Path, temporary: Path
) -> None:
    assert stopped(emulator, folder, signal.SIGKILL).code == -signal.SIGKILL
    assert len(list(temporary.iterdir())) == 1
    ran = process("ingest", str(folder), "-o", "json").done()
    assert (ran.json["records"], ran.json["kept"]) == (15, 15)
    assert [*event_ids(emulator, stack).values()] == [1] * 15
    assert list(temporary.iterdir()) == []
    assert list((Path.home() / ".local" / "state" / "due" / "ingest").iterdir()) == []


def test_ctrl_c_says_how_far_it_came(emulator: AwsEmulator, stack: Stack, folder: Path, temporary: Path) -> None:
    ran = stopped(emulator, folder, signal.SIGINT)
    assert ran.code == 130
    assert "records are ingested; the same command goes on from there" in ran.err
    assert "Traceback" not in ran.err
    assert list(temporary.iterdir()) == []


def test_what_is_done_is_not_read_again(emulator: AwsEmulator, stack: Stack, due: Due, folder: Path) -> None:
    """It is in the summary all the same. What was changed is read, though neither its size nor its time says so."""
    deny_last(emulator)
    assert "10 records are ingested; the same command goes on from there" in due("ingest", str(folder)).failed(5).err
    emulator.faults.clear()
    for key in keys(emulator, stack):
        emulator.client("s3").delete_object(Bucket=stack.names.bucket, Key=key)
    changed = folder / "a.json"
    about, text = changed.stat(), changed.read_bytes()
    changed.write_bytes(text.replace(b'"m-1"', b'"m-X"'))
    os.utime(changed, ns=(about.st_atime_ns, about.st_mtime_ns))
    ran = due("ingest", str(folder), "-o", "json").done()
    assert ran.err.count("going on where an earlier ingest of the same paths ended") == 1
    assert ran.json["records"] == ran.json["kept"] == 15
    assert [key.rpartition("/")[0] for key in keys(emulator, stack)] == ["events/2025/11/23/03", "events/2025/11/23/05"]


def test_an_input_that_breaks_off_is_named_again_by_the_run_that_goes_on(
    emulator: AwsEmulator, due: Due, folder: Path
) -> None:
    (folder / "b.json.gz").write_bytes(b"\x1f\x8b\x08\x00 cut")
    deny_last(emulator)
    assert "cut off or damaged" in due("ingest", str(folder)).failed(5).err
    emulator.faults.clear()
    ran = due("ingest", str(folder), "-o", "json").failed(1)
    assert "cut off or damaged" in ran.json["problems"][0]
    assert "going on where" in ran.err


def test_without_a_state_folder_it_works_and_says_so(
    emulator: AwsEmulator, stack: Stack, due: Due, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert "begin anew" in due("ingest", str(folder)).done().err
    assert len(event_ids(emulator, stack)) == 15


@pytest.mark.parametrize("name", [PUT_OBJECT, "glue:BatchGetPartition", "glue:BatchCreatePartition"])
@pytest.mark.parametrize("after", [False, True], ids=["lost call", "lost answer"])
def test_a_call_that_fails_or_whose_answer_is_lost_is_made_again(
    emulator: AwsEmulator, stack: Stack, due: Due, folder: Path, name: str, after: bool
) -> None:
    emulator.faults.fail(name, times=2, after=after)
    assert ingest(due, folder)["kept"] == 15
    assert [*event_ids(emulator, stack).values()] == [1] * 15
    assert len(streaming.hours(emulator, stack)) == 3


@pytest.mark.parametrize("name", ["glue:BatchGetPartition", "glue:BatchCreatePartition"])
def test_what_is_denied_ends_the_ingest_with_one_line(emulator: AwsEmulator, due: Due, folder: Path, name: str) -> None:
    emulator.faults.deny(name)
    said = due("ingest", str(folder)).failed(5).err
    assert "access denied" in said and name in said


def test_a_full_disk_is_one_clear_line(emulator: AwsEmulator, stack: Stack, tmp_path: Path, temporary: Path) -> None:
    source = many(tmp_path / "many.json", 3000)
    words = ['ulimit -f 400; exec "$@"', "bash", sys.executable, "-m", "due_cli", "ingest", str(source)]
    ran = subprocess.run(["bash", "-c", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "no space left" in ran.stderr and f"df -h {temporary}" in ran.stderr and "TMPDIR" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert keys(emulator, stack) == []
    assert list(temporary.iterdir()) == []


def test_inputs_wait_while_much_lies_on_the_disk(
    emulator: AwsEmulator, stack: Stack, due: Due, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is removed before the next is staged."""
    staged: list[int] = []
    stage = staging.StagingArea.stage

    def watched(area: staging.StagingArea, *rest: Any) -> staging.StagedInput:
        staged.append(sum(path.name != "template" and path.is_dir() for path in area._root.iterdir()))
        return stage(area, *rest)

    monkeypatch.setattr(staging.StagingArea, "stage", watched)
    monkeypatch.setattr(publish, "_STAGED_BYTES", 0)
    write_lines(folder / "d.json", [CUT])
    assert ingest(due, folder)["kept"] == 15
    assert staged == [0, 0, 0, 0]
