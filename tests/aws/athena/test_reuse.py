"""A report is answered with an earlier run's result only where no hour of its period was written since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from due_cli.aws.athena.reuse import reusable_age
from due_cli.aws.target import AwsTarget
from due_cli.sql.files import TABLE
from due_cli.sql.reports import BoundReport, bind
from tests.aws.athena.awkward import DAY
from tests.aws.athena.conftest import BothTargets, RecordedProgress
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import REGION

REUSED = "answered from the run of "


def partitions(both: BothTargets) -> list[Any]:
    """The partitions as moto has them."""
    table: Any = glue_backends[ACCOUNT][REGION].databases[both.stack.options.database].tables[TABLE]
    return list(table.partitions.values())


def rewritten(both: BothTargets, ago: timedelta) -> None:
    """Everything in the bucket and the table was written so long ago."""
    moment = datetime.now(UTC) - ago
    bucket = s3_backends[ACCOUNT]["aws"].buckets[both.stack.names.bucket]
    for key in bucket.keys.values():
        key.last_modified = moment.replace(tzinfo=None)
    for partition in partitions(both):
        partition.creation_time = moment


@pytest.fixture
def old(both: BothTargets) -> BothTargets:
    rewritten(both, timedelta(hours=3))
    both.emulator.athena.queries.clear()
    return both


def ran(both: BothTargets, report: BoundReport, *, fresh: bool = False) -> tuple[bool, list[Any]]:
    """Whether an earlier run's result answered, and the rows."""
    progress = RecordedProgress()
    rows = list(AwsTarget(both.stack, progress).report(report, fresh=fresh).rows)
    said = [note for note in progress.notes if note.startswith(REUSED)]
    assert all("--fresh" in note and f"{datetime.now(UTC):%Y-%m-%d}" in note for note in said)
    assert not said or progress.asides == ["scanned 0 bytes, $0"]
    return bool(said), rows


def report(since: str = DAY, until: str = "2025-06-03") -> BoundReport:
    return bind("bounce-rate", {}, since, until, now=datetime.now(UTC))


def test_what_did_not_change_is_answered_from_the_run_before(old: BothTargets) -> None:
    first, rows = ran(old, report())
    assert not first
    assert ran(old, report()) == (True, rows)
    assert ran(old, report(), fresh=True) == (False, rows)
    assert ran(old, report(until="2025-06-04"))[0] is False, "another statement"


def test_an_hour_of_the_period_that_was_written_since_is_read(old: BothTargets) -> None:
    s3, bucket, period = old.emulator.client("s3"), old.stack.names.bucket, ("2020-01-01", "2026-01-01")
    [first, *_] = s3.list_objects_v2(Bucket=bucket, Prefix="events/2")["Contents"]
    ran(old, report(*period))
    s3.put_object(Bucket=bucket, Key="events/2001/01/01/00/other.parquet", Body=b"")
    assert ran(old, report(*period))[0] is True, "another hour was written"
    body = s3.get_object(Bucket=bucket, Key=first["Key"])["Body"].read()
    s3.put_object(Bucket=bucket, Key=first["Key"], Body=body)
    assert ran(old, report(*period))[0] is False
    s3.delete_object(Bucket=bucket, Key="events/2001/01/01/00/other.parquet")


def test_a_partition_that_was_made_since_is_read(old: BothTargets) -> None:
    ran(old, report("2020-01-01", "2026-01-01"))
    partitions(old)[0].creation_time = datetime.now(UTC)
    assert ran(old, report("2020-01-01", "2026-01-01"))[0] is False


def test_a_period_that_is_not_over_is_never_answered_so(old: BothTargets) -> None:
    now = datetime.now(UTC)
    old.emulator.journal.clear()
    assert reusable_age(old.stack, bind("bounce-rate", {}, now=now), now) is None
    assert old.emulator.journal.of("glue:GetPartitions") == []


@pytest.mark.parametrize(("ago", "minutes"), [(20, None), (31, 1), (60, 30), (60 * 24 * 30, 60 * 24 * 7)])
def test_a_result_is_of_after_the_last_change(old: BothTargets, ago: int, minutes: int | None) -> None:
    """It may have been read before what was written while it ran, half an hour at most."""
    rewritten(old, timedelta(minutes=ago, seconds=20))
    age = reusable_age(old.stack, report("2020-01-01", "2026-01-01"), datetime.now(UTC))
    assert (age and int(age.total_seconds() // 60)) == minutes


def test_who_may_not_list_has_no_answer_of_before(old: BothTargets) -> None:
    old.emulator.faults.deny("glue:GetPartitions")
    assert reusable_age(old.stack, report(), datetime.now(UTC)) is None
    old.emulator.faults.clear()
