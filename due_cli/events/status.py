"""The status of a message: what its events say together (docs/data.md, "Message status").

Merging is commutative, associative and idempotent, so neither the order of events nor their repetition changes a
status: each value is kept with what orders it, and the lesser one wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from due_cli.events.identity import mail_event, message_id
from due_cli.events.model import Json, Row, Struct
from due_cli.events.times import iso

NOT_APPLICABLE = "NA"
_Ordered = TypeVar("_Ordered", float, "Dated")

# A value, and the own time (epoch ms) and id of its event, which order it.
Stamp = tuple[int, str]
Dated = tuple[Stamp, str]

_EMAIL_TIMES = {
    "_email.send": "send",
    "_email.delivered": "delivered",
    "_email.rejected": "rejected",
    "_email.hardbounce": "hardbounce",
    "_email.softbounce": "softbounce",
    "_email.complaint": "complaint",
    "_email.open": "open",
    "_email.click": "click",
    "_email.unsubscribe": "unsubscribe",
    "_email.rendering_failure": "rendering_failure",
    "_email.delivery_delay": "delivery_delay",
}
_SMS_TIMES = {
    "_SMS.SUCCESS": "success",
    "_SMS.BUFFERED": "buffered",
    "_SMS.FAILURE": "failure",
    "_SMS.COMPLAINT": "complaint",
    "_SMS.OPTOUT": "optout",
    "_SMS.READ": "read",
}
_VOICE = "initiated ringing answered completed busy no_answer failed ttl_expired spam protect_blocked".split()
_WHATSAPP = "accepted sent delivered read failed deleted warning".split()

# Event type of the table -> (channel, fact).
FACT_OF_TYPE: dict[str, tuple[str, str]] = {
    **{event_type: ("email", fact) for event_type, fact in _EMAIL_TIMES.items()},
    **{event_type: ("sms", fact) for event_type, fact in _SMS_TIMES.items()},
    **{f"_VOICE.{fact.upper()}": ("voice", fact) for fact in _VOICE},
    **{f"_WHATSAPP.{fact.upper()}": ("whatsapp", fact) for fact in _WHATSAPP},
}

# The first fact of these that a message has is its status.
STATUS_ORDER: dict[str, tuple[str, ...]] = {
    "email": tuple(
        "rejected rendering_failure complaint hardbounce unsubscribe click open delivered softbounce delivery_delay "
        "send".split()
    ),
    "sms": ("optout", "complaint", "read", "success", "failure", "buffered"),
    "voice": tuple(
        "completed answered failed busy no_answer ttl_expired spam protect_blocked ringing initiated".split()
    ),
    "whatsapp": ("read", "delivered", "failed", "deleted", "sent", "accepted", "warning"),
}

_PHONE_KEYS = tuple(
    "aws_account_id origination_phone_number destination_phone_number record_status iso_country_code message_type "
    "campaign_id journey_id".split()
)
# The keys of an item after message_id and event_type, in the order of the blog's tables.
KEYS: dict[str, tuple[str, ...]] = {
    "email": (
        *"aws_account_id from_address destination client campaign_id journey_id".split(),
        *_EMAIL_TIMES.values(),
    ),
    "sms": (
        *_PHONE_KEYS,
        *"success buffered failure complaint optout read price_in_millicents_usd".split(),
    ),
    "voice": (*_PHONE_KEYS, *_VOICE, "price_in_millicents_usd"),
    "whatsapp": (*_PHONE_KEYS, *_WHATSAPP),
}


class Status(NamedTuple):
    """The status of one message; ``last`` is the own time of its last event (epoch ms).

    ``times`` holds the first own time of each fact, ``earliest`` the values whose earliest event counts,
    ``record_status`` the latest one, ``price`` the greatest.
    """

    message_id: str
    channel: str
    last: int
    times: dict[str, int]
    earliest: dict[str, Dated]
    record_status: Dated | None = None
    price: float | None = None

    @property
    def status(self) -> str:
        """The first fact of ``STATUS_ORDER`` that the message has (computed on reading, never stored)."""
        return next((fact for fact in STATUS_ORDER[self.channel] if fact in self.times), NOT_APPLICABLE)

    def item(self) -> dict[str, Json]:
        """The item of the blog's tables plus ``status``: ISO 8601 times, ``NA`` for what did not happen."""
        item: dict[str, Json] = {"message_id": self.message_id, "event_type": self.channel}
        for key in KEYS[self.channel]:
            item[key] = self._value(key)
        item["status"] = self.status
        return item

    def _value(self, key: str) -> Json:
        if key in self.times:
            return iso(self.times[key])
        if key == "record_status":
            return self.record_status[1] if self.record_status else NOT_APPLICABLE
        if key == "price_in_millicents_usd":
            return NOT_APPLICABLE if self.price is None else self.price
        return self.earliest[key][1] if key in self.earliest else NOT_APPLICABLE


