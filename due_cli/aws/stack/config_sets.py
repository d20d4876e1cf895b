"""Configuration sets attached to a stack and detached from it (guide, appendix D)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.event_types import TRACKING_TYPES, Channel, TypeChoice
from due_cli.aws.resources.event_destination import NAME, EventDestination, Route, ToProject, ToStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.resources.sms_destination import SmsEventDestination
from due_cli.aws.services import ses
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack import projects, tracking
from due_cli.aws.stack.execute import execute_with_progress
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.routes import (
    EMAIL,
    SMS,
    Routes,
    SendingService,
    event_destination,
    ses_role,
    sms_event_destination,
    sms_role,
)
from due_cli.aws.stack.set_search import ConfigSets, all_by_channel, find_by_channel
from due_cli.aws.stack.stack import Stack, require_stream
from due_cli.core.errors import ConfigurationError, DueError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, counted

AUTO, PINPOINT, FIREHOSE = "auto", "pinpoint", "firehose"
_SETS_CHECKED = 5
_UNCHANGED = TypeChoice()  # which changes nobody's tracking, and no chosen types
_SET_DEFAULT = (
    "aws sesv2 put-email-identity-configuration-set-attributes --email-identity IDENTITY --configuration-set-name NAME"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachRequest:
    """Which configuration sets are attached, named ones or ``everything``, and how.

    ``via`` is ``pinpoint`` (through the stack's project), ``firehose`` (directly to the stream) or ``auto``: a set
    keeps its route, and a new one of SES goes through the project if the stack has one.
    """

    set_names: tuple[str, ...] = ()
    everything: bool = False
    channel: Channel = Channel.AUTO
    via: str = AUTO
    types: TypeChoice = _UNCHANGED


def setup_nodes(
    names: Names, sets: ConfigSets, project: Project | None, types: TypeChoice = _UNCHANGED
) -> list[Node[Aws]]:
    """The event destinations that setup creates: a set keeps its route, a new one goes through the project if any.

    Raises :class:`RefusedError` if somebody else's event destination is in the way.
    """
    routes, request = _routes(names, sets, project), AttachRequest(types=types)
    return [_node(config_set, routes, project, request) for config_set in sets.sets]


def planned_types(sets: ConfigSets, nodes: Iterable[Node[Aws]]) -> dict[ConfigSet, frozenset[str]]:
    """The types that the event destinations of sets are to have."""
    by_name = {config_set.name: config_set for config_set in sets.sets}
    return {by_name[one.config_set]: one.types for one in _destinations(sets, (node.resource for node in nodes))}


def attach(stack: Stack, request: AttachRequest, progress: Progress) -> Done:
    """Send the events of configuration sets to the stack, once each, and name the identities that use none.

    What SES will do to mail that it does not do yet is noted before. With ``everything`` a set with an obstacle is
    skipped. Raises :class:`NotFoundError` for a set that does not exist, :class:`RefusedError` for an obstacle.
    """
    _require_names(request.set_names, request.everything)
    aws, names, everything = stack.aws, stack.names, request.everything
    require_stream(stack)
    notes: list[str] = []
    if everything:
        email, phone = all_by_channel(aws, names, request.channel, notes.append)
        if notes and not email.sets and not phone.sets:
            raise ConfigurationError(notes[0], "check that the service exists in this region, and the network")
    else:
        email, phone = find_by_channel(aws, names, request.set_names, request.channel, notes.append)
    if phone.sets and request.via == PINPOINT and not everything:
        problem = f"--via pinpoint is for mail, and {phone.sets[0].name} is an SMS configuration set"
        raise UsageError(problem, "--via firehose")
    project = _project(stack, request.via, notes) if email.sets else None
    routes = {sets.service: _routes(names, sets, project) for sets in (email, phone)}
    nodes: list[Node[Aws]] = []
    skipped: list[str] = []
    for sets in (email, phone):
        for config_set in sets.sets:
            try:
                nodes.append(_node(config_set, routes[sets.service], project, request, sets.service))
            except RefusedError as obstacle:
                if not everything:
                    raise
                skipped.append(f"Skipped: {obstacle.message}")
    steps = planned([*_roles(stack, nodes), *nodes], aws)
    types = planned_types(email, nodes)
    for set_name, change in tracking.mail_changes(types).items():
        progress.note(f"in the mail of {set_name} {change}")
    execute_with_progress(steps, aws, "Attaching", progress)
    lines = [line for sets in (email, phone) for line in _attached_lines(steps, routes[sets.service], sets)]
    lines += tracking.left_out(names, types, request.types)
    if not email.sets and not phone.sets:
        lines = ["No configuration set in this account and region"]
    identities, next_steps = _identities_without_set(aws, progress, everything=everything) if email.sets else ([], ())
    return Done([*notes, *lines, *skipped, *identities], (names.command("doctor"), *next_steps))


def detach(stack: Stack, set_names: Sequence[str], progress: Progress, channel: Channel = Channel.AUTO) -> Done:
    """Delete the event destinations that attach configuration sets to the stack; any other one stays.

    Raises :class:`NotFoundError` for a set that does not exist.
    """
    _require_names(set_names, everything=False)
    aws, names, notes = stack.aws, stack.names, list[str]()
    groups = find_by_channel(aws, names, set_names, channel, notes.append)
    routes = {sets.service: _routes(names, sets, None) for sets in groups}
    nodes = [node for sets in groups for node in _attached(sets, routes[sets.service])]
    execute_with_progress(planned_removal(nodes, aws), aws, "Detaching", progress)
    pairs = ((config_set, sets.service) for sets in groups for config_set in sets.sets)
    return Done([*notes, *(_detached_line(config_set, routes[service], service) for config_set, service in pairs)])


def sender_nodes(aws: Aws, names: Names, note: Callable[[str], None] = lambda _: None) -> list[Node[Aws]]:
    """What sends events to a stack, for its removal: event destinations, event streams, the project it created.

    Without SES or End User Messaging there are no configuration sets of it: a note says so.
    """

    def note_unanswered(text: str) -> None:
        note(f"event destinations of configuration sets, if there are any: {text}")

    email, phone = all_by_channel(aws, names, Channel.AUTO, note_unanswered)
    for config_set in email.sets:
        destination = config_set.destination(NAME)
        if destination and destination.project_arn in email.project_states.unknown:
            note(f"configuration set {config_set.name} keeps {NAME}: Pinpoint does not say whose project it leads to")
    destinations = (_attached(sets, _routes(names, sets, None)) for sets in (email, phone))
    return [*projects.removal_nodes(aws, names, note), *(node for nodes in destinations for node in nodes)]


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
        _event_destination(name, routes.current(destination, sets.service), destination.types, sets.service)
        for name, destination in pairs
        if destination
    ]


def _node(
    config_set: ConfigSet,
    routes: Routes,
    project: Project | None,
    request: AttachRequest,
    service: SendingService = EMAIL,
) -> Node[Aws]:
    """The event destination of a configuration set; raises :class:`RefusedError` for what is in its way."""
    route: Route = routes.to_stream(SMS)
    if service is EMAIL:
        route = _route(routes.attached(config_set), routes, project, request.via)
    through_project = isinstance(route, ToProject)
    explicit = request.via == FIREHOSE
    if obstacle := routes.obstacle(config_set, through_project=through_project, explicit=explicit, service=service):
        raise obstacle
    if service is SMS:
        types = tracking.sms_types_of(config_set, request.types)
    else:
        types = tracking.types_of(config_set, request.types, is_direct=not through_project)
    return _event_destination(config_set.name, route, types, service)


def _event_destination(set_name: str, route: Route, types: frozenset[str], service: SendingService) -> Node[Aws]:
    if isinstance(route, ToStream) and service is SMS:
        return sms_event_destination(set_name, route, types)
    return event_destination(set_name, route, types)


def _route(current: Destination | None, routes: Routes, project: Project | None, via: str) -> Route:
    if current and via in (AUTO, FIREHOSE if current.stream_arn else PINPOINT):
        return routes.current(current)
    return routes.to_stream() if project is None else routes.to_project(project)


def _project(stack: Stack, via: str, notes: list[str]) -> Project | None:
    """The project that configuration sets go through; a note if Pinpoint is unavailable."""
    if via == FIREHOSE:
        return None
    try:
        apps = projects.sending_projects(stack.aws, stack.names)
    except NoPinpointError as error:
        if via == PINPOINT:
            raise
        notes.append(f"{projects.unavailable(error)}; sending directly to Firehose")
        return None
    if apps:
        return Project(title=apps[0].name, project_id=apps[0].project_id, tags={})
    if via == PINPOINT:
        problem = f"no Pinpoint project sends its events to {stack.names.stream}"
        attaching = stack.names.command("attach-project PROJECT_ID")
        raise ConfigurationError(problem, f"{attaching}, or --via firehose")
    return None


def _roles(stack: Stack, nodes: list[Node[Aws]]) -> list[Node[Aws]]:
    """The roles that some event destinations need."""
    direct = {
        type(node.resource) for node in nodes if isinstance(node.resource, EventDestination) and node.resource.is_direct
    }
    makers = ((EventDestination, ses_role), (SmsEventDestination, sms_role))
    return [make(stack.names, stack.options) for kind, make in makers if kind in direct]


def _destinations(sets: ConfigSets, resources: Iterable[object]) -> Iterator[EventDestination]:
    """The event destinations among resources that are of the service of some sets."""
    for one in resources:
        if isinstance(one, EventDestination) and isinstance(one, SmsEventDestination) is (sets.service is SMS):
            yield one


def _require_names(set_names: Sequence[str], everything: bool) -> None:
    if bool(set_names) == everything:
        raise UsageError("name configuration sets or give --all", "due attach-config-set NAME...")


def _attached_lines(steps: list[Step[Aws]], routes: Routes, sets: ConfigSets) -> list[str]:
    before = {config_set.name: config_set.destination(NAME) for config_set in sets.sets}
    by_resource = {id(step.node.resource): step for step in steps}
    lines = []
    for resource in _destinations(sets, (step.node.resource for step in steps)):
        step, previous = by_resource[id(resource)], before[resource.config_set]
        name = f"{sets.service.what} {resource.config_set}"
        target = f"the delivery stream {routes.names.stream}"
        if isinstance(resource.route, ToProject):
            target = f"the project {resource.route.project.name}"
        if step.action is Action.KEEP:
            lines.append(f"{name[0].upper()}{name[1:]} is already attached to {target}")
        elif previous and routes.leads_nowhere(previous):
            lines.append(f"Moved {name} from {previous.target}, which no longer exists, to {target}")
        elif previous and bool(previous.stream_arn) != resource.is_direct:
            lines.append(f"Moved {name} from {previous.target} to {target}")
        elif previous:
            settings = ", ".join(difference.setting for difference in step.differences)
            lines.append(f"Updated {name}: {settings}")
        else:
            lines.append(f"Attached {name} to {target}")
    return lines


def _detached_line(config_set: ConfigSet, routes: Routes, service: SendingService) -> str:
    name = f"{service.what} {config_set.name}"
    others = [other for other in config_set.destinations if other.name != NAME and routes.reaches(other)]
    rest = f"; its event destination {others[0].name} leads to {others[0].target} too, and stays" if others else ""
    destination = config_set.destination(NAME)
    if destination and routes.reaches(destination):
        return f"Detached {name} from {destination.target}{rest}"
    foreign = f": its event destination {NAME} leads to {destination.target}, and stays" if destination else ""
    return f"{name[0].upper()}{name[1:]} is not attached{foreign}{rest}"


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


def config_set_names(aws: Aws) -> list[str]:
    """Every configuration set of SES in the account and region."""
    return ses.config_set_names(aws)
