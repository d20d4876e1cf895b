"""``due detach-project``."""

from __future__ import annotations

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import ProjectId, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=6)


@app.add("due detach-project PROJECT_ID")
def detach_project(context: typer.Context, project_id: ProjectId) -> Done:
    """Remove a project's event stream if it leads to the database."""
    from due_cli.aws.stack import projects

    return projects.detach(stack_of(context), project_id)
