"""Executes a plan: steps in parallel unless one depends on another or shares its serial group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Cloud, Resource, Settings, Step, differences
from due_cli.aws.retry import wait_until
from due_cli.core.progress import Progress

_AT_ONCE = 12
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
StepListener = Callable[[Step[Cloud]], None]


def execute_with_progress(
    steps: Sequence[Step[Cloud]], aws: Cloud, title: str, progress: Progress, *, with_notes: bool = False
) -> None:
    """Execute every step of a plan and show the progress; with ``with_notes`` note each step that is done."""
    progress.start(title, sum(step.action is not Action.KEEP for step in steps))

    def on_end(step: Step[Cloud]) -> None:
        if with_notes:
            progress.note(f"{_DONE[step.action]} {step.node.resource.kind} {step.node.resource.name}")
        progress.advance(1)

    try:
        execute(steps, aws, on_end)
    finally:
        progress.finish()


def execute(steps: Sequence[Step[Cloud]], aws: Cloud, on_end: StepListener[Cloud] | None = None) -> None:
    """Execute every step of a plan, and call ``on_end`` after each.

    After a failure no further step is started, running ones are waited for, and the first error is raised; after an
    interrupt, running steps end at their next pause. The same command, run again, continues from there.
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
                running[pool.submit(_execute, step, aws)] = step
            if waiting and not running and not failures:
                raise ValueError(f"these depend on each other: {', '.join(step.node.key for step in waiting)}")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                if error := future.exception():
                    failures.append(error)
                else:
                    unfinished.discard(step.node.key)
                    if on_end:
                        on_end(step)
    if failures:
        raise failures[0]


def _before(steps: Sequence[Step[Cloud]]) -> dict[str, set[str]]:
    """The keys of the steps that must be done before each: its dependencies, or for a removal its dependents."""
    before: dict[str, set[str]] = {step.node.key: set() for step in steps}
    for step in steps:
        for dependency in step.node.depends_on & before.keys():
            is_delete = step.action is Action.DELETE
            first, then = (step.node.key, dependency) if is_delete else (dependency, step.node.key)
            before[then].add(first)
    return before


def _ready(
    waiting: Sequence[Step[Cloud]], unfinished: set[str], before: dict[str, set[str]], running: list[Step[Cloud]]
) -> list[Step[Cloud]]:
    busy_groups = {step.node.serial_group for step in running if step.node.serial_group}
    ready = []
    for step in waiting:
        if before[step.node.key] & unfinished or step.node.serial_group in busy_groups:
            continue
        if step.node.serial_group:
            busy_groups.add(step.node.serial_group)
        ready.append(step)
    return ready


def _execute(step: Step[Cloud], aws: Cloud) -> None:
    resource = step.node.resource
    if step.action is Action.DELETE:
        resource.delete(aws)
        return
    changes = step.differences
    if step.action is Action.CREATE:
        resource.create(aws)
        changes = differences(resource.desired(), _created(resource, aws))
    if changes:
        resource.update(aws, frozenset(change.setting for change in changes))


def _created(resource: Resource[Cloud], aws: Cloud) -> Settings:
    """The settings of a resource that was just created: AWS may not show it at once."""
    settings: list[Settings] = []

    def exists() -> bool:
        current = resource.current(aws)
        settings.extend([] if current is None else [current])
        return current is not None

    wait_until(exists, f"{resource.kind} {resource.name}")
    return settings[-1]
