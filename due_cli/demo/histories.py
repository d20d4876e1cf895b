"""What happens to a mail or a text message after it is sent: at random, or as the scenario says."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.shop import (
    SCENARIO,
    SHOP_URL,
    UNSUBSCRIBE_URL,
    WORDS,
    Customer,
    Mail,
    MailEvent,
    TextMessage,
    TextStatus,
    uuid,
)

_WITH_ADDRESSES = ("delivered", "delivery_delay", "hardbounce", "softbounce", "complaint")


Rates = Mapping[str, float]  # how likely each event is for a kind of mail
RATES: Mapping[str, Rates] = SCENARIO["rates"]


def history_of(mail: Mail, name: str, events: int | None = None) -> list[MailEvent]:
    """The first events of a history of the scenario, which has seconds after the sending; all without a number."""
    history = []
    for kind, seconds, *detail in SCENARIO["histories"][name][:events]:
        addresses = tuple(mail.addresses) if kind in _WITH_ADDRESSES else ()
        history.append(MailEvent(kind, mail.sent + round(seconds * SECOND), addresses, *detail))
    return history


def statuses_of(name: str, at: int) -> list[TextStatus]:
    """The statuses of a text history of the scenario, which has seconds after ``at``."""
    return [TextStatus(status, at + round(seconds * SECOND)) for status, seconds in SCENARIO["text_histories"][name]]


def random_history(rng: Random, mail: Mail, rates: Rates) -> list[MailEvent]:
    """The events of a mail in order: a bounce, or a delivery with opens, clicks and complaints."""
    history = [MailEvent("send", mail.sent)]
    chance = rng.random()
    if chance < rates["hard_bounces"]:
        at = mail.sent + SECOND + int(rng.expovariate(1 / (8 * SECOND)))
        reason = rng.choice(SCENARIO["hard_bounces"])
        return [*history, MailEvent("hardbounce", at, tuple(mail.addresses), reason)]
    if chance < rates["hard_bounces"] + rates["soft_bounces"]:
        at = mail.sent + 2 * HOUR + int(rng.random() * 10 * HOUR)
        reason = rng.choice(SCENARIO["soft_bounces"])
        return [*history, MailEvent("softbounce", at, tuple(mail.addresses), reason)]
    delivered = mail.sent + 300 + int(rng.expovariate(1 / (3 * SECOND)))
    first = (mail.addresses[0],)
    if chance > 1 - rates["delays"]:
        history.append(MailEvent("delivery_delay", delivered + MINUTE, first, rng.choice(SCENARIO["delays"])))
        delivered += 10 * MINUTE + int(rng.random() * 2 * HOUR)
    history += [MailEvent("delivered", delivered + 50 * place, (one,)) for place, one in enumerate(mail.addresses)]
    if rng.random() < rates["opens"] * mail.to[0].interest:
        history += _random_reads(rng, delivered, rates)
    if rng.random() < rates["complaints"]:
        at = delivered + HOUR + int(rng.random() * 2 * DAY)
        history.append(MailEvent("complaint", at, first, "abuse"))
    return history


def _random_reads(rng: Random, delivered: int, rates: Rates) -> list[MailEvent]:
    """Opens, most within the day and some days later, and the clicks that follow some of them."""
    mean = 2 * DAY if rng.random() < 0.08 else 4 * HOUR
    at = delivered + 5 * SECOND + int(rng.expovariate(1 / mean))
    reads = [MailEvent("open", at)]
    if rng.random() < rates["clicks"] / rates["opens"]:
        at += 4 * SECOND + int(rng.random() * 90 * SECOND)
        reads.append(MailEvent("click", at, (), SHOP_URL + rng.choice(SCENARIO["pages"])))
    if rng.random() < rates["unsubscribes"] / rates["opens"]:
        at += 4 * SECOND + int(rng.random() * 90 * SECOND)
        reads.append(MailEvent("unsubscribe", at, (), UNSUBSCRIBE_URL))
    while rng.random() < 0.24:
        at += MINUTE + int(rng.expovariate(1 / (9 * HOUR)))
        reads.append(MailEvent("open", at))
    return reads


def random_statuses(rng: Random, at: int, buffered: str, successful: str) -> tuple[TextStatus, ...]:
    """The statuses of a text message; some intermediate events carry no price, as documented for Pinpoint."""
    first = TextStatus(buffered, at, priced=rng.random() < 0.8)
    later = at + SECOND + int(rng.expovariate(1 / (6 * SECOND)))
    if rng.random() < 0.04:
        return first, TextStatus(rng.choice(WORDS["text_failures"]), later + int(rng.random() * 20 * MINUTE))
    return first, TextStatus(successful, later)


def new_text(
    rng: Random, to: Customer, *statuses: TextStatus, context: Mapping[str, object] | str | None = None
) -> TextMessage:
    """A message with an id of its own, of one part or two."""
    return TextMessage(id=uuid(rng), to=to, statuses=statuses, context=context, parts=2 if rng.random() < 0.1 else 1)
