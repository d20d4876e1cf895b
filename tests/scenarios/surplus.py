"""Which rights of a person's policy nothing needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.policies import Right


def surplus(emulator: AwsEmulator, person: str, policy: Sequence[Right]) -> set[str]:
    """The actions that no resource needed, and the resources that no action needed: another right did as well."""
    assert len(policy) == len(set(policy))
    principal = f"arn:aws:iam::123456789012:user/{person}"
    return {
        pattern
        for part in (_action, _resource)
        for pattern in {part(right) for right in policy} - _needed(emulator, principal, part)
    }


def _needed(emulator: AwsEmulator, principal: str, part: Callable[[Right], str]) -> set[str]:
    used = {frozenset(map(part, rights)) for rights in emulator.iam.used[principal]}
    return {pattern for alike in used if len(alike) == 1 for pattern in alike}


def _action(right: Right) -> str:
    return right.action


def _resource(right: Right) -> str:
    return right.resource
