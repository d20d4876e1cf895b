"""``due erase``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import YesOption, confirm, preview, progress_of, target_of
from due_cli.core.results import Certificate, Done
from due_cli.erase.certificate import ErasureRequest
from due_cli.erase.person import Mode

app = App(section=Section.LOOK_AFTER, position=5)


@app.add(
    "due erase maria@example.com --plan",
    "due erase maria@example.com --yes -o json",
    "due erase +4915112345678 --mode pseudonymise --yes",
)
def erase(
    context: typer.Context,
    person: Annotated[
        str, typer.Argument(metavar="ADDRESS|+NUMBER", help="A whole email address, or a number with its country.")
    ],
    mode: Annotated[
        Mode, typer.Option("--mode", help="Remove the person, or put an untraceable name in their place.")
    ] = Mode.ERASE,
    subjects: Annotated[
        bool, typer.Option("--subjects", help="Clear the subject lines of the person's mails too.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be erased, and change nothing.")] = False,
    yes: YesOption = False,
) -> Certificate | Done:
    """Erase a person from events, statuses and failed records, and print a certificate.

    A row about this person alone is removed; from a row with other recipients only the address is. With
    --mode pseudonymise no row is removed, and reports give the same numbers. There is no way back.
    """
    request = ErasureRequest(typed=person, mode=mode, subjects=subjects)
    request.person  # noqa: B018  a wrong word is an error before anything is opened
    target = target_of(context)
    if plan:
        return target.erase(request, progress_of(context), planned=True)
    if not yes:
        planned = target.erase(request, progress_of(context), planned=True)
        preview(context, planned)
        if planned.found and not confirm(f"Erase {person} from {target.place} for good?", yes=False, what="due erase"):
            return Done(["Nothing was erased"])
    return target.erase(request, progress_of(context), planned=False)
