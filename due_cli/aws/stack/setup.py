"""``due setup`` on AWS: everything checked and planned before the first thing is made, then carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from due_cli.aws.client import Aws
from due_cli.aws.resources.notification import Notification
from due_cli.aws.resources.resource import Action, Difference, Step
from due_cli.aws.services.account import kms_key_fault, reservable_concurrency
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.stack import operator_policy, package, pinpoint, senders
from due_cli.aws.stack.desired import desired, existing_partitions, obsolete
from due_cli.aws.stack.execute import execute, execute_aloud
from due_cli.aws.stack.names import STACK_TAG, Names
from due_cli.aws.stack.options import Options, checked
from due_cli.aws.stack.ownership import not_own
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.stack import Stack, begun_options, chosen_options, names_in
from due_cli.core.errors import DueError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Table

_TAG = re.compile(r"[\w .:/=+@-]{1,128}")
_MOST_TAGS = 48  # of the 50 of IAM two are due's own, on a role
PLAN_COLUMNS = ("action", "what", "name", "differs")


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``due setup`` was told; an option that is None keeps what the stack has."""

    options: Mapping[str, object]
    pinpoint: pinpoint.Asked
    config_sets: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A setup that can be carried out: its steps, and what is to be known beside them."""

    stack: Stack
    steps: list[Step[Aws]]
    notes: tuple[str, ...]
    asked: Asked

    @property
    def question(self) -> str:
        """What to ask before it is carried out."""
        names = self.stack.names
        return f"Make these {self.changes} changes in account {names.account}, region {names.region}?"

    @property
    def changes(self) -> int:
        """How many resources are made or changed."""
        return sum(step.action is not Action.KEEP for step in self.steps)

    def plan(self) -> Table:
        """Every resource with what is done about it, and what is sent to whom where that was asked for."""
        rows = [plan_row(step) for step in self.steps]
        if self.stack.options.usage_endpoint:
            sent = "solution id, id of the stack, time, S3PartitionTriggers"
            rows.append(("send", "counts of use", self.stack.options.usage_endpoint, sent))
        return Table(PLAN_COLUMNS, rows, empty="nothing to do")


def prepared(aws: Aws, stack: str, asked: Asked) -> Prepared:
    """Checks what was asked and compares it with what is there; makes reading calls only.

    Raises :class:`UsageError` for what AWS would refuse, :class:`NotFoundError` for a configuration set or project
    that is not there, :class:`RefusedError` for what is somebody else's.
    """
    names = names_in(aws, stack)
    there = chosen_options(aws, names) or begun_options(aws, names)
    before = there or Options()
    with_pinpoint = asked.pinpoint.use and (before.pinpoint or asked.pinpoint.names_one)
    chosen = replace(before.changed(asked.options), pinpoint=with_pinpoint, tags=_tags(asked.tags, before.tags))
    options = checked(chosen)
    _must_be_possible(aws, names, options, before)
    if there and options.database != there.database:
        words = f"--database: the stack {stack} has its events in {there.database}, and they cannot move"
        raise UsageError(words, f"due setup --stack ANOTHER-NAME --database {options.database}")
    tags = options.tags_of(names.stack)
    nodes = desired(names, options, package.package())
    project = pinpoint.desired(aws, names, replace(asked.pinpoint, use=with_pinpoint), tags, options.kms_key)
    sets = senders.checked(aws, names, asked.config_sets)
    nodes += [*project.nodes, *senders.nodes(names, sets, project), existing_partitions(names, options)]
    steps = [step for step in planned(nodes, aws) if step.action is not Action.KEEP or step.node.key != "partitions"]
    _must_be_own(names, steps)
    _must_be_alone(aws, steps)
    steps += planned_removal(obsolete(names, options), aws)
    return Prepared(Stack(aws, names, options), steps, project.notes, asked)


def policy(aws: Aws, stack: str, options: Mapping[str, object], progress: Progress) -> str:
    """The rights that a person needs for a stack, as a policy document; asks AWS for nothing but who calls."""
    chosen = checked(Options().changed(options))
    rights = operator_policy.rights(names_in(aws, stack), chosen.database, chosen.kms_key)
    length = len(json.dumps(rights, separators=(",", ":")))  # as IAM counts
    if length > operator_policy.MOST_CHARACTERS:
        progress.note(
            f"{length:,} characters, and a managed policy takes {operator_policy.MOST_CHARACTERS:,}: "
            "put it into a role, as an inline policy, which takes 10,240"
        )
    return json.dumps(rights, indent=2)


def carry_out(setup: Prepared, progress: Progress) -> Done:
    """Makes and changes what the plan says; raises where a step fails, and running it again goes on from there."""
    names = setup.stack.names
    if not setup.changes:
        return Done([f"the stack {names.stack} is as it should be", *setup.notes], _next(names))
    try:
        execute_aloud(setup.steps, setup.stack.aws, "Setting up", progress)
    except NoPinpointError as gone:
        if gone.denied or setup.asked.pinpoint.names_one:
            raise
        return carry_out(_without_pinpoint(setup, gone), progress)
    except DueError as error:
        error.hint = error.hint or "run the same command again: it goes on from there"
        raise
    made = f"the stack {names.stack} is set up in account {names.account}, region {names.region}"
    return Done([made, *setup.notes], _next(names))


def _without_pinpoint(setup: Prepared, gone: NoPinpointError) -> Prepared:
    """The rest of a setup for which Pinpoint, which had answered before, would not do what it takes; from now on too.

    What was made for it is removed, as far as Pinpoint removes it.
    """
    aws, names = setup.stack.aws, setup.stack.names
    made = [step.node for step in setup.steps if step.action is Action.CREATE and step.node.key in pinpoint.KEYS]
    with suppress(NoPinpointError):
        execute(planned_removal(made, aws), aws)
    asked = replace(setup.asked, pinpoint=replace(setup.asked.pinpoint, use=False))
    note = f"Amazon Pinpoint does not do it ({gone.reason}): set up without it"
    rest = prepared(aws, names.stack, asked)
    return replace(rest, notes=(*rest.notes, note))


def plan_row(step: Step[Aws]) -> tuple[str, str, str, str]:
    """A step as a row of a plan."""
    resource = step.node.resource
    return step.action.value, resource.kind, resource.name, "; ".join(map(_difference, step.differences))


def _must_be_possible(aws: Aws, names: Names, options: Options, before: Options) -> None:
    """Raises :class:`UsageError` for a key or a reservation that AWS would refuse in the middle of a setup."""
    if options.kms_key and options.kms_key.split(":")[3] != names.region:
        words = f"--kms-key: {options.kms_key} is a key of another region than the stack's, {names.region}"
        raise UsageError(words, "aws kms list-keys")
    if options.kms_key and (fault := kms_key_fault(aws, options.kms_key)):
        raise UsageError(f"--kms-key: {options.kms_key} {fault}", "aws kms list-keys")
    if options.transform_concurrency and options.transform_concurrency != before.transform_concurrency:
        most = reservable_concurrency(aws) + (before.transform_concurrency or 0)
        if options.transform_concurrency > most:
            raise UsageError(
                f"--transform-concurrency: the account has {most} executions to reserve, not "
                f"{options.transform_concurrency}",
                "0 for none, or a higher limit of concurrent executions by Service Quotas",
            )


def _must_be_own(names: Names, steps: list[Step[Aws]]) -> None:
    """Raises :class:`RefusedError` where something that is there belongs to another stack, or to no stack of due's."""
    for step in steps:
        resource = step.node.resource
        before = {one.setting: one.before for one in step.differences}
        if whose := not_own(resource.kind, resource.desired(), before):
            another = "--database ANOTHER_NAME" if step.node.key == "database" else "--stack ANOTHER-NAME"
            raise RefusedError(
                f"the {resource.kind} {resource.name} {whose}",
                f"due setup {another}; or tag it {STACK_TAG}={names.stack}, if it is to be this stack's",
            )
        if step.node.key == "table" and "Location" in before:
            raise RefusedError(
                f"the table {resource.name} is of files in {before['Location']}, not in {names.bucket}",
                "due setup --database ANOTHER_NAME",
            )


