"""A Pinpoint project: the one that events of campaigns, journeys and configuration sets go through."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.retry import wait_until
from due_cli.aws.services import pinpoint
from due_cli.aws.tags import STACK_TAG, Tags


@dataclass(frozen=True, kw_only=True)
class Project(TaggedResource):
    """An existing project has its ``project_id``; one to be created is found by ``title`` and the stack's tag.

    All else in it, and the tags of a project that the stack did not create, are its users' own; such a project is used
    and never deleted.
    """

    kind = "Pinpoint project"
    not_found = ignore_errors("NotFoundException")
    title: str
    project_id: str | None = None

    @property
    def name(self) -> str:
        """Its title, with its id if that is another: projects may share a title."""
        return self.title if self.project_id in (None, self.title) else f"{self.title} ({self.project_id})"

    def id_in(self, aws: Aws) -> str | None:
        """Its id; None if it does not exist."""
        arn = self._describe(aws)
        return arn.rsplit("/", 1)[-1] if arn else None

    def _settings(self) -> list[Setting]:
        return [self._tag_setting()]

    def _describe(self, aws: Aws) -> str | None:
        """Its ARN."""
        if not self.project_id:
            return next((app.arn for app in self._own(aws)), None)
        with self._translate_errors(f"looking for project {self.project_id}"), self.not_found:
            return aws.pinpoint.get_app(ApplicationId=self.project_id)["ApplicationResponse"]["Arn"]
        return None

    def _create(self, aws: Aws) -> None:
        """Create it once: after a call whose answer was lost, botocore's retry has created a second one."""
        if self._own(aws):
            return
        aws.pinpoint.create_app(CreateApplicationRequest={"Name": self.title, "tags": dict(self.tags)})
        wait_until(lambda: bool(self._own(aws)), f"project {self.title}")
        for surplus in self._own(aws)[1:]:
            with self.not_found:
                aws.pinpoint.delete_app(ApplicationId=surplus.project_id)

    def _delete(self, aws: Aws) -> None:
        arn = self._describe(aws)
        if arn and pinpoint.owner_of(aws, arn) == self.tags.get(STACK_TAG):
            aws.pinpoint.delete_app(ApplicationId=arn.rsplit("/", 1)[-1])

    def _own(self, aws: Aws) -> list[pinpoint.PinpointApp]:
        """Projects of its title that the stack created, the oldest first."""
        called = [app for app in pinpoint.list_apps(aws) if app.name == self.title]
        own = [app for app in called if pinpoint.owner_of(aws, app.arn) == self.tags.get(STACK_TAG)]
        return sorted(own, key=lambda app: (app.created, app.project_id))

    def _read_tags(self, aws: Aws, description: str) -> Tags:
        tags = pinpoint.tags_of(aws, description)
        return tags if tags.get(STACK_TAG) == self.tags.get(STACK_TAG) else self.tags

    def _write_tags(self, aws: Aws) -> None:
        if arn := self._describe(aws):
            aws.pinpoint.tag_resource(ResourceArn=arn, TagsModel={"tags": dict(self.tags)})

    def _translate_errors(self, doing: str) -> AbstractContextManager[None]:
        return pinpoint.translate_pinpoint_errors(doing)
