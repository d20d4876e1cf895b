"""The route of a configuration set's events to the stream, and what is in its way: never two routes at once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import NAME, EventDestination, Route, ToProject, ToStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Node
from due_cli.aws.resources.role import Role
from due_cli.aws.resources.sms_destination import SmsEventDestination
from due_cli.aws.services.ses import ConfigSet, Destination, project_id
from due_cli.aws.stack import policies
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.projects import EVENT_STREAM
from due_cli.core.errors import RefusedError

ROLE, SMS_ROLE, TOPIC_ROLE = "ses-role", "sms-role", "sns-role"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingService:
    """A service with configuration sets: its role, and what its event destinations are removed by and limited to."""

    name: str
    role: str
    what: str  # it calls a configuration set, for people
    remove: str
    most_destinations: int

    def removal(self, config_set: str, name: str) -> str:
        """The command that removes an event destination."""
        options = f"--configuration-set-name {shlex.quote(config_set)} --event-destination-name {shlex.quote(name)}"
        return f"aws {self.remove} {options}"


EMAIL = SendingService(
    name="SES",
    role="ses",
    what="configuration set",
    remove="sesv2 delete-configuration-set-event-destination",
    most_destinations=10,  # SES developer guide, quotas
)
SMS = SendingService(
    name="End User Messaging",
    role="sms",
    what="SMS configuration set",
    remove="pinpoint-sms-voice-v2 delete-event-destination",
    most_destinations=5,  # End User Messaging user guide, quotas
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The routes to a stack: its delivery stream and its projects, by ARN; and the targets that lead nowhere.

    Of those, the ``missing`` do not exist, and of the ``unknown`` projects nobody can tell, because Pinpoint is gone.
    """

    names: Names
    projects: frozenset[str]
    missing: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def reaches(self, destination: Destination) -> bool:
        """Whether an event destination leads to the stack."""
        return destination.stream_arn == self.names.stream_arn or destination.project_arn in self.projects

    def leads_nowhere(self, destination: Destination) -> bool:
        """Whether the target of an event destination does not exist (any more) or is unavailable."""
        return (destination.stream_arn or destination.project_arn) in self.missing | self.unknown

    def attached(self, config_set: ConfigSet) -> Destination | None:
        """The event destination that attaches a configuration set to the stack."""
        destination = config_set.destination(NAME)
        return destination if destination and self.reaches(destination) else None

    def obstacle(
        self,
        config_set: ConfigSet,
        *,
        through_project: bool = False,
        explicit: bool = False,
        service: SendingService = EMAIL,
    ) -> RefusedError | None:
        """Why a configuration set cannot be attached: what somebody else set up is explained and not overwritten.

        What leads nowhere is no obstacle; what leads to an unavailable Pinpoint, only if the route was given by
        ``--via firehose`` (``explicit``).
        """
        for destination in config_set.destinations:
            name, target = destination.name, destination.target
            removal = service.removal(config_set.name, name)
            problem = f"{service.what} {config_set.name} has an event destination {name} to {target}"
            if name == NAME:
                if destination.project_arn in self.unknown and not (explicit and not through_project):
                    move = self.names.command(f"attach-config-set {config_set.name} --via firehose")
                    return RefusedError(f"{problem}, and Pinpoint is unavailable", f"{move} moves it to the stream")
                if not self.reaches(destination) and not self.leads_nowhere(destination):
                    return RefusedError(f"{problem}, which is not this stack's", f"{removal}, then this again")
            elif self.reaches(destination):
                return RefusedError(f"{problem} already: its events would arrive twice", f"{removal}, then this again")
            elif destination.project_arn and through_project:
                return RefusedError(f"{problem} already", f"--via firehose, or {removal}")
        most = service.most_destinations
        if len(config_set.destinations) >= most and config_set.destination(NAME) is None:
            problem = f"{service.what} {config_set.name} has {most} event destinations, the limit of {service.name}"
            return RefusedError(problem, service.removal(config_set.name, "NAME"))
        return None

    def to_stream(self, service: SendingService = EMAIL) -> ToStream:
        """The route directly to the stream, in the role of a service."""
        return ToStream(stream_arn=self.names.stream_arn, role_arn=self.names.role_arn(service.role))

    def to_project(self, project: Project) -> ToProject:
        """The route through a project."""
        return ToProject(project=project, arn_prefix=self.names.arn("mobiletargeting", "apps/"))

    def current(self, destination: Destination, service: SendingService = EMAIL) -> Route:
        """The route of an attached configuration set."""
        if destination.project_arn is None:
            return self.to_stream(service)
        identity = project_id(destination.project_arn)
        return self.to_project(Project(title=identity, project_id=identity, tags={}))


def ses_role(names: Names, options: Options) -> Node[Aws]:
    """The role in which SES puts records into the stream."""
    trust = policies.trust("ses", names, names.arn("ses", "configuration-set/*"))
    return _role(ROLE, "ses", names, options, trust=trust, rights=policies.sender_rights(names, options.kms_key))


def sms_role(names: Names, options: Options) -> Node[Aws]:
    """The role in which End User Messaging puts records into the stream."""
    trust = policies.trust("sms-voice", names, names.arn("sms-voice", "configuration-set/*"))
    return _role(SMS_ROLE, "sms", names, options, trust=trust, rights=policies.sms_rights(names, options.kms_key))


def topic_role(names: Names, options: Options) -> Node[Aws]:
    """The role in which SNS puts the messages of topics into the stream."""
    trust, rights = policies.topic_trust(names), policies.topic_rights(names, options.kms_key)
    return _role(TOPIC_ROLE, "sns", names, options, trust=trust, rights=rights)


def _role(
    key: str, name: str, names: Names, options: Options, *, trust: policies.Policy, rights: policies.Policy
) -> Node[Aws]:
    boundary, tags = options.permissions_boundary, options.tags_of(names.stack)
    return Node(key, Role(name=names.role(name), trust=trust, rights=rights, boundary=boundary, tags=tags))


def sms_event_destination(config_set: str, route: ToStream, types: frozenset[str]) -> Node[Aws]:
    """The event destination of a configuration set of End User Messaging."""
    destination = SmsEventDestination(config_set=config_set, route=route, types=types)
    depends_on = frozenset(("stream", SMS_ROLE))
    return Node(f"sms-destination-{config_set}", destination, depends_on=depends_on, serial_group="sms")


def event_destination(config_set: str, route: Route, types: frozenset[str]) -> Node[Aws]:
    """The event destination of a configuration set; SES takes one change at a time, once a second."""
    depends_on = {"stream", ROLE}
    if isinstance(route, ToProject):
        depends_on = {EVENT_STREAM, f"{EVENT_STREAM}-{route.project.project_id}"}
    destination = EventDestination(config_set=config_set, route=route, types=types)
    return Node(f"destination-{config_set}", destination, depends_on=frozenset(depends_on), serial_group="ses")
