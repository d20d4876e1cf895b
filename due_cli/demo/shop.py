"""The shop of the demo: what ``scenario.json`` says of it, its customers, and the messages that it sends.

Numbers in the scenario are those of a month of 55,000 records; a shorter month has less of everything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SCENARIO: Mapping[str, Any] = json.loads(Path(__file__).with_name("scenario.json").read_text("utf-8"))
SHOP: Mapping[str, Any] = SCENARIO["shop"]  # values that are the same in all records
WORDS = {name: words.split() for name, words in SCENARIO["words"].items()}
ORDER_TAG: Mapping[str, str] = SCENARIO["order_tag"]
SHOP_URL = f"https://{SHOP['domain']}"
UNSUBSCRIBE_URL = f"{SHOP_URL}/unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer, with an address, a phone number and a network of the ranges reserved for examples.

    ``interest`` is how much more likely than others they open a mail.
    """

    address: str
    phone: str
    country: str
    endpoint: str
    user: str
    ip: str
    agent: str
    interest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A Pinpoint campaign by email, on a day of the month or, where ``day`` is 0, each Tuesday.

    ``treatments`` are pairs of the treatment's id and subject; the default treatment has the id ``0``. ``rates`` names
    what becomes of its mails.
    """

    id: str
    name: str
    treatments: Sequence[tuple[str, str]]
    mails: int = 0
    day: int = 0
    hour: int = 8
    rates: str = "news"

    def keys(self, treatment: str, edition: int = 0) -> dict[str, str]:
        """The attributes of the campaign in its records."""
        activity = f"{self.id[:30]}{edition:02d}"
        return {"campaign_id": self.id, "campaign_activity_id": activity, "treatment_id": treatment}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailKind:
    """A kind of transactional mail through SES, the route of its records and the form in which they are written."""

    name: str
    route: str
    form: str
    mails: int
    subjects: Sequence[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail; ``tags`` are the sender's own, ``keys`` those of the campaign or journey that sent it.

    A ``subject`` of None is that of a template which was not rendered yet when the mail was accepted.
    """

    id: str
    sent: int
    sender: str
    to: Sequence[Customer]
    subject: str | None
    tags: Mapping[str, str]
    keys: Mapping[str, str]

    @property
    def addresses(self) -> list[str]:
        """The addresses of all recipients."""
        return [customer.address for customer in self.to]


@dataclass(frozen=True, slots=True)
class MailEvent:
    """An event of a mail, by the last part of its event type.

    ``addresses`` are the recipients that it concerns. ``detail`` is a bounce's type and subtype, a click's link, a
    delay's or a complaint's type, a subscription's change or the message of a rendering failure.
    """

    kind: str
    at: int
    addresses: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TextStatus:
    """A status of a text message or call; ``priced`` where the record says what it cost."""

    status: str
    at: int
    priced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """One text message or call; a ``context`` that is text stands in its record as it is, JSON or not."""

    id: str
    to: Customer
    statuses: Sequence[TextStatus]
    context: Mapping[str, object] | str | None = None
    parts: int = 1
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def prices(self) -> tuple[float, float]:
        """The price of its parts and the fee of its carrier, in US dollars."""
        price, fee = SCENARIO["text_prices"][self.to.country]
        return round(price * self.parts, 5), round(fee * self.parts, 5)


CAMPAIGNS = [Campaign(**fields) for fields in SCENARIO["campaigns"]]
ARRIVALS = next(campaign for campaign in CAMPAIGNS if campaign.name == "new-arrivals")
CLEARANCE = next(campaign for campaign in CAMPAIGNS if campaign.name == "clearance")  # the month's incident
LETTERS = Campaign(**SCENARIO["letters"])
MAIL_KINDS = [MailKind(**fields) for fields in SCENARIO["transactional_mails"]]


def journey_keys(activity: str) -> dict[str, str]:
    """The attributes of the journey in the records of one of its activities."""
    journey = SCENARIO["journey"]
    return {"journey_run_id": journey["run"], "journey_id": journey["id"], "journey_activity_id": activity}


def customers(rng: Random, number: int) -> Sequence[Customer]:
    """``number`` customers or a few more, each with an address and a phone number of their own.

    The first ones have been with the shop for long; see :func:`long_time_customers`.
    """
    return [_customer(rng, index) for index in range(max(number, 3 * SCENARIO["customers"]["long_time"]))]


def long_time_customers(everyone: Sequence[Customer]) -> Sequence[Customer]:
    """Those who have been with the shop for more than three months."""
    return everyone[: SCENARIO["customers"]["long_time"]]


def uuid(rng: Random) -> str:
    """A random id in the usual notation."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _customer(rng: Random, index: int) -> Customer:
    data = SCENARIO["customers"]
    abroad = index % 12 == 0
    areas, serial = (WORDS["ca_areas"], index // 12) if abroad else (WORDS["us_areas"], index)
    return Customer(
        address=f"{rng.choice(WORDS['names'])}.{index + 1}@{rng.choice(data['domains'])}",
        phone=f"+1{areas[serial // 100 % len(areas)]}55501{serial % 100:02d}",
        country="CA" if abroad else "US",
        endpoint=uuid(rng),
        user=f"user-{index + 1}",
        ip=f"{rng.choice(data['networks'])}.{rng.randrange(1, 255)}",
        agent=rng.choice(data["agents"]),
        interest=1.5 if index < data["long_time"] else rng.choice((0.5, 0.8, 1.0, 1.2, 1.5)),
    )
