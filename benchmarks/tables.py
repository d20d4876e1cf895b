"""A long result as a table in a pipe: how much longer it takes than as CSV, and when its first line is there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.bench_run import BenchRun, grouped, log
from benchmarks.measure import Results, Row, at_most, due_command, medians, run
from due_cli.core.progress import Silent
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up

_ROWS = 200_000
_TIMES = 3
_LIMIT = 2.0
_FIRST_LINE_LIMIT = 1.5
# Columns as those of the views: a time, ids, addresses, text, a measure and NULL.
_SQL = f"""SELECT from_unixtime(1793491200 + n) AS event_timestamp, 'message-' || CAST(n AS varchar) AS message_id,
    'person' || CAST(n % 977 AS varchar) || '@example.com' AS destination,
    'Your order ' || CAST(n AS varchar) AS subject, n * 7 AS sends, NULLIF(n % 3, 0) AS opens
FROM UNNEST(sequence(0, 999)) AS a (x) CROSS JOIN UNNEST(sequence(1, {_ROWS // 1000})) AS b (y)
CROSS JOIN UNNEST(ARRAY[x * {_ROWS // 1000} + y]) AS c (n)"""


def measure(bench: BenchRun) -> Results:
    """Whole processes in turns, whose output goes to a pipe."""
    folder = Folder(bench.scratch("tables"))
    set_up(folder, "due_eventdb", None, Silent())
    environment = bench.environment()

    def query(output: str, sql: str = _SQL) -> list[str]:
        return [*due_command(), "query", sql, "--local", str(folder.root), "-o", output]

    log(f"printing {grouped(_ROWS)} rows")
    table, csv = medians([partial(run, query(output), environment) for output in ("table", "csv")], _TIMES)
    first: list[Callable[[], object]] = [
        partial(_first_line, query(output), environment) for output in ("table", "csv")
    ]
    first_of_table, first_of_csv = medians(first, _TIMES)
    size = f"{grouped(_ROWS)} rows of 6 columns, median of {_TIMES}"
    return Results(
        [
            Row("a table in a pipe", size, f"{table:.1f} s", f"{csv:.1f} s (`-o csv`)", *at_most(table / csv, _LIMIT)),
            Row(
                "its first line",
                size,
                f"{first_of_table:.2f} s",
                f"{first_of_csv:.2f} s (`-o csv`)",
                *at_most(first_of_table / first_of_csv, _FIRST_LINE_LIMIT),
            ),
        ]
    )


def _first_line(command: Sequence[str], environment: dict[str, str]) -> float:
    """The seconds until the first line of a process's output is there."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - start
        process.kill()
    return seconds
