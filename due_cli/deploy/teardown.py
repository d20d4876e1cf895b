"""``due teardown`` on AWS: what belongs to a stack is found, shown, and removed; the events stay unless asked.

The transform function goes last but for its role and log: it says what was chosen for the stack, so a teardown that
was cut off finds the rest when it is run again.
"""

from __future__ import annotations

from dataclasses import replace

from due_cli.aws.clients import Aws
from due_cli.aws.deployed import tables_of
from due_cli.deploy import package, senders
from due_cli.deploy.desired import TABLE, desired
from due_cli.deploy.execute import execute_aloud
from due_cli.deploy.plan import planned_removal
from due_cli.deploy.resource import Node, Step
from due_cli.deploy.setup import PLAN_COLUMNS, plan_row
from due_cli.deploy.stack import Stack
from due_cli.progress import Progress
from due_cli.results import Done, Removal, Table

_LAST = frozenset(("transform", "transform-role", "transform-log"))
_CATALOG = ("database", "table", "view")


def removal(stack: Stack, *, delete_data: bool) -> Removal:
    """What would be removed, and the question to ask before."""
    steps = _steps(stack, _others(stack), delete_data=delete_data)
    names = stack.names
    data = f"with all events in {names.bucket}" if delete_data else f"the events in {names.bucket} stay"
    place = f"account {names.account}, region {names.region}"
    question = f"Remove these {len(steps)} resources of the stack {names.stack} ({place}; {data})?"
    return Removal(question, Table(PLAN_COLUMNS, [plan_row(step) for step in steps], empty="nothing is left to remove"))


def take_down(stack: Stack, *, delete_data: bool, progress: Progress) -> Done:
    """Removes what is there of a stack and waits until it is gone; says what was left and why."""
    names, others = stack.names, _others(stack)
    steps = _steps(stack, others, delete_data=delete_data)
    left = [] if delete_data else _left(stack, others)
    execute_aloud(steps, stack.aws, "Taking down", progress)
    what = f"the stack {names.stack} is gone" if steps else f"nothing was left of the stack {names.stack}"
    return Done([what, *left])


def _steps(stack: Stack, others: list[str], *, delete_data: bool) -> list[Step[Aws]]:
    aws, names, options = stack.aws, stack.names, stack.options
    nodes = desired(names, options, package.package())
    if not delete_data:
        nodes = [node for node in nodes if node.key != "bucket"]
    if not stack.whole:  # its database is not known, and the one of the default name may be another stack's
        nodes = [node for node in nodes if not node.key.startswith(_CATALOG)]
    elif others:
        nodes = [node for node in nodes if node.key != "database"]
    return planned_removal([_before_the_last(node) for node in (*nodes, *senders.attached(aws, names))], aws)


def _before_the_last(node: Node[Aws]) -> Node[Aws]:
    return node if node.key in _LAST else replace(node, needs=node.needs | {"transform"})


def _others(stack: Stack) -> list[str]:
    """Tables of the database that due did not make; of a database that is not known, none."""
    if not stack.whole:
        return []
    return [table for table in tables_of(stack.aws, stack.options.database) if table != TABLE]


def _left(stack: Stack, others: list[str]) -> list[str]:
    tables = [f"left: database {stack.options.database}, which has tables of yours: {', '.join(others)}"]
    return [f"left: bucket {stack.names.bucket} (the events; --delete-data deletes them)", *(tables if others else [])]
