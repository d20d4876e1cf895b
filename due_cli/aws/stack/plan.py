"""What has to be done so that a stack is as it should be: each resource compared with what is found."""

from __future__ import annotations

from collections.abc import Sequence

from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Cloud, Node, Settings, Step, differences
from due_cli.aws.stack.ownership import not_own

_AT_ONCE = 12


def planned(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each resource, in order: created, updated with what differs, or kept. Only reading calls are made."""
    return _looked_at(nodes, aws, gone=False)


def planned_removal(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each resource that is there, what needs others first; what is not the stack's is kept."""
    return _looked_at(nodes, aws, gone=True)


def _looked_at(nodes: Sequence[Node[Cloud]], aws: Cloud, *, gone: bool) -> list[Step[Cloud]]:
    with interruptible_pool(_AT_ONCE) as pool:
        found = list(pool.map(lambda node: node.resource.current(aws), nodes))
    if gone:
        pairs = reversed(list(zip(nodes, found, strict=True)))
        return [_removal(node, settings) for node, settings in pairs if settings is not None]
    steps = []
    for node, settings in zip(nodes, found, strict=True):
        if settings is None:
            steps.append(Step(node, Action.CREATE))
            continue
        differing = differences(node.resource.desired(), settings)
        steps.append(Step(node, Action.UPDATE if differing else Action.KEEP, differing))
    return steps


def _removal(node: Node[Cloud], found: Settings) -> Step[Cloud]:
    is_anothers = not_own(node.resource.kind, node.resource.desired(), found) is not None
    return Step(node, Action.KEEP if is_anothers else Action.DELETE)
