"""Seeded days of raw records with everything in it that makes a report go wrong.

Repeated opens, clicks and bounces; several recipients; events that come late, early, twice or not at all; subjects
that are missing, or missing on the send alone; tags in both maps and in odd case; contexts that are nested or
malformed; prices that rise. Duplicates and early events keep within the time that the reports look back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from due_cli.events.model import Json, Record
from tests.queries.raw import Mail, Text, at, inbound, pinpoint, pinpoint_sms, received, ses, sms
from tests.queries.reference import Filed

START = at("2026-03-02")
DAYS = 2
MAILS = 280
TEXTS = 160
_SECOND, _MINUTE, _HOUR = 1000, 60_000, 3_600_000
_DAY = 24 * _HOUR

ADDRESSES = tuple(f"{name}@example.com" for name in "ada Bob cyd dan eve FAY".split())
SUBJECTS = ("It's 50% off", "Your order", "Your order ", "", None, "Grüße; \\ 'x'")
CAMPAIGNS = ("spring", "autumn", "No Campaign")
CONTEXTS: tuple[Json, ...] = (
    None,
    {"mycustomerid": "4"},
    {"mycustomerid": 4, "other": [1, 2]},
    {"mycustomerid": {"deep": "4"}},
    {"mycustomerid": None},
    {"mycustomerid": "null"},
    {"MyCustomerId": "4"},
    '{"mycustomerid": "4"',
    '["mycustomerid", "4"]',
    '"4"',
    "",
)


@dataclass(frozen=True, slots=True)
class _Service:
    """Email events of one service; its records arrive when they happen unless stated otherwise."""

    event: Callable[..., Record]
    arrives_apart: bool

    def record(self, mail: Mail, kind: str, happened: int, arrived: int | None = None, **more: object) -> Record:
        """An event that is received later (or, before its send, earlier) than it happened."""
        found = self.event(mail, kind, happened if arrived is None or self.arrives_apart else arrived, **more)
        return received(found, arrived) if arrived is not None and self.arrives_apart else found


_SES = _Service(ses, arrives_apart=True)
_PINPOINT = _Service(pinpoint, arrives_apart=False)


def week(seed: int) -> list[Json]:
    """Every record once."""
    random = Random(seed)
    records: list[Json] = []
    for number in range(MAILS):
        records += _mail(random, number)
    for number in range(TEXTS):
        records += _text(random, number)
    for number in range(12):
        when = START + random.randrange(DAYS * _DAY)
        records.append(inbound(f"in-{number}", random.choice(("STOP", "HELLO")), when, f"text-{number}"))
        records.append(sms(Text(f"call-{number}", context={"mycustomerid": "4"}), "VOICE_COMPLETED", when, 0.013))
    random.shuffle(records)
    return records


def files_with_duplicates(seed: int, records: list[Json]) -> tuple[list[Json], list[Json]]:
    """Two files: some records come again byte by byte, in the same file or in the other one."""
    random = Random(seed)
    first, second = list(records), list[Json]()
    for record in records:
        if random.random() < 0.08:
            random.choice((first, second)).append(record)
    return first, second


def refiled(seed: int, events: list[Filed]) -> list[Filed]:
    """Rows as a pipeline leaves them: some an hour early (the object's oldest record decides), some there twice."""
    random = Random(seed)
    found = []
    for event in events:
        if random.random() < 0.1:
            event = Filed(event.row, event.hour - timedelta(hours=1))
        found.append(event)
        if random.random() < 0.1:
            found.append(Filed(event.row, event.hour + timedelta(hours=random.choice((0, 0, 1, 5, -1)))))
    return found


def _mail(random: Random, number: int) -> Iterator[Record]:
    service = random.choice((_SES, _PINPOINT))
    sent = START + random.randrange(DAYS * _DAY)
    people = random.sample(ADDRESSES, random.choice((1, 1, 1, 2, 3)))
    mail = Mail(
        f"{'ses' if service is _SES else 'pin'}-{number}",
        sent,
        tuple(random.choice((person, person, person.lower())) for person in people),
        random.choice(SUBJECTS),
        _tags(random),
        _context(random),
    )
    if random.random() > 0.03:
        yield _send(random, service, mail)
    for kind, happened, more in _happenings(random, mail):
        early = random.random() < 0.05
        arrived = sent - random.randrange(10 * _HOUR) if early else None
        if service is _SES and kind == "unsubscribe" and random.random() < 0.3:
            kind = "subscription"
        if service is _PINPOINT and kind == "unsubscribe":  # a click on its link is an event of its own there
            yield service.record(mail, "click", happened, arrived, **more)
        recorded_mail = replace(mail, to=()) if kind == "open" and random.random() < 0.1 else mail
        yield service.record(recorded_mail, kind, happened, arrived, **more)


def _send(random: Random, service: _Service, mail: Mail) -> Record:
    """The send, which may lack the subject (SES renders templates later) or the tags, and may come late."""
    recorded_mail = replace(
        mail,
        subject=None if random.random() < 0.15 else mail.subject,
        tags={} if random.random() < 0.1 else mail.tags,
    )
    arrived = mail.sent + random.randrange(10 * _HOUR) if random.random() < 0.1 else None
    return service.record(recorded_mail, "send", mail.sent, arrived)


def _happenings(random: Random, mail: Mail) -> Iterator[tuple[str, int, dict[str, object]]]:
    """What happens to a message: the kind of event, when, and its particulars."""

    def later(limit: int) -> int:
        return mail.sent + _SECOND + random.randrange(limit)

    if random.random() < 0.04:
        yield "rejected", later(_MINUTE), {}
        return
    for _ in range(random.choice((1, 1, 1, 2, 0))):
        yield "delivered", later(2 * _DAY), {}
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        yield "softbounce", later(_DAY), {"people": mail.to}
    for _ in range(random.choice((0, 0, 0, 0, 1, 2))):
        yield "hardbounce", later(_DAY), {"people": mail.to[: random.randrange(1, 3)]}
    for _ in range(random.choice((0, 0, 0, 0, 0, 1, 2))):
        yield "complaint", later(2 * _DAY), {}
    for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
        yield "open", later(random.choice((_HOUR, 2 * _DAY))), {}
    for _ in range(random.choice((0, 0, 1, 3))):
        when = later(random.choice((_HOUR, 2 * _DAY)))
        for link in random.sample(("/a", "/b", "/c"), random.choice((1, 1, 2))):
            yield "click", when, {"link": link}
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        yield "unsubscribe", later(2 * _DAY), {"link": "/leave"}


def _tags(random: Random) -> dict[str, str]:
    tags = {"color": random.choice(("red", "blue", "red,blue"))}
    if random.random() < 0.6:
        tags["campaign_id"] = random.choice(CAMPAIGNS)
        tags["treatment_id"] = random.choice("01")
    if random.random() < 0.4:
        tags["mycustomerid"] = random.choice(("4", "5", "x='1'"))
    if random.random() < 0.3:
        tags["MyOrderId"] = random.choice("78")
    return tags if random.random() > 0.1 else {}


def _context(random: Random) -> dict[str, str]:
    context = {}
    if random.random() < 0.4:
        context["mycustomerid"] = random.choice(("4", "5"))
    if random.random() < 0.3:
        context["MyOrderId"] = random.choice("78")
    return context


def _text(random: Random, number: int) -> Iterator[Record]:
    from_pinpoint = random.random() < 0.5
    tags = {"campaign_id": random.choice(CAMPAIGNS)} if random.random() < 0.6 else {}
    text = Text(f"text-{number}", tags=tags, context=random.choice(CONTEXTS))
    first = START + random.randrange(DAYS * _DAY)
    price = random.choice((645.0, 883.65, 0.5))
    kinds = ["BUFFERED"] * random.choice((0, 1, 1, 2))
    kinds += random.choice((["SUCCESS"], ["SUCCESS", "SUCCESS"], ["FAILURE"], ["FAILURE", "SUCCESS"], ["READ"]))
    if random.random() < 0.1:
        kinds.append("OPTOUT")
    random.shuffle(kinds)
    for step, kind in enumerate(kinds):
        happened = first + step * random.choice((_MINUTE, _HOUR, 17 * _HOUR))
        known = None if random.random() < 0.3 else round(price * random.choice((1, 1, step + 1)), 3)
        if from_pinpoint:
            bare = replace(text, context=None) if random.random() < 0.2 else text
            yield pinpoint_sms(bare, kind, happened, known, "OPTED_OUT" if kind == "OPTOUT" else kind)
        elif kind != "OPTOUT":
            event = {"BUFFERED": "TEXT_QUEUED", "SUCCESS": "TEXT_DELIVERED", "FAILURE": "TEXT_UNKNOWN"}
            yield sms(text, event.get(kind, "RCS_READ"), happened, None if known is None else known / 100_000)
