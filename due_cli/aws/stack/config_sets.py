"""Configuration sets attached to a stack and detached from it (guide, appendix D)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from due_cli.aws.client import Aws
from due_cli.aws.event_types import TRACKING_TYPES, TypeChoice
from due_cli.aws.resources.event_destination import NAME, EventDestination, Route, ToProject
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.services import firehose, ses
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack import projects, tracking
from due_cli.aws.stack.execute import execute_with_progress
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.projects import ProjectStates
from due_cli.aws.stack.routes import Routes, event_destination, ses_role
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, DueError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, counted
from due_cli.core.suggestions import not_found

AUTO, PINPOINT, FIREHOSE = "auto", "pinpoint", "firehose"
_SETS_CHECKED = 5
_UNCHANGED = TypeChoice()  # which changes nobody's tracking, and no chosen types
_SET_DEFAULT = (
    "aws sesv2 put-email-identity-configuration-set-attributes --email-identity IDENTITY --configuration-set-name NAME"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSets:
    """Existing configuration sets, and the state of the targets of their event destinations."""

    sets: tuple[ConfigSet, ...] = ()
    project_states: ProjectStates = field(default_factory=ProjectStates)
    missing_streams: frozenset[str] = frozenset()


def find_config_sets(aws: Aws, names: Names, set_names: Iterable[str]) -> ConfigSets:
    """Configuration sets by name; raises :class:`NotFoundError` for one that does not exist."""
    sets = []
    for name in dict.fromkeys(set_names):
        config_set = ses.config_set(aws, name)
        if config_set is None:
            raise not_found("configuration set", name, {known: known for known in ses.config_set_names(aws)})
        sets.append(config_set)
    return _with_targets(aws, names, sets)


def setup_nodes(
    names: Names, sets: ConfigSets, project: Project | None, choice: TypeChoice = _UNCHANGED
) -> list[Node[Aws]]:
    """The event destinations that setup creates: a set keeps its route, a new one goes through the project if any.

    Raises :class:`RefusedError` if somebody else's event destination is in the way.
    """
    routes = _routes(names, sets, project)
    return [_node(config_set, routes, project, AUTO, choice) for config_set in sets.sets]


def planned_types(sets: ConfigSets, nodes: Iterable[Node[Aws]]) -> dict[ConfigSet, frozenset[str]]:
    """The types that the event destinations of sets are to have."""
    by_name = {config_set.name: config_set for config_set in sets.sets}
    resources = (node.resource for node in nodes)
    return {by_name[one.config_set]: one.types for one in resources if isinstance(one, EventDestination)}


def attach(
    stack: Stack,
    set_names: list[str],
    via: str,
    everything: bool,
    progress: Progress,
    choice: TypeChoice = _UNCHANGED,
) -> Done:
    """Send the mail events of configuration sets to the stack, once each, and name the identities that use none.

    ``via`` is ``pinpoint`` (through the stack's project), ``firehose`` (directly to the stream) or ``auto``: a set
    keeps its route, and a new one goes through the project if the stack has one. What SES will do to mail that it does
    not do yet is noted before. With ``everything`` it is every set
    of the account and region, and one with an obstacle is skipped.

    Raises :class:`NotFoundError` for a set that does not exist, :class:`RefusedError` for an obstacle.
    """
    _require_names(set_names, everything)
    aws, names = stack.aws, stack.names
    if firehose.stream_status(aws, names.stream) is None:
        raise ConfigurationError(f"the stack {names.stack} has no stream {names.stream}", names.command("setup"))
    sets = _with_targets(aws, names, ses.config_sets(aws)) if everything else find_config_sets(aws, names, set_names)
    project, notes = _project(stack, via)
    routes = _routes(names, sets, project)
    destinations: list[Node[Aws]] = []
    skipped: list[str] = []
    for config_set in sets.sets:
        try:
            destinations.append(_node(config_set, routes, project, via, choice))
        except RefusedError as obstacle:
            if not everything:
                raise
            skipped.append(f"Skipped: {obstacle.message}")
    steps = planned([*_role(stack, destinations), *destinations], aws)
    types = planned_types(sets, destinations)
    for set_name, change in tracking.mail_changes(types).items():
        progress.note(f"in the mail of {set_name} {change}")
    execute_with_progress(steps, aws, "Attaching", progress)
    lines = _attached_lines(steps, routes, sets) if sets.sets else ["No configuration set in this account and region"]
    lines += tracking.left_out(names, types, choice)
    identities, next_steps = _identities_without_set(aws, progress, everything=everything)
    return Done([*notes, *lines, *skipped, *identities], (names.command("doctor"), *next_steps))


def detach(stack: Stack, set_names: list[str], progress: Progress) -> Done:
    """Delete the event destinations that attach configuration sets to the stack; any other one stays.

    Raises :class:`NotFoundError` for a set that does not exist.
    """
    _require_names(set_names, everything=False)
    aws, names = stack.aws, stack.names
    sets = find_config_sets(aws, names, set_names)
    routes = _routes(names, sets, None)
    execute_with_progress(planned_removal(_attached(sets, routes), aws), aws, "Detaching", progress)
    return Done([_detached_line(config_set, routes) for config_set in sets.sets])


def sender_nodes(aws: Aws, names: Names, note: Callable[[str], None] = lambda _: None) -> list[Node[Aws]]:
    """What sends events to a stack, for its removal: event destinations, event streams, the project it created.

    Without SES there are no configuration sets: a note says so, and the rest can be deleted.
    """
    existing = ses.config_sets_or_none(aws)
    if existing is None:
        note("event destinations of configuration sets, if there are any: Amazon SES does not answer here")
    sets = _with_targets(aws, names, existing or ())
    for config_set in sets.sets:
        destination = config_set.destination(NAME)
        if destination and destination.project_arn in sets.project_states.unknown:
            note(f"configuration set {config_set.name} keeps {NAME}: Pinpoint does not say whose project it leads to")
    return [*projects.removal_nodes(aws, names, note), *_attached(sets, _routes(names, sets, None))]


def opens_hint(stack: Stack) -> str | None:
    """The hint that no attached set sends opens; None where one does, none is attached, or that is not to be told.

    It is told in accounts of few sets, because SES accepts one such call a second, and to those who may ask for them.
    """
    try:
        set_names = ses.config_set_names(stack.aws)
        if len(set_names) > _SETS_CHECKED:
            return None
        existing = [ses.config_set(stack.aws, name) for name in set_names]
    except DueError:
        return None
    own = [(one.name, destination) for one in existing if one and (destination := one.destination(NAME))]
    here = [(name, one) for name, one in own if one.project_arn or one.stream_arn == stack.names.stream_arn]
    if not here or any("OPEN" in one.types for _, one in here):
        return None
    turn_on = stack.names.command(f"attach-config-set {' '.join(name for name, _ in here)} --tracking on")
    change = tracking.changes(TRACKING_TYPES)
    return f"no attached configuration set sends opens; with {turn_on} they do, and SES {change} of the mail"


def _with_targets(aws: Aws, names: Names, sets: Iterable[ConfigSet]) -> ConfigSets:
    existing = tuple(sets)
    destinations = [destination for config_set in existing for destination in config_set.destinations]
    project_arns = [destination.project_arn for destination in destinations if destination.project_arn]
    stream_arns = {destination.stream_arn for destination in destinations if destination.name == NAME}
    prefix = names.arn("firehose", "deliverystream/")  # streams of another account or region cannot be described
    others = [arn for arn in stream_arns - {names.stream_arn} if arn and arn.startswith(prefix)]
    return ConfigSets(
        sets=existing,
        project_states=projects.project_states(aws, names, project_arns),
        missing_streams=frozenset(arn for arn in others if firehose.stream_is_missing(aws, arn.removeprefix(prefix))),
    )


def _routes(names: Names, sets: ConfigSets, project: Project | None) -> Routes:
    arn = names.arn("mobiletargeting", f"apps/{project.project_id}") if project and project.project_id else None
    states = sets.project_states
    return Routes(
        names=names,
        projects=states.own | ({arn} if arn else set()),
        missing=states.missing | sets.missing_streams,
        unknown=states.unknown,
    )


def _attached(sets: ConfigSets, routes: Routes) -> list[Node[Aws]]:
    """The event destinations that attach configuration sets to the stack."""
    pairs = ((config_set.name, routes.attached(config_set)) for config_set in sets.sets)
    return [
        event_destination(name, routes.current(destination), destination.types)
        for name, destination in pairs
        if destination
    ]


def _node(
    config_set: ConfigSet, routes: Routes, project: Project | None, via: str, choice: TypeChoice = _UNCHANGED
) -> Node[Aws]:
    """The event destination of a configuration set; raises :class:`RefusedError` for what is in its way."""
    route = _route(routes.attached(config_set), routes, project, via)
    obstacle = routes.obstacle(config_set, through_project=isinstance(route, ToProject), explicit=via == FIREHOSE)
    if obstacle:
        raise obstacle
    is_direct = not isinstance(route, ToProject)
    return event_destination(config_set.name, route, tracking.types_of(config_set, choice, is_direct=is_direct))


def _route(current: Destination | None, routes: Routes, project: Project | None, via: str) -> Route:
    if current and via in (AUTO, FIREHOSE if current.stream_arn else PINPOINT):
        return routes.current(current)
    return routes.to_stream() if project is None else routes.to_project(project)


def _project(stack: Stack, via: str) -> tuple[Project | None, list[str]]:
    """The project that configuration sets go through, and a note if Pinpoint is unavailable."""
    if via == FIREHOSE:
        return None, []
    try:
        apps = projects.sending_projects(stack.aws, stack.names)
    except NoPinpointError as error:
        if via == PINPOINT:
            raise
        return None, [f"{projects.unavailable(error)}; sending directly to Firehose"]
    if apps:
        return Project(title=apps[0].name, project_id=apps[0].project_id, tags={}), []
    if via == PINPOINT:
        problem = f"no Pinpoint project sends its events to {stack.names.stream}"
        attaching = stack.names.command("attach-project PROJECT_ID")
        raise ConfigurationError(problem, f"{attaching}, or --via firehose")
    return None, []


def _role(stack: Stack, destinations: list[Node[Aws]]) -> list[Node[Aws]]:
    """SES's role, if one of the event destinations needs it."""
    resources = [node.resource for node in destinations]
    if any(isinstance(resource, EventDestination) and resource.is_direct for resource in resources):
        return [ses_role(stack.names, stack.options)]
    return []


def _require_names(set_names: list[str], everything: bool) -> None:
    if bool(set_names) == everything:
        raise UsageError("name configuration sets or give --all", "due attach-config-set NAME...")


def _attached_lines(steps: list[Step[Aws]], routes: Routes, sets: ConfigSets) -> list[str]:
    before = {config_set.name: config_set.destination(NAME) for config_set in sets.sets}
    lines = []
    for step in steps:
        resource = step.node.resource
        if not isinstance(resource, EventDestination):
            continue
        name, previous = resource.config_set, before[resource.config_set]
        target = f"the delivery stream {routes.names.stream}"
        if isinstance(resource.route, ToProject):
            target = f"the project {resource.route.project.name}"
        if step.action is Action.KEEP:
            lines.append(f"Configuration set {name} is already attached to {target}")
        elif previous and routes.leads_nowhere(previous):
            lines.append(f"Moved configuration set {name} from {previous.target}, which is gone, to {target}")
        elif previous and bool(previous.stream_arn) != resource.is_direct:
            lines.append(f"Moved configuration set {name} from {previous.target} to {target}")
        elif previous:
            settings = ", ".join(difference.setting for difference in step.differences)
            lines.append(f"Updated configuration set {name}: {settings}")
        else:
            lines.append(f"Attached configuration set {name} to {target}")
    return lines


def _detached_line(config_set: ConfigSet, routes: Routes) -> str:
    name = config_set.name
    others = [other for other in config_set.destinations if other.name != NAME and routes.reaches(other)]
    rest = f"; its event destination {others[0].name} leads to {others[0].target} too, and stays" if others else ""
    destination = config_set.destination(NAME)
    if destination and routes.reaches(destination):
        return f"Detached configuration set {name} from {destination.target}{rest}"
    foreign = f": its event destination {NAME} leads to {destination.target}, and stays" if destination else ""
    return f"Configuration set {name} is not attached{foreign}{rest}"


def _identities_without_set(aws: Aws, progress: Progress, *, everything: bool) -> tuple[list[str], tuple[str, ...]]:
    """The lines that name the identities without a default set, whose mail is missed, and the command that sets one.

    With ``everything`` each identity of the account and region is checked, else the first few, domains before
    addresses.
    """
    try:
        names = ses.identity_names(aws)
        checked = names if everything else names[: ses.IDENTITIES_CHECKED]
        missed = _without_set(aws, checked, progress)
    except RefusedError as problem:
        return [f"which identities send without a configuration set is not known: {problem.message}"], ()
    if not missed:
        return [], ()
    is_part = len(checked) < len(names)
    extent = f" (of the first {len(checked)} of {len(names):,}: --all checks every one)" if is_part else ""
    count = counted(len(missed), "identity")
    line = f"{count} without a default configuration set{extent}: events of mail that names none are missed"
    return [line, *(f"  {name}" for name in missed)], (_SET_DEFAULT,)


def _without_set(aws: Aws, names: list[str], progress: Progress) -> list[str]:
    """Those of the identities that have no default configuration set."""
    progress.start("Checking identities", len(names))
    identities = []
    try:
        for identity in ses.identities(aws, names):
            progress.advance(1)
            if identity.config_set is None:
                identities.append(identity.name)
    finally:
        progress.finish()
    return identities
