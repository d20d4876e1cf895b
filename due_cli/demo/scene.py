"""What every part of the month is made with, and the ways a message takes into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from due_cli.demo import pinpoint, ses, sms
from due_cli.demo.clock import Clock
from due_cli.demo.mail import Habits, Happening, Mail, message_id, story
from due_cli.demo.outbox import Outbox, Record
from due_cli.demo.people import Customer, People
from due_cli.demo.phone import Text
from due_cli.demo.shop import DOMAIN, MailLine

Events = Iterable[tuple[int, Record]]
_FORMS: dict[str, Callable[[Mail, Iterable[Happening], str], Iterator[tuple[int, Record]]]] = {
    "event": ses.events,
    "notification": ses.notifications,
    "bus": ses.bus_events,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The month as it is being made.

    ``gone`` and ``left`` say since when an address takes no mail at all, or no advertising.
    """

    rng: Random
    clock: Clock
    people: People
    outbox: Outbox
    scale: float
    gone: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)

    def number(self, of_a_whole_month: int) -> int:
        """How many of something there are in a month of this size."""
        return max(1, round(of_a_whole_month * self.scale))

    def customer(self) -> Customer:
        """Any customer."""
        return self.rng.choice(self.people.everyone)

    def takes_mail(self, customer: Customer, at: int, *, advertising: bool = False) -> bool:
        """Whether the shop still writes to a customer."""
        if at > self.gone.get(customer.address, at):
            return False
        return not advertising or at <= self.left.get(customer.address, at)

    def put(self, route: str, events: Events) -> None:
        """Send records on a route, each at its own time."""
        for at, record in events:
            self.outbox.put(route, at, record)

    def mail(
        self,
        sender: str,
        to: Sequence[Customer],
        subject: str | None,
        at: int,
        tags: Mapping[str, str],
        keys: Mapping[str, str] | None = None,
    ) -> Mail:
        """A new mail of the shop."""
        return Mail(message_id(self.rng, at), at, f"{sender}@{DOMAIN}", tuple(to), subject, tags, keys or {})

    def told(self, mail: Mail, habits: Habits) -> list[Happening]:
        """What became of a mail; who bounced, complained or left is remembered."""
        happenings = story(self.rng, mail, habits)
        for happening in happenings:
            if happening.kind in ("hardbounce", "complaint"):
                self.gone.setdefault(mail.to[0].address, happening.at)
            elif happening.kind == "unsubscribe":
                self.left.setdefault(mail.to[0].address, happening.at)
        return happenings

    def through_pinpoint(self, mail: Mail, happenings: Iterable[Happening], route: str = "pinpoint") -> None:
        """A mail that Pinpoint sent."""
        self.put(route, pinpoint.mail_events(mail, happenings))

    def through_ses(self, line: MailLine, mail: Mail, happenings: Iterable[Happening]) -> None:
        """A mail that SES sent, by the way of its line."""
        self.put(line.route, _FORMS[line.form](mail, happenings, f"shop-{line.name}"))

    def text(self, text: Text, route: str = "sms", family: str = "TEXT") -> None:
        """A message through End User Messaging."""
        self.put(route, sms.events(text, family))
