"""The nine reports computed without SQL, from the words of docs/data.md, row by row in plain Python.

It sees every event, so the data that it judges must keep duplicates and events that come before their send within the
time that the reports look back (a day; 73 hours for SMS). A row may lack anything but its ``event_id``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from due_cli.events import Row
from due_cli.events.identity import mail_event, message_id
from due_cli.events.model import Json

Rows = list[dict[str, object]]
_HOUR = timedelta(hours=1)
_SMS = ("_SMS.BUFFERED", "_SMS.SUCCESS", "_SMS.FAILURE", "_SMS.READ", "_SMS.OPTOUT")


@dataclass(frozen=True, slots=True)
class Filed:
    """A row and the hour under which it is filed (naive UTC)."""

    row: Row
    hour: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From since down to a whole hour, to until up to a whole hour (naive UTC)."""

    since: datetime
    until: datetime

    @property
    def first(self) -> datetime:
        """The first hour that counts."""
        return self.since.replace(minute=0, second=0, microsecond=0)

    @property
    def end(self) -> datetime:
        """The first hour that does not count any more."""
        floor = self.until.replace(minute=0, second=0, microsecond=0)
        return floor if floor == self.until else floor + _HOUR


@dataclass(frozen=True, slots=True)
class Message:
    """The events of one message that were filed before the period's end, each once, and when it was sent."""

    events: list[Filed]
    sent: datetime

    def of(self, *kinds: str) -> list[Row]:
        """The rows of some kinds."""
        return [event.row for event in self.events if event.row["event_type"] in kinds]

    def count(self, kind: str) -> int:
        """1 if there is an event of the kind, however many there are."""
        return 1 if self.of(kind) else 0

    def value_of(self, read: Callable[[Row], str | None]) -> str | None:
        """What the send says of the message, or else any other event."""
        for rows in (self.of("_email.send"), [event.row for event in self.events]):
            found = [value for value in map(read, rows) if value is not None]
            if found:
                return max(found)
        return None


def sms_cost(events: Sequence[Filed], period: Period) -> Rows:
    """Cost and messages of each campaign, the dearest first."""
    groups: dict[str, list[Message]] = defaultdict(list)
    for message in _texts(events, period):
        campaigns = [_attributes(event.row).get("campaign_id") for event in message.events]
        groups[max((name for name in campaigns if name), default="No Campaign")].append(message)
    rows: Rows = [
        {"campaign": name, "cost_in_millicents": _cost(group), "sends": len(group)} for name, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-_float(row["cost_in_millicents"]), str(row["campaign"])))


def sms_cost_by_tag(events: Sequence[Filed], period: Period, tag: str) -> Rows:
    """Cost and number of the messages with one value in their customer context."""
    key, _, value = tag.partition("=")
    group = [
        message
        for message in _texts(events, period)
        if any((context_of(event.row) or {}).get(key) == value for event in message.events)
    ]
    return [{"cost_in_millicents": _cost(group), "sends": len(group)}]


def subject_lines(events: Sequence[Filed], period: Period, address: str) -> Rows:
    """Every message to an address, the latest first."""
    rows = []
    for message in _mails(events, period):
        if address.lower() in {to.lower() for event in message.events for to in _destination(event.row)}:
            sent = min(_times(message.of("_email.send"), "event_timestamp"), default=None)
            subject = message.value_of(_subject)
            identity = message_id(message.events[0].row)
            order = (sent is None, -(sent or 0), subject is None, subject or "", identity)
            rows.append((order, sent, subject, message.count("_email.open")))
    return [
        {"when_sent": None if sent is None else moment(sent), "email_subject": subject, "did_open": opened}
        for _, sent, subject, opened in sorted(rows, key=lambda row: row[0])
    ]


def subject_engagement(events: Sequence[Filed], period: Period) -> Rows:
    """Messages of each subject, and what was done with them."""
    groups: dict[str | None, list[Message]] = defaultdict(list)
    for message in _mails(events, period):
        groups[message.value_of(_subject)].append(message)
    rows: Rows = [
        {
            "subject": subject,
            "sends": len(group),
            **_counts(group, opens="_email.open", clicks="_email.click", unsubs="_email.unsubscribe"),
            "total_opens": sum(len(message.of("_email.open")) for message in group),
            "total_clicks": sum(len(message.of("_email.click")) for message in group),
        }
        for subject, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-_float(row["sends"]), row["subject"] is None, str(row["subject"])))


