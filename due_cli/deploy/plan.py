"""What has to be done so that a stack is as it should be: each resource compared with what is found."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from due_cli.deploy.resource import Action, Cloud, Node, Step, differences

_AT_ONCE = 12


def planned(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each resource, in order: created, updated with what differs, or kept. Only reading calls are made."""
    return _looked_at(nodes, aws, gone=False)


def planned_removal(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each resource that is there, what needs others first."""
    return _looked_at(nodes, aws, gone=True)


def _looked_at(nodes: Sequence[Node[Cloud]], aws: Cloud, *, gone: bool) -> list[Step[Cloud]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda node: node.resource.found(aws), nodes))
    if gone:
        there = [node for node, settings in zip(nodes, found, strict=True) if settings is not None]
        return [Step(node, Action.DELETE) for node in reversed(there)]
    steps = []
    for node, settings in zip(nodes, found, strict=True):
        if settings is None:
            steps.append(Step(node, Action.CREATE))
            continue
        differing = differences(node.resource.wanted(), settings)
        steps.append(Step(node, Action.UPDATE if differing else Action.KEEP, differing))
    return steps
