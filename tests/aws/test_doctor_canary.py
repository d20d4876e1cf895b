"""``--send-test``: the marked record followed to its row, and named where it stays at each hop."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.doctor import canary
from due_cli.aws.doctor.canary import WallClock
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack, names_in
from due_cli.core.progress import Silent
from due_cli.core.results import Check
from due_cli.events import rows_of, status_of
from due_cli.sql import files
from due_cli.sql.files import TABLE
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.commands import process
from tests.sampling import sampled

_LEFT_OUT = ("view-", "alarm-", "metric-", "api", "status-api", "ses-role", "sms-role", "sns-role")
_BUFFER_SECONDS = 60


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """What takes events to the table, and what asks for them."""
    aws = Aws()
    stack = Stack(aws=aws, names=names_in(aws, "due"), options=Options(buffer_seconds=_BUFFER_SECONDS))
    nodes = [node for node in desired(stack.names, stack.options, package()) if not node.key.startswith(_LEFT_OUT)]
    execute(planned(nodes, aws), aws)
    return stack


class Time:
    """Seconds that pass when somebody sleeps, and what happens meanwhile."""

    def __init__(self, happens: Callable[[float], object] = lambda _: None) -> None:
        self.now, self._happens = 0.0, happens

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._happens(self.now)


def sent(stack: Stack, happens: Callable[[float], object]) -> dict[str, Check]:
    """The checks of the record's way, while something happens as time passes."""
    time = Time(happens)
    return {check.check: check for check in canary.send(stack, Silent(), WallClock(lambda: time.now, time.sleep))}


@contextmanager
def delivering(emulator: AwsEmulator) -> Iterator[Callable[[float], object]]:
    """A stream that delivers once its buffer's time is over."""
    yield lambda now: emulator.flush() if now >= _BUFFER_SECONDS else None


def test_the_record_arrives(emulator: AwsEmulator, stack: Stack) -> None:
    """The failure of another record, which arrives meanwhile, is not its own."""
    other = {"errorCode": "x", "rawData": base64.b64encode(b'{"event_type": "_test.due"}').decode()}
    hour = datetime.fromtimestamp(emulator.clock.now(), UTC)

    def happens(now: float) -> None:
        key = f"errors/processing-failed/{hour:%Y/%m/%d/%H}/other-{now}"
        emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=key, Body=json.dumps(other).encode())
        if now >= _BUFFER_SECONDS:
            emulator.flush()

    checks = sent(stack, happens)
    assert {name: check.outcome for name, check in checks.items()} == dict.fromkeys(
        (canary.ACCEPTED, canary.STORED, canary.PARTITIONED, canary.QUERIED), "ok"
    )
    assert "is a partition (20" in checks[canary.PARTITIONED].found
    assert "Athena finds it in all_events" in checks[canary.QUERIED].found
    [query] = emulator.athena.queries.values()
    assert query.result is not None
    assert query.result.rows[0][0] in checks[canary.QUERIED].found


def test_it_waits_for_its_own_row_and_not_for_any(emulator: AwsEmulator, stack: Stack) -> None:
    """Events of others arrive first; Athena is asked again only when there is more to find."""
    other = {"event_type": "purchase", "event_timestamp": int(emulator.clock.now() * 1000)}
    held: list[object] = []

    def happens(now: float) -> None:
        if not held:
            where = next(iter(emulator.firehose._buffers))
            held.append(emulator.firehose._buffers.pop(where))
            emulator.firehose.put(stack.names.stream, other)
            emulator.flush()
        if now >= 2 * _BUFFER_SECONDS and len(held) == 1:
            where = next(iter(emulator.firehose._buffers))
            emulator.firehose._buffers[where] += held[0]  # type: ignore[arg-type]
            held.append(None)
            emulator.flush()

    checks = sent(stack, happens)
    assert checks[canary.QUERIED].outcome == "ok"
    assert len(emulator.athena.queries) == 2


