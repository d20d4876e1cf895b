"""``due setup`` on AWS: everything is checked and planned before the first resource is created."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from due_cli.aws import prices
from due_cli.aws.client import Aws
from due_cli.aws.errors import is_lake_formation
from due_cli.aws.event_types import Tracking, TypeChoice
from due_cli.aws.resources.alarm import Alarm
from due_cli.aws.resources.notification import Notification
from due_cli.aws.resources.resource import Action, Step
from due_cli.aws.services.account import kms_key_fault, reservable_concurrency
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.stack import (
    config_sets,
    governance,
    key_policy,
    package,
    person_policies,
    projects,
    set_search,
    tracking,
)
from due_cli.aws.stack.desired import desired, existing_partitions, obsolete
from due_cli.aws.stack.execute import execute, execute_with_progress
from due_cli.aws.stack.names import Names, names_of
from due_cli.aws.stack.options import Options, validate
from due_cli.aws.stack.plan import PLAN_COLUMNS, foreign_owner, plan_row, planned, planned_removal
from due_cli.aws.stack.stack import Stack, names_in, partial_options, stored_options
from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import ConfigurationError, DueError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Plan, Table, counted

USD_PER_MILLION_EVENTS = 1.02  # with their statuses, as the README's table has it
_ACCOUNT, _REGION = "ACCOUNT_ID", "REGION"  # in a policy that is printed without credentials
_TAG = re.compile(r"[\w .:/=+@-]{1,128}")
_MOST_TAGS = 48  # of the 50 of IAM two are due's own, on a role


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRequest:
    """The options of ``due setup``; one that is None keeps what the stack has."""

    options: Mapping[str, object]
    project: projects.ProjectChoice
    config_sets: tuple[str, ...] = ()
    tracking: Tracking | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan:
    """The steps of a setup, and the notes for the user beside them."""

    stack: Stack
    steps: list[Step[Aws]]
    notes: tuple[str, ...]
    request: SetupRequest
    mail_changes: Mapping[str, str] = field(default_factory=dict)  # by configuration set
    findings: tuple[str, ...] = ()  # about the account, to be said before the plan

    @property
    def question(self) -> str:
        """The question to ask before it is executed."""
        names = self.stack.names
        return f"Apply {counted(self.changes, 'change')} in account {names.account}, region {names.region}?"

    @property
    def changes(self) -> int:
        """The number of resources that are created, changed or deleted."""
        return sum(step.action is not Action.KEEP for step in self.steps)

    def shown(self, *, everything: bool = False) -> Plan:
        """The resources that change, or all; what SES will do to mail, where usage counts are sent, what it costs."""
        rows = [plan_row(step) for step in self.steps if everything or step.action is not Action.KEEP]
        rows += [("change", "mail", set_name, change) for set_name, change in self.mail_changes.items()]
        if self.stack.options.usage_endpoint:
            sent = "solution id, id of the stack, time, S3PartitionTriggers"
            rows.append(("send", "counts of use", self.stack.options.usage_endpoint, sent))
        counts = Counter(step.action for step in self.steps)
        words = {Action.CREATE: "create", Action.UPDATE: "change", Action.KEEP: "keep", Action.DELETE: "delete"}
        shown = {words[action]: counts[action] for action in words if counts[action] or action is not Action.DELETE}
        dollars = self.dollars_without_events
        summary = ", ".join(f"{word} {count:,}" for word, count in shown.items())
        cost = f"costs ${dollars:.2f} a month, and about ${USD_PER_MILLION_EVENTS:.2f} more for each million events"
        costs = {"usd_per_month": round(dollars, 2), "usd_per_million_events": USD_PER_MILLION_EVENTS}
        return Plan(Table(PLAN_COLUMNS, rows), f"{summary}; {cost}", {**shown, **costs})

    @property
    def dollars_without_events(self) -> float:
        """What the stack costs a month to which no event comes: its alarms, billed by the metrics that they are on."""
        staying = (step.node.resource for step in self.steps if step.action is not Action.DELETE)
        metrics = sum(resource.metric_count for resource in staying if isinstance(resource, Alarm))
        return metrics * prices.of("cloudwatch", "usd_per_alarm_month")


def plan_setup(aws: Aws, stack: str, request: SetupRequest) -> SetupPlan:
    """Validate the request and compare it with what exists; makes reading calls only.

    Raises :class:`UsageError` for what AWS would refuse, :class:`NotFoundError` for a configuration set or project
    that does not exist, :class:`RefusedError` for what is somebody else's.
    """
    if request.tracking and not request.config_sets:
        raise UsageError(
            "--tracking is of the sets that --config-sets names", "due attach-config-set NAME --tracking on"
        )
    names = names_in(aws, stack)
    stored = stored_options(aws, names) or partial_options(aws, names)
    before = stored or Options()
    with_pinpoint = request.project.use and (before.pinpoint or request.project.is_explicit)
    options = replace(before.updated(request.options), pinpoint=with_pinpoint, tags=_tags(request.tags, before.tags))
    validate(options)
    options = replace(options, catalog_key=governance.catalog_key(aws, before.catalog_key))
    kept = governance.kept_by_lake_formation(aws, names, options.database)
    _check_key_and_concurrency(aws, names, options, before)
    key_policy.check(aws, names, options)
    if stored and options.database != stored.database:
        problem = f"--database: the stack {stack} has its events in {stored.database}, and they cannot move"
        raise UsageError(problem, f"due setup --stack ANOTHER-NAME --database {options.database}")
    nodes = desired(names, options, package.package())
    choice = replace(request.project, use=with_pinpoint)
    project = projects.plan_pinpoint(aws, names, choice, options)
    sets = set_search.find_config_sets(aws, names, request.config_sets)
    choice_of_types = TypeChoice(tracking=request.tracking or Tracking.KEEP)
    destinations = config_sets.setup_nodes(names, sets, project.project, choice_of_types)
    types = config_sets.planned_types(sets, destinations)
    nodes += [*project.nodes, *destinations, existing_partitions(names, options)]
    steps = [step for step in planned(nodes, aws) if step.action is not Action.KEEP or step.node.key != "partitions"]
    _check_ownership(names, steps)
    _check_notifications(aws, steps)
    steps += planned_removal(obsolete(names, options), aws)
    planned_stack = Stack(aws=aws, names=names, options=options)
    return SetupPlan(
        stack=planned_stack,
        steps=steps,
        notes=(*project.notes, *tracking.left_out(names, types, choice_of_types)),
        request=request,
        mail_changes=tracking.mail_changes(types),
        findings=tuple(governance.findings(names, options.database, options.catalog_key, kept)),
    )


def policies() -> Table:
    """The people for whom there is an IAM policy, with what each does."""
    rows = [(name, person.about) for name, person in person_policies.PERSONS.items()]
    return Table(("person", "about"), rows, [f"due setup --policy {name}" for name, _ in rows])


def policy(
    profile: str | None, region: str | None, stack: str, person: str, options: Mapping[str, object], progress: Progress
) -> str:
    """The rights that a person needs for a stack, as a policy document; two calls, for the account and its catalog.

    Without a region or credentials it has placeholders.
    """
    if person not in person_policies.PERSONS:
        raise UsageError(f"--policy: there is no policy for {person!r}", f"one of {', '.join(person_policies.PERSONS)}")
    chosen = Options().updated(options)
    validate(chosen)
    try:
        aws = Aws(profile, region)
        names = names_in(aws, stack)
    except ConfigurationError as error:
        names = names_of(stack, _ACCOUNT, region or _REGION, "aws")
        placeholders = " and ".join([_ACCOUNT, *([] if region else [_REGION])])
        progress.note(f"{error.message}: the policy has {placeholders} for what is not known; replace them")
    else:
        chosen = replace(chosen, catalog_key=governance.catalog_key(aws, None))
    rights = person_policies.rights(person, names, chosen)
    if person == "operator" and not chosen.permissions_boundary:
        progress.note(
            "this policy amounts to an administrator's: whoever may create roles can give them any right; "
            "--permissions-boundary ARN bounds the roles"
        )
    length = len(json.dumps(rights, separators=(",", ":")))  # as IAM counts
    if length > person_policies.MOST_CHARACTERS:
        progress.note(
            f"{length:,} characters, and a managed policy takes {person_policies.MOST_CHARACTERS:,}: "
            "put it into a role, as an inline policy, which takes 10,240"
        )
    return json.dumps(rights, indent=2)


def execute_setup(setup: SetupPlan, progress: Progress) -> Done:
    """Execute the steps of the plan; raises if one fails, and the same command continues from there."""
    names = setup.stack.names
    if not setup.changes:
        return Done([f"Stack {names.stack} is up to date"])
    try:
        execute_with_progress(setup.steps, setup.stack.aws, "Setting up", progress, with_notes=True)
    except NoPinpointError as unavailable:
        if unavailable.denied or setup.request.project.is_explicit:
            raise
        return execute_setup(_without_pinpoint(setup, unavailable), progress)
    except DueError as error:
        if is_lake_formation(error):
            error.hint = f"{governance.grant_command(names, setup.stack.options.database)}, then the same command again"
        error.hint = error.hint or "run the same command again: it continues from there"
        raise
    done = f"Set up stack {names.stack} in account {names.account}, region {names.region}"
    return Done([done, *setup.notes], _next(names))


def _without_pinpoint(setup: SetupPlan, error: NoPinpointError) -> SetupPlan:
    """The rest of a setup whose calls Pinpoint refused though it had answered before; later setups leave it out too.

    What was created for it is deleted, as far as Pinpoint deletes it.
    """
    aws, names = setup.stack.aws, setup.stack.names
    created = [step.node for step in setup.steps if step.action is Action.CREATE and step.node.key in projects.KEYS]
    with suppress(NoPinpointError):
        execute(planned_removal(created, aws), aws)
    request = replace(setup.request, project=replace(setup.request.project, use=False))
    rest = plan_setup(aws, names.stack, request)
    return replace(rest, notes=(*rest.notes, f"{projects.unavailable(error)}; skipped"))


def _check_key_and_concurrency(aws: Aws, names: Names, options: Options, before: Options) -> None:
    """Raise :class:`UsageError` for a key or a reservation that AWS would refuse in the middle of a setup."""
    if options.kms_key and options.kms_key.split(":")[3] != names.region:
        problem = f"--kms-key: {options.kms_key} is a key of another region than the stack's, {names.region}"
        raise UsageError(problem, "aws kms list-keys")
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


def _check_ownership(names: Names, steps: list[Step[Aws]]) -> None:
    """Raise :class:`RefusedError` if an existing resource belongs to another stack, or to no stack of due's."""
    for step in steps:
        resource = step.node.resource
        before = {difference.setting: difference.before for difference in step.differences}
        if owner := foreign_owner(resource.kind, resource.desired(), before):
            another = "--database ANOTHER_NAME" if step.node.key == "database" else "--stack ANOTHER-NAME"
            raise RefusedError(
                f"the {resource.kind} {resource.name} {owner}",
                f"due setup {another}; or tag it {STACK_TAG}={names.stack}, if it is to be this stack's",
            )
        if step.node.key == "table" and "Location" in before:
            raise RefusedError(
                f"the table {resource.name} is of files in {before['Location']}, not in {names.bucket}",
                "due setup --database ANOTHER_NAME",
            )


