"""The emulator's Athena API under PyAthena and boto3."""

from __future__ import annotations

import time
from typing import Any

import pyathena
import pytest
from botocore.exceptions import ClientError
from pyathena.s3fs.cursor import S3FSCursor

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator

COLUMNS = {"event_type": "string", "at": "bigint", "tags": "map<string,string>", "later": "struct<a:string>"}
RESULTS = f"s3://{account.BUCKET}/results/"


@pytest.fixture
def events(emulator: AwsEmulator) -> AwsEmulator:
    """Three events in one partition, and a workgroup."""
    account.table(emulator, COLUMNS)
    account.function(emulator, account.PASSING)
    account.stream(emulator, account.stream_role(emulator))
    emulator.clock.set(1_767_225_599)
    emulator.firehose.put(
        account.STREAM, *({"event_type": kind, "at": n, "tags": {"k": kind}} for n, kind in enumerate("abc"))
    )
    emulator.firehose.flush()
    location = f"s3://{account.BUCKET}/events/2025/12/31/23/"
    found = {"Values": ["2025-12-31 23:00:00"], "StorageDescriptor": {"Location": location, "Columns": []}}
    emulator.client("glue").create_partition(DatabaseName=account.DATABASE, TableName="events", PartitionInput=found)
    group = {"ResultConfiguration": {"OutputLocation": RESULTS}, "BytesScannedCutoffPerQuery": 10_000_000}
    tags = [{"Key": "due:stack", "Value": "x"}]
    emulator.client("athena").create_work_group(Name="group", Configuration=group, Tags=tags)
    return emulator


def connect(emulator: AwsEmulator, **more: Any) -> Any:
    return pyathena.connect(
        work_group="group",
        schema_name=account.DATABASE,
        region_name="us-east-1",
        poll_interval=0.05,
        **more,
    )


def started(emulator: AwsEmulator, sql: str, **more: Any) -> dict[str, Any]:
    athena = emulator.client("athena")
    context = {"Database": account.DATABASE}
    number = athena.start_query_execution(QueryString=sql, WorkGroup="group", QueryExecutionContext=context, **more)[
        "QueryExecutionId"
    ]
    while True:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]
        if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return found
        time.sleep(0.05)


def test_pyathena_reads_rows_from_the_api_and_from_the_result_object(events: AwsEmulator) -> None:
    sql = "SELECT event_type, at, ingest_timestamp, tags, later FROM events WHERE at >= ? ORDER BY at"
    cursor = connect(events).cursor()
    rows = cursor.execute(sql, ["1"], paramstyle="qmark").fetchall()
    assert [(row[0], row[1], str(row[2])) for row in rows] == [
        ("b", 1, "2025-12-31 23:00:00"),
        ("c", 2, "2025-12-31 23:00:00"),
    ]
    assert rows[0][3] == {"k": "b"}
    assert rows[0][4] is None
    assert cursor.data_scanned_in_bytes > 0
    streamed = connect(events, cursor_class=S3FSCursor).cursor().execute("SELECT at, event_type FROM events ORDER BY 1")
    assert streamed.fetchall() == [(0, "a"), (1, "b"), (2, "c")]


