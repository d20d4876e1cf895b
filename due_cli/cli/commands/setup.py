"""``due setup``: on AWS or, with ``--local``, in a folder."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import Field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from due_cli.aws.event_types import Tracking
from due_cli.cli.command import App, Section
from due_cli.cli.options import (
    YesOption,
    confirm,
    option_parameter,
    preview,
    progress_of,
    remember,
    settings_of,
    with_signature,
)
from due_cli.core.errors import UsageError
from due_cli.core.results import Done, Plan, Table, Text
from due_cli.core.settings import AwsChoice, LocalChoice, choose_setup_target

if TYPE_CHECKING:
    from due_cli.aws.stack.setup import SetupPlan

_KEPT = {
    "keep_events": "Time to keep events, such as 25mo; in a folder.",
    "keep_errors": "Time to keep failed records, such as 90d; in a folder.",
}

app = App(section=Section.START, position=2)
PolicyOption = Annotated[
    str | None,
    typer.Option(
        metavar="[operator|analyst|on-call]",
        help="Print the IAM policy for a person who runs due; without a value, list them.",
        show_default=False,
    ),
]


def _setup(
    context: typer.Context,
    *,
    config_sets: Annotated[
        str | None, typer.Option(metavar="A,B", help="SES configuration sets to attach.", show_default=False)
    ] = None,
    tracking: Annotated[
        Tracking | None,
        typer.Option(help="Open and click tracking of these sets. [default: keep]", show_default=False),
    ] = None,
    pinpoint_project_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Amazon Pinpoint project to use.", show_default=False)
    ] = None,
    pinpoint_project_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the project to use or create.", show_default=False)
    ] = None,
    no_pinpoint: Annotated[bool, typer.Option("--no-pinpoint", help="Do not use Amazon Pinpoint.")] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Tag to add to every resource. May be repeated."),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, without doing it.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --plan, show what stays as it is too.")] = False,
    policy: PolicyOption = None,
    yes: YesOption = False,
    **chosen: str | int | None,
) -> Done | Plan | Table | Text:
    """Create the events database on AWS, or update it; with --local DIR, in a folder of this machine.

    On AWS it plans, asks for confirmation, and creates what is missing; it can be interrupted and run again. Options
    that are not given keep their values. In a folder, only --database, --status-days and --keep-... apply (the next
    ingest or compact deletes what is older), and Parquet files in DIR/events/YYYY/MM/DD/HH are read as they are.
    """
    choice = choose_setup_target(settings_of(context), os.environ)
    if isinstance(choice, LocalChoice):
        # Options that a stack does not store; a folder refuses them too.
        aws_options = {
            "config_sets": config_sets,
            "tracking": tracking,
            "pinpoint_project_id": pinpoint_project_id,
            "pinpoint_project_name": pinpoint_project_name,
            "no_pinpoint": no_pinpoint or None,
            "tag": tag,
            "plan": plan or None,
            "all": everything or None,
            "policy": policy,
        }
        return _set_up_folder(context, choice, {**chosen, **aws_options})
    from due_cli.aws.client import Aws
    from due_cli.aws.stack import projects, setup

    if policy == "":
        return setup.policies()
    if policy is not None:
        progress = progress_of(context)
        return Text(setup.policy(choice.profile, choice.region, choice.stack, policy, _of_a_stack(chosen), progress))
    if everything and not plan:
        raise UsageError("--all shows all of a plan", "due setup --plan --all")
    project = projects.ProjectChoice(
        project_id=pinpoint_project_id, project_name=pinpoint_project_name, use=not no_pinpoint
    )
    sets = tuple((config_sets or "").replace(",", " ").split())
    request = setup.SetupRequest(
        options=_of_a_stack(chosen), project=project, config_sets=sets, tracking=tracking, tags=tuple(tag or ())
    )
    setup_plan = setup.plan_setup(Aws(choice.profile, choice.region), choice.stack, request)
    if plan:
        _note_findings(context, setup_plan)
        return setup_plan.shown(everything=everything)
    return _execute(context, choice, setup_plan, yes=yes)


def _of_a_stack(chosen: Mapping[str, str | int | None]) -> dict[str, str | int | None]:
    """The options without those of folders alone; raises :class:`UsageError` where one of these is given."""
    if any(chosen.get(name) is not None for name in _KEPT):
        raise UsageError("--keep-events and --keep-errors are for a folder", "due setup --local DIR")
    return {name: value for name, value in chosen.items() if name not in _KEPT}


def _note_findings(context: typer.Context, plan: SetupPlan) -> None:
    for finding in plan.findings:
        progress_of(context).note(finding)


def _execute(context: typer.Context, choice: AwsChoice, plan: SetupPlan, *, yes: bool) -> Done:
    from due_cli.aws.stack.setup import execute_setup

    _note_findings(context, plan)
    if plan.changes:
        preview(context, plan.shown())
        if not confirm(plan.question, yes=yes, what="due setup"):
            return Done(["Nothing was changed"])
    done = execute_setup(plan, progress_of(context))
    target = AwsChoice(choice.stack, plan.stack.names.region, choice.profile, choice.source)
    return Done([*done.lines, *remember(target)], done.next_steps)


def _set_up_folder(context: typer.Context, choice: LocalChoice, chosen: Mapping[str, object]) -> Done:
    from due_cli.local.folder import Folder
    from due_cli.local.setup import set_up_folder

    done = set_up_folder(Folder(choice.folder), chosen, progress_of(context))
    return Done([*done.lines, *remember(choice)], done.next_steps)


def _command() -> Callable[..., Any]:
    """The command, with the options that a stack has (``due_cli/aws/stack/options.py``) beside its own."""
    from due_cli.aws.stack.options import setup_options

    parameters = inspect.signature(_setup, eval_str=True).parameters
    declared = [parameter for name, parameter in parameters.items() if name != "chosen"]
    kept = [
        option_parameter(
            name, str | None, flag=f"--{name.replace('_', '-')}", metavar="TIME", text=f"{about} [default: forever]"
        )
        for name, about in _KEPT.items()
    ]
    return with_signature(_setup, [*declared, *map(_stack_option, setup_options()), *kept])


def _stack_option(option: Field[Any]) -> inspect.Parameter:
    default = "none" if option.default is None else option.default
    kind = int if option.metadata["between"][1] or isinstance(option.default, int) else str
    return option_parameter(
        option.name,
        kind | None,
        flag=f"--{option.name.replace('_', '-')}",
        metavar=option.metadata["metavar"],
        text=f"{option.metadata['about']} [default: {default}]",
    )


app.add("due setup --plan", "due setup --local ./events", name="setup")(_command())
