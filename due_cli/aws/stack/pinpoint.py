"""Pinpoint projects of a stack: the one that setup makes or uses, and further ones (guide, parameters; appendix C)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import NAME
from due_cli.aws.resources.event_stream import EventStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.resources.role import Role
from due_cli.aws.services import firehose, pinpoint, ses
from due_cli.aws.services.pinpoint import App, AppDetails, NoPinpointError
from due_cli.aws.stack import policies
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import STACK_TAG, Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.aws.tags import Tags
from due_cli.core.errors import ConfigurationError, RefusedError, UsageError
from due_cli.core.results import Done
from due_cli.core.suggestions import not_found

DEFAULT_NAME = "My Pinpoint Project"  # guide, parameters
KEYS = ROLE, PROJECT, EVENT_STREAM = "pinpoint-role", "project", "event-stream"
_OTHERWISE = "; --pinpoint-project-name NAME is for another project, --no-pinpoint for none"


@dataclass(frozen=True, slots=True)
class Asked:
    """What setup was told: a project's id or its name, or to leave Pinpoint out; else it finds out what there is."""

    project_id: str | None
    project_name: str | None
    use: bool = True

    def __post_init__(self) -> None:
        """Raises :class:`UsageError` for more than one of them."""
        given = {
            "--pinpoint-project-id": self.project_id is not None,
            "--pinpoint-project-name": self.project_name is not None,
            "--no-pinpoint": not self.use,
        }
        named = [name for name, is_given in given.items() if is_given]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)} exclude each other", "give one of them")
        for name, value in (("id", self.project_id), ("name", self.project_name)):
            if value is not None and not value.strip():
                raise UsageError(f"--pinpoint-project-{name} is empty", "leave it out for the default")

    @property
    def names_one(self) -> bool:
        """Whether a project was named."""
        return self.project_id is not None or self.project_name is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a setup has of Pinpoint; ``project_id`` is None where the project is yet to be made."""

    nodes: list[Node[Aws]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    project: Project | None = None

    @property
    def project_id(self) -> str | None:
        """The id of the project that is there already."""
        return self.project.project_id if self.project else None


@dataclass(frozen=True, slots=True)
class Known:
    """Of some projects, by their ARNs: those that are the stack's, those that do not exist (any more), and those of
    which nobody can tell because Pinpoint is gone."""

    own: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()


def desired(aws: Aws, names: Names, asked: Asked, tags: Tags, kms_key: str | None) -> Wanted:
    """The project, its event stream and role; without Pinpoint nothing, and a note that says why.

    Raises :class:`NotFoundError` for an id that no project has, :class:`RefusedError` for a project whose event
    stream leads elsewhere and, where a project was asked for, for a Pinpoint that does not answer.
    """
    if not asked.use:
        return Wanted()
    try:
        found = _found(aws, names, asked, pinpoint.list_apps(aws))
        if found:
            _must_be_free(aws, names, found, _OTHERWISE)
    except NoPinpointError as gone:
        if asked.project_id or asked.project_name:
            raise
        return Wanted(notes=(f"Amazon Pinpoint does not answer ({gone.reason}): set up without it",))
    called = asked.project_name or DEFAULT_NAME
    project = (
        Project(title=found.name, project_id=found.project_id, tags=tags) if found else Project(title=called, tags=tags)
    )
    nodes = [
        role(names, tags, kms_key),
        Node(PROJECT, project),
        Node(EVENT_STREAM, _stream_of(names, project), frozenset((ROLE, PROJECT, "stream"))),
    ]
    return Wanted(nodes, (), project)


def role(names: Names, tags: Tags, kms_key: str | None) -> Node[Aws]:
    """The role in which Pinpoint puts records into the stream."""
    trust = policies.trust("pinpoint", names, names.arn("mobiletargeting", "apps/*"))
    return Node(
        ROLE, Role(name=names.role("pinpoint"), trust=trust, rights=policies.pinpoint_rights(names, kms_key), tags=tags)
    )


def own(aws: Aws, names: Names) -> list[AppDetails]:
    """The projects that the stack made or whose events it gets: those that it made first, then the oldest.

    Raises :class:`NoPinpointError` where Pinpoint does not answer.
    """
    found = pinpoint.details_of(aws, pinpoint.list_apps(aws))
    return sorted(
        (one for one in found if one.owner == names.stack or _leads_here(names, one)),
        key=lambda one: (one.owner != names.stack, one.app.created, one.app.project_id),
    )


def reaching(aws: Aws, names: Names) -> list[App]:
    """The projects whose events the stack gets, in the order of :func:`own`."""
    return [one.app for one in own(aws, names) if _leads_here(names, one)]


def known(aws: Aws, names: Names, project_arns: Iterable[str]) -> Known:
    """What is known of some projects; those of another account or region are somebody else's."""
    arns = {arn for arn in project_arns if arn.startswith(names.arn("mobiletargeting", "apps/"))}
    if not arns:
        return Known()
    try:
        apps = pinpoint.list_apps(aws)
        found = pinpoint.details_of(aws, [app for app in apps if app.arn in arns])
    except NoPinpointError as gone:
        return Known(silent=frozenset() if gone.denied else frozenset(arns))
    own = frozenset(one.app.arn for one in found if one.owner == names.stack or _leads_here(names, one))
    return Known(own, frozenset(arns - {app.arn for app in apps}))


