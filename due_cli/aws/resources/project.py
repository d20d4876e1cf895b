"""A Pinpoint project: the one that events of campaigns, journeys and configuration sets go through."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws import projects
from due_cli.aws.clients import Aws
from due_cli.aws.errors import passing_over
from due_cli.aws.patience import waited
from due_cli.aws.resources.tags import OWNER, Tags
from due_cli.deploy.resource import Settings


@dataclass(frozen=True, slots=True)
class Project:
    """One that is there has its ``project_id``; one that is yet to be made is found by its name and the stack's tag."""

    called: str
    tags: Tags
    project_id: str | None = None
    kind: str = "Pinpoint project"

    @property
    def name(self) -> str:
        """What it is called, with its id where that is another: projects may share a name."""
        return self.called if self.project_id in (None, self.called) else f"{self.called} ({self.project_id})"

    def wanted(self) -> Settings:
        """That it is there; everything in it is its user's."""
        return {}

    def found(self, aws: Aws) -> Settings | None:
        """Nothing to compare; None where there is none."""
        return None if self.id_in(aws) is None else {}

    def id_in(self, aws: Aws) -> str | None:
        """Its id; None where there is none."""
        if self.project_id:
            with projects.asking(f"looking for project {self.project_id}"), passing_over("NotFoundException"):
                return aws.pinpoint.get_app(ApplicationId=self.project_id)["ApplicationResponse"]["Id"]
            return None
        return next((app.project_id for app in self._own(aws)), None)

    def create(self, aws: Aws) -> None:
        """Makes it with its tags, once: where only the answer was lost, asking again has made a second."""
        if self._own(aws):
            return
        with projects.asking(f"creating project {self.called}"):
            aws.pinpoint.create_app(CreateApplicationRequest={"Name": self.called, "tags": dict(self.tags)})
        waited(lambda: bool(self._own(aws)), f"the project {self.called}")
        for surplus in self._own(aws)[1:]:
            with projects.asking(f"deleting project {surplus.project_id}"), passing_over("NotFoundException"):
                aws.pinpoint.delete_app(ApplicationId=surplus.project_id)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """It has no settings."""

    def delete(self, aws: Aws) -> None:
        """Removes it with all that is in it, if the stack made it; one that was merely used stays."""
        identity = self.id_in(aws)
        if identity is None:
            return
        with projects.asking(f"deleting project {identity}"), passing_over("NotFoundException"):
            arn = aws.pinpoint.get_app(ApplicationId=identity)["ApplicationResponse"]["Arn"]
            if projects.owner_of(aws, arn) == self.tags.get(OWNER):
                aws.pinpoint.delete_app(ApplicationId=identity)

    def _own(self, aws: Aws) -> list[projects.App]:
        """Projects of the name that the stack made, the oldest first."""
        called = [app for app in projects.apps(aws) if app.name == self.called]
        own = [app for app in called if projects.owner_of(aws, app.arn) == self.tags.get(OWNER)]
        return sorted(own, key=lambda app: (app.created, app.project_id))
