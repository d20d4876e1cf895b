"""Pinpoint projects of a stack: the one that setup creates or uses, and further ones (guide, appendix C)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import NAME
from due_cli.aws.resources.event_stream import EventStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.resources.role import Role
from due_cli.aws.services import pinpoint, ses
from due_cli.aws.services.pinpoint import AppDetails, NoPinpointError, PinpointApp
from due_cli.aws.stack import policies
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.stack import Stack, require_stream
from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import RefusedError, UsageError
from due_cli.core.results import Done
from due_cli.core.suggestions import not_found

DEFAULT_NAME = "My Pinpoint Project"  # guide, parameters
KEYS = ROLE, PROJECT, EVENT_STREAM = "pinpoint-role", "project", "event-stream"
_ALTERNATIVES = "; --pinpoint-project-name NAME is for another project, --no-pinpoint for none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChoice:
    """The project that setup was told to use, by its id or its name, or to use none; else it finds or creates one."""

    project_id: str | None = None
    project_name: str | None = None
    use: bool = True

    def __post_init__(self) -> None:
        """Raise :class:`UsageError` for more than one of them."""
        given = {
            "--pinpoint-project-id": self.project_id is not None,
            "--pinpoint-project-name": self.project_name is not None,
            "--no-pinpoint": not self.use,
        }
        options = [option for option, is_given in given.items() if is_given]
        if len(options) > 1:
            raise UsageError(f"{' and '.join(options)} exclude each other", "give one of them")
        for name, value in (("id", self.project_id), ("name", self.project_name)):
            if value is not None and not value.strip():
                raise UsageError(f"--pinpoint-project-{name} is empty", "leave it out for the default")

    @property
    def is_explicit(self) -> bool:
        """Whether a project was named."""
        return self.project_id is not None or self.project_name is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinpointSetup:
    """What a setup has of Pinpoint; the ``project``, if any, has an id if it exists already."""

    nodes: list[Node[Aws]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    project: Project | None = None

    @property
    def project_id(self) -> str | None:
        """The id of the project, if it exists already."""
        return self.project.project_id if self.project else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectStates:
    """Of some projects, by ARN: the stack's own, the missing ones, and those ``unknown`` because Pinpoint is gone."""

    own: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def unavailable(error: NoPinpointError) -> str:
    """The note that the stack does without Pinpoint."""
    return f"Amazon Pinpoint is unavailable in this account ({error.reason})"


def plan_pinpoint(aws: Aws, names: Names, choice: ProjectChoice, options: Options) -> PinpointSetup:
    """The project, its event stream and role; without Pinpoint nothing, and a note that says why.

    Raises :class:`NotFoundError` for an id that no project has, :class:`RefusedError` for a project whose event
    stream leads elsewhere and, if a project was named, for an unavailable Pinpoint.
    """
    if not choice.use:
        return PinpointSetup()
    try:
        app = _chosen(aws, names, choice, pinpoint.list_apps(aws))
        if app:
            _check_project_routes(aws, names, app, _ALTERNATIVES)
    except NoPinpointError as error:
        if choice.project_id or choice.project_name:
            raise
        return PinpointSetup(notes=(f"{unavailable(error)}; skipped",))
    title = app.name if app else choice.project_name or DEFAULT_NAME
    tags = options.tags_of(names.stack)
    project = Project(title=title, project_id=app.project_id if app else None, tags=tags)
    nodes = [
        role(names, options),
        Node(PROJECT, project),
        Node(EVENT_STREAM, _event_stream(names, project), depends_on=frozenset((ROLE, PROJECT, "stream"))),
    ]
    return PinpointSetup(nodes=nodes, project=project)


def role(names: Names, options: Options) -> Node[Aws]:
    """The role in which Pinpoint puts records into the stream."""
    trust = policies.trust("pinpoint", names, names.arn("mobiletargeting", "apps/*"))
    rights = policies.pinpoint_rights(names, options.kms_key)
    return Node(
        ROLE,
        Role(
            name=names.role("pinpoint"),
            trust=trust,
            rights=rights,
            boundary=options.permissions_boundary,
            tags=options.tags_of(names.stack),
        ),
    )


