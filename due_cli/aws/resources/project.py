"""A Pinpoint project: the one that events of campaigns, journeys and configuration sets go through."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import wait_until
from due_cli.aws.services import pinpoint
from due_cli.aws.tags import OWNER, TAGS, Tags, managed_tags


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

    def desired(self) -> Settings:
        """That it is there; everything in it is its user's."""
        return {TAGS: dict(self.tags)}

    def current(self, aws: Aws) -> Settings | None:
        """How it is; the tags of a project that the stack did not make are its user's too."""
        arn = self._arn_in(aws)
        if arn is None:
            return None
        there = pinpoint.tags_of(aws, arn)
        is_own = there.get(OWNER) == self.tags.get(OWNER)
        return {TAGS: managed_tags(there, self.tags) if is_own else dict(self.tags)}

    def id_in(self, aws: Aws) -> str | None:
        """Its id; None where there is none."""
        arn = self._arn_in(aws)
        return arn.rsplit("/", 1)[-1] if arn else None

    def create(self, aws: Aws) -> None:
        """Makes it with its tags, once: where only the answer was lost, asking again has made a second."""
        if self._own(aws):
            return
        with pinpoint.translate_pinpoint_errors(f"creating project {self.called}"):
            aws.pinpoint.create_app(CreateApplicationRequest={"Name": self.called, "tags": dict(self.tags)})
        wait_until(lambda: bool(self._own(aws)), f"the project {self.called}")
        for surplus in self._own(aws)[1:]:
            with (
                pinpoint.translate_pinpoint_errors(f"deleting project {surplus.project_id}"),
                ignore_errors("NotFoundException"),
            ):
                aws.pinpoint.delete_app(ApplicationId=surplus.project_id)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  it has nothing but tags
        """Sets its tags."""
        arn = self._arn_in(aws)
        if arn:
            with pinpoint.translate_pinpoint_errors(f"tagging project {self.called}"):
                aws.pinpoint.tag_resource(ResourceArn=arn, TagsModel={"tags": dict(self.tags)})

    def delete(self, aws: Aws) -> None:
        """Removes it with all that is in it, if the stack made it; one that was merely used stays."""
        arn = self._arn_in(aws)
        if arn is None or pinpoint.owner_of(aws, arn) != self.tags.get(OWNER):
            return
        with pinpoint.translate_pinpoint_errors(f"deleting project {self.name}"), ignore_errors("NotFoundException"):
            aws.pinpoint.delete_app(ApplicationId=arn.rsplit("/", 1)[-1])

    def _arn_in(self, aws: Aws) -> str | None:
        if self.project_id:
            with (
                pinpoint.translate_pinpoint_errors(f"looking for project {self.project_id}"),
                ignore_errors("NotFoundException"),
            ):
                return aws.pinpoint.get_app(ApplicationId=self.project_id)["ApplicationResponse"]["Arn"]
            return None
        return next((app.arn for app in self._own(aws)), None)

    def _own(self, aws: Aws) -> list[pinpoint.App]:
        """Projects of the name that the stack made, the oldest first."""
        called = [app for app in pinpoint.list_apps(aws) if app.name == self.called]
        own = [app for app in called if pinpoint.owner_of(aws, app.arn) == self.tags.get(OWNER)]
        return sorted(own, key=lambda app: (app.created, app.project_id))
