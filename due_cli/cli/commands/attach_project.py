"""``due attach-project``."""

from __future__ import annotations

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import ProjectId, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=5)


@app.add("due attach-project PROJECT_ID")
def attach_project(context: typer.Context, project_id: ProjectId) -> Done:
    """Send the events of an Amazon Pinpoint project to the database.

    A project has one event stream; one that leads elsewhere is not overwritten.
    """
    from due_cli.aws.stack import projects

    return projects.attach(stack_of(context), project_id)
