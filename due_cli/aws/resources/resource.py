"""What a resource of a stack is: its name, its desired and current settings, and the calls that change it.

A resource is one frozen dataclass in ``due_cli/aws/resources/`` that declares its settings, one line each
(:class:`Setting`). What it should be, what it is, how the two differ and how it is updated follow from those lines, so
nothing about a stack is remembered anywhere but in AWS itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum, unique
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.retry import retry_transient
from due_cli.aws.tags import TAGS, Tags, managed_tags

# Values by the names that the service gives its settings, in a form that can be compared and shown.
Settings = Mapping[str, object]
Cloud = TypeVar("Cloud", contravariant=True)


class Resource(Protocol[Cloud]):
    """One thing that AWS keeps for a stack. Every call may be repeated after it was interrupted at any point."""

    @property
    def kind(self) -> str:
        """The type of the resource in AWS's words, such as ``delivery stream``."""

    @property
    def name(self) -> str:
        """The name that users see."""

    def desired(self) -> Settings:
        """The desired value of each setting."""

    def current(self, aws: Cloud) -> Settings | None:
        """The current value of each setting of :meth:`desired`; None if the resource does not exist."""

    def create(self, aws: Cloud) -> None:
        """Create it; settings that :meth:`update` can write may be left to it."""

    def update(self, aws: Cloud, changed: frozenset[str]) -> None:
        """Set the named settings to their desired values."""

    def delete(self, aws: Cloud) -> None:
        """Delete it; nothing if it does not exist."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a resource: where AWS describes it, its desired value, and how it is read and written.

    ``path`` names it by its last key, and leads to its current value in the resource's description, unless ``read``
    finds that. ``default`` is the value of a setting that the description leaves out. ``write`` sets the desired value.
    Settings that one call sets share it, and it is called once.
    """

    path: str
    desired: object
    _: KW_ONLY
    default: object = None
    read: Callable[[Aws, Any], object] | None = None
    write: Callable[[Aws], None] | None = None

    @property
    def key(self) -> str:
        """Its name in plans: ``Timeout`` for ``Configuration.Timeout``."""
        return self.path.rpartition(".")[2]

    def current(self, aws: Aws, description: Any) -> object:
        """The current value; the default where the description has none."""
        if self.read:
            return self.read(aws, description)
        value = reduce(lambda value, key: (value or {}).get(key), self.path.split("."), description)
        return self.default if value is None else value


class DeclaredResource(ABC):
    """A resource that follows from its settings; subclasses say how it is described, created and deleted."""

    kind: ClassVar[str]
    not_found: ClassVar[ignore_errors] = ignore_errors("ResourceNotFoundException")
    already_exists: ClassVar[ignore_errors] = ignore_errors()  # created by a call whose answer was lost

    if TYPE_CHECKING:  # a field in most subclasses, which dataclasses would give this property as its default

        @property
        def name(self) -> str:
            """The name that users see."""

    def desired(self) -> Settings:
        """The desired value of each setting."""
        return {setting.key: setting.desired for setting in self._settings()}

    def current(self, aws: Aws) -> Settings | None:
        """The current value of each setting; None if the resource does not exist."""
        with self._translate_errors(f"looking for {self.kind} {self.name}"), self.not_found:
            description = self._describe(aws)
            return None if description is None else self._read(aws, description)
        return None

    def create(self, aws: Aws) -> None:
        """Create it and wait until it can be used; settings that :meth:`update` writes may be left to it."""
        with self._translate_errors(f"creating {self.kind} {self.name}"):
            with self.already_exists:
                retry_transient(partial(self._create, aws))
            self._wait_until_ready(aws)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Set the named settings to their desired values, one call after another."""
        with self._translate_errors(f"updating {self.kind} {self.name}"):
            writes = (setting.write for setting in self._settings() if setting.key in changed)
            for write in dict.fromkeys(write for write in writes if write):
                retry_transient(partial(write, aws))

    def delete(self, aws: Aws) -> None:
        """Delete it; nothing if it does not exist."""
        with self._translate_errors(f"deleting {self.kind} {self.name}"), self.not_found:
            retry_transient(partial(self._delete, aws))

    @abstractmethod
    def _settings(self) -> Iterable[Setting]:
        """The settings, in the order in which a plan shows them and an update writes them."""

    @abstractmethod
    def _describe(self, aws: Aws) -> Any:
        """The description that AWS has of it; None, or an error that ``not_found`` ignores, if it does not exist."""

    def _read(self, aws: Aws, description: Any) -> Settings:
        return {setting.key: setting.current(aws, description) for setting in self._settings()}

    def _structure(self) -> Any:
        """The desired values at their paths: the shape in which AWS takes those that it describes."""
        structure: dict[str, Any] = {}
        for setting in self._settings():
            if setting.read is None:
                *parents, key = setting.path.split(".")
                reduce(lambda part, parent: part.setdefault(parent, {}), parents, structure)[key] = setting.desired
        return structure

    def _create(self, aws: Aws) -> None:  # noqa: B027
        """Make the calls that create it; none for a part of another resource, which exists once that does."""

    def _wait_until_ready(self, aws: Aws) -> None:  # noqa: B027
        """Wait until it can be used after its creation."""

    def _delete(self, aws: Aws) -> None:  # noqa: B027
        """Make the calls that delete it; none for a part of another resource, which is deleted with that."""

    def _translate_errors(self, doing: str) -> AbstractContextManager[None]:
        return translate_errors(doing)


@dataclass(frozen=True, kw_only=True)
class TaggedResource(DeclaredResource):
    """A resource with the tags of its stack.

    Of the current tags only those count whose keys the stack sets: others that people added stay.
    """

    tags: Tags

    @abstractmethod
    def _read_tags(self, aws: Aws, description: Any) -> Tags:
        """All its current tags."""

    @abstractmethod
    def _write_tags(self, aws: Aws) -> None:
        """Add the tags of the stack to it."""

    def _tag_setting(self) -> Setting:
        return Setting(TAGS, dict(self.tags), read=self._own_tags, write=self._write_tags)

    def _own_tags(self, aws: Aws, description: Any) -> dict[str, str]:
        return managed_tags(self._read_tags(aws, description), self.tags)


@unique
class Action(StrEnum):
    """What a step of a plan does."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A setting whose current value is not the desired one."""

    setting: str
    before: object
    desired: object


@dataclass(frozen=True, slots=True)
class Node(Generic[Cloud]):
    """A resource in the dependency graph of a stack: ``depends_on`` are the keys of those that must exist before it.

    Nodes of one ``serial_group`` are worked on one after another, because AWS takes one change of the thing at a time.
    """

    key: str
    resource: Resource[Cloud]
    _: KW_ONLY
    depends_on: frozenset[str] = frozenset()
    serial_group: str = ""


@dataclass(frozen=True, slots=True)
class Step(Generic[Cloud]):
    """One resource of a plan, and what is done about it."""

    node: Node[Cloud]
    action: Action
    _: KW_ONLY
    differences: tuple[Difference, ...] = ()


def differences(desired: Settings, current: Settings) -> tuple[Difference, ...]:
    """The settings that differ, in the order of ``desired``."""
    return tuple(
        Difference(setting=setting, before=current.get(setting), desired=value)
        for setting, value in desired.items()
        if current.get(setting) != value
    )