def send_count_by_tag(events: Sequence[Filed], period: Period, tag: str) -> Rows:
    """How many messages were sent with a message tag."""
    key, _, value = tag.partition("=")

    def tagged(row: Row) -> bool:
        found = (tags.get(spelled) for spelled in (key, key.lower()) for tags in (_attributes(row), _custom(row)))
        known = next((one for one in found if one is not None), None)
        return known is not None and f",{value}," in f",{known},"  # a list of SES is joined with commas

    return [{"sends": sum(any(map(tagged, message.of("_email.send"))) for message in _mails(events, period))}]


def address_engagement(
    events: Sequence[Filed], period: Period, min_sends: int = 10, known_for: datetime | None = None
) -> Rows:
    """Addresses with many messages that were first delivered to before ``known_for``, and their last open or click."""
    groups: dict[str, list[Message]] = defaultdict(list)
    for message in _mails(events, period):
        for address in {to.lower() for row in message.of("_email.send") for to in _destination(row)}:
            groups[address].append(message)
    rows: Rows = []
    for address, group in groups.items():
        delivered = [
            when
            for one in group
            for row in one.of("_email.delivered")
            if address in _recipients(row, address)
            for when in _times([row], "occurred_at")
        ]
        engaged = [when for one in group for when in _times(one.of("_email.open", "_email.click"), "occurred_at")]
        if len(group) < min_sends or not delivered or (known_for and _utc(min(delivered)) > known_for):
            continue
        rows.append(
            {
                "to_address": address,
                "num_sends": len(group),
                "max_delivered_timestamp": moment(max(delivered)),
                "min_delivered_timestamp": moment(min(delivered)),
                "last_engagement": moment(max(engaged)) if engaged else None,
            }
        )
    return sorted(rows, key=lambda row: (-_float(row["num_sends"]), str(row["to_address"])))


def campaign_engagement(events: Sequence[Filed], period: Period) -> Rows:
    """Messages of each campaign, and what became of them."""
    groups: dict[str, list[Message]] = defaultdict(list)
    for message in _mails(events, period):
        campaign = message.value_of(lambda row: _attributes(row).get("campaign_id"))
        if campaign is not None:
            groups[campaign].append(message)
    kinds = {
        "opens": "_email.open",
        "clicks": "_email.click",
        "hard_bounces": "_email.hardbounce",
        "soft_bounces": "_email.softbounce",
        "unsubs": "_email.unsubscribe",
    }
    rows: Rows = [
        {"pinpoint_campaign_id": name, "sends": len(group), **_counts(group, **kinds)} for name, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-_float(row["sends"]), str(row["pinpoint_campaign_id"])))


def bounce_rate(events: Sequence[Filed], period: Period) -> Rows:
    """Bounces and complaints of the messages of each hour."""
    kinds = {"total_hardbounces": "_email.hardbounce", "total_complaints": "_email.complaint"}
    return _by_hour(events, period, kinds, {"bounce_rate": "total_hardbounces", "complaint_rate": "total_complaints"})


def engagement_rate(events: Sequence[Filed], period: Period) -> Rows:
    """Opens, clicks and unsubscribes of the messages of each hour."""
    kinds = {"total_opens": "_email.open", "total_clicks": "_email.click", "total_unsubs": "_email.unsubscribe"}
    rates = {"open_rate": "total_opens", "click_rate": "total_clicks", "unsub_rate": "total_unsubs"}
    return _by_hour(events, period, kinds, rates)


def _by_hour(events: Sequence[Filed], period: Period, kinds: dict[str, str], rates: dict[str, str]) -> Rows:
    groups: dict[datetime, list[Message]] = defaultdict(list)
    for message in _mails(events, period):
        groups[message.sent].append(message)
    rows: Rows = []
    for hour in sorted(groups, reverse=True):
        sends = len(groups[hour])
        counts = _counts(groups[hour], **kinds)
        shares = {rate: counts[total] / sends for rate, total in rates.items()}
        rows.append({"time_window": _iso(hour), "total_sends": sends, **counts, **shares})
    return rows


