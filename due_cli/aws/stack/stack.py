"""A stack as every command finds it: the services, its names and its options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.services import firehose, s3
from due_cli.aws.stack.names import EVENTS, Names, names_of
from due_cli.aws.stack.options import OPTIONS_VARIABLE, Options, decode_options
from due_cli.aws.tags import DATABASE_TAG, STACK_TAG, tags_from_list
from due_cli.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """An existing stack; it ``is_complete`` unless it lacks the function that holds its options."""

    aws: Aws
    names: Names
    options: Options
    is_complete: bool = True

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource of it."""
        return self.options.tags_of(self.names.stack)


def names_in(aws: Aws, stack: str) -> Names:
    """The names of a stack in the caller's account and region; one call."""
    caller = aws.caller
    return names_of(stack, caller.account, caller.region, caller.partition)


def stored_options(aws: Aws, names: Names) -> Options | None:
    """The options of a stack; None if there is none, or a setup was interrupted before its transform."""
    name = names.function("transform")
    with translate_errors(f"looking for function {name}"), ignore_errors("ResourceNotFoundException"):
        function = aws.lambda_.get_function_configuration(FunctionName=name)
        return decode_options(function.get("Environment", {}).get("Variables", {}).get(OPTIONS_VARIABLE, ""))
    return None


def partial_options(aws: Aws, names: Names) -> Options | None:
    """What the transform's role alone says of a stack's options: its database. None without such a role."""
    name = names.role("transform")
    with translate_errors(f"looking for role {name}"), ignore_errors("NoSuchEntity"):
        tags = tags_from_list(aws.iam.get_role(RoleName=name)["Role"].get("Tags", []))
        is_own = tags.get(STACK_TAG) == names.stack
        return Options(database=tags[DATABASE_TAG]) if is_own and DATABASE_TAG in tags else None
    return None


def find_stack(aws: Aws, stack: str) -> Stack:
    """The stack; raises :class:`ConfigurationError` if there is none in this account and region."""
    names = names_in(aws, stack)
    options = stored_options(aws, names)
    if options is None:
        raise ConfigurationError(
            f"no stack {stack} in account {names.account}, region {names.region}",
            "due setup, or name another with --stack, --region, --profile",
        )
    return Stack(aws=aws, names=names, options=options)


def find_partial_stack(aws: Aws, stack: str) -> Stack:
    """The stack, or what may remain of it after an interrupted setup or teardown."""
    names = names_in(aws, stack)
    options = stored_options(aws, names)
    known = options or partial_options(aws, names) or Options()
    return Stack(aws=aws, names=names, options=known, is_complete=options is not None)


def require_stream(stack: Stack) -> None:
    """Raise :class:`ConfigurationError` for a stack that lacks its stream."""
    if firehose.stream_status(stack.aws, stack.names.stream) is None:
        problem = f"the stack {stack.names.stack} has no stream {stack.names.stream}"
        raise ConfigurationError(problem, stack.names.command("setup"))


def newest_hour(stack: Stack) -> datetime | None:
    """The newest hour (naive, UTC) that has objects; None where there is none."""
    hour = s3.newest_hour(stack.aws, stack.names.bucket, EVENTS)
    return None if hour is None else datetime.fromisoformat(hour)
