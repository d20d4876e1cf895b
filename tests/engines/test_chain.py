"""The whole chain: records go through what ``due setup`` made to S3 and Glue, and Trino answers from there."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from due_cli.events.model import Json
from due_cli.sql import files
from due_cli.sql.files import TABLE
from tests.aws import doctor_env
from tests.aws.doctor_env import DoctorEnv, Expected
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.engine import Catalog
from tests.aws_emulator.fixture import started
from tests.commands import Due
from tests.engines import dataset, servers
from tests.engines.chain import Trino
from tests.local.processes import ended, wait_until
from tests.local.processes import started as begun
from tests.queries.filing import filed, ingested
from tests.queries.hand import Hand
from tests.queries.scenes import HAND
from tests.scenarios.commands import Commands, Ended

CASES = tuple({case.report: case for case in HAND}.values())  # one of each report
_A_CALL = 500  # records that PutRecordBatch takes
_HOUR = 3_600_000
_PUT = "event_type <> 'purchase'"  # what is not the event that the doctor stack delivers


@dataclass(frozen=True)
class Chain:
    """A stack with records in it, Trino behind its Athena, and a local database with the same records."""

    commands: Commands
    trino: Trino
    doctor_stack: DoctorEnv
    database: Path

    @property
    def emulator(self) -> AwsEmulator:
        """The account."""
        return self.commands.emulator

    def typed(self, *words: str) -> Ended:
        """A command of due's that must succeed, as a process."""
        ran = self.commands.due(*words, DUE_STACK="due")
        assert ran.code == 0, (words, ran)
        return ran

    def rows(self, *words: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.typed(*words, "-o", "json").out)

    def answer(self, sql: str) -> Any:
        """What ``due query`` answers."""
        return self.rows("query", sql)

    @property
    def local(self) -> tuple[str, str]:
        """The option that asks the local database."""
        return ("--local", str(self.database))

    @property
    def table(self) -> dict[str, str]:
        """The table as Glue's calls name it."""
        return {"DatabaseName": self.doctor_stack.stack.options.database, "TableName": TABLE}

    def count(self) -> int:
        """How many events the table has, as Trino finds them."""
        return int(self.in_trino(f"SELECT COUNT(*) FROM {TABLE}")[0][0])

    def busiest_hour(self) -> tuple[str, int]:
        """The hour with most events, and their number."""
        sql = f"SELECT CAST(ingest_timestamp AS varchar), COUNT(*) FROM {TABLE} GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        ((hour, rows),) = self.in_trino(sql)
        return str(hour).removesuffix(".000"), int(rows)

    def in_trino(self, sql: str) -> Sequence[Sequence[Any]]:
        """The rows of a statement by the engine alone."""
        glue, s3 = self.emulator.client("glue"), self.emulator.client("s3")
        return self.trino.execute(sql, Catalog(glue, s3, self.doctor_stack.stack.options.database)).rows

    def in_athena(self, sql: str) -> None:
        """What somebody types in the console."""
        athena = self.emulator.client("athena")
        context = {"Database": self.doctor_stack.stack.options.database}
        number = athena.start_query_execution(QueryString=sql, WorkGroup="due", QueryExecutionContext=context)
        query = self.emulator.athena.queries[number["QueryExecutionId"]]
        wait_until(lambda: query.completed is not None, "the end of the statement")
        assert query.state == "SUCCEEDED", query.reason

    def changed(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes a table or view in Glue as somebody by hand."""
        glue, database = self.emulator.client("glue"), self.doctor_stack.stack.options.database
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        kept = "Name Owner TableType Parameters PartitionKeys StorageDescriptor ViewOriginalText ViewExpandedText"
        given = {key: table[key] for key in kept.split() if key in table}
        change(given)
        glue.update_table(DatabaseName=database, TableInput=given)

    def place(self, hour: str) -> str:
        """Where the objects of an hour lie."""
        return f"s3://{self.doctor_stack.stack.names.bucket}/events/{datetime.fromisoformat(hour):%Y/%m/%d/%H}/"

    def add_partition(self, value: str, place: str) -> None:
        """A partition as somebody by hand makes it."""
        storage = self.emulator.client("glue").get_table(DatabaseName=self.table["DatabaseName"], Name=TABLE)["Table"]
        given = {"Values": [value], "StorageDescriptor": {**storage["StorageDescriptor"], "Location": place}}
        self.emulator.client("glue").create_partition(**self.table, PartitionInput=given)

    def states(self, sql: str) -> set[str]:
        """What became of a statement in Trino."""
        text = sql.replace("'", "''")
        return {
            str(state) for (state,) in self.in_trino(f"SELECT state FROM system.runtime.queries WHERE query = '{text}'")
        }


@pytest.fixture(scope="module")
def chain(server: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Set up by ``due setup``; each record arrives at the stream when it says that it did."""
    counted = [record for case in CASES for record in case.records]
    records = [*counted, *_once_each(dataset.samples()), *dataset.custom_events()]
    database = ingested(tmp_path_factory.mktemp("local"), records, by_hour=True)
    with started(DUE_STACK="due") as emulator:
        emulator.athena.engine = trino = Trino(server, emulator)
        context = multiprocessing.get_context("forkserver")
        commands = Commands(emulator, tmp_path_factory.mktemp("home"), context)
        ran = commands.due("setup", "--yes", "--no-pinpoint")
        assert ran.code == 0, ran.err
        for view in files.names("views"):
            assert any(f"VIEW {view} " in sql for sql in trino.asked)
        _put(emulator, records)
        stack = doctor_env.made(emulator)
        assert emulator.functions.logs("due-transform")
        yield Chain(commands, trino, stack, database)


def _once_each(records: list[Json]) -> Iterator[Json]:
    """Without those of an event that came before, in another wrapper: a folder keeps the first, S3 all of them."""
    seen: set[str] = set()
    for record in records:
        ids = {row.row["event_id"] for row in filed([record])}
        if not ids & seen:
            yield record
        seen |= ids


def _put(emulator: AwsEmulator, records: list[Json]) -> None:
    """Through the stream, hour by hour."""
    firehose = emulator.client("firehose")
    arrivals = sorted(((_arrival(record), record) for record in records), key=lambda pair: pair[0])
    hour = arrivals[0][0] // _HOUR
    for arrival, record in arrivals:
        if arrival // _HOUR != hour:
            emulator.flush()
            hour = arrival // _HOUR
        emulator.clock.set(arrival / 1000)
        data = (json.dumps(record) + "\n").encode()
        answer = firehose.put_record_batch(DeliveryStreamName="due-events", Records=[{"Data": data}])
        assert answer["FailedPutCount"] == 0
    emulator.flush()
    emulator.clock.set(None)


def _arrival(record: Json) -> int:
    """When it arrived by its own account; what says nothing of it arrived when it happened."""
    rows = filed([record])
    return int(rows[0].row["arrival_timestamp"]) if rows else 0


def once(rows: list[Any]) -> list[Any]:
    """Rows without those that were delivered twice, which S3 keeps and a folder does not."""
    return list({json.dumps(row): row for row in rows}.values())


# What came through


def test_every_row_is_what_ingest_makes_of_it(chain: Chain, due: Due) -> None:
    """To the last column, whatever service it came from."""
    sql = f"SELECT * FROM {TABLE} WHERE {_PUT} ORDER BY event_id, event_type"
    ours = due.rows("query", sql, *chain.local)
    assert len(ours) > 100
    in_hive = json.loads(json.dumps(ours).replace("unsubscribeLinkTag", "unsubscribelinktag"))  # which has no capitals
    assert once(chain.answer(sql)) == in_hive


@pytest.mark.parametrize("view", files.names("views"))
def test_every_view_shows_the_same(chain: Chain, due: Due, view: str) -> None:
    sql = f"SELECT * FROM {view} ORDER BY event_id"
    ours = due.rows("query", sql, *chain.local)
    assert ours
    assert once(due.rows("query", sql)) == once(ours)


# What is asked


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_report_as_a_process(chain: Chain, due: Due, case: Hand) -> None:
    found = chain.rows(*case.words)
    assert found == due.rows(*case.words, *chain.local) == case.rows
    assert chain.trino.asked[-1].strip() == chain.typed(*case.words, "--sql").out.strip()


def test_all_reports_are_among_them() -> None:
    assert {case.report for case in CASES} == set(files.names("reports"))


def test_a_view_of_ones_own(chain: Chain, due: Due) -> None:
    own = ("--attribute", "item", "--attribute", "Currency", "--metric", "pieces", "--metric", "Amount")
    create = ("view", "create", "purchases", "--event-type", dataset.CUSTOM_TYPE, *own)
    sql = "SELECT * FROM purchases ORDER BY item"
    chain.typed(*create)
    due(*create, *chain.local).done()
    assert chain.answer(sql) == due.rows("query", sql, *chain.local)
    assert len(chain.answer(sql)) == len(dataset.custom_events())
    assert "purchases" in [row["view"] for row in chain.rows("view", "list")]
    shown = chain.typed("view", "show", "purchases").out
    assert shown.startswith("CREATE OR REPLACE VIEW purchases AS")
    chain.doctor_stack.assert_healthy()
    chain.typed("view", "drop", "purchases")
    due("view", "drop", "purchases", *chain.local).done()


def test_a_status_that_has_expired_is_computed_from_the_events(chain: Chain, due: Due) -> None:
    """The table still holds the items of these messages, which are older than it keeps any."""
    old = "SELECT message_id FROM email_send GROUP BY message_id ORDER BY MAX(occurred_at) LIMIT 3"
    ids = [row["message_id"] for row in due.rows("query", old)]
    items = chain.rows("status", *ids, "--everywhere")
    assert {item.pop("from") for item in items} == {"events"}
    ours = due("status", *ids, *chain.local, "-o", "json").done().json
    assert items == [{key: value for key, value in item.items() if key != "from"} for item in ours]


def test_setup_again_changes_nothing(chain: Chain) -> None:
    chain.emulator.journal.clear()
    chain.typed("setup", "--yes", "--no-pinpoint")
    assert chain.emulator.journal.mutating == []


def test_all_is_well(chain: Chain) -> None:
    found = {check["check"]: check for check in chain.rows("doctor")}
    assert {check["outcome"] for check in found.values()} == {"ok"}
    assert found["views"]["found"].startswith(f"{len(files.names('views'))} views, ")
    assert found["report"]["found"].startswith("bounce-rate runs")


# What doctor names, and what the engine makes of it


def test_views_that_are_gone_or_are_others(chain: Chain, due: Due) -> None:
    glue, database = chain.emulator.client("glue"), chain.doctor_stack.stack.options.database
    glue.delete_table(DatabaseName=database, Name="email_open")
    due("query", "SELECT COUNT(*) FROM email_open").failed(6)
    other = f"CREATE OR REPLACE VIEW email_send AS SELECT event_type AS subject FROM {TABLE}"
    chain.in_athena(other)
    chain.changed("sms_optout", lambda view: view["StorageDescriptor"]["Columns"].pop(1))
    checks = chain.doctor_stack.assert_problems(
        Expected("views", "the view email_open is missing", "due setup"),
        Expected("views", "the view email_send is not as this version makes it: changed by hand", "due setup"),
        Expected("views", "the view sms_optout has other columns .*: no arrival_timestamp", "aws glue delete-table"),
    )
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()
    assert due.rows("query", "SELECT COUNT(*) > 0 AS some FROM email_open") == [{"some": True}]


def test_a_table_that_lacks_a_column_or_has_it_otherwise(chain: Chain, due: Due) -> None:
    def other(table: dict[str, Any]) -> None:
        columns = table["StorageDescriptor"]["Columns"]
        columns[:] = [
            {**one, "Type": "string"} if one["Name"] == "occurred_at" else one
            for one in columns
            if one["Name"] != "facets"
        ]

    chain.changed(TABLE, other)
    text = f"table {TABLE} is not .*: without 1 column facets; occurred_at is string, not bigint"
    checks = chain.doctor_stack.assert_problems(
        Expected("resources", text, "due setup"),
        Expected("report", "bounce-rate fails: COLUMN_NOT_FOUND: line .*facets", "due setup"),
    )
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()


def test_an_hour_without_a_partition(chain: Chain, due: Due) -> None:
    before = chain.count()
    hour, rows = chain.busiest_hour()
    glue = chain.emulator.client("glue")
    glue.delete_partition(**chain.table, PartitionValues=[hour])
    assert chain.count() == before - rows
    checks = chain.doctor_stack.assert_problems(
        Expected("partitions", f"without a partition: {hour}", "due doctor --repair")
    )
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()
    assert chain.count() == before


def test_a_partition_function_that_may_not(chain: Chain, due: Due) -> None:
    emulator, names = chain.emulator, chain.doctor_stack.stack.names
    before = chain.count()
    iam, role = emulator.client("iam"), names.role("partition")
    document = iam.get_role_policy(RoleName=role, PolicyName="due")["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != "glue:BatchCreatePartition"]
    iam.put_role_policy(RoleName=role, PolicyName="due", PolicyDocument=json.dumps(document))
    emulator.clock.advance(-2 * 3600)
    doctor_env.deliver(emulator, chain.doctor_stack.stack)
    emulator.clock.advance(2 * 3600)
    assert chain.count() == before
    checks = chain.doctor_stack.assert_problems(
        Expected("roles", "due-partition-us-east-1 lacks glue:BatchCreatePartition", "due setup"),
        Expected("functions", "due-partition failed", "due setup"),
        Expected("partitions", "1 hour with events, but without a partition", "due doctor --repair"),
        Expected("failed records", "the partition function gave up on 1 event", "due failed replay", "warning"),
    )
    logs, group = emulator.client("logs"), names.log_group("partition")
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:  # else it is named for a day
        logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()
    assert chain.count() == before + 1


def test_an_hour_that_is_two_partitions(chain: Chain, due: Due) -> None:
    before = chain.count()
    hour, rows = chain.busiest_hour()
    chain.add_partition(f"{hour}.0", chain.place(hour))
    assert chain.count() == before + rows, "its events count twice"
    checks = chain.doctor_stack.assert_problems(
        Expected("partitions", f"the hour {hour} is two partitions", "aws glue delete")
    )
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()
    assert chain.count() == before


def test_a_partition_of_another_hours_files(chain: Chain, due: Due) -> None:
    before = chain.count()
    hour, rows = chain.busiest_hour()
    other = hour.replace(hour[:4], "2019", 1)
    chain.emulator.client("glue").delete_partition(**chain.table, PartitionValues=[hour])
    chain.add_partition(hour, chain.place(other))
    assert chain.count() == before - rows
    checks = chain.doctor_stack.assert_problems(
        Expected("partitions", f"partition {hour} points to", "due doctor --rep")
    )
    chain.doctor_stack.fix(due, checks)
    chain.doctor_stack.assert_healthy()
    assert chain.count() == before


def test_a_partition_that_is_no_hour(chain: Chain, due: Due) -> None:
    chain.add_partition("yesterday", chain.place("2019-01-01 00:00:00"))
    checks = chain.doctor_stack.assert_problems(
        Expected("partitions", "partition 'yesterday' is no hour, and queries fail on it", "aws glue delete-partition"),
        Expected("report", "bounce-rate fails: .*yesterday"),
    )
    chain.doctor_stack.fix(due, checks[:1])
    chain.doctor_stack.assert_healthy()


def test_an_object_that_is_no_parquet(chain: Chain, due: Due) -> None:
    ((last,),) = chain.in_trino(f"SELECT CAST(MAX(ingest_timestamp) AS varchar) FROM {TABLE}")
    hour = str(last)
    bucket, _, prefix = chain.place(hour).removeprefix("s3://").partition("/")
    s3 = chain.emulator.client("s3")
    s3.put_object(Bucket=bucket, Key=f"{prefix}notes.txt", Body=b"not a table at all" * 10)
    chain.doctor_stack.assert_problems(
        Expected("report", "bounce-rate fails: HIVE_.*notes.txt"),
        Expected("other files", "queries fail on .*notes.txt: it is no Parquet file"),
    )
    s3.delete_object(Bucket=bucket, Key=f"{prefix}notes.txt")
    chain.doctor_stack.assert_healthy()


# How a query ends


def test_a_query_that_is_interrupted_ends_in_trino(chain: Chain) -> None:
    endless = f"SELECT COUNT(*) AS n FROM {TABLE} a, {TABLE} b, {TABLE} c, {TABLE} d WHERE a.event_id < d.event_id"
    with begun("query", endless) as asking:
        wait_until(lambda: "RUNNING" in chain.states(endless), "the query in Trino")
        asking.send_signal(signal.SIGINT)
        assert ended(asking).code == 130
    wait_until(lambda: chain.states(endless) == {"FAILED"}, "its end in Trino")
