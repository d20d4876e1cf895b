"""The permissions boundary of roles: on creation, changed, removed, and left alone; and who may take the roles on."""

from __future__ import annotations

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.role import Role
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.options import Options, decode_options, validate
from due_cli.aws.stack.package import Package
from due_cli.aws.stack.plan import planned
from due_cli.core.errors import RefusedError, UsageError
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.governed import boundary_in, guardrail

OTHER = "arn:aws:iam::123456789012:policy/other"


def apply(aws: Aws, names: Names, options: Options) -> float:
    """Sets up the roles of a stack; the share of those that changed."""
    nodes = [node for node in desired(names, options, Package(b"", "")) if isinstance(node.resource, Role)]
    steps = planned(nodes, aws)
    execute(steps, aws)
    return sum(step.action != "keep" for step in steps) / len(steps)


def boundaries(emulator: AwsEmulator) -> set[str | None]:
    iam = emulator.client("iam")
    roles = [iam.get_role(RoleName=one["RoleName"])["Role"] for one in iam.list_roles()["Roles"]]
    return {role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") for role in roles}


def test_every_role_is_created_with_it_and_follows_a_change(emulator: AwsEmulator, aws: Aws, names: Names) -> None:
    first = boundary_in(emulator)
    emulator.iam.guardrails.append(guardrail(first, "team"))
    options = Options(permissions_boundary=first, tags={"team": "mail"})
    assert apply(aws, names, options) == 1
    assert boundaries(emulator) == {first}
    assert apply(aws, names, options) == 0
    emulator.iam.guardrails.clear()
    assert apply(aws, names, options.updated({"permissions_boundary": OTHER})) == 1
    assert boundaries(emulator) == {OTHER}


def test_it_is_removed_by_an_empty_one_alone(emulator: AwsEmulator, aws: Aws, names: Names) -> None:
    """A boundary that somebody gave a role by hand stays."""
    apply(aws, names, Options())
    for role in emulator.client("iam").list_roles()["Roles"]:
        emulator.client("iam").put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=OTHER)
    assert apply(aws, names, Options()) == 0
    assert boundaries(emulator) == {OTHER}
    removed = Options().updated({"permissions_boundary": ""})
    assert decode_options(removed.encode()) == removed
    assert apply(aws, names, removed) == 1
    assert boundaries(emulator) == {None}


def test_a_governed_account_refuses_roles_without_it_and_what_is_not_tagged(
    emulator: AwsEmulator, aws: Aws, names: Names
) -> None:
    boundary = boundary_in(emulator)
    emulator.iam.guardrails.append(guardrail(boundary, "team"))
    with pytest.raises(RefusedError, match="iam:CreateRole"):
        apply(aws, names, Options(tags={"team": "mail"}))
    with pytest.raises(RefusedError, match="iam:CreateRole"):
        apply(aws, names, Options(permissions_boundary=boundary))


@pytest.mark.parametrize("text", ["boundary", "arn:aws:iam::1:policy/x", "arn:aws:iam::123456789012:role/x"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--permissions-boundary"):
        validate(Options(permissions_boundary=text))


@pytest.mark.parametrize("key", ["sts:ExternalId", "aws:SourceAccount"])
def test_firehose_takes_its_role_on_by_either_key(emulator: AwsEmulator, aws: Aws, names: Names, key: str) -> None:
    """A condition on a key that is not sent is false: which one Firehose sends, its guide no longer shows."""
    apply(aws, names, Options())
    emulator.iam.firehose_says = (key,)
    assert emulator.iam.assumable(names.role_arn("stream"), "firehose", names.stream_arn)
    emulator.iam.firehose_says = ()
    assert not emulator.iam.assumable(names.role_arn("stream"), "firehose", names.stream_arn)
