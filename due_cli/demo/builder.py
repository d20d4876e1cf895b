"""The month while it is built: who can be written to, and how a message becomes records on a route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from due_cli.demo import mails, texts
from due_cli.demo.clock import Clock
from due_cli.demo.files import Outbox
from due_cli.demo.histories import Rates, random_history
from due_cli.demo.shop import SHOP, Customer, Mail, MailEvent, MailKind, TextMessage, uuid
from due_cli.demo.templates import Record


@dataclass(frozen=True, slots=True)
class MonthBuilder:
    """What every part of the month is built with.

    ``no_mail`` and ``no_advertising`` say since when an address gets no mail at all, or no advertising.
    """

    rng: Random
    clock: Clock
    customers: Sequence[Customer]
    outbox: Outbox
    scale: float
    no_mail: dict[str, int] = field(default_factory=dict)
    no_advertising: dict[str, int] = field(default_factory=dict)

    def scaled(self, of_a_full_month: int) -> int:
        """How many of something there are in a month of this size."""
        return max(1, round(of_a_full_month * self.scale))

    def customer(self) -> Customer:
        """Any customer."""
        return self.rng.choice(self.customers)

    def accepts_mail(self, customer: Customer, at: int, *, advertising: bool = False) -> bool:
        """Whether the shop still writes to a customer."""
        if at > self.no_mail.get(customer.address, at):
            return False
        return not advertising or at <= self.no_advertising.get(customer.address, at)

    def add(self, route: str, records: Iterable[tuple[int, Record]]) -> None:
        """Publish records on a route, each at its own time."""
        for at, record in records:
            self.outbox.add(route, at, record)

    def mail(
        self,
        sender: str,
        to: Sequence[Customer],
        subject: str | None,
        at: int,
        tags: Mapping[str, str],
        keys: Mapping[str, str] | None = None,
    ) -> Mail:
        """A new mail of the shop, with an id as SES gives it: the time, a random part and a zero."""
        return Mail(
            id=f"0100{at:012x}-{uuid(self.rng)}-000000",
            sent=at,
            sender=f"{sender}@{SHOP['domain']}",
            to=to,
            subject=subject,
            tags=tags,
            keys=keys or {},
        )

    def random_history(self, mail: Mail, rates: Rates) -> list[MailEvent]:
        """The events of a mail; who bounced, complained or unsubscribed is remembered."""
        history = random_history(self.rng, mail, rates)
        for event in history:
            if event.kind in ("hardbounce", "complaint"):
                self.no_mail.setdefault(mail.to[0].address, event.at)
            elif event.kind == "unsubscribe":
                self.no_advertising.setdefault(mail.to[0].address, event.at)
        return history

    def add_pinpoint_mail(self, mail: Mail, history: Iterable[MailEvent], route: str = "pinpoint") -> None:
        """Publish the events of a mail that Pinpoint sent."""
        self.add(route, mails.pinpoint_records(mail, history))

    def add_ses_mail(self, kind: MailKind, mail: Mail, history: Iterable[MailEvent]) -> None:
        """Publish the events of a mail that SES sent, on the route and in the form of its kind."""
        self.add(kind.route, mails.SES_FORMS[kind.form](mail, history, f"shop-{kind.name}"))

    def add_text(self, text: TextMessage, route: str = "sms", family: str = "TEXT") -> None:
        """Publish the events of a message through End User Messaging."""
        self.add(route, texts.sms_records(text, family))
