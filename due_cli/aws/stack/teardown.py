"""``due teardown`` on AWS: what belongs to a stack is found, shown, and removed; the events stay unless asked.

The transform function goes last but for its role and log: it says what was chosen for the stack, so a teardown that
was cut off finds the rest when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.resources.stream import DeliveryStream
from due_cli.aws.stack import package, senders
from due_cli.aws.stack.deployed import tables_of
from due_cli.aws.stack.desired import TABLE, desired, obsolete
from due_cli.aws.stack.execute import execute_aloud
from due_cli.aws.stack.ownership import not_own
from due_cli.aws.stack.plan import planned_removal
from due_cli.aws.stack.setup import PLAN_COLUMNS, plan_row
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Removal, Table
from due_cli.sql import files

_LAST = frozenset(("transform", "transform-role", "transform-log"))
_CATALOG = ("database", "table", "view")


def removal(stack: Stack, *, delete_data: bool) -> Removal:
    """What would be removed, and the question to ask before."""
    steps = _steps(stack, _others(stack), delete_data=delete_data)
    going = [step for step in steps if step.action is Action.DELETE]
    names = stack.names
    seconds = _drain_seconds(steps)
    waiting = f", after {seconds} seconds for those that are on their way" if seconds else ""
    place = f"account {names.account}, region {names.region}"
    if delete_data:
        place += f"; with all events in {names.bucket}"
    elif _is_there(stack, "bucket"):
        place += f"; the events in {names.bucket} stay{waiting}"
    question = f"Remove these {len(going)} resources of the stack {names.stack} ({place})?"
    return Removal(question, Table(PLAN_COLUMNS, [plan_row(step) for step in going], empty="nothing is left to remove"))


def take_down(stack: Stack, *, delete_data: bool, progress: Progress) -> Done:
    """Removes what is there of a stack and waits until it is gone; says what was left and why."""
    names, others = stack.names, _others(stack)
    unsure: list[str] = []
    steps = _steps(stack, others, unsure.append, delete_data=delete_data)
    left = [*(f"left: {one}" for one in unsure), *_left(stack, others, steps, delete_data=delete_data)]
    if seconds := _drain_seconds(steps):
        progress.note(f"{names.stream} has {seconds} seconds to deliver what it holds; --delete-data does not wait")
    execute_aloud(steps, stack.aws, "Taking down", progress)
    what = (
        f"the stack {names.stack} is gone"
        if any(step.action is Action.DELETE for step in steps)
        else f"nothing was left of the stack {names.stack}"
    )
    return Done([what, *left])


def _steps(
    stack: Stack, others: list[str], note: Callable[[str], None] = lambda _: None, *, delete_data: bool
) -> list[Step[Aws]]:
    aws, names, options = stack.aws, stack.names, stack.options
    nodes = [*desired(names, options, package.package()), *obsolete(names, options)]
    if not delete_data:
        nodes = [_drained(node, aws) for node in nodes if node.key != "bucket"]
    if not _knows_its_database(stack):
        nodes = [node for node in nodes if not node.key.startswith(_CATALOG)]
    elif others:
        nodes = [node for node in nodes if node.key != "database"]
    return planned_removal([_before_the_last(node) for node in (*nodes, *senders.attached(aws, names, note))], aws)


def _drained(node: Node[Aws], aws: Aws) -> Node[Aws]:
    return replace(node, resource=node.resource.drained(aws)) if isinstance(node.resource, DeliveryStream) else node


def _drain_seconds(steps: list[Step[Aws]]) -> int:
    streams = (step.node.resource for step in steps)
    return sum(stream.drain_seconds for stream in streams if isinstance(stream, DeliveryStream))


def _before_the_last(node: Node[Aws]) -> Node[Aws]:
    return node if node.key in _LAST else replace(node, depends_on=node.depends_on | {"transform"})


def _others(stack: Stack) -> list[str]:
    """Tables and views of the database that due did not make; of a database that is not known, none."""
    if not _knows_its_database(stack):
        return []
    own = {TABLE, *files.names("views")}  # a view that Athena has just made is not marked as due's yet
    return [table for table in tables_of(stack.aws, stack.options.database) if table not in own]


def _knows_its_database(stack: Stack) -> bool:
    """Whether the database is the stack's: without its options, that of the default name may be another stack's."""
    if stack.whole:
        return True
    return _is_there(stack, "database")


def _is_there(stack: Stack, key: str) -> bool:
    """Whether a stack has one of its resources."""
    nodes = desired(stack.names, stack.options, package.package())
    resource = next(node.resource for node in nodes if node.key == key)
    found = resource.current(stack.aws)
    return found is not None and not_own(resource.kind, resource.desired(), found) is None


def _left(stack: Stack, others: list[str], steps: list[Step[Aws]], *, delete_data: bool) -> list[str]:
    """A line for each thing that stays, with why."""
    kept = [step.node.resource for step in steps if step.action is Action.KEEP]
    left = [f"left: {one.kind} {one.name}, which is not the stack's by its tags" for one in kept]
    if not delete_data and _is_there(stack, "bucket"):
        left.append(f"left: bucket {stack.names.bucket} (the events; --delete-data deletes them)")
    if others:
        left.append(f"left: database {stack.options.database}, which has tables of yours: {', '.join(others)}")
    return left
