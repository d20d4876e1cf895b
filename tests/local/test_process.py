"""due as one process among others: signals, its workers, pipes that close, a terminal or none."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import Due, process, write_lines
from tests.events.records import HAPPENED, sms_event
from tests.events.wrapping import encoded
from tests.local.database import Row, ingest, rows, state, unaccounted
from tests.local.processes import at_terminal, command, ended, give, ingest_under_way, started, wait_until
from tests.sampling import sampled

HOUR = 3_600_000
_LINE = 10_000  # bytes of a record, so that few records are a large input
_COLOR = re.compile(r"\x1b\[[0-9;]*\b(3[0-9]|4[0-9]|9[0-7]|10[0-7])\b[0-9;]*m")
_UPDATE = re.compile(r"([\d,]+) records +([\d,]+)/s")


def text(number: int, hour: int = 0) -> bytes:
    """The line of a record."""
    when = HAPPENED + hour * HOUR
    return encoded(sms_event(messageId=f"message-{number}", eventTimestamp=when, padding="x" * _LINE)) + b"\n"


LONG = b"".join(map(text, range(1100)))  # more than due reads without the help of other processes


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def about(number: int) -> list[str]:
    """What the system says of a process: whether it runs or sleeps, and from the twelfth on the time that it took."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X"]


def alive(number: int) -> bool:
    """Whether a process runs; one that has ended stays in the list until somebody asks for its exit code."""
    return about(number)[0] not in "ZX"


def wait_for_workers(parent: int) -> list[int]:
    """The processes that an ingest has started, as soon as it has nothing to do but wait for more input."""
    states: list[str] = []

    def settled() -> bool:
        states.append(about(parent)[0])
        return states[-5:] == ["S"] * 5 and len(children(parent)) >= 2

    wait_until(settled, "workers have been started")
    return children(parent)


def whole_again(due: Due, database: Path, data: bytes, tmp_path: Path) -> Row:
    """The summary of the same input, ingested after an ingest of it was stopped; all of it must be there then."""
    file = tmp_path / "again.json"
    file.write_bytes(data)
    summary = ingest(due, database, file)
    total = data.count(b"\n")
    assert summary["records"] == total
    assert due.rows("query", "SELECT COUNT(*) AS n FROM all_events", "--local", str(database)) == [{"n": total}]
    assert state(database, "SELECT COUNT(*) FROM status") == [(total,)]
    assert unaccounted(database) == set()
    return summary


# A terminal sends its signals to the workers too; a supervisor's reaches due alone.
@pytest.mark.parametrize(
    ("number", "to_all", "codes"),
    sampled(
        [
            (signal.SIGINT, False, {130}),
            (signal.SIGINT, True, {130}),
            (signal.SIGTERM, False, {143, -signal.SIGTERM}),
            (signal.SIGTERM, True, {143, -signal.SIGTERM}),
            (signal.SIGHUP, True, {129, -signal.SIGHUP}),
            (signal.SIGKILL, False, {-signal.SIGKILL}),
        ]
    ),
    ids=["Ctrl-C", "Ctrl-C to all", "SIGTERM", "SIGTERM to all", "SIGHUP to all", "SIGKILL"],
)
def test_a_signal_ends_due_and_its_workers(
    due: Due, database: Path, tmp_path: Path, number: signal.Signals, to_all: bool, codes: set[int]
) -> None:
    with ingest_under_way(database, tmp_path / "pipe") as under_way:
        give(under_way, LONG)
        workers = wait_for_workers(under_way.pid)
        (os.killpg if to_all else os.kill)(under_way.pid, number)
        try:
            wait_until(lambda: not any(map(alive, workers)), "the workers have ended")
        finally:
            for worker in filter(alive, workers):
                os.kill(worker, signal.SIGKILL)
        ran = ended(under_way)
    assert (ran.out, ran.code in codes) == ("", True), ran
    kept = 0
    if number in (signal.SIGINT, signal.SIGTERM):
        said = re.fullmatch(r"([\d,]+) records kept; the same command, .*\n(due: interrupted\n)?", ran.err)
        assert said, f"a warning of Python's is not for the user: {ran.err}"
        kept = int(said[1].replace(",", ""))
        assert kept > 0
    elif number is not signal.SIGKILL:
        assert len(ran.err.splitlines()) <= 1, "a warning of Python's is not for the user"
        assert "Warning" not in ran.err and "Traceback" not in ran.err
    if not to_all:
        again = whole_again(due, database, LONG, tmp_path)
        assert (again["kept"], again["duplicates"]) == (LONG.count(b"\n") - kept, kept)