def nodes_of(aws: Aws, names: Names, note: Callable[[str], None]) -> list[Node[Aws]]:
    """What a stack has of Pinpoint, for its removal: role, event streams, and the project if the stack made one.

    Where Pinpoint does not answer and the stack has a role for it, a note says what stays.
    """
    tags = {STACK_TAG: names.stack}
    nodes = [role(names, tags, None)]
    try:
        found = own(aws, names)
    except NoPinpointError as gone:
        if nodes[0].resource.current(aws) is not None:
            what = "a Pinpoint project, its event stream and what leads to it"
            note(f"{what}, if there are any: Amazon Pinpoint does not answer ({gone.reason})")
        return nodes
    for one in found:
        identity = one.app.project_id
        project = Project(title=one.app.name, project_id=identity, tags=tags)
        if one.owner == names.stack:
            nodes.append(Node(f"{PROJECT}-{identity}", project))
        if _leads_here(names, one):
            needs = frozenset((ROLE, f"{PROJECT}-{identity}", "stream"))
            nodes.append(Node(f"{EVENT_STREAM}-{identity}", _stream_of(names, project), needs))
    return nodes


def attach(stack: Stack, project_id: str) -> Done:
    """Sends the events of a further project to the stream (guide, appendix C).

    Raises :class:`NotFoundError` for an id that no project has, :class:`RefusedError` for a project whose event
    stream leads elsewhere, or through which mail would reach the stream twice.
    """
    aws, names = stack.aws, stack.names
    app = _app(pinpoint.list_apps(aws), project_id)
    _must_be_free(aws, names, app)
    if firehose.stream_status(aws, names.stream) is None:
        raise ConfigurationError(f"the stack {names.stack} has no stream {names.stream}", names.command("setup"))
    tags = stack.tags
    stream = _stream_of(names, Project(title=app.name, project_id=app.project_id, tags=tags))
    own_role = role(names, tags, stack.options.kms_key)
    steps = planned([own_role, Node(EVENT_STREAM, stream, frozenset((ROLE,)))], aws)
    execute(steps, aws)
    if all(step.action is Action.KEEP for step in steps):
        return Done([f"the project {_called(app)} is attached already"])
    return Done([f"the project {_called(app)} sends its events to {names.stream}"], (names.command("doctor"),))


