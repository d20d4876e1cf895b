"""A stack as every command finds it: the services, its names, and what was chosen for it."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.stack.deployed import function_environment, role_tags
from due_cli.aws.stack.names import STACK_TAG, Names, names_of
from due_cli.aws.stack.options import OPTIONS_VARIABLE, Options, unpacked
from due_cli.aws.tags import DATABASE
from due_cli.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is there; one that is not ``whole`` has lost what said what was chosen for it."""

    aws: Aws
    names: Names
    options: Options
    whole: bool = True

    @property
    def tags(self) -> dict[str, str]:
        """What every resource of it is tagged with."""
        return self.options.tags_of(self.names.stack)


def names_in(aws: Aws, stack: str) -> Names:
    """The names of a stack in the caller's account and region; one call."""
    caller = aws.caller
    return names_of(stack, caller.account, caller.region, caller.partition)


def chosen_options(aws: Aws, names: Names) -> Options | None:
    """What was chosen for a stack; None where there is none, or only the beginning of one."""
    environment = function_environment(aws, names.function("transform"))
    return None if environment is None else unpacked(environment.get(OPTIONS_VARIABLE, ""))


def begun_options(aws: Aws, names: Names) -> Options | None:
    """What is known of a stack that has the beginning of a transform only: its database. None where it has none."""
    tags = role_tags(aws, names.role("transform"))
    is_own = tags.get(STACK_TAG) == names.stack
    return Options(database=tags[DATABASE]) if is_own and DATABASE in tags else None


def found(aws: Aws, stack: str) -> Stack:
    """The stack; raises :class:`ConfigurationError` where there is none in this account and region."""
    names = names_in(aws, stack)
    options = chosen_options(aws, names)
    if options is None:
        raise ConfigurationError(
            f"no stack {stack} in account {names.account}, region {names.region}",
            "due setup, or name another with --stack, --region, --profile",
        )
    return Stack(aws, names, options)


def remains(aws: Aws, stack: str) -> Stack:
    """The stack, or what may be left of it after a setup or teardown that was cut off."""
    names = names_in(aws, stack)
    options = chosen_options(aws, names)
    known = options or begun_options(aws, names) or Options()
    return Stack(aws, names, known, whole=options is not None)
