"""No role of a stack, and no operator who runs due, has a right that nothing needs: told in a governed account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started
from tests.aws_emulator.governed import boundary_in, encrypt_catalog, guardrail, key_in
from tests.aws_emulator.needs import tags_given
from tests.aws_emulator.policies import Right, rights_in
from tests.aws_emulator.recognise import model
from tests.scenarios.commands import Commands, preloaded
from tests.scenarios.operator_scenario import OperatorScenario
from tests.scenarios.surplus import surplus

# What AWS needs and the emulator cannot see.
UNSEEN = {
    "apigateway:PUT": "tags of an API's first version are PUT, and denials name it for both (aws-terminator #284)",
}


@dataclass(frozen=True)
class Told:
    """What was done, and the rights that there were for it."""

    emulator: AwsEmulator
    policy: list[Right]
    roles: dict[str, list[Right]]

    def needed(self, role: str) -> set[Right]:
        """The rights of a role without any one of which something would have been denied."""
        return self.emulator.iam.needed(role)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Everything that an operator does with a stack."""
    with started() as emulator:
        commands = Commands(emulator, tmp_path_factory.mktemp("home"), preloaded())
        key = key_in(emulator)
        boundary = boundary_in(emulator)
        emulator.iam.guardrails.append(guardrail(boundary, "team"))
        encrypt_catalog(emulator)
        asked = ("--kms-key", key, "--permissions-boundary", boundary)
        printed = commands.due("setup", "--policy", "operator", *asked).out
        keys = emulator.iam.user("operator", printed)
        roles = OperatorScenario(emulator, commands, keys, key, boundary).run()
        yield Told(emulator, rights_in([printed]), roles)


@pytest.mark.slow
def test_nobody_lacks_a_right(told: Told) -> None:
    assert list(map(str, told.emulator.iam.denied)) == []


def test_what_can_be_tagged_is_tagged_as_it_is_created(told: Told) -> None:
    """By botocore's models: no call that creates something goes without tags if the operation takes them."""
    calls = [call for call in told.emulator.journal.mutating if call.principal.endswith(":user/operator")]
    creating = [call for call in calls if call.operation.startswith(("Create", "Put"))]
    taking = [call for call in creating if _takes_tags(model(call.service).operation_model(call.operation).input_shape)]
    assert {call.operation for call in taking} >= {
        "CreateBucket",
        "CreateRole",
        "CreateApi",
        "CreateStage",
        "CreateApp",
    }
    assert [str(call) for call in taking if tags_given(call).get("due:stack") != "due"] == []


def _takes_tags(shape: Any, depth: int = 2) -> bool:
    """Whether a structure has a member for tags, or one of its structures has."""
    if shape is None or shape.type_name != "structure":
        return False
    members = shape.members.items()
    return any(name.lower() == "tags" or (depth and _takes_tags(member, depth - 1)) for name, member in members)


def test_every_right_of_every_role_is_needed(told: Told) -> None:
    assert {role.rsplit("/", 1)[-1] for role in told.roles} == {
        f"due-{name}-us-east-1"
        for name in ("transform", "partition", "status-api", "stream", "ses", "pinpoint", "sms", "sns")
    }
    assert all(len(rights) == len(set(rights)) for rights in told.roles.values())
    surplus = {(role, right) for role, rights in told.roles.items() for right in set(rights) - told.needed(role)}
    assert sorted(f"{role}: {right}" for role, right in surplus) == []


def test_every_right_of_the_operator_is_needed(told: Told) -> None:
    """Each action on some resource, and each resource for some action, of which no other right would have done."""
    assert surplus(told.emulator, "operator", told.policy) == set(UNSEEN)
