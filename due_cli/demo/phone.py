"""A text message or a call and what became of it, before any service writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from due_cli.demo.clock import MINUTE, SECOND
from due_cli.demo.people import Customer, uuid
from due_cli.demo.shop import PHONE

# US dollars for one part: price, carrier fee.
_PRICES = {"US": (0.00645, 0.00302), "CA": (0.00739, 0.0)}
_FAILURES = ("UNREACHABLE", "CARRIER_UNREACHABLE", "INVALID", "BLOCKED", "CARRIER_BLOCKED", "TTL_EXPIRED", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Step:
    """A status of a message; ``priced`` where the record says what it cost."""

    status: str
    at: int
    priced: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """One text message; a ``context`` that is text stands in its record as it is, JSON or not."""

    id: str
    to: Customer
    steps: tuple[Step, ...]
    context: Mapping[str, object] | str | None = None
    parts: int = 1
    promotional: bool = False
    sender: str = PHONE

    @property
    def price(self) -> float:
        """What its parts cost, in US dollars."""
        return round(_PRICES[self.to.country][0] * self.parts, 5)

    @property
    def fee(self) -> float:
        """What its carrier takes, in US dollars."""
        return round(_PRICES[self.to.country][1] * self.parts, 5)

    @property
    def millicents(self) -> float:
        """Pinpoint's unit for the price."""
        return round(self.price * 100_000, 2)


def text_story(rng: Random, at: int, waiting: str, arrived: str) -> tuple[Step, ...]:
    """What became of a text message; some intermediate events carry no price, as documented for Pinpoint."""
    first = Step(waiting, at, priced=rng.random() < 0.8)
    later = at + SECOND + int(rng.expovariate(1 / (6 * SECOND)))
    if rng.random() < 0.04:
        return first, Step(rng.choice(_FAILURES), later + int(rng.random() * 20 * MINUTE))
    return first, Step(arrived, later)


def new_text(
    rng: Random, to: Customer, steps: tuple[Step, ...], context: Mapping[str, object] | str | None = None
) -> Text:
    """A message with an id of its own, of one part or two."""
    return Text(uuid(rng), to, steps, context, parts=2 if rng.random() < 0.1 else 1)
