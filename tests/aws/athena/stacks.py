"""A stack in the emulator's account as far as its questions go: what keeps events and statuses, and the views."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.pipeline.partitions import create_partitions, hour_text
from due_cli.aws.pipeline.status_item import attributes
from due_cli.aws.resources.resource import Node, Step
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import EVENTS, names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack
from due_cli.events.model import Json
from due_cli.events.status import Status, merge, status_of
from due_cli.sql.files import TABLE
from tests.aws_emulator.aws import AwsEmulator
from tests.queries.filing import filed

_PARTS = ("bucket", "database", "table", "workgroup", "status-table", "transform-log", "transform-role", "transform")


def nodes_of(stack: Stack) -> list[Node[Aws]]:
    """The nodes of a stack that queries need."""
    found = desired(stack.names, stack.options, package())
    return [node for node in found if node.key in _PARTS or node.key.startswith("view-")]


def apply_nodes(stack: Stack, kind: str = "") -> list[Step[Aws]]:
    """Plans and executes the nodes, or those of one kind; returns the planned steps."""
    nodes = [node for node in nodes_of(stack) if kind in ("", node.resource.kind)]
    steps = planned(nodes, stack.aws)
    execute(steps, stack.aws)
    return steps


def create_stack(*, views: bool, **chosen: Any) -> Stack:
    """A stack, without events."""
    aws = Aws()
    caller = aws.caller
    names = names_of("due", caller.account, caller.region, caller.partition)
    stack = Stack(aws=aws, names=names, options=Options(**chosen))
    nodes = [node for node in nodes_of(stack) if views or node.resource.kind != "view"]
    execute(planned(nodes, aws), aws)
    return stack


def add_files(emulator: AwsEmulator, stack: Stack, database: Path) -> None:
    """Puts the files of a local database into the stack's bucket, each hour a partition."""
    for file in sorted((database / "events").rglob("*.parquet")):
        store_object(emulator, stack, file.relative_to(database / "events").as_posix(), file.read_bytes())


def store_object(emulator: AwsEmulator, stack: Stack, path: str, content: bytes) -> None:
    """Puts an object below ``events/`` (``2026/11/22/03/a.parquet``), and has its hour be a partition."""
    glue, database = emulator.client("glue"), stack.options.database
    emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=f"{EVENTS}{path}", Body=content)
    storage = glue.get_table(DatabaseName=database, Name=TABLE)["Table"]["StorageDescriptor"]
    hour = hour_text(f"{EVENTS}{path}")
    assert hour is not None
    create_partitions(glue, database, TABLE, stack.names.bucket, [hour], storage)


def store_statuses(emulator: AwsEmulator, stack: Stack, statuses: Iterable[Status], days: int = 36500) -> None:
    """Puts statuses into the status table as the functions do."""
    dynamodb = emulator.client("dynamodb")
    for status in statuses:
        dynamodb.put_item(TableName=stack.names.status_table, Item=attributes(status, days))


def statuses_of(*records: Json) -> dict[str, Status]:
    """The statuses that records give their messages."""
    found: dict[str, Status] = {}
    for event in filed(records):
        status = status_of(event.row)
        if status is not None:
            before = found.get(status.message_id)
            found[status.message_id] = merge(before, status) if before else status
    return found
