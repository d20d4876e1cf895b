"""``due doctor`` on AWS: every hop from what sends its events here to the last partition and the answers.

Each problem comes with the command that mends it, to be typed as it stands. A check that cannot be made is a problem
of its own: the others are made all the same.
"""

from __future__ import annotations

from concurrent.futures import as_completed

from due_cli.aws.doctor import answers, canary, functions, partitions, resources, senders, stream, views
from due_cli.aws.doctor.context import DoctorContext, Examination, guarded, unmade
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services import pinpoint
from due_cli.aws.services.pinpoint import AppDetails, NoPinpointError
from due_cli.aws.stack import package
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.pinpoint import role as pinpoint_role
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Check, Checks

_AT_ONCE = 8
_ASKING = "report"  # in the main thread, which alone is told of Ctrl-C, so that its query is stopped in Athena
# In the order of an event's way, each under the name of its checks.
_EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("resources", resources.resources),
    ("roles", resources.roles),
    ("configuration sets", senders.ways_in),
    ("delivery stream", stream.stream),
    ("deliveries", stream.deliveries),
    ("functions", functions.functions),
    ("failed records", stream.failed_records),
    ("partitions", partitions.hours),
    ("Lake Formation", answers.lake_formation),
    ("views", views.views),
    (_ASKING, answers.report),
    ("status table", answers.status_table),
    ("status API", answers.status_api),
    ("alarms", answers.alarms),
)


def examine(stack: Stack, progress: Progress, *, repair: bool, send_test: bool) -> Checks:
    """Every check, after adding the partitions that are missing where ``repair`` is asked for.

    With ``send_test`` a marked record is put to the stream and followed to the table, which takes as long as the
    stream's buffer.
    """
    done = _repaired(stack) if repair else []
    progress.start("Checking", len(_EXAMINATIONS) + 1)
    try:
        found = _examined(_patient(stack), progress)
    finally:
        progress.finish()
    test = canary.sent(stack, progress) if send_test else []
    return Checks([*done, *found, *test])


def _repaired(stack: Stack) -> list[Check]:
    try:
        return [Check("repair", "ok", what) for what in partitions.repaired(stack)]
    except DueError as error:
        return [unmade("repair", error, DoctorContext(stack, (), ()))]


def _patient(stack: Stack) -> DoctorContext:
    """The stack with all its resources as they are; those of Pinpoint where it has any."""
    tags = stack.tags
    nodes = desired(stack.names, stack.options, package.package())
    with interruptible_pool(1) as pool:
        known = pool.submit(_projects, stack)
        looked = resources.looked_at(nodes, stack.aws)
        patient = DoctorContext(stack, looked, known.result())
    if not patient.own_projects:
        return patient
    role = resources.looked_at([pinpoint_role(stack.names, tags, stack.options.kms_key)], stack.aws)
    return DoctorContext(stack, (*looked, *role), patient.projects)


def _projects(stack: Stack) -> tuple[AppDetails, ...] | None:
    try:
        return tuple(pinpoint.details_of(stack.aws, pinpoint.list_apps(stack.aws)))
    except NoPinpointError:
        return None


def _examined(patient: DoctorContext, progress: Progress) -> list[Check]:
    progress.advance(1)
    found = {}
    with interruptible_pool(_AT_ONCE) as pool:
        beside = {
            pool.submit(guarded, name, examination, patient): name
            for name, examination in _EXAMINATIONS
            if name != _ASKING
        }
        found[_ASKING] = guarded(_ASKING, dict(_EXAMINATIONS)[_ASKING], patient)
        progress.advance(1)
        for future in as_completed(beside):
            found[beside[future]] = future.result()
            progress.advance(1)
    return [check for name, _ in _EXAMINATIONS for check in found[name]]
