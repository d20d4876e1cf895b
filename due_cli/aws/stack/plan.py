"""The plan of what brings a stack to its desired state, and whose each existing resource is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Cloud, Difference, Node, Settings, Step, differences
from due_cli.aws.tags import STACK_TAG, TAGS

PLAN_COLUMNS = ("action", "what", "name", "differs")
_AT_ONCE = 12
_TAGGED_LATER = ("data bucket",)  # by a call of its own: a setup that was killed in between left it without tags


def planned(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each resource, in order: create it, update what differs, or keep it. Makes reading calls only."""
    steps = []
    for node, current in zip(nodes, _current(nodes, aws), strict=True):
        changes = () if current is None else differences(node.resource.desired(), current)
        existing = Action.UPDATE if changes else Action.KEEP
        steps.append(Step(node, Action.CREATE if current is None else existing, differences=changes))
    return steps


def planned_removal(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Step[Cloud]]:
    """A step for each existing resource, in reverse order: delete it, or keep it if it is not the stack's own."""
    pairs = reversed(list(zip(nodes, _current(nodes, aws), strict=True)))
    existing = [(node, current) for node, current in pairs if current is not None]
    return [Step(node, Action.DELETE if is_own(node, current) else Action.KEEP) for node, current in existing]


def _current(nodes: Sequence[Node[Cloud]], aws: Cloud) -> list[Settings | None]:
    with interruptible_pool(_AT_ONCE) as pool:
        return list(pool.map(lambda node: node.resource.current(aws), nodes))


def is_own(node: Node[Cloud], current: Settings) -> bool:
    """Whether an existing resource is the stack's own."""
    return foreign_owner(node.resource.kind, node.resource.desired(), current) is None


def foreign_owner(kind: str, desired: Settings, current: Settings) -> str | None:
    """Who owns a resource that is not the stack's, by the tag that all of a stack have; None if it is, or has no tags.

    ``current`` may be the part of the settings that differs.
    """
    own, tags = desired.get(TAGS), current.get(TAGS)
    if not isinstance(own, Mapping) or not isinstance(tags, Mapping):
        return None
    owner = tags.get(STACK_TAG)
    if owner == own.get(STACK_TAG) or (owner is None and kind in _TAGGED_LATER):
        return None
    return f"belongs to the stack {owner}" if owner else "was not created by due"


def plan_row(step: Step[Cloud]) -> tuple[str, str, str, str]:
    """A step as a row of a plan."""
    resource = step.node.resource
    return step.action.value, resource.kind, resource.name, "; ".join(map(_difference, step.differences))


def _difference(difference: Difference) -> str:
    before, desired = difference.before, difference.desired
    return f"{difference.setting}: {_only_in(before, desired)} -> {_only_in(desired, before)}"


def _only_in(value: object, other: object) -> object:
    """The parts of a mapping or a list that another one lacks; anything else as it is."""
    parts: object = value
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        pairs = {key: (part, other.get(key)) for key, part in value.items() if other.get(key) != part}
        parts = ", ".join(f"{key}={_only_in(*pair)}" for key, pair in pairs.items())
    elif isinstance(value, list | tuple) and isinstance(other, list | tuple):
        parts = [item for item in value if item not in other]
    return "none" if parts in (None, "", []) else parts