def _check_notifications(aws: Aws, steps: list[Step[Aws]]) -> None:
    """Raise :class:`RefusedError` if somebody else is notified of new events: S3 notifies only one."""
    for step in steps:
        resource = step.node.resource
        if isinstance(resource, Notification) and step.action is not Action.KEEP and (other := resource.obstacle(aws)):
            raise RefusedError(
                f"the bucket {resource.bucket} has a notification {other} of the objects under {resource.prefix}, "
                "and S3 takes no second one",
                f"aws s3api get-bucket-notification-configuration --bucket {resource.bucket} shows it",
            )


def _tags(words: tuple[str, ...], before: Mapping[str, str]) -> dict[str, str]:
    """The tags of a stack, with new ones as ``KEY=VALUE``."""
    tags = dict(before)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not _TAG.fullmatch(key) or (value and not _TAG.fullmatch(value)):
            raise UsageError(f"--tag: {word!r} is not KEY=VALUE as AWS takes it", "letters, digits and _ . : / = + @ -")
        if key.lower().startswith(("aws:", "due:")):
            raise UsageError(f"--tag: {key} begins with a prefix that is not yours", "another key")
        tags[key] = value
    if len(tags) > _MOST_TAGS:
        raise UsageError(f"--tag: {len(tags)} tags with those there are, and AWS takes {_MOST_TAGS} beside due's own")
    return tags


def _next(names: Names) -> tuple[str, ...]:
    return tuple(names.command(words) for words in ("attach-config-set NAME", "doctor", "report"))