def _must_be_alone(aws: Aws, steps: list[Step[Aws]]) -> None:
    """Raises :class:`RefusedError` where somebody else is told of new events, which S3 tells but one."""
    for step in steps:
        resource = step.node.resource
        if isinstance(resource, Notification) and step.action is not Action.KEEP and (other := resource.obstacle(aws)):
            raise RefusedError(
                f"the bucket {resource.bucket} has a notification {other} of the objects under {resource.prefix}, "
                "and S3 takes no second one",
                f"aws s3api get-bucket-notification-configuration --bucket {resource.bucket} shows it",
            )


def _tags(words: tuple[str, ...], before: Mapping[str, str]) -> dict[str, str]:
    """The tags that a stack has with those that were asked for."""
    found = dict(before)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not _TAG.fullmatch(key) or (value and not _TAG.fullmatch(value)):
            raise UsageError(f"--tag: {word!r} is not KEY=VALUE as AWS takes it", "letters, digits and _ . : / = + @ -")
        if key.lower().startswith(("aws:", "due:")):
            raise UsageError(f"--tag: {key} begins with a prefix that is not yours", "another key")
        found[key] = value
    if len(found) > _MOST_TAGS:
        raise UsageError(f"--tag: {len(found)} tags with those there are, and AWS takes {_MOST_TAGS} beside due's own")
    return found


def _difference(difference: Difference) -> str:
    now, wanted = difference.before, difference.desired
    return f"{difference.setting}: {_apart(now, wanted)} -> {_apart(wanted, now)}"


def _apart(one: object, other: object) -> object:
    """Of a mapping or a list what another one has not; anything else as it is."""
    left: object = one
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        parts = {key: (value, other.get(key)) for key, value in one.items() if other.get(key) != value}
        left = ", ".join(f"{key}={_apart(*pair)}" for key, pair in parts.items())
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        left = [item for item in one if item not in other]
    return "none" if left in (None, "", []) else left


def _next(names: Names) -> tuple[str, ...]:
    return tuple(names.command(words) for words in ("attach-config-set NAME", "doctor", "report"))