def own_projects(aws: Aws, names: Names) -> list[AppDetails]:
    """The projects that the stack created or whose events it gets: those that it created first, then the oldest.

    Raises :class:`NoPinpointError` if Pinpoint is unavailable.
    """
    details = pinpoint.details_of(aws, pinpoint.list_apps(aws))
    return sorted(
        (project for project in details if is_own_project(names, project)),
        key=lambda project: (project.owner != names.stack, project.app.created, project.app.project_id),
    )


def sending_projects(aws: Aws, names: Names) -> list[PinpointApp]:
    """The projects whose events the stack gets, in the order of :func:`own_projects`."""
    return [project.app for project in own_projects(aws, names) if _sends_here(names, project)]


def project_states(aws: Aws, names: Names, project_arns: Iterable[str]) -> ProjectStates:
    """The states of some projects; those of another account or region are somebody else's."""
    arns = {arn for arn in project_arns if arn.startswith(names.arn("mobiletargeting", "apps/"))}
    if not arns:
        return ProjectStates()
    try:
        apps = pinpoint.list_apps(aws)
        details = pinpoint.details_of(aws, [app for app in apps if app.arn in arns])
    except NoPinpointError as error:
        return ProjectStates(unknown=frozenset() if error.denied else frozenset(arns))
    own = (project.app.arn for project in details if is_own_project(names, project))
    return ProjectStates(own=frozenset(own), missing=frozenset(arns - {app.arn for app in apps}))


def removal_nodes(aws: Aws, names: Names, note: Callable[[str], None]) -> list[Node[Aws]]:
    """What a stack has of Pinpoint, for its removal: role, event streams, and the project if the stack created one.

    If Pinpoint is unavailable and the stack has a role for it, a note says what stays.
    """
    tags = {STACK_TAG: names.stack}
    nodes = [role(names, Options())]
    try:
        details = own_projects(aws, names)
    except NoPinpointError as error:
        if nodes[0].resource.current(aws) is not None:
            note(f"a Pinpoint project, its event stream and what leads to it, if there are any: {unavailable(error)}")
        return nodes
    for project in details:
        project_id = project.app.project_id
        resource = Project(title=project.app.name, project_id=project_id, tags=tags)
        if project.owner == names.stack:
            nodes.append(Node(f"{PROJECT}-{project_id}", resource))
        if _sends_here(names, project):
            depends_on = frozenset((ROLE, f"{PROJECT}-{project_id}", "stream"))
            nodes.append(Node(f"{EVENT_STREAM}-{project_id}", _event_stream(names, resource), depends_on=depends_on))
    return nodes


def attach(stack: Stack, project_id: str) -> Done:
    """Send the events of a further project to the stream (guide, appendix C).

    Raises :class:`NotFoundError` for an id that no project has, :class:`RefusedError` for a project whose event
    stream leads elsewhere, or through which mail would reach the stream twice.
    """
    aws, names = stack.aws, stack.names
    app = _app(pinpoint.list_apps(aws), project_id)
    _check_project_routes(aws, names, app)
    require_stream(stack)
    tags = stack.tags
    stream = _event_stream(names, Project(title=app.name, project_id=app.project_id, tags=tags))
    own_role = role(names, stack.options)
    steps = planned([own_role, Node(EVENT_STREAM, stream, depends_on=frozenset((ROLE,)))], aws)
    execute(steps, aws)
    if all(step.action is Action.KEEP for step in steps):
        return Done([f"Project {_label(app)} is already attached"])
    return Done([f"Attached project {_label(app)} to {names.stream}"], (names.command("doctor"),))


