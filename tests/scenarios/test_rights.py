"""No role of a stack, and no operator who runs due, has a right that nothing needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started
from tests.aws_emulator.policies import Right, rights_in
from tests.scenarios.commands import Commands, preloaded
from tests.scenarios.operator_scenario import OperatorScenario

# What AWS needs and the emulator cannot see.
UNSEEN = {
    "apigateway:PUT": "tags of an API's first version are PUT, and denials name it for both (aws-terminator #284)",
}


@dataclass(frozen=True)
class Told:
    """What was done, and the rights that there were for it."""

    emulator: AwsEmulator
    operator: str
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
        key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
        printed = commands.due("setup", "--policy", "operator", "--kms-key", key).out
        keys = emulator.iam.user("operator", printed)
        operator = emulator.iam.who(keys["AWS_ACCESS_KEY_ID"])[0]
        roles = OperatorScenario(emulator, commands, keys, key).run()
        yield Told(emulator, operator, rights_in([printed]), roles)


def test_nobody_lacks_a_right(told: Told) -> None:
    assert list(map(str, told.emulator.iam.denied)) == []


def test_every_right_of_every_role_is_needed(told: Told) -> None:
    assert {role.rsplit("/", 1)[-1] for role in told.roles} == {
        f"due-{name}-us-east-1" for name in ("transform", "partition", "status-api", "stream", "ses", "pinpoint")
    }
    assert all(len(rights) == len(set(rights)) for rights in told.roles.values())
    surplus = {(role, right) for role, rights in told.roles.items() for right in set(rights) - told.needed(role)}
    assert sorted(f"{role}: {right}" for role, right in surplus) == []


def test_every_right_of_the_operator_is_needed(told: Told) -> None:
    """Each action on some resource, and each resource for some action, of which no other right would have done."""
    assert len(told.policy) == len(set(told.policy))
    used = told.emulator.iam.used[told.operator]
    by_action, by_resource = ({frozenset(map(part, rights)) for rights in used} for part in (_action, _resource))
    actions = {one for alike in by_action if len(alike) == 1 for one in alike}
    resources = {one for alike in by_resource if len(alike) == 1 for one in alike}
    assert {right.action for right in told.policy} - actions == set(UNSEEN)
    assert {right.resource for right in told.policy} - resources == set()


def _action(right: Right) -> str:
    return right.action


def _resource(right: Right) -> str:
    return right.resource
