"""The event types of SES, and the user's choice of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, unique

from due_cli.core.errors import UsageError
from due_cli.core.suggestions import similar

GUIDE_TYPES = ("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK", "RENDERING_FAILURE")  # appendix D
ALL_TYPES = (*GUIDE_TYPES, "DELIVERY_DELAY", "SUBSCRIPTION")
# While an enabled event destination of a configuration set has one of these, SES changes the set's mail (SES API v2,
# TrackingConfigurationOverrides; SES metrics FAQ).
TRACKING_TYPES = frozenset(("OPEN", "CLICK"))


@unique
class Tracking(StrEnum):
    """What becomes of open and click tracking: ``keep`` changes nobody's."""

    KEEP = "keep"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChoice:
    """The event types that the user chose: those there are, with or without tracking, or ``exact`` ones."""

    tracking: Tracking = Tracking.KEEP
    exact: frozenset[str] = frozenset()


def type_choice(tracking: Tracking, types: str | None) -> TypeChoice:
    """The choice of ``--tracking`` and ``--types``; raises :class:`UsageError` for a type that SES does not have."""
    if types is None:
        return TypeChoice(tracking=tracking)
    if tracking is not Tracking.KEEP:
        raise UsageError(f"--types and --tracking {tracking} exclude each other", "name OPEN and CLICK in --types")
    exact = types.upper().replace("-", "_").replace(",", " ").split()
    for name in exact:
        if name not in ALL_TYPES:
            raise UsageError(f"--types: SES has no event type {name}", similar(name, ALL_TYPES) or listed(ALL_TYPES))
    if not exact:
        raise UsageError("--types names no event type", listed(ALL_TYPES))
    return TypeChoice(exact=frozenset(exact))


def listed(types: Collection[str]) -> str:
    """Event types as ``--types`` takes them: those of SES in the guide's order, then others."""
    known = [name for name in ALL_TYPES if name in types]
    return ",".join([*known, *sorted(set(types) - set(known))])
