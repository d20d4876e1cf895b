"""Who calls, in which role, and whether that role allows it: every action, resource and condition evaluated."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import sts_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.conditions import context_of
from tests.aws_emulator.needs import ACCOUNT, PARTITION, needs_of
from tests.aws_emulator.policies import Need, Right, allowing, allows, denies, trusts
from tests.aws_emulator.wire import RefusedError


@dataclass(frozen=True)
class Denied:
    """A call that its principal was not allowed."""

    principal: str
    need: Need
    call: Call

    def __str__(self) -> str:
        return f"{self.principal} may not {self.need} ({self.call.name})"


@dataclass(frozen=True)
class Session:
    """A role at work."""

    access_key: str
    role: str
    by: str


class Identities:
    """Users, roles and what they may do. A key that belongs to nobody is the account's root, which may do all."""

    def __init__(self) -> None:
        self.enforce = True
        self.denied: list[Denied] = []
        self.used: dict[str, set[frozenset[Right]]] = defaultdict(set)  # the rights that allowed something, any of each
        self.dependent: list[Callable[[Call], list[Need]]] = []  # what calls need beside their own actions
        self.guardrails: list[Any] = []  # policies of the organisation, which deny everybody
        self.firehose_says: tuple[str, ...] = (
            "sts:ExternalId",
        )  # the keys that it takes a role on with, as in its guide
        self.refusals_of_new_roles = 0  # how often a service cannot assume a role that was just made
        self._refused: Counter[str] = Counter()
        self._sessions: dict[str, Session] = {}
        self._by_role: dict[tuple[str, str], Session] = {}
        self._numbers = itertools.count(1)

    @property
    def backend(self) -> IAMBackend:
        """moto's IAM."""
        found: IAMBackend = iam_backends[ACCOUNT][PARTITION]
        return found

    def user(self, name: str, policy: Any) -> dict[str, str]:
        """Makes a user with one policy, or gives one that is there another; returns the environment to call as them."""
        backend = self.backend
        if name not in backend.users:
            backend.create_user("us-east-1", name)
        backend.put_user_policy(name, "policy", policy if isinstance(policy, str) else json.dumps(policy))
        keys = backend.list_access_keys(name)
        key = keys[0] if keys else backend.create_access_key(name)
        return {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}

    def session(self, role: str, by: str) -> Session:
        """A role at work for a function or a service; the same one each time."""
        found = self._by_role.get((role, by))
        if found is None:
            found = Session(f"ASIAEMULATOR{next(self._numbers):08d}", role, by)
            self._by_role[role, by] = self._sessions[found.access_key] = found
        return found

    def who(self, access_key: str) -> tuple[str, str]:
        """The ARN of who an access key belongs to, and on whose behalf it calls."""
        session = self._sessions.get(access_key)
        if session:
            return session.role, session.by
        assumed = sts_backends[ACCOUNT][PARTITION].get_assumed_role_from_access_key(access_key)
        if assumed:
            return str(assumed.role_arn), "user"
        user = self.backend.get_user_from_access_key_id(access_key)
        return (str(user.arn), "user") if user else ("root", "user")

    def policies(self, principal: str) -> list[Any]:
        """The policies of a user or role: inline and attached."""
        kind, _, name = principal.rsplit(":", 1)[-1].partition("/")
        held: Any = (
            self.backend.users if kind == "user" else {role.name: role for role in list(self.backend.roles.values())}
        )
        found = held.get(name.rsplit("/", 1)[-1])
        if found is None:
            return []
        inline = list(found.policies.values())
        return [*inline, *map(_current, found.managed_policies.values())]

    def _boundary(self, principal: str) -> list[Any]:
        """The policy that bounds the rights of a role; none where it has no boundary."""
        role = next((one for one in list(self.backend.roles.values()) if one.arn == principal), None)
        arn = role.permissions_boundary_arn if role else None
        return [_current(self.backend.managed_policies[arn])] if arn else []

    def permits(self, principal: str, need: Need) -> bool:
        """Whether a principal may do something to all the resources."""
        context = {"aws:SecureTransport": "true", "aws:PrincipalAccount": ACCOUNT, **need.context}
        if any(denies(self.guardrails, need.action, resource, context) for resource in need.resources):
            return False
        if principal == "root":
            return True
        bounding = self._boundary(principal)
        if bounding and not all(allows(bounding, need.action, resource, context) for resource in need.resources):
            return False
        policies = self.policies(principal)
        found = [frozenset(allowing(policies, need.action, resource, context)) for resource in need.resources]
        self.used[principal].update(filter(None, found))
        return all(found)

    def needed(self, principal: str) -> set[Right]:
        """The rights of a principal without any one of which something would have been denied."""
        return {right for rights in self.used[principal] if len(rights) == 1 for right in rights}

    def check(self, call: Call) -> None:
        """Writes down what a call lacks, and refuses it if policies are enforced."""
        needs = needs_of(call)
        call.resources = needs[0].resources if needs else ()
        context = context_of(call)
        for need in [*needs, *(one for more in self.dependent for one in more(call))]:
            self.demand(call, replace(need, context={**context, **need.context}))

    def demand(self, call: Call, need: Need) -> None:
        """Refuses a call whose principal is not allowed something."""
        if self.permits(call.principal, need):
            return
        self.denied.append(Denied(call.principal, need, call))
        if self.enforce:
            words = f"User: {call.principal} is not authorized to perform: {need.action} on resource: "
            code = "AccessDenied" if call.service in ("s3", "iam", "sts", "sns", "cloudwatch") else _DENIED
            raise RefusedError(code, words + ", ".join(need.resources), 403)

    def role_id(self, role_arn: str) -> str | None:
        """The id of a role, which no other one ever has; None where there is none."""
        return next((str(role.id) for role in list(self.backend.roles.values()) if role.arn == role_arn), None)

    def assumable(self, role_arn: str, service: str, source: str) -> bool:
        """Whether a service may assume a role for one of the account's resources, and the role is old enough."""
        role = next((role for role in list(self.backend.roles.values()) if role.arn == role_arn), None)
        if role is None:
            return False
        self._refused[role.id] += 1
        if self._refused[role.id] <= self.refusals_of_new_roles:
            return False
        context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}
        if service == "firehose":
            context = dict.fromkeys(self.firehose_says, ACCOUNT)
        return trusts(role.assume_role_policy_document, f"{service}.amazonaws.com", context)


def _current(policy: Any) -> Any:
    """The document of a managed policy, in the version that counts."""
    return next(one.document for one in policy.versions if one.version_id == policy.default_version_id)


_DENIED = "AccessDeniedException"
