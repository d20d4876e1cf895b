"""Two years of files that due did not write: counts, statuses and ``due doctor`` beside DuckDB's own count of them."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench_run import AS_OF, BenchRun, grouped, log
from benchmarks.measure import Results, Row, at_most, due_command, run
from due_cli.sql import files, transpile

ROWS = 20  # of a file
_DAYS = 2 * 365
_TIMES = 3
_FIRST_LIMIT, _LATER_LIMIT, _STATUS_LIMIT, _DOCTOR_SECONDS = 2.0, 1.3, 2.5, 10
_AWS_COLUMNS = 13
_COUNT = "SELECT COUNT(*) FROM all_events"
_RAW = """
import sys, duckdb
print(duckdb.connect().execute("SELECT COUNT(*) FROM read_parquet($files)", {"files": sys.argv[1]}).fetchall())
"""


def measure(bench: BenchRun) -> Results:
    """CPU seconds of whole processes, the best of three: elapsed time is that of whatever else the machine does."""
    number = bench.sizes.adopted
    sources: list[str | bytes | Path] = [Path(__file__), files.query("tables", "all_events").sql]
    place = bench.cached(f"adopted-{number}", sources, partial(write_files, number=number))
    environment, due = bench.environment(), due_command()
    local = ("--local", str(place), "-o", "json")
    setup = [*due, "setup", *local]
    state = place / ".due"
    log(f"counting the rows of {grouped(number)} files")

    def first_count() -> float:
        for file in state.glob("state*"):
            file.unlink()
        _cpu_seconds(setup, environment)
        return _cpu_seconds([*due, "query", _COUNT, *local], environment)

    def due_seconds(*words: str) -> float:
        return _cpu_seconds([*due, *words, *local], environment)

    pattern = str(place / "events/*/*/*/*/*.parquet")
    ids = [phone_id(index) for index in range(0, number, max(1, number // 100))]
    times: dict[str, list[float]] = {name: [] for name in ("raw", "first", "later", "status", "doctor")}
    for _ in range(_TIMES):
        times["raw"].append(_cpu_seconds([sys.executable, "-c", _RAW, pattern], environment))
        times["first"].append(first_count())
        times["later"].append(due_seconds("query", _COUNT))
        times["status"].append(due_seconds("status", *ids))
        times["doctor"].append(due_seconds("doctor"))
    best = {name: min(seconds) for name, seconds in times.items()}
    size = f"{grouped(number)} files of two years, best of {_TIMES}, CPU"
    reference = f"{best['raw']:.1f} s (DuckDB `COUNT(*)`)"
    limits = (
        ("adopted files, first count", "first", _FIRST_LIMIT),
        ("adopted files, later counts", "later", _LATER_LIMIT),
        (f"`due status` of {len(ids)} messages in adopted files", "status", _STATUS_LIMIT),
    )
    rows = [
        Row(what, size, f"{best[name]:.1f} s", reference, *at_most(best[name] / best["raw"], limit))
        for what, name, limit in limits
    ]
    met = best["doctor"] <= _DOCTOR_SECONDS
    rows.append(
        Row("`due doctor` of adopted files", size, f"{best['doctor']:.1f} s", "", "", f"≤ {_DOCTOR_SECONDS} s", met)
    )
    return Results(rows)


def write_files(place: Path, number: int) -> None:
    """Write so many small files as the AWS solution did, evenly over two years; the second year has a column more."""
    schemas = [_schema(with_version=with_version) for with_version in (False, True)]
    for index in range(number):
        hour = place / f"events/{_moment(index, number):%Y/%m/%d/%H}"
        hour.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(list(_rows(index, number)), schema=schemas[2 * index // number])
        pq.write_table(table, hour / f"part-{index}.parquet", store_schema=False)


def phone_id(index: int) -> str:
    """The id of a phone message in a file."""
    return f"phone-{index:08d}"


def email_id(index: int, number: int) -> str:
    """The id of the email in a file, one of so many: SES's ids tell their time."""
    return f"0100{_millis(_moment(index, number)):012x}-{index:08x}-8c7b-4904-dd36-1e810e768c7b-000000"


def _moment(index: int, number: int) -> datetime:
    """When the events of a file happened."""
    return AS_OF.replace(tzinfo=UTC) - timedelta(days=_DAYS) * (number - index) / number


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _cpu_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How much CPU a process that succeeds takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _schema(*, with_version: bool) -> pa.Schema:
    """The columns of the AWS solution's table."""
    types = transpile.column_types(files.query("tables", "all_events").sql)
    names = [name for name in list(types)[:_AWS_COLUMNS] if with_version or name != "event_version"]
    nulls = ", ".join(f'CAST(NULL AS {types[name]}) AS "{name}"' for name in names)
    with duckdb.connect() as connection:
        return connection.sql(f"SELECT {nulls}").to_arrow_table().schema


def _rows(index: int, number: int) -> Iterator[dict[str, Any]]:
    at = _millis(_moment(index, number))
    email = {"message_id": email_id(index, number), "message_send_timestamp": at, "destination": ["a@example.com"]}
    yield {
        "event_type": "_email.send",
        "event_timestamp": at,
        "arrival_timestamp": at + 500,
        "awsaccountid": "123456789012",
        "facets": {"email_channel": {"mail_event": {"mail": email}}},
    }
    for row in range(1, ROWS):
        message = phone_id(index) if row == 1 else f"other-{index}-{row}"
        yield {
            "event_type": "_SMS.SUCCESS",
            "event_timestamp": at + row,
            "arrival_timestamp": at + row,
            "attributes": [("message_id", message), ("record_status", "DELIVERED")],
            "awsaccountid": "123456789012",
            "metrics": {"price_in_millicents_usd": 645.0},
        }
