"""The event types of SES and of End User Messaging, and the user's choice of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, unique

from due_cli.core.errors import UsageError
from due_cli.core.suggestions import similar

GUIDE_TYPES = ("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK", "RENDERING_FAILURE")  # appendix D
ALL_TYPES = (*GUIDE_TYPES, "DELIVERY_DELAY", "SUBSCRIPTION")
# End User Messaging's (API reference, EventDestination), by the kind of message; ALL is every one of them.
_TEXT = (
    "ALL SENT PENDING QUEUED SUCCESSFUL DELIVERED INVALID INVALID_MESSAGE UNREACHABLE CARRIER_UNREACHABLE BLOCKED "
    "CARRIER_BLOCKED SPAM UNKNOWN TTL_EXPIRED PROTECT_BLOCKED"
)
_VOICE = "ALL INITIATED RINGING ANSWERED COMPLETED BUSY NO_ANSWER FAILED TTL_EXPIRED"
_MEDIA = (
    "ALL PENDING QUEUED SUCCESSFUL DELIVERED INVALID INVALID_MESSAGE UNREACHABLE CARRIER_UNREACHABLE BLOCKED "
    "CARRIER_BLOCKED SPAM UNKNOWN TTL_EXPIRED FILE_INACCESSIBLE FILE_TYPE_UNSUPPORTED FILE_SIZE_EXCEEDED"
)
_RCS = "ALL QUEUED SENT DELIVERED READ FAILED TTL_EXPIRED PROTECT_BLOCKED FALLEN_BACK_TO_SMS"
EVERY_SMS_TYPE = "ALL"
_KINDS = {"TEXT": _TEXT, "VOICE": _VOICE, "MEDIA": _MEDIA, "RCS": _RCS}
SMS_TYPES = (EVERY_SMS_TYPE, *(f"{kind}_{name}" for kind, names in _KINDS.items() for name in names.split()))
# While an enabled event destination of a configuration set has one of these, SES changes the set's mail (SES API v2,
# TrackingConfigurationOverrides; SES metrics FAQ).
TRACKING_TYPES = frozenset(("OPEN", "CLICK"))


@unique
class Tracking(StrEnum):
    """What becomes of open and click tracking: ``keep`` changes nobody's."""

    KEEP = "keep"
    ON = "on"
    OFF = "off"


@unique
class Channel(StrEnum):
    """Whose configuration sets: those of SES, of End User Messaging, or of the one that has the name."""

    AUTO = "auto"
    EMAIL = "email"
    SMS = "sms"


_TYPES = {Channel.AUTO: (*ALL_TYPES, *SMS_TYPES), Channel.EMAIL: ALL_TYPES, Channel.SMS: SMS_TYPES}
_SERVICE = {Channel.AUTO: "AWS", Channel.EMAIL: "SES", Channel.SMS: "End User Messaging"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChoice:
    """The event types that the user chose: those there are, with or without tracking, or ``exact`` ones."""

    tracking: Tracking = Tracking.KEEP
    exact: frozenset[str] = frozenset()


def type_choice(tracking: Tracking, types: str | None, channel: Channel = Channel.EMAIL) -> TypeChoice:
    """The choice of ``--tracking`` and ``--types``; raises :class:`UsageError` for a type that does not exist."""
    if types is None:
        return TypeChoice(tracking=tracking)
    if tracking is not Tracking.KEEP:
        raise UsageError(f"--types and --tracking {tracking} exclude each other", "name OPEN and CLICK in --types")
    exact = types.upper().replace("-", "_").replace(",", " ").split()
    for name in exact:
        if name not in _TYPES[channel]:
            known = similar(name, _TYPES[channel]) or listed(_TYPES[channel])
            raise UsageError(f"--types: {_SERVICE[channel]} has no event type {name}", known)
    if not exact:
        raise UsageError("--types names no event type", listed(_TYPES[channel]))
    return TypeChoice(exact=frozenset(exact))


def listed(types: Collection[str]) -> str:
    """Event types as ``--types`` takes them: those of SES in the guide's order, then others."""
    known = [name for name in ALL_TYPES if name in types]
    return ",".join([*known, *sorted(set(types) - set(known))])
