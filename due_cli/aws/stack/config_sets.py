"""Which way a configuration set takes to the stream, and what stands in its way: never two ways at once."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import NAME, EventDestination, ToProject, ToStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Node
from due_cli.aws.resources.role import Role
from due_cli.aws.services.ses import MOST_DESTINATIONS, ConfigSet, Destination, project_id
from due_cli.aws.stack import policies
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.pinpoint import EVENT_STREAM
from due_cli.aws.tags import Tags
from due_cli.core.errors import RefusedError

ROLE = "ses-role"
_REMOVE = (
    "aws sesv2 delete-configuration-set-event-destination "
    "--configuration-set-name {set} --event-destination-name {name}"
)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a stack's mail events may go, its delivery stream and its projects; and, by ARN, what leads nowhere.

    Of projects in ``silent`` nobody can tell, because Pinpoint is gone.
    """

    names: Names
    projects: frozenset[str]
    gone: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()

    def reaches(self, to: Destination) -> bool:
        """Whether an event destination leads to the stack."""
        return to.stream_arn == self.names.stream_arn or to.project_arn in self.projects

    def leads_nowhere(self, to: Destination) -> bool:
        """Whether what an event destination leads to does not answer or does not exist (any more)."""
        return (to.stream_arn or to.project_arn) in self.gone | self.silent

    def attached(self, one: ConfigSet) -> Destination | None:
        """The event destination that attaches a configuration set to the stack."""
        to = one.destination(NAME)
        return to if to and self.reaches(to) else None

    def obstacle(self, one: ConfigSet, *, through_project: bool, by_request: bool) -> RefusedError | None:
        """Why a configuration set cannot be attached: what somebody else set up is explained and not overwritten.

        What leads nowhere is in nobody's way; what leads to a Pinpoint that is gone only where the stream was asked
        for by its name (``by_request``).
        """
        for to in one.destinations:
            removal = _REMOVE.format(set=one.name, name=to.name)
            leads = f"configuration set {one.name} has an event destination {to.name} to {to.target}"
            if to.name == NAME:
                if to.project_arn in self.silent and not (by_request and not through_project):
                    moving = self.names.command(f"attach-config-set {one.name} --via firehose")
                    return RefusedError(f"{leads}, and Pinpoint does not answer", f"{moving} moves it to the stream")
                if not self.reaches(to) and not self.leads_nowhere(to):
                    return RefusedError(f"{leads}, which is not this stack's", f"{removal}, then this again")
            elif self.reaches(to):
                return RefusedError(f"{leads} already: its events would arrive twice", f"{removal}, then this again")
            elif to.project_arn and through_project:
                return RefusedError(f"{leads} already", f"--via firehose, or {removal}")
        if len(one.destinations) >= MOST_DESTINATIONS and one.destination(NAME) is None:
            words = f"configuration set {one.name} has {MOST_DESTINATIONS} event destinations, and SES takes no more"
            return RefusedError(words, _REMOVE.format(set=one.name, name="NAME"))
        return None

    def to_stream(self) -> ToStream:
        """Straight to the stream."""
        return ToStream(stream_arn=self.names.stream_arn, role_arn=self.names.role_arn("ses"))

    def to_project(self, project: Project) -> ToProject:
        """Through a project."""
        return ToProject(project=project, arn_prefix=self.names.arn("mobiletargeting", "apps/"))

    def as_it_is(self, to: Destination) -> ToStream | ToProject:
        """The way that an attached configuration set takes."""
        if to.project_arn is None:
            return self.to_stream()
        identity = project_id(to.project_arn)
        return self.to_project(Project(title=identity, project_id=identity, tags={}))


def role(names: Names, tags: Tags, kms_key: str | None) -> Node[Aws]:
    """The role in which SES puts records into the stream."""
    trust = policies.trust("ses", names, names.arn("ses", "configuration-set/*"))
    return Node(
        ROLE, Role(name=names.role("ses"), trust=trust, rights=policies.sender_rights(names, kms_key), tags=tags)
    )


def node(config_set: str, to: ToStream | ToProject) -> Node[Aws]:
    """The event destination of a configuration set; SES takes one change at a time, once a second."""
    through = {EVENT_STREAM, f"{EVENT_STREAM}-{to.project.project_id}"} if isinstance(to, ToProject) else None
    needs = through or {"stream", ROLE}
    return Node(
        f"destination-{config_set}",
        EventDestination(config_set=config_set, to=to),
        frozenset(needs),
        serial_group="ses",
    )
