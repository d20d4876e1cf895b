"""``due doctor`` on AWS: checks of every hop from what sends its events here to the last partition, and of the answers.

Each problem comes with the command that fixes it. A check that fails is a problem of its own and stops no other.
"""

from __future__ import annotations

from concurrent.futures import as_completed

from due_cli.aws.doctor import (
    canary,
    files,
    functions,
    messages,
    partitions,
    report,
    resources,
    senders,
    sms_senders,
    stream,
    views,
)
from due_cli.aws.doctor.context import CheckFunction, DoctorContext, not_checked, run_check
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services import pinpoint
from due_cli.aws.services.pinpoint import AppDetails, NoPinpointError
from due_cli.aws.stack import package
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.projects import role as pinpoint_role
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Check, Checks

_AT_ONCE = 8
# Every check, by the name of its results, in the order of an event's way. Those of a group run one after another, the
# groups concurrently.
_GROUPS: tuple[dict[str, CheckFunction], ...] = (
    {"resources": resources.resources},
    {"roles": resources.roles},
    # SES accepts one call a second, and the identities are compared with the sets.
    {"Pinpoint": senders.projects, "configuration sets": senders.config_sets, "identities": senders.identities},
    {
        "SMS configuration sets": sms_senders.config_sets,
        "topics": sms_senders.topics,
        "SMS senders": sms_senders.origins,
    },
    {"delivery stream": stream.stream},
    {"deliveries": stream.deliveries},
    {"functions": functions.functions},
    {"failed records": stream.failed_records},
    {"partitions": partitions.partitions, "other files": files.other_files},
    {"Lake Formation": report.lake_formation},
    {"views": views.views},
    {"report": report.report},
    {"status table": messages.status_table},
    {"status API": messages.status_api},
    {"alarms": resources.alarms},
)
# Ctrl-C is raised in the main thread alone, where it stops the query in Athena.
_IN_MAIN_THREAD = "report"


def examine(
    stack: Stack, progress: Progress, *, repair: bool, send_test: bool, accept_loss: list[str] | None = None
) -> Checks:
    """The results of every check; with ``repair`` after adding and relocating partitions.

    ``accept_loss`` are the hours whose loss is accepted before that.

    With ``send_test`` a test record is put to the stream and followed to the table, which takes as long as the
    stream's buffer.
    """
    accepted = partitions.accept_losses(stack, accept_loss) if accept_loss else []
    repaired = [Check("repair", "ok", action) for action in accepted] + (_repair(stack) if repair else [])
    progress.start("Checking", len(_GROUPS) + 1)
    try:
        results = _run_groups(_context(stack), progress)
    finally:
        progress.finish()
    test = canary.send(stack, progress) if send_test else []
    return Checks([*repaired, *results, *test])


def _repair(stack: Stack) -> list[Check]:
    try:
        return [Check("repair", "ok", action) for action in partitions.repair(stack)]
    except DueError as error:
        return [Check("repair", *not_checked(error, DoctorContext(stack, (), ())))]


def _context(stack: Stack) -> DoctorContext:
    """The stack with the state of all its resources; those of Pinpoint where it has any."""
    nodes = desired(stack.names, stack.options, package.package())
    with interruptible_pool(1) as pool:
        projects = pool.submit(_projects, stack)
        comparisons = resources.compare(nodes, stack.aws)
        context = DoctorContext(stack, comparisons, projects.result())
    if not context.own_projects:
        return context
    role = resources.compare([pinpoint_role(stack.names, stack.options)], stack.aws)
    return DoctorContext(stack, (*comparisons, *role), context.projects)


def _projects(stack: Stack) -> tuple[AppDetails, ...] | None:
    try:
        return tuple(pinpoint.details_of(stack.aws, pinpoint.list_apps(stack.aws)))
    except NoPinpointError:
        return None


def _run_groups(context: DoctorContext, progress: Progress) -> list[Check]:
    progress.advance(1)
    results: dict[int, list[Check]] = {}
    with interruptible_pool(_AT_ONCE) as pool:
        pending = {}
        for number, group in enumerate(_GROUPS):
            if _IN_MAIN_THREAD not in group:
                pending[pool.submit(_run_group, group, context)] = number
        for number, group in enumerate(_GROUPS):
            if _IN_MAIN_THREAD in group:
                results[number] = _run_group(group, context)
                progress.advance(1)
        for future in as_completed(pending):
            results[pending[future]] = future.result()
            progress.advance(1)
    return [check for _, checks in sorted(results.items()) for check in checks]


def _run_group(group: dict[str, CheckFunction], context: DoctorContext) -> list[Check]:
    return [check for name, function in group.items() for check in run_check(name, function, context)]