def detach(stack: Stack, project_id: str) -> Done:
    """Removes the event stream of a project if it leads to the stack's stream.

    Raises :class:`RefusedError` while configuration sets send through the project: their events would be lost.
    """
    aws, names = stack.aws, stack.names
    app = _app(pinpoint.list_apps(aws), project_id)
    found = pinpoint.event_stream_of(aws, app.project_id)
    if found is None:
        return Done([f"the project {_called(app)} has no event stream"])
    if found.stream_arn != names.stream_arn:
        return Done([f"the project {_called(app)} sends its events to {found.stream_arn}, which stays as it is"])
    through = [one for one in ses.config_sets(aws) if _leads_to(one, app.arn)]
    attached = [one.name for one in through if (to := one.destination(NAME)) and to.project_arn == app.arn]
    if attached:
        raise RefusedError(
            f"configuration sets are attached through the project {_called(app)}: {', '.join(attached)}",
            names.command(f"attach-config-set {' '.join(attached)} --via firehose") + ", then this again",
        )
    stream = _stream_of(names, Project(title=app.name, project_id=app.project_id, tags={}))
    execute(planned_removal([Node(EVENT_STREAM, stream)], aws), aws)
    lost = [f"the mail of {one.name}, which sends through the project, no longer reaches it either" for one in through]
    return Done([f"the project {_called(app)} no longer sends its events to {names.stream}", *lost])


def _found(aws: Aws, names: Names, asked: Asked, there: list[App]) -> App | None:
    """The project that was asked for; else the one that the stack has, else one of the default name."""
    if asked.project_id:
        return _app(there, asked.project_id)
    if not asked.project_name:
        for one in own(aws, names):
            return one.app
    called = [app for app in there if app.name == (asked.project_name or DEFAULT_NAME)]
    if len(called) < 2:
        return called[0] if called else None
    mine = known(aws, names, [app.arn for app in called]).own
    first = next((app for app in called if app.arn in mine), None)
    if first is None:
        listed = ", ".join(app.project_id for app in called)
        raise UsageError(f"{len(called)} projects are called {called[0].name}: {listed}", "--pinpoint-project-id ID")
    return first


def _app(there: list[App], project_id: str) -> App:
    found = next((app for app in there if app.project_id == project_id), None)
    if found is None:
        names = {app.project_id: app.project_id for app in there} | {app.name: app.project_id for app in there}
        raise not_found("Pinpoint project", project_id, names)
    return found


def _must_be_free(aws: Aws, names: Names, app: App, otherwise: str = "") -> None:
    """Raises :class:`RefusedError` for a project that others use, and where mail would reach the stream twice."""
    found = pinpoint.event_stream_of(aws, app.project_id)
    if found is not None:
        if found.stream_arn == names.stream_arn:
            return
        raise RefusedError(
            f"the Pinpoint project {_called(app)} has an event stream already, to {found.stream_arn}",
            f"aws pinpoint delete-event-stream --application-id {app.project_id} removes it{otherwise}",
        )
    twice = [
        one.name
        for one in ses.config_sets(aws)
        if _leads_to(one, app.arn) and any(to.stream_arn == names.stream_arn for to in one.destinations)
    ]
    if twice:
        raise RefusedError(
            f"mail of the configuration sets {', '.join(twice)} goes straight to {names.stream} and to the project "
            f"{_called(app)} too, so its events would arrive twice",
            names.command(f"detach-config-set {' '.join(twice)}"),
        )


def _leads_here(names: Names, one: AppDetails) -> bool:
    return one.stream is not None and one.stream.stream_arn == names.stream_arn


def _leads_to(one: ses.ConfigSet, project_arn: str) -> bool:
    return any(to.project_arn == project_arn for to in one.destinations)


def _stream_of(names: Names, project: Project) -> EventStream:
    return EventStream(project=project, stream_arn=names.stream_arn, role_arn=names.role_arn("pinpoint"))


def _called(app: App) -> str:
    return f"{app.name} ({app.project_id})"