@pytest.mark.parametrize("repeated", [False, True], ids=["once", "twice"])
def test_ctrl_c_while_files_are_written(due: Due, database: Path, tmp_path: Path, repeated: bool) -> None:
    """Once, it ends when all are; twice, at once, and what counts is all of it or nothing."""
    data = b"".join(text(hour, hour) for hour in range(400))
    file = tmp_path / "many.json"
    file.write_bytes(data)
    with started("ingest", str(file), "--local", str(database)) as under_way:
        staged = database / ".due" / "staging"
        wait_until(lambda: any(staged.glob("due-*.parquet")), "the first file has been written")
        under_way.send_signal(signal.SIGINT)
        if repeated:
            time.sleep(0.05)
            under_way.send_signal(signal.SIGINT)
        ran = ended(under_way)
    assert ran.code == 130 or (repeated and ran.code == -signal.SIGINT)  # a process that is ending answers no more
    kept = len(rows(due, database))
    assert kept in (0, 400)
    if not repeated:
        assert f"{kept} records kept" in ran.err
        assert kept == 400
        assert unaccounted(database) == set()
    assert whole_again(due, database, data, tmp_path)["kept"] == 400 - kept


@pytest.mark.slow
def test_ctrl_c_ends_a_query(database: Path) -> None:
    long_query = (
        "SELECT COUNT(*) AS n FROM UNNEST(sequence(1, 3000000)) AS a (x), UNNEST(sequence(1, 3000000)) AS b (y)"
    )

    def busy() -> bool:
        return int(about(query.pid)[11]) / os.sysconf("SC_CLK_TCK") > 3  # it takes no second of that to start

    with started("query", f"{long_query} WHERE x * y % 7 = 3", "--local", str(database)) as query:
        wait_until(busy, "the query is at work")
        query.send_signal(signal.SIGINT)
        ran = ended(query).failed(130)
    assert (ran.out, len(ran.err.splitlines()) <= 1) == ("", True)


@pytest.fixture
def filled(due: Due, database: Path, tmp_path: Path) -> Path:
    """A database with more rows than a pipe holds, and records that could not be read."""
    lines = [text(number).rstrip() for number in range(30)]
    ingest(due, database, write_lines(tmp_path / "records.json", [*lines, *(b"{broken %d" % n for n in range(30))]))
    return database


@pytest.mark.parametrize(
    ("words",),
    sampled(
        (tuple(words.split("|")),)
        for words in (
            "query|SELECT * FROM all_events",
            *(f"query|SELECT * FROM all_events|-o|{form}" for form in ("json", "csv", "markdown")),
            *("report|sms-cost|--since|2026-01-01", "report", "failed|list", "failed|list|-o|json"),
            *("status|message-1", "view|list", "outputs"),
        )
    ),
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_failure(filled: Path, words: tuple[str, ...]) -> None:
    """As with ``| head -n 1``: neither a complaint nor an exit code that stops a script."""
    read, write = os.pipe()
    os.close(read)
    command_line = [sys.executable, "-m", "due_cli", *words, "--local", str(filled)]
    ran = subprocess.run(command_line, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ran.stderr, ran.returncode in (0, 128 + signal.SIGPIPE)) == (b"", True), ran


def _with_closed(streams: str, *words: str) -> list[str]:
    return ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "due_cli", *words]


@pytest.mark.slow
def test_standard_input_that_is_closed(due: Due, filled: Path) -> None:
    where = ("--local", str(filled))
    with command(*_with_closed("<&-", "ingest", "-", *where)) as under_way:
        assert ended(under_way).failed(1).err == "standard input: it is closed\n"
    with command(*_with_closed("<&-", "teardown", "--delete-data", *where)) as under_way:
        assert "--yes" in ended(under_way).failed(2).err
    with command(*_with_closed("<&-", "query", "SELECT 1 AS one", "-o", "csv", *where)) as under_way:
        assert ended(under_way).done().out == "one\n1\n"
    assert len(rows(due, filled)) == 30