def status_of(row: Row) -> Status | None:
    """The status that one row gives its message; None for rows of no message (custom events, inbound messages).

    An inbound opt-out gives one to the message that it answers, where it names one.
    """
    channel, fact = FACT_OF_TYPE.get(row["event_type"], (None, None))
    if channel is None or fact is None:
        return None
    event_time = row["occurred_at"]
    if fact == "optout" and row.get("source") == "sms":
        answered = (row.get("details") or {}).get("previousPublishedMessageId")
        return Status(answered, channel, event_time, {fact: event_time}, {}) if answered else None
    mail = mail_event(row)
    message = message_id(row, mail)
    if not message:
        return None
    values = _email_values(row, mail) if channel == "email" else _phone_values(row)
    record_status = values.pop("record_status", None)
    stamp = (event_time, row.get("event_id") or "")
    return Status(
        message,
        channel,
        event_time,
        {fact: event_time},
        {key: (stamp, value) for key, value in values.items() if value},
        (stamp, record_status) if record_status else None,
        (row.get("metrics") or {}).get("price_in_millicents_usd") if channel != "whatsapp" else None,
    )


def merge(first: Status, *others: Status) -> Status:
    """One status of several of the same message; neither their order nor repetition changes it."""
    channel, last, record_status, price = first.channel, first.last, first.record_status, first.price
    times, earliest = first.times.copy(), first.earliest.copy()
    for other in others:
        for fact, time in other.times.items():
            if fact not in times or time < times[fact]:
                times[fact] = time
        for key, dated in other.earliest.items():
            if key not in earliest or dated < earliest[key]:
                earliest[key] = dated
        channel, last = min(channel, other.channel), max(last, other.last)
        record_status, price = _greatest(record_status, other.record_status), _greatest(price, other.price)
    return Status(first.message_id, channel, last, times, earliest, record_status, price)


def merge_by_message(statuses: Iterable[Status]) -> dict[str, Status]:
    """Statuses by message id, those of one message merged; messages are in the order of their first status."""
    by_message: dict[str, list[Status]] = {}
    for status in statuses:
        by_message.setdefault(status.message_id, []).append(status)
    return {message: merge(*of_message) for message, of_message in by_message.items()}


def _greatest(one: _Ordered | None, other: _Ordered | None) -> _Ordered | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)


def _email_values(row: Row, event: Struct) -> dict[str, str | None]:
    mail, bounce = event.get("mail"), event.get("bounce")
    attributes, client = row.get("attributes") or {}, row.get("client") or {}
    mail = mail if isinstance(mail, dict) else {}
    destination = mail.get("destination")
    values = {
        "aws_account_id": row.get("awsaccountid"),
        "from_address": _text(mail, "from_address"),
        "destination": ", ".join(map(str, destination)) if isinstance(destination, list) else None,
        "client": _text(client, "client_id"),
        "campaign_id": attributes.get("campaign_id"),
        "journey_id": attributes.get("journey_id"),
    }
    if isinstance(bounce, dict):
        fact = FACT_OF_TYPE[row["event_type"]][1]
        values[f"{fact}_type"] = f"{_text(bounce, 'bounce_type') or ''}/{_text(bounce, 'bounce_sub_type') or ''}"
    return values


def _phone_values(row: Row) -> dict[str, str | None]:
    attributes = row.get("attributes") or {}
    return {"aws_account_id": row.get("awsaccountid"), **{key: attributes.get(key) for key in _PHONE_KEYS[1:]}}


def _text(struct: Struct, key: str) -> str | None:
    value = struct.get(key)
    return value if isinstance(value, str) else None