def test_the_stream_does_not_take_it(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.client("firehose").delete_delivery_stream(DeliveryStreamName=stack.names.stream)
    with delivering(emulator) as happens:
        checks = sent(stack, happens)
    assert list(checks) == [canary.ACCEPTED]
    assert checks[canary.ACCEPTED].outcome == "problem"
    assert "due-events" in checks[canary.ACCEPTED].found


def test_nothing_is_delivered(emulator: AwsEmulator, stack: Stack) -> None:
    checks = sent(stack, lambda _: None)
    assert list(checks) == [canary.ACCEPTED, canary.STORED]
    stuck = checks[canary.STORED]
    assert (stuck.outcome, stuck.fix) == ("problem", "due doctor")
    assert "no object arrived under s3://due-events-123456789012-us-east-1/events/, after 30" in stuck.found


@pytest.mark.parametrize("kind", sampled(["processing-failed", "format-conversion-failed"], 1))
def test_it_fails_on_the_way(emulator: AwsEmulator, stack: Stack, kind: str) -> None:
    """What Firehose keeps of it under errors/ says why; another record there is not it."""
    names = stack.names
    if kind == "processing-failed":
        function = names.function("transform")
        emulator.client("lambda").update_function_code(FunctionName=function, ZipFile=b"not a zip")
        change_right(emulator, names.role("stream"), "lambda:InvokeFunction")
    else:
        glue = emulator.client("glue")
        table = glue.get_table(DatabaseName=stack.options.database, Name=TABLE)["Table"]
        given = {key: table[key] for key in ("Name", "TableType", "PartitionKeys", "StorageDescriptor")}
        for column in given["StorageDescriptor"]["Columns"]:
            if column["Name"] == "event_type":
                column["Type"] = "int"
        glue.update_table(DatabaseName=stack.options.database, TableInput=given)
    with delivering(emulator) as happens:
        checks = sent(stack, happens)
    stuck = checks[canary.STORED]
    assert (stuck.outcome, stuck.fix) == ("problem", "due failed list")
    assert f"(errors/{kind}/" in stuck.found
    code = {"processing-failed": "Lambda.InvokeAccessDenied", "format-conversion-failed": "DataFormatConversion"}
    assert code[kind] in stuck.found


def change_right(emulator: AwsEmulator, role: str, without: str) -> None:
    iam = emulator.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName="due")["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without] or ["s3:ListBucket"]
    iam.put_role_policy(RoleName=role, PolicyName="due", PolicyDocument=json.dumps(document))


def test_the_hour_does_not_become_a_partition(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.client("s3").put_bucket_notification_configuration(Bucket=stack.names.bucket, NotificationConfiguration={})
    with delivering(emulator) as happens:
        checks = sent(stack, happens)
    assert list(checks) == [canary.ACCEPTED, canary.STORED, canary.PARTITIONED]
    stuck = checks[canary.PARTITIONED]
    assert stuck.outcome == "problem"
    assert stuck.fix == "aws logs tail /aws/lambda/due-partition --since 1h --region us-east-1"


def test_athena_does_not_find_it(emulator: AwsEmulator, stack: Stack) -> None:
    """Its hour is a partition already, of files elsewhere."""
    emulator.client("s3").put_object(Bucket=stack.names.bucket, Key="elsewhere/none", Body=b"")

    def wrong(call: Call) -> None:
        hour = emulator.clock.now() // 3600 * 3600
        for each in (hour - 3600, hour, hour + 3600):
            add_elsewhere(emulator, stack, each)

    emulator.faults.hook(wrong, name="firehose:PutRecord")
    with delivering(emulator) as happens:
        checks = sent(stack, happens)
    assert checks[canary.PARTITIONED].outcome == "ok"
    assert checks[canary.QUERIED].outcome == "problem"
    assert "Athena does not find the record in it" in checks[canary.QUERIED].found


def add_elsewhere(emulator: AwsEmulator, stack: Stack, moment: float) -> None:
    value = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H}:00:00"
    glue, database = emulator.client("glue"), stack.options.database
    descriptor = glue.get_table(DatabaseName=database, Name=TABLE)["Table"]["StorageDescriptor"]
    storage = {**descriptor, "Location": f"s3://{stack.names.bucket}/elsewhere/"}
    given = {"Values": [value], "StorageDescriptor": storage}
    glue.create_partition(DatabaseName=database, TableName=TABLE, PartitionInput=given)


def test_a_call_that_is_denied_is_named(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.deny("glue:GetPartition")
    with delivering(emulator) as happens:
        checks = sent(stack, happens)
    assert checks[canary.PARTITIONED].outcome == "problem"
    assert "glue:GetPartition" in checks[canary.PARTITIONED].found


@pytest.mark.slow
def test_doctor_sends_it_where_asked(emulator: AwsEmulator, stack: Stack) -> None:
    """The command: after the other checks, in real time, with a line on standard error while it waits."""
    emulator.faults.hook(lambda _: threading.Timer(0.2, emulator.flush).start(), name="firehose:PutRecord")
    ran = process("doctor", "--send-test", "-o", "json", environment={"DUE_STACK": "due"}).failed(7)
    tests = [check for check in ran.json if check["check"].startswith("test: ")]
    assert [check["outcome"] for check in tests] == ["ok"] * 4
    assert ran.json[-4:] == tests
    assert "the stream accepted the test record" in ran.err
    assert not emulator.journal.of("glue:BatchCreatePartition")  # --repair was not asked for


def test_the_record_is_of_no_view_report_or_status() -> None:
    record = canary.new_record(datetime.now(UTC))
    [row] = rows_of(json.loads(record.data)).rows
    assert (row["event_type"], row["event_id"]) == (canary.TYPE, record.event_id)
    assert status_of(row) is None
    statements = [files.query(kind, name).sql for kind in ("views", "reports") for name in files.names(kind)]
    assert not [sql for sql in statements if "_test" in sql]
    assert canary.new_record(datetime.now(UTC)).event_id != record.event_id