def _once(events: Iterable[Filed], period: Period) -> list[Filed]:
    """What was filed before the period's end; an event that was delivered again counts where it was filed first."""
    found: dict[str, Filed] = {}
    for event in events:
        known = found.get(event.row["event_id"])
        if event.hour < period.end and (known is None or event.hour < known.hour):
            found[event.row["event_id"]] = event
    return list(found.values())


def _grouped(events: Iterable[Filed], message: Callable[[Row], str | None]) -> list[list[Filed]]:
    groups: dict[str, list[Filed]] = defaultdict(list)
    for event in events:
        identity = message(event.row)
        if identity is not None:
            groups[identity].append(event)
    return list(groups.values())


def _mails(events: Sequence[Filed], period: Period) -> list[Message]:
    """The email messages whose send is filed in the period."""
    emails = [event for event in _once(events, period) if (event.row["event_type"] or "").startswith("_email.")]
    return _belonging(_grouped(emails, message_id), period, "_email.send", first_counts=False)


def _texts(events: Sequence[Filed], period: Period) -> list[Message]:
    """The SMS messages of the period; a reply of a recipient is not a message that was sent."""

    def is_sent(row: Row) -> bool:
        kind = row["event_type"]
        return kind in _SMS and (kind != "_SMS.OPTOUT" or _attributes(row).get("record_status") is not None)

    sent = [event for event in _once(events, period) if is_sent(event.row)]
    return _belonging(
        _grouped(sent, lambda row: _attributes(row).get("message_id")), period, "_SMS.BUFFERED", first_counts=True
    )


def _belonging(groups: list[list[Filed]], period: Period, send: str, *, first_counts: bool) -> list[Message]:
    found = []
    for group in groups:
        sends = [event.hour for event in group if event.row["event_type"] == send]
        if not sends and first_counts:
            sends = [event.hour for event in group]
        if sends and min(sends) >= period.first:
            found.append(Message(group, min(sends)))
    return found


def _counts(group: list[Message], **kinds: str) -> dict[str, int]:
    return {name: sum(message.count(kind) for message in group) for name, kind in kinds.items()}


def _cost(group: list[Message]) -> float:
    """The greatest price on any event of a message, once."""
    total = Decimal(0)
    for message in group:
        prices = [event.row.get("metrics", {}).get("price_in_millicents_usd", 0.0) for event in message.events]
        total += Decimal(str(max(prices)))
    return float(total)


def context_of(row: Row) -> dict[str, str | None] | None:
    """The customer context: scalars as their text, a nested value as its JSON text, malformed as none."""
    try:
        context = json.loads(_attributes(row).get("customer_context") or "")
    except ValueError:
        return None
    if not isinstance(context, dict):
        return None
    return {key: _scalar(value) for key, value in context.items()}


def _scalar(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _attributes(row: Row) -> dict[str, str]:
    return row.get("attributes") or {}


def _custom(row: Row) -> dict[str, Json]:
    custom = (row.get("client_context") or {}).get("custom")
    return custom if isinstance(custom, dict) else {}


def _destination(row: Row) -> list[str]:
    mail = mail_event(row).get("mail")
    found = mail.get("destination") if isinstance(mail, dict) else None
    return [str(to) for to in found] if isinstance(found, list) else []


def _recipients(row: Row, otherwise: str) -> list[str]:
    """The addresses that a delivery names, or the one that is asked for where it names none."""
    delivery = mail_event(row).get("delivery")
    found = delivery.get("recipients") if isinstance(delivery, dict) else None
    return [str(to).lower() for to in found] if isinstance(found, list) and found else [otherwise]


def _subject(row: Row) -> str | None:
    mail = mail_event(row).get("mail")
    headers = mail.get("common_headers") if isinstance(mail, dict) else None
    subject = headers.get("subject") if isinstance(headers, dict) else None
    return subject if isinstance(subject, str) else None


def _times(rows: Iterable[Row], column: str) -> list[int]:
    """A time of each row that has it."""
    return [when for row in rows if isinstance(when := row.get(column), int)]


def _utc(millis: int) -> datetime:
    return datetime.fromtimestamp(millis // 1000, UTC).replace(tzinfo=None) + timedelta(milliseconds=millis % 1000)


def moment(millis: int) -> str:
    """Epoch milliseconds as ``-o json`` has them."""
    return _iso(_utc(millis))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def _float(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)
