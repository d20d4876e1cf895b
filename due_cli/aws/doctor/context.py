"""What the checks share: the stack that they examine, the form of their results, and how texts are quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from due_cli.aws.client import Aws
from due_cli.aws.errors import POLICY_HINT, is_lake_formation, is_not_found, missing_permission
from due_cli.aws.resources.resource import Node, Step
from due_cli.aws.services.cloudwatch import LogLine
from due_cli.aws.services.pinpoint import AppDetails
from due_cli.aws.services.s3 import Survey, survey
from due_cli.aws.services.ses import ConfigSet
from due_cli.aws.stack import governance
from due_cli.aws.stack.names import EVENTS, Names
from due_cli.aws.stack.projects import is_own_project
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.results import Check, Finding

LAST_DAY = timedelta(days=1)
MAX_LISTED = 3
_QUOTED_CHARACTERS = 120
_COMMANDS = ("due ", "aws ")
_ADDRESS = re.compile(r"[^\s@\"'<>(),;:=]+@[^\s@\"'<>(),;]+")
# Seven digits or more with what stands between the digits of a phone number; a date is none.
_PHONE = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d)\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A resource of the stack compared with its desired state; ``step`` is None where ``error`` prevented that."""

    node: Node[Aws]
    step: Step[Aws] | None
    error: DueError | None = None


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """A stack under examination, with the state of its resources.

    ``projects`` is None where Pinpoint is unavailable; ``config_sets`` is filled by the check that reads them, and
    ``surveys`` by the first that asks what the bucket has.
    """

    stack: Stack
    comparisons: tuple[Comparison, ...]
    projects: tuple[AppDetails, ...] | None
    config_sets: list[ConfigSet] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)

    @property
    def aws(self) -> Aws:
        """The clients."""
        return self.stack.aws

    @property
    def names(self) -> Names:
        """The names of the stack."""
        return self.stack.names

    @property
    def own_projects(self) -> tuple[AppDetails, ...]:
        """The Pinpoint projects that the stack created, or that send it their events."""
        return tuple(project for project in self.projects or () if is_own_project(self.names, project))

    def survey(self) -> Survey:
        """What lies under ``events/``, listed once for the checks of one group."""
        if not self.surveys:
            self.surveys.append(survey(self.aws, self.names.bucket, EVENTS, self.names.is_own_object))
        return self.surveys[0]

    @property
    def setup(self) -> str:
        """The command that restores the stack's resources."""
        return self.names.command("setup")

    @property
    def policy(self) -> str:
        """The command that lists the people that due prints IAM policies for, for an administrator to attach."""
        return self.names.command("setup --policy")

    def aws_command(self, words: str) -> str:
        """A command of the AWS CLI in this stack's region."""
        return f"aws {words} --region {self.names.region}"

    def grant_to_all(self) -> str:
        """The command with which Lake Formation leaves the table to IAM."""
        return governance.grant_command(self.names, self.stack.options.database)


CheckFunction = Callable[[DoctorContext], Iterator[Finding]]


def run_check(name: str, check: CheckFunction, context: DoctorContext) -> list[Check]:
    """The results of a check; an error ends it alone, and is a result of its own."""
    results: list[Check] = []
    try:
        results.extend(Check(name, *finding) for finding in check(context))
    except DueError as error:
        results.append(Check(name, *not_checked(error, context)))
    return results


def not_checked(error: DueError, context: DoctorContext, subject: str = "") -> Finding:
    """The finding for a check that failed, or for a part of it, with the permission that it lacked.

    A resource that does not exist is a warning only: the check ``resources`` reports it as a problem.
    """
    text = f"not checked: {f'{subject}: ' if subject else ''}{error.message}"
    if is_lake_formation(error):
        return "problem", f"Lake Formation denied it: {error.message}", context.grant_to_all()
    permission = missing_permission(error)
    if permission is not None:
        return "problem", text if permission in error.message else f"{text} ({permission})", context.policy
    if is_not_found(error):
        return "warning", f"{text}: fix the resources first", context.setup
    return "problem", text, command_in(error)


def command_in(error: DueError) -> str | None:
    """The hint of an error where it is a command."""
    return error.hint if error.hint and error.hint != POLICY_HINT and error.hint.startswith(_COMMANDS) else None


def mask(text: str) -> str:
    """The beginning of a text on one line, without what looks like an address or a phone number."""
    line = _PHONE.sub("***", _ADDRESS.sub("***", " ".join(text.split())))
    return line if len(line) <= _QUOTED_CHARACTERS else f"{line[: _QUOTED_CHARACTERS - 3]}..."


def group_lines(lines: Iterable[LogLine], *, more: bool) -> list[str]:
    """The texts of lines, each once, the most frequent first: how often, when last, and its masked beginning.

    ``more`` says that there may be older lines than these.
    """
    times: dict[str, list[datetime]] = {}
    for line in lines:
        times.setdefault(mask(line.text), []).append(line.at)
    by_frequency = sorted(times.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"{_times(len(when), more)} in the last day, last {ago(max(when))}: {text}" for text, when in by_frequency]


def _times(count: int, more: bool) -> str:
    if count == 1:
        return "once or more" if more else "once"
    return f"{count:,}{' or more' if more else ''} times"


def ago(moment: datetime) -> str:
    """A moment, with how long ago it is."""
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    age = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z ({age} ago)" if minutes < 48 * 60 else f"{moment:%Y-%m-%d}"


def short_list(names: Iterable[str]) -> str:
    """Names, the first few of them."""
    names = list(names)
    more = f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    return f"{', '.join(names[:MAX_LISTED])}{more}"
