"""The identities whose mail has no configuration set where a message names none: its events are missed."""

from __future__ import annotations

from due_cli.aws.client import Aws
from due_cli.aws.services import ses
from due_cli.core.errors import RefusedError
from due_cli.core.progress import Progress
from due_cli.core.results import counted

_ASKED = 20  # SES answers one such call a second
_DEFAULT_SET = (
    "aws sesv2 put-email-identity-configuration-set-attributes --email-identity IDENTITY --configuration-set-name NAME"
)


def missed(aws: Aws, progress: Progress, *, everything: bool) -> tuple[list[str], tuple[str, ...]]:
    """Lines that name those without a set, and the command that gives them one.

    With ``everything`` each identity of the account and region is asked, else the first few, domains before addresses.
    """
    try:
        names = ses.identity_names(aws)
        asked = names if everything else names[:_ASKED]
        without = _without_set(aws, asked, progress)
    except RefusedError as problem:
        return [f"which identities send without a configuration set is not known: {problem.message}"], ()
    if not without:
        return [], ()
    of = f" (of the first {len(asked)} of {len(names):,}: --all asks every one)" if len(asked) < len(names) else ""
    who = counted(len(without), "identity")
    line = f"{who} without a default configuration set{of}: events of mail that names none are missed"
    return [line, *(f"  {name}" for name in without)], (_DEFAULT_SET,)


def _without_set(aws: Aws, names: list[str], progress: Progress) -> list[str]:
    progress.start("Asking identities", len(names))
    without = []
    try:
        for found in ses.identities(aws, names):
            progress.advance(1)
            if found.config_set is None:
                without.append(found.name)
    finally:
        progress.finish()
    return without
