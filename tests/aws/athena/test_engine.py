"""A query that fails, is refused, costs too much or is interrupted says so in one line and leaves nothing running."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.measure import MEGABYTE, run_sampled
from due_cli.aws.athena import engine, query
from due_cli.aws.services.s3 import PART_BYTES, read_parts
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import QueryError
from tests.aws.athena.conftest import RecordedProgress
from tests.aws.athena.engines import FailingEngine, FixedRows
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, Request
from tests.commands import Due, process
from tests.local.processes import at_terminal, ended, started, wait_until
from tests.sampling import sampled

QUERY = ("query", "SELECT 1 AS n", "--stack", "due")
CALLS = ("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "s3:GetObject")


def lines(err: str) -> list[str]:
    return err.strip().splitlines()


def test_a_query_that_fails_says_why_in_athenas_words(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    """Its lines are those of what was typed, which stands in another query from the second line on."""
    emulator.athena.engine = FailingEngine("COLUMN_NOT_FOUND: line 3:8: Column 'x' cannot be resolved\n\n  or used")
    ran = due("query", "SELECT 1,\n  x FROM all_events", "--stack", "due").failed(6)
    assert lines(ran.err)[0] == "due: COLUMN_NOT_FOUND: line 2:8: Column 'x' cannot be resolved or used"
    ran = due("query", "EXPLAIN SELECT x FROM nowhere", "--stack", "due").failed(6)
    assert ran.err.startswith("due: COLUMN_NOT_FOUND: line 3:8")


def test_a_statement_that_athena_does_not_take_is_a_failed_query(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.refuse("athena:StartQueryExecution", "InvalidRequestException", "line 2:1: mismatched input 'x'")
    assert lines(due(*QUERY).failed(6).err) == ["due: line 1:1: mismatched input 'x'"]


@pytest.mark.parametrize("call", sampled(CALLS, 2))
def test_a_call_that_is_denied_is_named_once(due: Due, emulator: AwsEmulator, stack: Stack, call: str) -> None:
    emulator.faults.deny(call)
    message, hint = lines(due(*QUERY, "-q").failed(5).err)
    assert "access denied" in message
    assert "due setup --stack due --policy" in hint


def test_nothing_is_said_beside_the_message(emulator: AwsEmulator, stack: Stack) -> None:
    """What the library logs goes to standard error, where nobody listens for it."""
    emulator.faults.deny("athena:StartQueryExecution")
    assert len(lines(process(*QUERY).failed(5).err)) == 2


@pytest.mark.parametrize("call", sampled(CALLS, 2))
def test_a_call_that_is_throttled_is_made_again(due: Due, emulator: AwsEmulator, stack: Stack, call: str) -> None:
    emulator.faults.throttle(call, times=2)
    assert due(*QUERY, "-o", "json").done().json == [{"n": 1}]


@pytest.fixture
def limited(emulator: AwsEmulator, stack: Stack) -> Iterator[Stack]:
    """The stack with a low limit on what a query may scan."""
    settings = emulator.athena.groups.named("us-east-1", "due")["Configuration"]
    before = settings["BytesScannedCutoffPerQuery"]
    settings["BytesScannedCutoffPerQuery"] = 20_000_000
    yield replace(stack, options=replace(stack.options, scan_cutoff_bytes=20_000_000))
    settings["BytesScannedCutoffPerQuery"] = before


def test_the_cutoff_cancels_and_says_what_to_do(
    emulator: AwsEmulator, limited: Stack, progress: RecordedProgress
) -> None:
    emulator.athena.engine = FixedRows(scanned=30_500_000)
    with pytest.raises(QueryError) as caught:
        query.run(limited, progress, "SELECT 1 AS n")
    assert caught.value.message == (
        "the query was cancelled at the workgroup's limit of 20.0 MB, and is billed: scanned 30.5 MB, $0.0002"
    )
    hint = caught.value.hint
    assert hint is not None
    assert "--since" in hint
    assert "due setup --scan-cutoff-bytes" in hint
    assert progress.asides == []


def test_a_query_that_somebody_else_stops_is_a_failed_one(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    emulator.athena.slow = 60

    def stop(call: Call) -> None:
        for number in list(emulator.athena.queries)[-1:]:
            emulator.client("athena").stop_query_execution(QueryExecutionId=number)

    emulator.faults.hook(stop, name="athena:StartQueryExecution")
    assert "the query was cancelled: Query cancelled by user" in due(*QUERY).failed(6).err


def test_what_a_query_cost_is_said_once_beside_the_rows(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    emulator.athena.engine = FixedRows(scanned=12_345_678)
    ran = due(*QUERY, "-o", "json").done()
    assert ran.json == [{"n": 1}]
    assert lines(ran.err) == ["scanned 12.3 MB, $0.0001"]
    assert due(*QUERY, "-o", "json", "--quiet").done().err == ""


@pytest.mark.parametrize(
    ("scanned", "text"),
    [
        (0, "scanned 0 bytes, $0"),
        (1, "scanned 1 byte, $0.0001"),
        (999, "scanned 999 bytes, $0.0001"),
        (20_000_001, "scanned 20.0 MB, $0.0002"),
        (200_000_000, "scanned 200.0 MB, $0.0010"),
        (123_456_789_012, "scanned 123.5 GB, $0.6173"),
        (1_000_000_000_000, "scanned 1.0 TB, $5.00"),
        (1_234_567_890_123_456, "scanned 1,234.6 TB, $6,172.84"),
    ],
)
def test_bytes_are_dollars(scanned: int, text: str) -> None:
    assert engine.cost(scanned, "aws") == text
    assert "$" not in engine.cost(scanned, "aws-cn")


@pytest.mark.parametrize(("number", "code"), sampled([(signal.SIGINT, 130), (signal.SIGTERM, 143)], 1))
def test_an_interrupt_stops_the_query_in_athena(
    emulator: AwsEmulator, stack: Stack, number: signal.Signals, code: int
) -> None:
    emulator.athena.slow = 60
    with started(*QUERY) as asking:
        wait_until(lambda: len(emulator.journal.of("athena:GetQueryExecution")) > 0, "a query under way")
        asking.send_signal(number)
        ran = ended(asking)
    assert ran.code == code
    assert "Traceback" not in ran.err
    assert list(emulator.athena.queries.values())[-1].state == "CANCELLED"


def test_a_terminal_shows_that_athena_is_at_work(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.athena.slow = 1
    with at_terminal(*QUERY) as terminal:
        assert terminal.let_end() == 0
    assert "Querying Athena" in terminal.output
    assert "%" not in terminal.output, "nobody knows how much is left"


def test_no_terminal_no_bar(due: Due, stack: Stack) -> None:
    assert "Asking" not in due(*QUERY).done().err


def rows_of_a_large_result(rows: int, emulator: AwsEmulator) -> tuple[int, int]:
    """The peak memory of a query with so many rows, and the size of its result."""
    filler = "x" * 300
    emulator.athena.engine = FixedRows(
        [(number, filler, None) for number in range(rows)], ("n", "filler", "nothing"), ("bigint", "varchar", "double")
    )
    command = [sys.executable, "-m", "due_cli", "query", "SELECT * FROM all_events", "--stack", "due", "-o", "csv"]
    _, peak, out = run_sampled(command)
    assert out.count("\n") == rows + 1
    assert out.endswith(f"\n{rows - 1},{filler},\n")
    return peak.bytes, len(out)


@pytest.mark.slow
def test_a_large_result_streams(emulator: AwsEmulator, stack: Stack) -> None:
    """Eight times as many rows take hardly more memory, and no call for each thousand of them."""
    few, small = rows_of_a_large_result(25_000, emulator)
    emulator.journal.clear()
    many, large = rows_of_a_large_result(200_000, emulator)
    assert large - small > 50 * MEGABYTE
    assert many - few < 15 * MEGABYTE
    assert emulator.journal.names["athena:GetQueryResults"] == 2  # the columns of the query, and of its result
    assert len(emulator.journal.of("s3:GetObject")) <= large / PART_BYTES + 3


@pytest.fixture
def stored(emulator: AwsEmulator) -> Iterator[str]:
    emulator.client("s3").create_bucket(Bucket="some")
    yield "some"


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 1])
def test_an_object_is_read_whole_in_parts(emulator: AwsEmulator, stack: Stack, stored: str, size: int) -> None:
    body = bytes(number % 251 for number in range(min(size, 100_000))) * (size // 100_000 + 1)
    emulator.client("s3").put_object(Bucket=stored, Key="one", Body=body[:size])
    found = list(read_parts(stack.aws, stored, "one"))
    assert b"".join(found) == body[:size]
    assert len(found) == -(-size // PART_BYTES)


def test_a_part_that_breaks_off_is_read_again(emulator: AwsEmulator, stack: Stack, stored: str) -> None:
    emulator.client("s3").put_object(Bucket=stored, Key="one", Body=b"whole")
    broken = iter((Answer(206, [("Content-Length", "5"), ("Content-Range", "bytes 0-4/5")], b"wh"),))

    def handler(call: Call, request: Request) -> Answer | None:
        return next(broken, None)

    emulator.handlers["s3:GetObject"] = handler
    assert b"".join(read_parts(stack.aws, stored, "one")) == b"whole"
    assert len(emulator.journal.of("s3:GetObject")) == 2
