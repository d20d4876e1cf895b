"""Objects under ``events/`` that the stack did not write: named by doctor with the commands that take them in."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.s3.models import s3_backends

from due_cli.aws.doctor import files
from due_cli.aws.doctor.context import DoctorContext, run_check
from due_cli.aws.stack.stack import Stack
from due_cli.core.results import Check
from tests.aws import streaming, typed
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT, PARTITION
from tests.commands import Due

__all__ = ["emulator", "made_once", "stack"]

Put = Callable[..., None]
TIME = 1_588_302_000_000  # 2020-05-01T03:00:00Z
RECORD = {"event_type": "purchase", "event_timestamp": TIME, "arrival_timestamp": TIME, "attributes": {"order": "1"}}
SPARK = {"event_timestamp": pa.timestamp("ms"), "metrics": pa.map_(pa.string(), pa.float64())}
FITTING = {"event_timestamp": pa.int64(), "metrics": pa.struct([("price_in_millicents_usd", pa.float64())])}
METRICS = {"price_in_millicents_usd": 645.0}


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands copy to the folder in which they run."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def put(emulator: AwsEmulator, stack: Stack) -> Put:
    """Puts an object without telling anybody."""

    def put(key: str, content: bytes = b"x") -> None:
        s3_backends[ACCOUNT][PARTITION].put_object(stack.names.bucket, f"events/{key}", content)

    return put


def parquet(columns: dict[str, pa.DataType], order: str = "1") -> bytes:
    """A file of another writer with one event."""
    texts = pa.map_(pa.string(), pa.string())
    schema = pa.schema([("event_type", pa.string()), ("attributes", texts), *columns.items()])
    row = {"event_type": "purchase", "attributes": {"order": order}, "event_timestamp": TIME, "metrics": METRICS}
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema), target, store_schema=False)
    return target.getvalue()


def checked(stack: Stack) -> list[Check]:
    return run_check("other files", files.other_files, DoctorContext(stack, (), None))


def fixed(emulator: AwsEmulator, stack: Stack, due: Due) -> list[dict[str, Any]]:
    """Runs each command that doctor prints until there is none; returns the rows that the stack has then."""
    for _ in range(4):
        fixes = [check.fix for check in checked(stack) if check.outcome != "ok"]
        if not fixes:
            return streaming.rows(emulator, stack)
        for fix in fixes:
            assert fix is not None
            typed.run(fix, emulator, due)
    raise AssertionError(checked(stack))


def test_the_stacks_own_objects_are_none(emulator: AwsEmulator, stack: Stack, put: Put, due: Due) -> None:
    emulator.firehose.put(stack.names.stream, RECORD)
    emulator.flush()
    Path("record.json").write_text(json.dumps(RECORD))
    due("ingest", "record.json").done()
    for hidden in ("_SUCCESS", "2020/05/01/03/_temporary", ".keep", "2020/", "dt=2020-05-01/"):
        put(hidden)
    assert [(check.outcome, check.found) for check in checked(stack)] == [
        ("ok", "no objects under events/ but the stack's own")
    ]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        (("dt=2020-05-01/hour=03/a.json", "dt=2020-05-02/b.json"), "events/dt=*"),
        pytest.param(("year=2020/month=05/a.json",), "events/year=*", marks=pytest.mark.slow),
        pytest.param(("2020/month=05/a.json",), "events/2020/month=05/", marks=pytest.mark.slow),
        pytest.param(("2020-05-01/a.json", "2020-05-01/deeper/b.json"), "events/2020-05-01/", marks=pytest.mark.slow),
        (("2020/05/01/a.json",), "events/2020/05/01/"),
        pytest.param(("2020/a.json",), "events/2020/", marks=pytest.mark.slow),
        (("a.json", "b.json"), "events/"),
        pytest.param(("2020/13/01/00/a.json",), "events/2020/13/01/00/", marks=pytest.mark.slow),
    ],
)
def test_what_lies_beside_the_hours_is_taken_in(
    emulator: AwsEmulator, stack: Stack, due: Due, put: Put, keys: tuple[str, ...], place: str
) -> None:
    """Objects of hours stay as they are, also those in folders below."""
    put("2020/05/01/03/part-0.parquet", parquet(FITTING))
    for order, key in enumerate(keys):
        put(key, json.dumps({**RECORD, "attributes": {"order": str(order)}}).encode())
    first, last = checked(stack)
    number = f"{len(keys)} object" + "s" * (len(keys) > 1)
    assert (first.outcome, first.found) == (
        "problem",
        f"{place}: no query reads {number} there (queries read events/YYYY/MM/DD/HH/)",
    )
    assert last.outcome == "ok"
    rows = fixed(emulator, stack, due)
    assert len(rows) == 1 + len(keys)
    names = list(streaming.objects(emulator, stack, "events/"))
    assert "events/2020/05/01/03/part-0.parquet" in names
    assert len(names) == 1 + len(keys)


def test_gzip_in_an_hour_is_taken_in(emulator: AwsEmulator, stack: Stack, due: Due, put: Put) -> None:
    put("2020/05/01/03/export-1.gz", gzip.compress(json.dumps(RECORD).encode()))
    [check] = checked(stack)
    assert check.outcome == "problem"
    assert "such as events/2020/05/01/03/export-1.gz: it is no Parquet file" in check.found
    [row] = fixed(emulator, stack, due)
    assert dict(row["attributes"]) == {"order": "1"}


def test_columns_of_other_types_are_named_and_keep_their_values(
    emulator: AwsEmulator, stack: Stack, due: Due, put: Put
) -> None:
    """Where it fits, a file stays where it is."""
    put("2020/05/01/03/spark-1.parquet", parquet(SPARK, "1"))
    put("2020/05/01/04/spark-2.parquet", parquet(SPARK, "2"))
    put("2020/05/01/04/zz.parquet", parquet(FITTING, "3"))
    put("2020/05/01/05/part-0.parquet", parquet(FITTING, "4"))
    [check] = checked(stack)
    assert check.outcome == "problem"
    assert check.found == (
        "queries fail on 2 of 3 objects looked at, one of an hour, in 3 hours, such as "
        "events/2020/05/01/03/spark-1.parquet: the table's columns are of other types than "
        "event_timestamp (timestamp[ms]), metrics (map)"
    )
    rows = {dict(row["attributes"])["order"]: row for row in fixed(emulator, stack, due)}
    assert sorted(rows) == ["1", "2", "3", "4"]
    for order in ("1", "2"):
        assert rows[order]["event_timestamp"] == TIME
        assert rows[order]["metrics"] == METRICS
    names = list(streaming.objects(emulator, stack, "events/2020/"))
    assert "events/2020/05/01/04/zz.parquet" in names
    assert not any("spark" in name for name in names)


def test_a_sample_is_looked_at_of_many_hours(emulator: AwsEmulator, stack: Stack, put: Put) -> None:
    first = datetime(2020, 5, 1)
    for number in range(60):
        put(f"{first + timedelta(hours=number):%Y/%m/%d/%H}/part-0.parquet", parquet(FITTING))
    put(f"{first + timedelta(hours=59):%Y/%m/%d/%H}/part-0.parquet", parquet(SPARK))  # the newest is among them
    emulator.journal.clear()
    [check] = checked(stack)
    assert check.found.startswith("queries fail on 1 of 48 objects looked at, one of an hour, in 60 hours")
    assert len(emulator.journal.of("s3:GetObject")) == 48


def test_folders_beyond_the_first_are_counted(emulator: AwsEmulator, stack: Stack, put: Put) -> None:
    for number in range(5):
        put(f"export-{number}/a.json", json.dumps(RECORD).encode())
    *listed, last = checked(stack)
    assert len(listed) == 3
    assert last.found == "no query reads what is in 2 other folders: events/export-3/, events/export-4/"
