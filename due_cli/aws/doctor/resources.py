"""Checks of the stack's resources against their desired state: missing or different ones, and raised alarms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import Comparison, DoctorContext, mask, not_checked, short_list
from due_cli.aws.errors import missing_permission
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Difference, Node, Step
from due_cli.aws.services.cloudwatch import raised_alarms
from due_cli.aws.stack.plan import plan_row, planned
from due_cli.core.errors import DueError
from due_cli.core.results import Finding, counted

_AT_ONCE = 12
_TRUST, _POLICY, _CODE, _COLUMNS = "AssumeRolePolicyDocument", "PolicyDocument", "CodeSha256", "Columns"
_CHECKED_APART = ("role", "view")  # kinds with a check of their own


def compare(nodes: Iterable[Node[Aws]], aws: Aws) -> tuple[Comparison, ...]:
    """Every resource compared with its desired state; reading calls only."""

    def compare_one(node: Node[Aws]) -> Comparison:
        try:
            return Comparison(node, planned([node], aws)[0])
        except DueError as error:
            return Comparison(node, None, error)

    with interruptible_pool(_AT_ONCE) as pool:
        return tuple(pool.map(compare_one, nodes))


def resources(context: DoctorContext) -> Iterator[Finding]:
    """Every resource but roles and views."""
    comparisons = [item for item in context.comparisons if item.node.resource.kind not in _CHECKED_APART]
    yield from unread(comparisons, context)
    differing = [step for step in steps(comparisons) if step.action is not Action.KEEP]
    for step in differing:
        yield "problem", f"{_name(step)} {_fault(step)}", context.setup
    kept = len(list(steps(comparisons))) - len(differing)
    if kept == len(comparisons):
        yield "ok", f"{counted(kept, 'resource')} as setup makes them", None


def roles(context: DoctorContext) -> Iterator[Finding]:
    """Every role: whether its service can assume it, and which actions it lacks."""
    comparisons = [item for item in context.comparisons if item.node.resource.kind == "role"]
    yield from unread(comparisons, context)
    faults = [f"{_name(step)} {fault}" for step in steps(comparisons) for fault in _role_faults(step)]
    for fault in faults:
        yield "problem", fault, context.setup
    if not faults and all(comparison.step for comparison in comparisons):
        yield "ok", f"{counted(len(comparisons), 'role')} can be assumed and have their permissions", None


def alarms(context: DoctorContext) -> Iterator[Finding]:
    """The stack's alarms that are raised."""
    alarm_resources = [item.node.resource for item in context.comparisons if item.node.resource.kind == "alarm"]
    own = {alarm.name for alarm in alarm_resources}
    raised = raised_alarms(context.aws, f"{context.names.stack}-")
    for name in sorted(raised.keys() & own):
        history = context.aws_command(f"cloudwatch describe-alarm-history --alarm-name {name}")
        yield "warning", f"{name} is raised: {mask(raised[name])}", history
    if not raised.keys() & own:
        yield "ok", f"none of {counted(len(own), 'alarm')} is raised", None


def steps(comparisons: Iterable[Comparison]) -> Iterator[Step[Aws]]:
    """The steps of the resources that could be compared."""
    return (comparison.step for comparison in comparisons if comparison.step is not None)


def unread(comparisons: Iterable[Comparison], context: DoctorContext) -> Iterator[Finding]:
    """The resources that could not be read, once for each reason: eleven alarms lack one permission."""
    by_reason: dict[str, list[tuple[str, DueError]]] = defaultdict(list)
    for comparison in comparisons:
        if error := comparison.error:
            reason = missing_permission(error) or error.message
            by_reason[reason].append((comparison.node.resource.name, error))
    for failures in by_reason.values():
        names = short_list(name for name, _ in failures)
        yield not_checked(failures[0][1], context, names if len(failures) > 1 else "")


def _name(step: Step[Aws]) -> str:
    return f"{step.node.resource.kind} {step.node.resource.name}"


def _fault(step: Step[Aws]) -> str:
    if step.action is Action.CREATE:
        return "is missing"
    if [difference.setting for difference in step.differences] == [_CODE]:
        return "runs other code than this version's"
    return f"is not as setup makes it: {_settings(step)}"


def _settings(step: Step[Aws]) -> str:
    """The settings that differ, as a plan shows them; columns by their names."""
    columns = next((difference for difference in step.differences if difference.setting == _COLUMNS), None)
    others = tuple(difference for difference in step.differences if difference is not columns)
    texts = [_column_faults(columns)] if columns else []
    if others:
        texts.append(plan_row(replace(step, differences=others))[3])
    return "; ".join(texts)


def _column_faults(difference: Difference) -> str:
    current, desired = _columns(difference.before), _columns(difference.desired)
    missing = [name for name in desired if name not in current]
    changed = [
        f"{name} is {current[name]}, not {kind}" for name, kind in desired.items() if current.get(name, kind) != kind
    ]
    added = [name for name in current if name not in desired]
    parts = [
        f"without {counted(len(missing), 'column')} {short_list(missing)}" if missing else "",
        short_list(changed),
        f"with {counted(len(added), 'column')} more: {short_list(added)}" if added else "",
    ]
    return "; ".join(filter(None, parts)) or "its columns are in another order"


def _columns(value: Any) -> dict[str, str]:
    return dict(value) if isinstance(value, (tuple, list)) else {}


def _role_faults(step: Step[Aws]) -> Iterator[str]:
    if step.action is Action.CREATE:
        yield "is missing"
    for difference in step.differences:
        if difference.setting == _TRUST:
            yield _trust_fault(difference)
        elif difference.setting == _POLICY:
            yield _policy_fault(difference)
        else:
            yield f"is not as setup makes it: {difference.setting} is {difference.before}"


def _trust_fault(difference: Difference) -> str:
    """Whether the trust policy names no service of the role, or names it under other conditions."""
    desired: Any = difference.desired
    service = desired["Statement"][0]["Principal"]["Service"]
    for statement in _statements(difference.before):
        principal = statement.get("Principal")
        services = _list(principal.get("Service", [])) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in services:
            return f"may be assumed by {service} under other conditions than setup sets"
    return f"cannot be assumed by {service}: its trust policy does not name it"


def _policy_fault(difference: Difference) -> str:
    lacking = list(_lacking(difference))
    if not lacking:
        return "allows more than setup grants"
    actions = dict.fromkeys(action for action, _ in lacking)
    return f"lacks {short_list(actions)} (on {short_list(dict.fromkeys(resource for _, resource in lacking))})"


def _lacking(difference: Difference) -> Iterator[tuple[str, str]]:
    """Actions with their resources that the desired policy allows and the current one does not."""
    current = _statements(difference.before)
    for desired in _statements(difference.desired):
        for action in _list(desired["Action"]):
            for resource in _list(desired["Resource"]):
                relevant = [statement for statement in current if _applies(statement, action, resource)]
                denied = any(statement.get("Effect") != "Allow" for statement in relevant)
                conditions = [statement.get("Condition") for statement in relevant]
                if denied or not any(condition in (None, desired.get("Condition")) for condition in conditions):
                    yield action, resource


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions, patterns = _list(statement.get("Action", [])), _list(statement.get("Resource", []))
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in actions) and any(
        fnmatchcase(resource, pattern) for pattern in patterns
    )


def _statements(document: Any) -> list[dict[str, Any]]:
    return _list(document.get("Statement", [])) if isinstance(document, dict) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
