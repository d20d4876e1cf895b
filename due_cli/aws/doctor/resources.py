"""The stack's resources against what setup would make of them: missing, or differing, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import DoctorContext, Examined, Looked, listed, unmade
from due_cli.aws.errors import missing_permission
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.resources.resource import Action, Difference, Node, Step
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.setup import plan_row
from due_cli.core.errors import DueError
from due_cli.core.results import Check, counted

_AT_ONCE = 12
_TRUST, _RIGHTS, _CODE, _COLUMNS = "AssumeRolePolicyDocument", "PolicyDocument", "CodeSha256", "Columns"
_OWN = ("role", "view")  # kinds with a check of their own


def looked_at(nodes: Iterable[Node[Aws]], aws: Aws) -> tuple[Looked, ...]:
    """Every resource compared with what it should be; reading calls only."""

    def look(node: Node[Aws]) -> Looked:
        try:
            return Looked(node, planned([node], aws)[0])
        except DueError as error:
            return Looked(node, None, error)

    with interruptible_pool(_AT_ONCE) as pool:
        return tuple(pool.map(look, nodes))


def resources(patient: DoctorContext) -> Examined:
    """Every resource but roles and views."""
    looked = [one for one in patient.looked if one.node.resource.kind not in _OWN]
    yield from unread("resources", looked, patient)
    wrong = [step for step in steps(looked) if step.action is not Action.KEEP]
    for step in wrong:
        yield Check("resources", "problem", f"{_named(step)} {_fault(step)}", patient.setup)
    kept = len(list(steps(looked))) - len(wrong)
    if kept == len(looked):
        yield Check("resources", "ok", f"{counted(kept, 'resource')} as setup makes them")


def roles(patient: DoctorContext) -> Examined:
    """Every role: whether its service can assume it, and what it lacks."""
    looked = [one for one in patient.looked if one.node.resource.kind == "role"]
    yield from unread("roles", looked, patient)
    found = [f"{_named(step)} {fault}" for step in steps(looked) for fault in _role_faults(step)]
    for text in found:
        yield Check("roles", "problem", text, patient.setup)
    if not found and all(one.step for one in looked):
        yield Check("roles", "ok", f"{counted(len(looked), 'role')} can be assumed and may do what they must")


def steps(looked: Iterable[Looked]) -> Iterator[Step[Aws]]:
    """Those that could be compared."""
    return (one.step for one in looked if one.step is not None)


def unread(name: str, looked: Iterable[Looked], patient: DoctorContext) -> Iterator[Check]:
    """What could not be read, once for each reason: eleven alarms lack one right."""
    by_reason: dict[str, list[Looked]] = defaultdict(list)
    for one in looked:
        if one.error is not None:
            by_reason[missing_permission(one.error) or one.error.message].append(one)
    for alike in by_reason.values():
        error = alike[0].error
        if error is not None:
            others = listed(one.node.resource.name for one in alike)
            yield unmade(name, error, patient, others if len(alike) > 1 else "")


def _named(step: Step[Aws]) -> str:
    return f"{step.node.resource.kind} {step.node.resource.name}"


def _fault(step: Step[Aws]) -> str:
    if step.action is Action.CREATE:
        return "is missing"
    settings = [difference.setting for difference in step.differences]
    if settings == [_CODE]:
        return "runs other code than this version's"
    return f"is not as setup makes it: {_settings(step)}"


def _settings(step: Step[Aws]) -> str:
    """What differs, as a plan says it; columns by their names."""
    columns = next((one for one in step.differences if one.setting == _COLUMNS), None)
    others = tuple(one for one in step.differences if one is not columns)
    said = [_column_faults(columns)] if columns else []
    if others:
        said.append(plan_row(Step(step.node, step.action, others))[3])
    return "; ".join(said)


def _column_faults(difference: Difference) -> str:
    found, wanted = _columns(difference.before), _columns(difference.desired)
    missing = [name for name in wanted if name not in found]
    other = [f"{name} is {found[name]}, not {kind}" for name, kind in wanted.items() if found.get(name, kind) != kind]
    more = [name for name in found if name not in wanted]
    parts = [
        f"without {counted(len(missing), 'column')} {listed(missing)}" if missing else "",
        listed(other),
        f"with {counted(len(more), 'column')} more: {listed(more)}" if more else "",
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
        elif difference.setting == _RIGHTS:
            yield _rights_fault(difference)
        else:
            yield f"is not as setup makes it: {difference.setting} is {difference.before}"


def _trust_fault(difference: Difference) -> str:
    """A role without its service among those who may assume it; or with it, and other conditions."""
    desired: Any = difference.desired
    service = desired["Statement"][0]["Principal"]["Service"]
    for statement in _statements(difference.before):
        principal = statement.get("Principal")
        services = _list(principal.get("Service", [])) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in services:
            return f"may be assumed by {service} under other conditions than setup sets"
    return f"cannot be assumed by {service}: its trust policy does not name it"


def _rights_fault(difference: Difference) -> str:
    lacking = list(dict.fromkeys(action for action, _ in _lacking(difference)))
    where = [resource for _, resource in _lacking(difference)]
    if not lacking:
        return "may do more than setup lets it"
    return f"lacks {listed(lacking)} (on {listed(dict.fromkeys(where))})"


def _lacking(difference: Difference) -> Iterator[tuple[str, str]]:
    """Actions with their resources that the wanted policy allows and the one that is there does not."""
    there = _statements(difference.before)
    for wanted in _statements(difference.desired):
        for action in _list(wanted["Action"]):
            for resource in _list(wanted["Resource"]):
                about = [one for one in there if _is_about(one, action, resource)]
                denied = any(one.get("Effect") != "Allow" for one in about)
                if denied or not any(one.get("Condition") in (None, wanted.get("Condition")) for one in about):
                    yield action, resource


def _is_about(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions, resources_ = _list(statement.get("Action", [])), _list(statement.get("Resource", []))
    return any(fnmatchcase(action.lower(), one.lower()) for one in actions) and any(
        fnmatchcase(resource, one) for one in resources_
    )


def _statements(document: Any) -> list[dict[str, Any]]:
    return _list(document.get("Statement", [])) if isinstance(document, dict) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
