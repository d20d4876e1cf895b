"""How many calls of Glue the hours of ten years take, which a report of one day begins with (docs/aws.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.glue.models import FakePartition, glue_backends

from due_cli.aws.services.glue import list_partitions, partitions_between
from due_cli.aws.stack.stack import Stack
from due_cli.sql.files import TABLE
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import REGION

HOURS, A_PAGE = 87_600, 1_000
NEWEST = datetime(2026, 11, 30, 23, tzinfo=UTC)
CALL = "glue:GetPartitions"


def fill(emulator: AwsEmulator, stack: Stack, hours: int) -> None:
    """Ten years of partitions, as Glue has them; no object is in any of them."""
    table: Any = glue_backends[ACCOUNT][REGION].databases[stack.options.database].tables[TABLE]
    storage = emulator.client("glue").get_table(DatabaseName=stack.options.database, Name=TABLE)["Table"]
    descriptor = {**storage["StorageDescriptor"], "Columns": []}
    table.partitions.clear()
    for number in range(hours):
        moment = NEWEST - timedelta(hours=number)
        value = f"{moment:%Y-%m-%d %H}:00:00"
        location = f"s3://{stack.names.bucket}/events/{moment:%Y/%m/%d/%H}/"
        one = {"Values": [value], "StorageDescriptor": {**descriptor, "Location": location}}
        table.partitions[str([value])] = FakePartition(stack.options.database, TABLE, one)


@pytest.mark.slow
def test_ten_years_of_hours_are_listed_in_88_calls_and_one_day_in_one(emulator: AwsEmulator, stack: Stack) -> None:
    """Trino lists all of a table whose key is a timestamp, as doctor does; due itself asks for those of the day."""
    fill(emulator, stack, HOURS)
    emulator.journal.clear()
    assert len(list_partitions(stack.aws, stack.options.database, TABLE)) == HOURS
    assert len(emulator.journal.of(CALL)) == 88  # HOURS / A_PAGE, rounded up
    emulator.journal.clear()
    day = datetime(2026, 11, 29)
    assert len(partitions_between(stack.aws, stack.options.database, TABLE, day, day + timedelta(days=1))) == 24
    assert len(emulator.journal.of(CALL)) == 1


def test_partitions_come_in_pages(emulator: AwsEmulator, stack: Stack) -> None:
    fill(emulator, stack, 2 * A_PAGE + 1)
    found = list_partitions(stack.aws, stack.options.database, TABLE)
    assert len({one.hour for one in found}) == 2 * A_PAGE + 1
    assert len(emulator.journal.of(CALL)) == 3
