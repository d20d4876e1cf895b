"""Configuration sets found by their names, in SES and in End User Messaging, with the state of what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from due_cli.aws.client import Aws
from due_cli.aws.event_types import Channel
from due_cli.aws.resources.event_destination import NAME
from due_cli.aws.services import firehose, ses, sms
from due_cli.aws.services.ses import ConfigSet
from due_cli.aws.stack import projects
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.projects import ProjectStates
from due_cli.aws.stack.routes import EMAIL, SMS, SendingService
from due_cli.core.errors import DueError, UsageError
from due_cli.core.suggestions import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSets:
    """Existing configuration sets of a service, and the state of the targets of their event destinations."""

    service: SendingService = EMAIL
    sets: tuple[ConfigSet, ...] = ()
    project_states: ProjectStates = field(default_factory=ProjectStates)
    missing_streams: frozenset[str] = frozenset()


def find_config_sets(aws: Aws, names: Names, set_names: Iterable[str]) -> ConfigSets:
    """Configuration sets of SES by name; raises :class:`NotFoundError` for one that does not exist."""
    return find_by_channel(aws, names, set_names, Channel.EMAIL)[0]


def find_by_channel(
    aws: Aws, names: Names, set_names: Iterable[str], channel: Channel, note: Callable[[str], None] = lambda _: None
) -> tuple[ConfigSets, ConfigSets]:
    """The configuration sets of SES, and those of End User Messaging, that have the names.

    With ``auto`` both services are asked. One that cannot be asked is left out with a note if the other has every name.
    Raises :class:`UsageError` for a name that both have, :class:`NotFoundError` for one that none has.
    """
    requested = list(dict.fromkeys(set_names))
    errors: list[DueError] = []

    def ask(find: Callable[[], Iterable[ConfigSet]]) -> dict[str, ConfigSet]:
        try:
            return {config_set.name: config_set for config_set in find()}
        except DueError as error:
            if channel is not Channel.AUTO:
                raise
            errors.append(error)
            return {}

    email = ask(lambda: _email_sets(aws, requested)) if channel is not Channel.SMS else {}
    phone = ask(lambda: _sms_sets(aws, channel)) if channel is not Channel.EMAIL else {}
    for name in requested:
        if name in email and name in phone:
            problem = f"SES and End User Messaging both have a configuration set {name}"
            raise UsageError(problem, "--channel email, or --channel sms")
        if name not in email and name not in phone:
            if errors:
                raise errors[0]
            mail = ses.config_set_names(aws) if channel is not Channel.SMS else []
            raise not_found("configuration set", name, {known: known for known in (*mail, *phone)})
    for error in errors:
        note(f"not checked: {error.message}")
    return (
        with_targets(aws, names, [email[name] for name in requested if name in email]),
        with_targets(aws, names, [phone[name] for name in requested if name in phone], SMS),
    )


def all_by_channel(
    aws: Aws, names: Names, channel: Channel, note: Callable[[str], None] = lambda _: None
) -> tuple[ConfigSets, ConfigSets]:
    """Every configuration set of SES, and of End User Messaging; a note says where one of them does not answer."""
    email = ses.config_sets_or_none(aws) if channel is not Channel.SMS else []
    if email is None:
        note("Amazon SES is unavailable in this region")
    phone = sms.config_sets_or_none(aws) if channel is not Channel.EMAIL else []
    if phone is None:
        note("End User Messaging is unavailable in this region")
    return with_targets(aws, names, email or ()), with_targets(aws, names, phone or (), SMS)


def with_targets(aws: Aws, names: Names, sets: Iterable[ConfigSet], service: SendingService = EMAIL) -> ConfigSets:
    """Configuration sets with the state of what their event destinations lead to."""
    existing = tuple(sets)
    destinations = [destination for config_set in existing for destination in config_set.destinations]
    project_arns = [destination.project_arn for destination in destinations if destination.project_arn]
    stream_arns = {destination.stream_arn for destination in destinations if destination.name == NAME}
    prefix = names.arn("firehose", "deliverystream/")  # streams of another account or region cannot be described
    others = [arn for arn in stream_arns - {names.stream_arn} if arn and arn.startswith(prefix)]
    return ConfigSets(
        service=service,
        sets=existing,
        project_states=projects.project_states(aws, names, project_arns),
        missing_streams=frozenset(arn for arn in others if firehose.stream_is_missing(aws, arn.removeprefix(prefix))),
    )


def _sms_sets(aws: Aws, channel: Channel) -> list[ConfigSet]:
    """Every set of End User Messaging; none with ``auto`` in a region that does not have it."""
    return sms.config_sets(aws) if channel is Channel.SMS else sms.config_sets_or_none(aws) or []


def _email_sets(aws: Aws, set_names: Iterable[str]) -> list[ConfigSet]:
    return [config_set for name in set_names if (config_set := ses.config_set(aws, name))]