def test_streams_that_are_all_closed(due: Due, filled: Path, tmp_path: Path) -> None:
    """As a job of a careless supervisor: no file of due's may come to stand where the streams were."""
    file = write_lines(tmp_path / "more.json", [text(100).rstrip(), b"{broken too"])
    with command(*_with_closed("<&- >&- 2>&-", "ingest", str(file), "--local", str(filled))) as under_way:
        ended(under_way).done()
    assert len(rows(due, filled)) == 31
    assert due("doctor", "--local", str(filled)).failed(7).out.count("PROBLEM") == 1  # the failed records


@pytest.mark.slow
def test_a_long_ingest_shows_its_progress_at_a_terminal(database: Path) -> None:
    """Count and rate come again as they grow, the last of them with every record; then the line is cleared."""
    with at_terminal("ingest", "-", "--local", str(database)) as terminal:

        def counts() -> set[str]:
            return {count for count, rate in _UPDATE.findall(terminal.output) if rate != "0"}

        for part in range(5):
            known = len(counts())
            terminal.give(b"".join(text(5000 + 110 * part + number) for number in range(110)))
            wait_until(lambda known=known: len(counts()) > known, "another update")  # type: ignore[misc]
        terminal.give(LONG)
        assert terminal.let_end() == 0, terminal.output[-400:]
    shown = [int(count.replace(",", "")) for count, _ in _UPDATE.findall(terminal.output)]
    assert shown == sorted(shown) and len(set(shown)) > 5
    assert shown[-1] == 550 + LONG.count(b"\n")
    assert terminal.output.rpartition("\x1b[2K")[2].startswith("1,650 records: 1,650 kept")
    assert terminal.output.rfind("\x1b[?25h") > terminal.output.rfind("\x1b[?25l"), "the cursor stays hidden"


def test_no_progress_where_nobody_watches(database: Path) -> None:
    ran = process("ingest", "-", "--local", str(database), stdin=LONG).done()
    assert ran.err == ""
    assert not {"\r", "\x1b"} & set(ran.out)
    assert len(ran.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "more", "colors"),
    sampled(
        [({}, (), True), ({"NO_COLOR": "1"}, (), False), ({"NO_COLOR": ""}, (), True), ({}, ("--no-color",), False)], 2
    ),
    ids=["as it is", "NO_COLOR", "NO_COLOR empty", "--no-color"],
)
def test_colors_can_be_turned_off(
    database: Path, environment: dict[str, str], more: tuple[str, ...], colors: bool
) -> None:
    with at_terminal("ingest", "-", "--local", str(database), *more, environment=environment) as terminal:
        terminal.give(LONG[: 2 * 2**20])
        wait_until(lambda: bool(_UPDATE.search(terminal.output)), "progress is shown")
        terminal.let_end()
    assert bool(_COLOR.search(terminal.output)) is colors


def test_a_terminal_without_codes_gets_none(database: Path) -> None:
    with at_terminal("ingest", "-", "--local", str(database), environment={"TERM": "dumb"}) as terminal:
        terminal.give(LONG[: 2 * 2**20])
        terminal.let_end()
    assert "\x1b" not in terminal.output
    assert "kept" in terminal.output


_DISTURBED = """
import os, signal, sys, threading
from multiprocessing import util
from due_cli.cli.app import run

begun, told = threading.Event(), threading.Event()

def disturb():
    begun.wait()
    os.kill(os.getpid(), signal.{signal})
    told.set()

def launch(path, words, descriptors):
    process = really(path, words, descriptors)
    if "spawn_main" in " ".join(map(str, words)):
        begun.set()
        told.wait()
    return process

threading.Thread(target=disturb, daemon=True).start()
really, util.spawnv_passfds = util.spawnv_passfds, launch
run()
"""


@pytest.mark.parametrize(("number", "codes"), [("SIGINT", {130}), ("SIGTERM", {143})])
def test_a_signal_while_workers_start_is_answered_when_they_have(
    database: Path, tmp_path: Path, number: str, codes: set[int]
) -> None:
    """Any thread may be given it; a worker that is left before it was told what to do says a traceback."""
    file = tmp_path / "many.json"
    file.write_bytes(LONG)
    script = _DISTURBED.format(signal=number)
    with command(sys.executable, "-c", script, "ingest", str(file), "--local", str(database)) as under_way:
        ran = ended(under_way)
    assert ran.code in codes, ran
    assert "Traceback" not in ran.err