def detach(stack: Stack, project_id: str) -> Done:
    """Delete the event stream of a project if it leads to the stack's stream.

    Raises :class:`RefusedError` while configuration sets send through the project: their events would be lost.
    """
    aws, names = stack.aws, stack.names
    app = _app(pinpoint.list_apps(aws), project_id)
    current = pinpoint.event_stream_of(aws, app.project_id)
    if current is None:
        return Done([f"Project {_label(app)} has no event stream"])
    if current.stream_arn != names.stream_arn:
        return Done([f"Project {_label(app)} sends its events to {current.stream_arn}, which stays as it is"])
    sets = [config_set for config_set in ses.config_sets(aws) if _sends_through(config_set, app.arn)]
    own = [(config_set.name, config_set.destination(NAME)) for config_set in sets]
    attached = [name for name, destination in own if destination and destination.project_arn == app.arn]
    if attached:
        raise RefusedError(
            f"configuration sets are attached through the project {_label(app)}: {', '.join(attached)}",
            names.command(f"attach-config-set {' '.join(attached)} --via firehose") + ", then this again",
        )
    stream = _event_stream(names, Project(title=app.name, project_id=app.project_id, tags={}))
    execute(planned_removal([Node(EVENT_STREAM, stream)], aws), aws)
    lost = "which sends through the project, no longer reaches it either"
    lines = [f"the mail of {config_set.name}, {lost}" for config_set in sets]
    return Done([f"Detached project {_label(app)} from {names.stream}", *lines])


def _chosen(aws: Aws, names: Names, choice: ProjectChoice, apps: list[PinpointApp]) -> PinpointApp | None:
    """The chosen project; else the one that the stack has, else one of the default name."""
    if choice.project_id:
        return _app(apps, choice.project_id)
    if not choice.project_name:
        for project in own_projects(aws, names):
            return project.app
    candidates = [app for app in apps if app.name == (choice.project_name or DEFAULT_NAME)]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    own = project_states(aws, names, [app.arn for app in candidates]).own
    first = next((app for app in candidates if app.arn in own), None)
    if first is None:
        ids = ", ".join(app.project_id for app in candidates)
        problem = f"{len(candidates)} projects are called {candidates[0].name}: {ids}"
        raise UsageError(problem, "--pinpoint-project-id ID")
    return first


def _app(apps: list[PinpointApp], project_id: str) -> PinpointApp:
    app = next((app for app in apps if app.project_id == project_id), None)
    if app is None:
        names = {app.project_id: app.project_id for app in apps} | {app.name: app.project_id for app in apps}
        raise not_found("Pinpoint project", project_id, names)
    return app


def _check_project_routes(aws: Aws, names: Names, app: PinpointApp, alternatives: str = "") -> None:
    """Raise :class:`RefusedError` for a project that others use, and if mail would reach the stream twice."""
    current = pinpoint.event_stream_of(aws, app.project_id)
    if current is not None:
        if current.stream_arn == names.stream_arn:
            return
        raise RefusedError(
            f"the Pinpoint project {_label(app)} has an event stream already, to {current.stream_arn}",
            f"aws pinpoint delete-event-stream --application-id {app.project_id} removes it{alternatives}",
        )
    twice = [
        config_set.name
        for config_set in ses.config_sets(aws)
        if _sends_through(config_set, app.arn)
        and any(destination.stream_arn == names.stream_arn for destination in config_set.destinations)
    ]
    if twice:
        raise RefusedError(
            f"mail of the configuration sets {', '.join(twice)} goes directly to {names.stream} and to the project "
            f"{_label(app)} too, so its events would arrive twice",
            names.command(f"detach-config-set {' '.join(twice)}"),
        )


def is_own_project(names: Names, project: AppDetails) -> bool:
    """Whether the stack created a project, or gets its events."""
    return project.owner == names.stack or _sends_here(names, project)


def _sends_here(names: Names, project: AppDetails) -> bool:
    return project.stream is not None and project.stream.stream_arn == names.stream_arn


def _sends_through(config_set: ses.ConfigSet, project_arn: str) -> bool:
    return any(destination.project_arn == project_arn for destination in config_set.destinations)


def _event_stream(names: Names, project: Project) -> EventStream:
    return EventStream(project=project, stream_arn=names.stream_arn, role_arn=names.role_arn("pinpoint"))


def _label(app: PinpointApp) -> str:
    return f"{app.name} ({app.project_id})"
