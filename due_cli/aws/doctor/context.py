"""What the checks share: the stack that they look at, how they quote, and how one that cannot be made is said."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from due_cli.aws.client import Aws
from due_cli.aws.errors import POLICY_HINT, is_lake_formation, is_not_found, missing_permission
from due_cli.aws.resources.resource import Node, Step
from due_cli.aws.services.cloudwatch import LogLine
from due_cli.aws.services.glue import IAM_ALLOWED
from due_cli.aws.services.pinpoint import AppDetails
from due_cli.aws.stack.desired import TABLE
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.results import Check

RECENTLY = timedelta(days=1)
SHOWN = 3
_QUOTED = 120  # characters
_COMMANDS = ("due ", "aws ")
_ADDRESS = re.compile(r"[^\s@\"'<>(),;:=]+@[^\s@\"'<>(),;]+")
# Seven digits or more with what stands between the digits of a phone number; a date is none.
_PHONE = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d)\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?![\w-])")


class Looked(NamedTuple):
    """A resource of the stack compared with what it should be, or why it could not be."""

    node: Node[Aws]
    step: Step[Aws] | None
    error: DueError | None = None


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """A stack under examination, with its resources as they were found."""

    stack: Stack
    looked: tuple[Looked, ...]
    projects: tuple[AppDetails, ...] | None  # None where Pinpoint does not answer

    @property
    def aws(self) -> Aws:
        """The services."""
        return self.stack.aws

    @property
    def names(self) -> Names:
        """The names of the stack."""
        return self.stack.names

    @property
    def own_projects(self) -> tuple[AppDetails, ...]:
        """The Pinpoint projects that the stack made, or whose events it gets."""
        stack, stream = self.names.stack, self.names.stream_arn
        return tuple(
            one for one in self.projects or () if one.owner == stack or (one.stream and one.stream.stream_arn == stream)
        )

    @property
    def setup(self) -> str:
        """The command that sets right what is not as it should be."""
        return self.command("setup")

    @property
    def rights(self) -> str:
        """The command that prints the rights that whoever looks needs: an administrator gives them."""
        return self.command("setup --policy")

    def command(self, words: str) -> str:
        """A ``due`` command about this stack, to be typed as it stands."""
        return command(self.names, words)

    def aws_command(self, words: str) -> str:
        """A command of the AWS CLI in this stack's region."""
        return f"aws {words} --region {self.names.region}"


Examined = Iterator[Check]
Examination = Callable[[DoctorContext], Examined]


def command(names: Names, words: str) -> str:
    """A ``due`` command about a stack."""
    return f"due {words}" if names.stack == "due" else f"due {words} --stack {names.stack}"


def guarded(name: str, examination: Examination, patient: DoctorContext) -> list[Check]:
    """The checks of an examination; an error in it ends it alone, and is a check of its own."""
    found: list[Check] = []
    try:
        found.extend(examination(patient))
    except DueError as error:
        found.append(unmade(name, error, patient))
    return found


def unmade(name: str, error: DueError, patient: DoctorContext, what: str = "") -> Check:
    """A check that could not be made: which right is missing where that is why.

    What is gone is no problem of this check: the one of the resources names it.
    """
    about = f"not checked: {f'{what}: ' if what else ''}{error.message}"
    if is_lake_formation(error):
        return Check(name, "problem", f"Lake Formation is in the way: {error.message}", granted_to_all(patient))
    right = missing_permission(error)
    if right is not None:
        said = "" if right in error.message else f" ({right})"
        return Check(name, "problem", f"{about}{said}", patient.rights)
    if is_not_found(error):
        return Check(name, "warning", f"{about}: first the resources are to be mended", patient.setup)
    return Check(name, "problem", about, command_in(error))


def command_in(error: DueError) -> str | None:
    """The hint of an error where it is a command that can be typed."""
    return error.hint if error.hint and error.hint != POLICY_HINT and error.hint.startswith(_COMMANDS) else None


def granted_to_all(patient: DoctorContext) -> str:
    """The command with which Lake Formation leaves the table to IAM."""
    table = json.dumps({"Table": {"DatabaseName": patient.stack.options.database, "Name": TABLE}})
    principal = f"DataLakePrincipalIdentifier={IAM_ALLOWED}"
    return patient.aws_command(
        f"lakeformation grant-permissions --principal {principal} --permissions ALL --resource {shlex.quote(table)}"
    )


def masked(text: str) -> str:
    """The beginning of a text on one line, without what looks like an address or a phone number."""
    plain = _PHONE.sub("***", _ADDRESS.sub("***", " ".join(text.split())))
    return plain if len(plain) <= _QUOTED else f"{plain[: _QUOTED - 3]}..."


def quoted(lines: Iterable[LogLine], *, more: bool) -> list[str]:
    """The texts of lines, each once, the most frequent first: how often, when last, and its masked beginning.

    ``more`` says that there may be older lines than these.
    """
    times: dict[str, list[datetime]] = {}
    for line in lines:
        times.setdefault(masked(line.text), []).append(line.at)
    often = sorted(times.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"{_times(len(when), more)} in the last day, last {ago(max(when))}: {text}" for text, when in often]


def _times(count: int, more: bool) -> str:
    if count == 1:
        return "once or more" if more else "once"
    return f"{count:,}{' or more' if more else ''} times"


def ago(moment: datetime) -> str:
    """A moment, with how long ago it is."""
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    long = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z ({long} ago)" if minutes < 48 * 60 else f"{moment:%Y-%m-%d}"


def listed(names: Iterable[str]) -> str:
    """Names, the first few of them."""
    found = list(names)
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return f"{', '.join(found[:SHOWN])}{more}"
