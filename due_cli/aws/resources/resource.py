"""What a resource of a deployment is: its name, how it should be, how it is, and the calls between the two.

A resource is one frozen dataclass in ``due_cli/aws/resources/``. Everything that it should be is in its
:meth:`Resource.desired`; planning compares that with what :meth:`Resource.current` reads, so nothing about a stack
is remembered anywhere but in AWS itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Generic, Protocol, TypeVar

# A setting's name, as the service spells it, and its value in a form that can be compared and shown.
Settings = Mapping[str, object]
Cloud = TypeVar("Cloud", contravariant=True)


class Resource(Protocol[Cloud]):
    """One thing that AWS keeps for a stack. All calls may be made again after being cut off at any point."""

    @property
    def kind(self) -> str:
        """What it is, as AWS says it: ``delivery stream``."""

    @property
    def name(self) -> str:
        """What it is called."""

    def desired(self) -> Settings:
        """How it should be."""

    def current(self, aws: Cloud) -> Settings | None:
        """How it is, with the keys of :meth:`wanted`; None where there is none."""

    def create(self, aws: Cloud) -> None:
        """Makes it; what :meth:`update` can set may be left to it."""

    def update(self, aws: Cloud, changed: frozenset[str]) -> None:
        """Sets the named settings as they should be."""

    def delete(self, aws: Cloud) -> None:
        """Removes it; nothing where it is gone already."""


@unique
class Action(StrEnum):
    """What a step does."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not as it should be."""

    setting: str
    before: object
    desired: object


@dataclass(frozen=True, slots=True)
class Node(Generic[Cloud]):
    """A resource in its place: the keys of those that must be there before it.

    Nodes of one ``serial_group`` are worked on one after another, because AWS takes one change of the thing at a time.
    """

    key: str
    resource: Resource[Cloud]
    depends_on: frozenset[str] = frozenset()
    serial_group: str = ""


@dataclass(frozen=True, slots=True)
class Step(Generic[Cloud]):
    """What is to be done about one resource."""

    node: Node[Cloud]
    action: Action
    differences: tuple[Difference, ...] = ()


def differences(wanted: Settings, found: Settings) -> tuple[Difference, ...]:
    """The settings that differ, in the order in which they are wanted."""
    return tuple(
        Difference(setting, found.get(setting), value)
        for setting, value in wanted.items()
        if found.get(setting) != value
    )
