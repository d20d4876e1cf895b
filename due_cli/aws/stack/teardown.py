"""``due teardown`` on AWS: what belongs to a stack is found, shown and deleted; the events stay unless asked.

The transform function is deleted last but for its role and log: it holds the stack's options, so that a teardown that
was interrupted finds the rest when it is run again.
"""

from __future__ import annotations

from dataclasses import replace

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.catalog import CatalogDatabase, CatalogTable
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.resources.stream import DeliveryStream
from due_cli.aws.resources.view import AthenaView, is_own_view
from due_cli.aws.stack import package
from due_cli.aws.stack.config_sets import sender_nodes
from due_cli.aws.stack.desired import desired, obsolete
from due_cli.aws.stack.execute import execute_with_progress
from due_cli.aws.stack.plan import PLAN_COLUMNS, is_own, plan_row, planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.aws.stack.topics import subscription_nodes
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Removal, Table, counted
from due_cli.sql import files

_CATALOG = (CatalogDatabase, CatalogTable, AthenaView)
_TRANSFORM = frozenset(("transform", "transform-role", "transform-log"))


def plan_teardown(stack: Stack, *, delete_data: bool) -> Removal:
    """What is deleted of a stack, the question to ask before, and its execution."""
    aws, names, options = stack.aws, stack.names, stack.options
    nodes = desired(names, options, package.package())
    # Without its options a stack's database has the default name, which may be another stack's.
    has_database = stack.is_complete or _exists(nodes, "database", aws)
    tables = _foreign_tables(aws, options.database) if has_database else []
    notes: list[str] = []
    senders = [*sender_nodes(aws, names, notes.append), *subscription_nodes(aws, names)]
    stays = [*([] if delete_data else ["bucket"]), *(["database"] if tables else [])]
    deleted = [
        _drained(node, aws) if not delete_data else node
        for node in (*nodes, *obsolete(names, options))
        if node.key not in stays and (has_database or not isinstance(node.resource, _CATALOG))
    ]
    steps = planned_removal([_before_transform(node) for node in (*deleted, *senders)], aws)
    keeps_bucket = not delete_data and _exists(nodes, "bucket", aws)

    foreign = [step.node.resource for step in steps if step.action is Action.KEEP]
    kept = [*notes, *(f"{resource.kind} {resource.name}, which is not the stack's by its tags" for resource in foreign)]
    if keeps_bucket:
        kept.append(f"bucket {names.bucket} (the events; --delete-data deletes them)")
    if tables:
        kept.append(f"database {options.database}, which has tables of yours: {', '.join(tables)}")

    def execute(progress: Progress) -> Done:
        return _delete(stack, steps, [f"left: {text}" for text in kept], progress)

    rows = [plan_row(step) for step in steps if step.action is Action.DELETE]
    question = _question(stack, steps, delete_data=delete_data, keeps_bucket=keeps_bucket)
    return Removal(question, execute, Table(PLAN_COLUMNS, rows, empty="nothing to delete"))


def _delete(stack: Stack, steps: list[Step[Aws]], kept: list[str], progress: Progress) -> Done:
    """Delete the resources and wait until they are gone; say what stays, and why."""
    names = stack.names
    if seconds := _drain_seconds(steps):
        progress.note(f"{names.stream} has {seconds} seconds to deliver what it holds; --delete-data does not wait")
    execute_with_progress(steps, stack.aws, "Deleting", progress, with_notes=True)
    is_deleted = any(step.action is Action.DELETE for step in steps)
    return Done([f"Deleted stack {names.stack}" if is_deleted else f"Nothing to delete of stack {names.stack}", *kept])


def _question(stack: Stack, steps: list[Step[Aws]], *, delete_data: bool, keeps_bucket: bool) -> str:
    names, seconds = stack.names, _drain_seconds(steps)
    place = f"account {names.account}, region {names.region}"
    if delete_data:
        place += f"; with all events in {names.bucket}"
    elif keeps_bucket:
        waiting = f", after {seconds} seconds for those that are on their way" if seconds else ""
        place += f"; the events in {names.bucket} stay{waiting}"
    count = sum(step.action is Action.DELETE for step in steps)
    return f"Delete {counted(count, 'resource')} of the stack {names.stack} ({place})?"


def _exists(nodes: list[Node[Aws]], key: str, aws: Aws) -> bool:
    """Whether a resource exists and is the stack's own."""
    node = next(node for node in nodes if node.key == key)
    current = node.resource.current(aws)
    return current is not None and is_own(node, current)


def _drained(node: Node[Aws], aws: Aws) -> Node[Aws]:
    return replace(node, resource=node.resource.drained(aws)) if isinstance(node.resource, DeliveryStream) else node


def _drain_seconds(steps: list[Step[Aws]]) -> int:
    streams = (step.node.resource for step in steps)
    return sum(stream.drain_seconds for stream in streams if isinstance(stream, DeliveryStream))


def _before_transform(node: Node[Aws]) -> Node[Aws]:
    """The node, to be deleted before the transform function."""
    return node if node.key in _TRANSFORM else replace(node, depends_on=node.depends_on | {"transform"})


def _foreign_tables(aws: Aws, database: str) -> list[str]:
    """The tables and views of a database that due did not create; none if there is no such database."""
    own = {files.TABLE, *files.names("views")}  # a view that Athena has just created is not marked as due's yet
    with translate_errors(f"listing the tables of {database}"), ignore_errors("EntityNotFoundException"):
        pages = aws.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        tables = [table for page in pages for table in page["TableList"] if table["Name"] not in own]
        return [table["Name"] for table in tables if not is_own_view(table)]
    return []
