"""IAM policy documents: whether statements allow an action on a resource under conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Need:
    """What a call needs to be allowed: an action on each of some resources."""

    action: str
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action} on {', '.join(self.resources)}"


@dataclass(frozen=True, order=True)
class Right:
    """What a policy allows: the pattern of an action on the pattern of a resource."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def document(raw: Any) -> dict[str, Any]:
    """A policy document, which IAM stores as text, at times percent-encoded."""
    if isinstance(raw, dict):
        return raw
    text = str(raw)
    found: dict[str, Any] = json.loads(unquote(text) if text.startswith("%7B") else text)
    return found


def allows(policies: Iterable[Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether policies allow an action on a resource: one statement does and none denies it."""
    return bool(allowing(policies, action, resource, context))


def allowing(policies: Iterable[Any], action: str, resource: str, context: Mapping[str, str]) -> list[Right]:
    """The rights in policies that allow an action on a resource, each of which would do; none where one is denied."""
    found: list[Right] = []
    for statement in (one for policy in policies for one in _list(document(policy)["Statement"])):
        if not _about(statement, action, resource) or not conditions_hold(statement.get("Condition", {}), context):
            continue
        if statement["Effect"] == "Deny":
            return []
        actions = [one for one in _list(statement.get("Action", "*")) if _like(one.lower()).fullmatch(action.lower())]
        places = [one for one in _list(statement.get("Resource", "*")) if _like(one).fullmatch(resource)]
        # What is allowed by all but some has no pattern of its own
        found += [Right(one, place) for one in actions or ["*"] for place in places or ["*"]]
    return found


def denies(policies: Iterable[Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement of policies denies an action on a resource."""
    return any(
        one["Effect"] == "Deny" and _about(one, action, resource) and conditions_hold(one.get("Condition", {}), context)
        for policy in policies
        for one in _list(document(policy)["Statement"])
    )


def rights_in(policies: Iterable[Any]) -> list[Right]:
    """Every right of policies, as often as it is there."""
    statements = [one for policy in policies for one in _list(document(policy)["Statement"])]
    return [
        Right(action, resource)
        for one in statements
        if one["Effect"] == "Allow"
        for action in _list(one["Action"])
        for resource in _list(one["Resource"])
    ]


def trusts(policy: Any, service: str, context: Mapping[str, str]) -> bool:
    """Whether a policy with principals (a role's trust, a function's permissions) lets a service in."""
    allowed = False
    for statement in _list(document(policy)["Statement"]):
        principal = statement.get("Principal", {})
        services = _list(principal.get("Service", [])) if isinstance(principal, dict) else [principal]
        if service not in services and "*" not in services:
            continue
        if conditions_hold(statement.get("Condition", {}), context):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether every condition of a statement holds; a key that is not there holds only for ``…IfExists``."""
    known = {key.lower(): value for key, value in context.items()}
    for operator, pairs in conditions.items():
        optional = operator.endswith("IfExists")
        name = operator.removesuffix("IfExists").removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
        for key, wanted in pairs.items():
            value = known.get(key.lower())
            if name == "Null":
                if (value is None) is not (str(_list(wanted)[0]).lower() == "true"):
                    return False
                continue
            if value is None:
                if optional or operator.startswith("ForAllValues:") or "Not" in name:
                    continue
                return False
            if not _holds(name, value, [str(one) for one in _list(wanted)]):
                return False
    return True


def _holds(operator: str, value: str, wanted: list[str]) -> bool:
    negated = "Not" in operator
    plain = operator.replace("Not", "")
    if plain in ("StringLike", "ArnLike", "ArnEquals"):
        found = any(_like(one).fullmatch(value) for one in wanted)
    elif plain == "StringEquals":
        found = value in wanted
    elif plain in ("StringEqualsIgnoreCase", "Bool"):
        found = value.lower() in [one.lower() for one in wanted]
    else:
        raise NotImplementedError(f"the condition operator {operator}")
    return found is not negated


def _about(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions, others = _list(statement.get("Action", [])), _list(statement.get("NotAction", []))
    if actions and not any(_like(one.lower()).fullmatch(action.lower()) for one in actions):
        return False
    if others and any(_like(one.lower()).fullmatch(action.lower()) for one in others):
        return False
    if "NotResource" in statement:
        return not any(_like(one).fullmatch(resource) for one in _list(statement["NotResource"]))
    return any(_like(one).fullmatch(resource) for one in _list(statement["Resource"]))


@cache
def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
