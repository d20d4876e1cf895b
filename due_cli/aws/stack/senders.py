"""Configuration sets attached to a stack and detached from it (guide, appendix D)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import NAME, EventDestination, ToProject, ToStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.services import firehose, ses
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack import config_sets, identities, pinpoint
from due_cli.aws.stack.config_sets import Ways
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done
from due_cli.core.suggestions import not_found

AUTO, PINPOINT, FIREHOSE = "auto", "pinpoint", "firehose"


@dataclass(frozen=True, slots=True)
class Checked:
    """Configuration sets as they are, and what is known of where they lead to."""

    sets: tuple[ConfigSet, ...] = ()
    projects: pinpoint.Known = field(default_factory=pinpoint.Known)
    streams_gone: frozenset[str] = frozenset()


def checked(aws: Aws, names: Names, set_names: Iterable[str]) -> Checked:
    """Reads configuration sets; raises :class:`NotFoundError` for one that is not there."""
    found = []
    for name in dict.fromkeys(set_names):
        one = ses.config_set(aws, name)
        if one is None:
            raise not_found("configuration set", name, {known: known for known in ses.config_set_names(aws)})
        found.append(one)
    return _with_projects(aws, names, found)


def nodes(names: Names, sets: Checked, project: pinpoint.Wanted) -> list[Node[Aws]]:
    """The event destinations that setup makes: a set stays on the way that it has, a new one takes the project's.

    Raises :class:`RefusedError` where somebody else's event destination stands in the way.
    """
    ways = _ways(names, sets, project.project)
    return [_node(one, ways, project.project, AUTO) for one in sets.sets]


def attach(stack: Stack, set_names: list[str], via: str, everything: bool, progress: Progress) -> Done:
    """Sends the mail events of configuration sets to the stack, once each, and says which identities use none.

    ``via`` is ``pinpoint`` (through the stack's project), ``firehose`` (straight to the stream) or ``auto``: a set
    stays on the way that it has, and a new one goes through the project where the stack has one. With
    ``everything`` it is every set of the account and region, and one that something stands in the way of is left.

    Raises :class:`NotFoundError` for a set that is not there, :class:`RefusedError` for what stands in the way.
    """
    _must_name(set_names, everything)
    aws, names = stack.aws, stack.names
    if firehose.stream_status(aws, names.stream) is None:
        raise ConfigurationError(f"the stack {names.stack} has no stream {names.stream}", names.command("setup"))
    sets = _with_projects(aws, names, ses.config_sets(aws)) if everything else checked(aws, names, set_names)
    project, notes = _project(stack, via)
    ways = _ways(names, sets, project)
    destinations: list[Node[Aws]] = []
    left: list[str] = []
    for one in sets.sets:
        try:
            destinations.append(_node(one, ways, project, via))
        except RefusedError as obstacle:
            if not everything:
                raise
            left.append(f"left as it is: {obstacle.message}")
    steps = planned([*_role_for(stack, destinations), *destinations], aws)
    _carry_out(steps, aws, "Attaching", progress)
    done = _said(steps, ways, sets) if sets.sets else ["there is no configuration set in this account and region"]
    missed, mend = identities.missed(aws, progress, everything=everything)
    return Done([*notes, *done, *left, *missed], (names.command("doctor"), *mend))


def detach(stack: Stack, set_names: list[str], progress: Progress) -> Done:
    """Removes the event destinations that attach configuration sets to the stack; any other one stays.

    Raises :class:`NotFoundError` for a set that is not there.
    """
    _must_name(set_names, everything=False)
    aws, names = stack.aws, stack.names
    sets = checked(aws, names, set_names)
    ways = _ways(names, sets, None)
    own = [config_sets.node(one.name, ways.as_it_is(to)) for one in sets.sets if (to := ways.attached(one))]
    _carry_out(planned_removal(own, aws), aws, "Detaching", progress)
    return Done([_detached(one, ways) for one in sets.sets])


def attached(aws: Aws, names: Names, note: Callable[[str], None] = lambda _: None) -> list[Node[Aws]]:
    """Every event destination and event stream of a stack, with the project if the stack made one, for its removal.

    Where SES does not answer there are no configuration sets: a note says so, and the rest can go.
    """
    found = ses.config_sets_or_none(aws)
    if found is None:
        note("event destinations of configuration sets, if there are any: Amazon SES does not answer here")
    sets = _with_projects(aws, names, found or ())
    ways = _ways(names, sets, None)
    own = [config_sets.node(one.name, ways.as_it_is(to)) for one in sets.sets if (to := ways.attached(one))]
    for one in sets.sets:
        to = one.destination(NAME)
        if to and to.project_arn in sets.projects.silent:
            note(f"configuration set {one.name} keeps {NAME}: Amazon Pinpoint does not say whose project it leads to")
    return [*pinpoint.nodes_of(aws, names, note), *own]


def _with_projects(aws: Aws, names: Names, sets: Iterable[ConfigSet]) -> Checked:
    found = tuple(sets)
    leading = [to for one in found for to in one.destinations]
    known = pinpoint.known(aws, names, (to.project_arn for to in leading if to.project_arn))
    others = {to.stream_arn for to in leading if to.name == NAME and to.stream_arn} - {names.stream_arn}
    here = names.arn("firehose", "deliverystream/")
    gone = {arn for arn in others if arn.startswith(here) and firehose.stream_is_missing(aws, arn.removeprefix(here))}
    return Checked(found, known, frozenset(gone))


def _ways(names: Names, sets: Checked, project: Project | None) -> Ways:
    arn = names.arn("mobiletargeting", f"apps/{project.project_id}") if project and project.project_id else None
    own = sets.projects.own | ({arn} if arn else set())
    return Ways(names, own, sets.projects.missing | sets.streams_gone, sets.projects.silent)


def _node(one: ConfigSet, ways: Ways, project: Project | None, via: str) -> Node[Aws]:
    """The event destination of a configuration set; raises :class:`RefusedError` for what stands in its way."""
    to = _way(ways.attached(one), ways, project, via)
    obstacle = ways.obstacle(one, through_project=isinstance(to, ToProject), by_request=via == FIREHOSE)
    if obstacle:
        raise obstacle
    return config_sets.node(one.name, to)


def _way(now: Destination | None, ways: Ways, project: Project | None, via: str) -> ToStream | ToProject:
    if now and via in (AUTO, FIREHOSE if now.stream_arn else PINPOINT):
        return ways.as_it_is(now)
    return ways.to_stream() if project is None else ways.to_project(project)


def _project(stack: Stack, via: str) -> tuple[Project | None, list[str]]:
    """The project that configuration sets go through, and what is to be said where there is none."""
    if via == FIREHOSE:
        return None, []
    try:
        found = pinpoint.reaching(stack.aws, stack.names)
    except NoPinpointError as gone:
        if via == PINPOINT:
            raise
        return None, [f"Amazon Pinpoint does not answer ({gone.reason}): straight to the stream"]
    if found:
        return Project(title=found[0].name, project_id=found[0].project_id, tags={}), []
    if via == PINPOINT:
        words = f"no Pinpoint project sends its events to {stack.names.stream}"
        attaching = stack.names.command("attach-project PROJECT_ID")
        raise ConfigurationError(words, f"{attaching}, or --via firehose")
    return None, []


def _role_for(stack: Stack, destinations: list[Node[Aws]]) -> list[Node[Aws]]:
    resources = [node.resource for node in destinations]
    if any(isinstance(one, EventDestination) and isinstance(one.to, ToStream) for one in resources):
        return [config_sets.role(stack.names, stack.tags, stack.options.kms_key)]
    return []


def _carry_out(steps: list[Step[Aws]], aws: Aws, what: str, progress: Progress) -> None:
    progress.start(what, sum(step.action is not Action.KEEP for step in steps))
    try:
        execute(steps, aws, lambda _: progress.advance(1))
    finally:
        progress.finish()


def _must_name(set_names: list[str], everything: bool) -> None:
    if bool(set_names) == everything:
        raise UsageError("name configuration sets or give --all", "due attach-config-set NAME...")


def _said(steps: list[Step[Aws]], ways: Ways, sets: Checked) -> list[str]:
    before = {one.name: one.destination(NAME) for one in sets.sets}
    lines = []
    for step in steps:
        resource = step.node.resource
        if not isinstance(resource, EventDestination):
            continue
        now, name = before[resource.config_set], f"configuration set {resource.config_set}"
        where = _words(resource.to, ways.names)
        if step.action is Action.KEEP:
            lines.append(f"{name} is attached already, to {where}")
        elif now and ways.leads_nowhere(now):
            lines.append(f"{name} moved from {now.target}, which is gone, to {where}")
        elif now and bool(now.stream_arn) != isinstance(resource.to, ToStream):
            lines.append(f"{name} moved from {now.target} to {where}")
        elif now:
            differing = ", ".join(one.setting for one in step.differences)
            lines.append(f"{name} is set right: {differing}")
        else:
            lines.append(f"{name} sends its events to {where}")
    return lines


def _words(to: ToStream | ToProject, names: Names) -> str:
    return f"the delivery stream {names.stream}" if isinstance(to, ToStream) else f"the project {to.project.name}"


def _detached(one: ConfigSet, ways: Ways) -> str:
    name = f"configuration set {one.name}"
    others = [to for to in one.destinations if to.name != NAME and ways.reaches(to)]
    still = f"; its event destination {others[0].name} leads to {others[0].target} too, and stays" if others else ""
    to = one.destination(NAME)
    if to is None:
        return f"{name} is not attached{still}"
    if not ways.reaches(to):
        return f"{name} is not attached: its event destination {NAME} leads to {to.target}, and stays{still}"
    return f"{name} no longer sends its events to {to.target}{still}"
