"""Carries a plan out: steps side by side as far as none needs another, one after another in each lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Cloud, Resource, Settings, Step, differences
from due_cli.aws.retry import wait_until
from due_cli.core.progress import Progress

_AT_ONCE = 12
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
Told = Callable[[Step[Cloud]], None]


def execute_aloud(steps: Sequence[Step[Cloud]], aws: Cloud, what: str, progress: Progress) -> None:
    """Does every step of a plan and says of each that it is done."""
    progress.start(what, sum(step.action is not Action.KEEP for step in steps))

    def ended(step: Step[Cloud]) -> None:
        progress.note(f"{_DONE[step.action]} {step.node.resource.kind} {step.node.resource.name}")
        progress.advance(1)

    try:
        execute(steps, aws, ended)
    finally:
        progress.finish()


def execute(steps: Sequence[Step[Cloud]], aws: Cloud, ended: Told[Cloud] | None = None) -> None:
    """Does every step of a plan, and tells of each that has ``ended``.

    After a failure no further step is begun, those under way are waited for, and the first error is raised; where it is
    interrupted, those under way end at their next pause. Running the same command again goes on from there.
    """
    waiting = [step for step in steps if step.action is not Action.KEEP]
    unfinished = {step.node.key for step in waiting}
    before = _before(steps)
    running: dict[Future[None], Step[Cloud]] = {}
    failures: list[BaseException] = []
    with interruptible_pool(_AT_ONCE) as pool:
        while running or (waiting and not failures):
            for step in _ready(waiting, unfinished, before, list(running.values())) if not failures else []:
                waiting.remove(step)
                running[pool.submit(_do, step, aws)] = step
            if waiting and not running and not failures:
                raise ValueError(f"these need each other: {', '.join(step.node.key for step in waiting)}")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                if error := future.exception():
                    failures.append(error)
                else:
                    unfinished.discard(step.node.key)
                    if ended:
                        ended(step)
    if failures:
        raise failures[0]


def _before(steps: Sequence[Step[Cloud]]) -> dict[str, set[str]]:
    """For each step the keys of those that must be done before it: what it needs; for a removal, what needs it."""
    before: dict[str, set[str]] = {step.node.key: set() for step in steps}
    for step in steps:
        for need in step.node.depends_on & before.keys():
            first, then = (step.node.key, need) if step.action is Action.DELETE else (need, step.node.key)
            before[then].add(first)
    return before


def _ready(
    waiting: Sequence[Step[Cloud]], unfinished: set[str], before: dict[str, set[str]], running: list[Step[Cloud]]
) -> list[Step[Cloud]]:
    lanes = {step.node.serial_group for step in running if step.node.serial_group}
    found = []
    for step in waiting:
        if before[step.node.key] & unfinished or step.node.serial_group in lanes:
            continue
        if step.node.serial_group:
            lanes.add(step.node.serial_group)
        found.append(step)
    return found


def _do(step: Step[Cloud], aws: Cloud) -> None:
    resource = step.node.resource
    if step.action is Action.DELETE:
        resource.delete(aws)
        return
    differing = step.differences
    if step.action is Action.CREATE:
        resource.create(aws)
        differing = differences(resource.desired(), _made(resource, aws))
    if differing:
        resource.update(aws, frozenset(difference.setting for difference in differing))


def _made(resource: Resource[Cloud], aws: Cloud) -> Settings:
    """How a resource is that was just made: AWS may not show it at once."""
    found: list[Settings] = []

    def is_there() -> bool:
        there = resource.current(aws)
        found.extend([] if there is None else [there])
        return there is not None

    wait_until(is_there, f"{resource.kind} {resource.name}")
    return found[-1]