def test_a_view_stays_in_glue_as_athena_keeps_it(events: AwsEmulator) -> None:
    sql = "CREATE OR REPLACE VIEW some AS SELECT at + 1 AS later, tags FROM events"
    assert started(events, sql)["StatementType"] == "DDL"
    stored = events.client("glue").get_table(DatabaseName=account.DATABASE, Name="some")["Table"]
    assert (stored["TableType"], stored["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert stored["StorageDescriptor"]["Columns"] == [
        {"Name": "later", "Type": "bigint"},
        {"Name": "tags", "Type": "map<string,string>"},
    ]
    assert connect(events).cursor().execute("SELECT sum(later) FROM some").fetchone() == (6,)
    assert [row[0] for row in connect(events).cursor().execute("SHOW VIEWS")] == ["some"]
    found = started(events, "CREATE VIEW zoned AS SELECT from_unixtime(at) AS moment FROM events")["Status"]
    assert "Unsupported Hive type" in found["StateChangeReason"]
    assert started(events, "DROP VIEW some")["Status"]["State"] == "SUCCEEDED"
    assert started(events, "SELECT * FROM some")["Status"]["State"] == "FAILED"


def test_partitions_can_be_added(events: AwsEmulator) -> None:
    add = "ALTER TABLE events ADD IF NOT EXISTS PARTITION (ingest_timestamp = '2026-01-01 00:00:00') LOCATION "
    place = f"'s3://{account.BUCKET}/events/2026/01/01/00/'"
    assert started(events, add + place)["Status"]["State"] == "SUCCEEDED"
    rows = connect(events).cursor().execute("SHOW PARTITIONS events").fetchall()
    assert len(rows) == 2


def test_the_cutoff_cancels_and_parameters_belong_in_where(events: AwsEmulator) -> None:
    events.athena.groups.named("us-east-1", "group")["Configuration"]["BytesScannedCutoffPerQuery"] = 10
    found = started(events, "SELECT * FROM events")
    assert (found["Status"]["State"], found["Status"]["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )
    assert found["Statistics"]["DataScannedInBytes"] > 10
    sql = "SELECT event_type FROM events GROUP BY 1 HAVING count(*) > ?"
    with pytest.raises(ClientError, match="WHERE"):
        started(events, sql, ExecutionParameters=["1"])
    with pytest.raises(ClientError, match="Incorrect number"):
        started(events, "SELECT * FROM events WHERE at > ?", ExecutionParameters=["1", "2"])


def test_a_young_result_is_reused_if_that_is_asked_for(events: AwsEmulator) -> None:
    first = started(events, "SELECT 1 AS n")

    def reused(sql: str, minutes: int, *, enabled: bool = True) -> Any:
        age = {"Enabled": enabled, "MaxAgeInMinutes": minutes}
        found = started(events, sql, ResultReuseConfiguration={"ResultReuseByAgeConfiguration": age})
        same = found["ResultConfiguration"]["OutputLocation"] == first["ResultConfiguration"]["OutputLocation"]
        assert found["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is same
        return same

    assert reused("SELECT 1 AS n", 1)
    assert not reused("SELECT 2 AS n", 1)
    assert not reused("SELECT 1 AS n", 1, enabled=False)
    for query in events.athena.queries.values():
        query.completed = time.time() - 120
    assert not reused("SELECT 1 AS n", 1)
    with pytest.raises(ClientError, match="between 0 and 10080"):
        reused("SELECT 1 AS n", 10_081)


def test_a_query_can_be_stopped(events: AwsEmulator) -> None:
    events.athena.slow = 30
    athena = events.client("athena")
    number = athena.start_query_execution(QueryString="SELECT 1", WorkGroup="group")["QueryExecutionId"]
    athena.stop_query_execution(QueryExecutionId=number)
    found = athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]["Status"]
    assert found["State"] == "CANCELLED"
    with pytest.raises(ClientError, match="CANCELLED"):
        athena.get_query_results(QueryExecutionId=number)


def test_results_come_in_pages_with_one_header(events: AwsEmulator) -> None:
    athena = events.client("athena")
    found = started(events, "SELECT at FROM events ORDER BY at")["QueryExecutionId"]
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=found, PaginationConfig={"PageSize": 2})
    sizes = [[one["Data"][0]["VarCharValue"] for one in page["ResultSet"]["Rows"]] for page in pages]
    assert [value for size in sizes for value in size] == ["at", "0", "1", "2"]
    assert max(map(len, sizes)) == 2


def test_a_query_reads_as_who_asks(events: AwsEmulator) -> None:
    keys = events.iam.user("analyst", account.policy(account.allow(["athena:*", "glue:*"], "*")))
    connection = connect(
        events,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    with pytest.raises(pyathena.error.OperationalError, match="s3:ListBucket"):
        connection.cursor().execute("SELECT * FROM events")
