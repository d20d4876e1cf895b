"""A mail and what became of it, before any service writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.people import Customer, uuid

SHOP_LINK = "https://shop.example.com"
UNSUBSCRIBE_LINK = f"{SHOP_LINK}/unsubscribe"
_PAGES = ("/new", "/orders", "/lamps", "/mugs", "/notebooks", "/offers?from=mail")

# Bounce type and subtype -> SMTP status and diagnostic code; None where no DSN comes back.
BOUNCES: dict[str, tuple[str, str] | None] = {
    "Permanent/General": ("5.1.1", "smtp; 550 5.1.1 user unknown"),
    "Permanent/NoEmail": ("5.1.2", "smtp; 550 5.1.2 no such mailbox"),
    "Permanent/Suppressed": ("5.1.1", "the address is on the suppression list"),
    "Permanent/OnAccountSuppressionList": ("5.1.1", "the address is on the suppression list of this account"),
    "Permanent/OnTenantSuppressionList": None,
    "Permanent/EmailValidationSuppressed": None,
    "Permanent/UnsubscribedRecipient": None,
    "Transient/General": None,
    "Transient/MailboxFull": ("5.2.2", "smtp; 452 4.2.2 mailbox full"),
    "Transient/MessageTooLarge": ("5.3.4", "smtp; 552 5.3.4 message too large"),
    "Transient/CustomTimeoutExceeded": None,
    "Transient/ContentRejected": ("5.7.1", "smtp; 554 5.7.1 content refused"),
    "Transient/AttachmentRejected": ("5.7.0", "smtp; 552 5.7.0 attachment refused"),
    "Undetermined/Undetermined": None,
}
_HARD = ("Permanent/General", "Permanent/NoEmail", "Permanent/OnAccountSuppressionList")
_SOFT = ("Transient/General", "Transient/MailboxFull", "Transient/MailboxFull", "Undetermined/Undetermined")
_DELAYS = ("MailboxFull", "TransientCommunicationFailure", "RecipientServerError", "General")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail; ``tags`` are the sender's own, ``keys`` those of the campaign or journey that sent it.

    A ``subject`` of None is one that the services did not see, because a template had yet to be rendered.
    """

    id: str
    sent: int
    sender: str
    to: tuple[Customer, ...]
    subject: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        """Where it was sent."""
        return [customer.address for customer in self.to]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a mail; ``people`` is whom it concerns, ``detail`` the kind's own word.

    The detail is a bounce's type and subtype, a click's link, a delay's or a complaint's type, a subscription's case.
    """

    kind: str
    at: int
    people: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Habits:
    """How likely things happen to a kind of mail."""

    opens: float
    clicks: float
    unsubscribes: float = 0.0
    complaints: float = 0.0
    hard: float = 0.010
    soft: float = 0.005
    delays: float = 0.01


def message_id(rng: Random, sent: int) -> str:
    """An id as SES gives it: the time, a random part and a zero."""
    return f"0100{sent:012x}-{uuid(rng)}-000000"


def story(rng: Random, mail: Mail, habits: Habits) -> list[Happening]:
    """What became of a mail, in order: a bounce, or a delivery and what its readers did."""
    found = [Happening("send", mail.sent)]
    luck = rng.random()
    if luck < habits.hard:
        at = mail.sent + SECOND + int(rng.expovariate(1 / (8 * SECOND)))
        return [*found, Happening("hardbounce", at, tuple(mail.addresses), rng.choice(_HARD))]
    if luck < habits.hard + habits.soft:
        at = mail.sent + 2 * HOUR + int(rng.random() * 10 * HOUR)
        return [*found, Happening("softbounce", at, tuple(mail.addresses), rng.choice(_SOFT))]
    arrived = mail.sent + 300 + int(rng.expovariate(1 / (3 * SECOND)))
    if luck > 1 - habits.delays:
        found.append(Happening("delivery_delay", arrived + MINUTE, (mail.addresses[0],), rng.choice(_DELAYS)))
        arrived += 10 * MINUTE + int(rng.random() * 2 * HOUR)
    found += [Happening("delivered", arrived + 50 * place, (one,)) for place, one in enumerate(mail.addresses)]
    if rng.random() < habits.opens * mail.to[0].keen:
        found += _read(rng, arrived, habits)
    if rng.random() < habits.complaints:
        at = arrived + HOUR + int(rng.random() * 2 * DAY)
        found.append(Happening("complaint", at, (mail.addresses[0],), "abuse"))
    return found


def _read(rng: Random, arrived: int, habits: Habits) -> list[Happening]:
    """Opens, most within the day and some days later, and the clicks that follow some of them."""
    mean = 2 * DAY if rng.random() < 0.08 else 4 * HOUR
    at = arrived + 5 * SECOND + int(rng.expovariate(1 / mean))
    found = [Happening("open", at)]
    if rng.random() < habits.clicks / habits.opens:
        at += 4 * SECOND + int(rng.random() * 90 * SECOND)
        found.append(Happening("click", at, (), SHOP_LINK + rng.choice(_PAGES)))
    if rng.random() < habits.unsubscribes / habits.opens:
        at += 4 * SECOND + int(rng.random() * 90 * SECOND)
        found.append(Happening("unsubscribe", at, (), UNSUBSCRIBE_LINK))
    while rng.random() < 0.24:
        at += MINUTE + int(rng.expovariate(1 / (9 * HOUR)))
        found.append(Happening("open", at))
    return found
