"""Which event types a configuration set's event destination is to have, and what that does to the set's mail.

Attaching a set changes nobody's mail unasked: OPEN and CLICK are subscribed only where the set tracks already, or where
``--tracking on`` or ``--types`` says so. What was chosen is remembered by the event destination itself, nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from due_cli.aws.event_types import (
    ALL_TYPES,
    EVERY_SMS_TYPE,
    GUIDE_TYPES,
    SMS_TYPES,
    TRACKING_TYPES,
    Tracking,
    TypeChoice,
    listed,
)
from due_cli.aws.resources.event_destination import NAME
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack.names import Names
from due_cli.core.errors import RefusedError, UsageError

_CHANGES = {"OPEN": "inserts an invisible image", "CLICK": "rewrites the links"}  # in a sentence on what SES does
_RESULTS = {"OPEN": "opens", "CLICK": "clicks"}


def types_of(config_set: ConfigSet, choice: TypeChoice, *, is_direct: bool) -> frozenset[str]:
    """The types of a set's event destination; unless it ``is_direct``, they are of the guide's, which Pinpoint takes.

    Raises :class:`UsageError` for a named type that Pinpoint does not take, :class:`RefusedError` if no type is left.
    """
    every = frozenset(ALL_TYPES if is_direct else GUIDE_TYPES)
    if unknown := choice.exact - frozenset(ALL_TYPES):
        raise UsageError(f"--types: SES, of {config_set.name}, has no event type {listed(unknown)}")
    if beyond := choice.exact - every:
        problem = f"--types: {listed(beyond)} cannot go through Pinpoint, as the events of {config_set.name} do"
        raise UsageError(problem, "--via firehose")
    types = choice.exact or _tracking(config_set, choice.tracking) | _others(config_set, every, is_direct=is_direct)
    if not types:
        raise RefusedError(
            f"configuration set {config_set.name} would send no events: {NAME} has only {_own_types(config_set)}",
            f"due attach-config-set {config_set.name} --types SEND,DELIVERY,BOUNCE; due detach-config-set removes it",
        )
    return types


def sms_types_of(config_set: ConfigSet, choice: TypeChoice) -> frozenset[str]:
    """The types of the event destination of a set of End User Messaging: the named ones, else its own, else every one.

    Raises :class:`UsageError` for what concerns mail alone.
    """
    if choice.tracking is not Tracking.KEEP:
        problem = f"--tracking {choice.tracking} is for mail, and {config_set.name} is an SMS configuration set"
        raise UsageError(problem, "--channel email")
    if beyond := choice.exact - frozenset(SMS_TYPES):
        raise UsageError(f"--types: End User Messaging, of {config_set.name}, has no event type {listed(beyond)}")
    own = config_set.destination(NAME)
    return choice.exact or (own.types if own else frozenset((EVERY_SMS_TYPE,)))


def tracked(destinations: Iterable[Destination]) -> frozenset[str]:
    """The tracking types of event destinations: for these SES changes the mail of their set."""
    enabled = (destination.types for destination in destinations if destination.enabled)
    return TRACKING_TYPES.intersection(frozenset().union(*enabled))


def tracked_by_due(config_set: ConfigSet) -> frozenset[str]:
    """The tracking types that only the event destination of due's has."""
    others = tracked(other for other in config_set.destinations if other.name != NAME)
    return tracked(config_set.destinations) - others


def is_complete(destination: Destination) -> bool:
    """Whether an event destination has every type that changes no mail and can go its way."""
    return destination.types >= frozenset(ALL_TYPES if destination.stream_arn else GUIDE_TYPES) - TRACKING_TYPES


def changes(types: Iterable[str]) -> str:
    """What SES does to mail for the sake of tracking types."""
    return " and ".join(_CHANGES[name] for name in _CHANGES if name in types)


def results(types: Iterable[str]) -> str:
    """What tracking types tell."""
    return " and ".join(_RESULTS[name] for name in _RESULTS if name in types)


def mail_changes(types_of_sets: Mapping[ConfigSet, frozenset[str]]) -> dict[str, str]:
    """What SES will do to the mail of each set that it does not do yet, by the set's name."""
    new = {one: (types & TRACKING_TYPES) - tracked(one.destinations) for one, types in types_of_sets.items()}
    return {one.name: f"SES {changes(types)}" for one, types in new.items() if types}


def left_out(names: Names, types_of_sets: Mapping[ConfigSet, frozenset[str]], choice: TypeChoice) -> list[str]:
    """The lines on tracking that is not subscribed to: unasked, with the command for it; for another event destination.

    The former once for all sets that lack the same types.
    """
    by_types: dict[frozenset[str], list[str]] = defaultdict(list)
    others = []
    for config_set, types in types_of_sets.items():
        if choice == TypeChoice() and (missing := TRACKING_TYPES - types):
            by_types[missing].append(config_set.name)
        for other in config_set.destinations:
            if other.name != NAME and (still := tracked([other]) - types):
                text = f"SES goes on to track {results(still)} of {config_set.name}"
                others.append(f"{text}: its event destination {other.name} has them")
    lines = []
    for missing, set_names in by_types.items():
        what = f"{results(missing).capitalize()} of {', '.join(set_names)} are left out"
        turn_on = names.command(f"attach-config-set {' '.join(set_names)} --tracking on")
        lines.append(f"{what}: for them SES {changes(missing)} of the mail; to have them: {turn_on}")
    return [*lines, *others]


def _tracking(config_set: ConfigSet, tracking: Tracking) -> frozenset[str]:
    if tracking is not Tracking.KEEP:
        return TRACKING_TYPES if tracking is Tracking.ON else frozenset()
    own = config_set.destination(NAME)
    if own and own.enabled:
        return own.types & TRACKING_TYPES
    # A destination that is disabled tracks nothing: to enable it must not start that.
    by_others = tracked(other for other in config_set.destinations if other is not own)
    return by_others & own.types if own else by_others


def _others(config_set: ConfigSet, every: frozenset[str], *, is_direct: bool) -> frozenset[str]:
    """The types that change no mail: a destination that there is keeps its own."""
    own = config_set.destination(NAME)
    if own is None:
        return every - TRACKING_TYPES
    kept = own.types if is_direct else own.types & every
    return (kept | every if is_complete(own) else kept) - TRACKING_TYPES


def _own_types(config_set: ConfigSet) -> str:
    own = config_set.destination(NAME)
    return listed(own.types) if own else ""
