"""The status of a message: what its events say together (docs/data.md, "Message status").

Merging is commutative, associative and idempotent, so neither the order of events nor their repetition changes a
status: each value is kept with the time and id of its event, which order it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from due_cli.events.identity import mail_event, message_id
from due_cli.events.merging import fuller
from due_cli.events.model import Json, Row, Struct
from due_cli.events.times import iso

NOT_APPLICABLE = "NA"

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
_OF_LATEST = ("final", "answer")
# The keys of an item after message_id and event_type: those of the blog's tables in their order, then due's own.
KEYS: dict[str, tuple[str, ...]] = {
    "email": (
        *"aws_account_id from_address destination client campaign_id journey_id".split(),
        *_EMAIL_TIMES.values(),
        *_OF_LATEST,
    ),
    "sms": (
        *_PHONE_KEYS,
        *"success buffered failure complaint optout read price_in_millicents_usd".split(),
        *_OF_LATEST,
    ),
    "voice": (*_PHONE_KEYS, *_VOICE, "price_in_millicents_usd", *_OF_LATEST),
    "whatsapp": (*_PHONE_KEYS, *_WHATSAPP, *_OF_LATEST),
}
_NOTHING_HAPPENED = {channel: dict.fromkeys(keys, NOT_APPLICABLE) for channel, keys in KEYS.items()}
_LONGEST_ANSWER = 1_000  # characters; a message may have fifty recipients

# Where the fields that have no column stand in details.
_IS_FINAL = "isFinal"
_STATUS_DESCRIPTION = "messageStatusDescription"
_DELAYED = "deliveryDelay.delayedRecipients"
_WHATSAPP_ERRORS = ("whatsAppWebhookEntry.changes.value.statuses.errors", "errors")  # of a webhook, of EventBridge


class Status(NamedTuple):
    """The status of one message; ``last`` is the own time of its last event (epoch ms).

    ``times`` holds the first own time of each fact, ``earliest`` the values whose earliest event counts,
    ``record_status``, ``final`` (whether the receipt was: "true" or "false") and ``answer`` (the mail server's, the
    carrier's or WhatsApp's) the latest ones, ``price`` the greatest.
    """

    message_id: str
    channel: str
    last: int
    times: dict[str, int]
    earliest: dict[str, Dated]
    record_status: Dated | None = None
    price: float | None = None
    final: Dated | None = None
    answer: Dated | None = None

    @property
    def status(self) -> str:
        """The first fact of ``STATUS_ORDER`` that the message has (computed on reading, never stored)."""
        return next((fact for fact in STATUS_ORDER[self.channel] if fact in self.times), NOT_APPLICABLE)

    def item(self) -> dict[str, Json]:
        """The item of the blog's tables plus ``status``: ISO 8601 times, ``NA`` for what did not happen."""
        values: dict[str, Json] = {key: value for key, (_, value) in self.earliest.items()}
        values["record_status"] = self.record_status[1] if self.record_status else NOT_APPLICABLE
        values["price_in_millicents_usd"] = NOT_APPLICABLE if self.price is None else self.price
        values["final"] = self.final[1] == "true" if self.final else NOT_APPLICABLE
        values["answer"] = self.answer[1] if self.answer else NOT_APPLICABLE
        values.update((fact, iso(time)) for fact, time in self.times.items())
        known = _NOTHING_HAPPENED[self.channel]
        item: dict[str, Json] = {"message_id": self.message_id, "event_type": self.channel, **known}
        item.update((key, value) for key, value in values.items() if key in known)
        item["status"] = self.status
        return item


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
    details = row.get("details") or {}
    final = details.get(_IS_FINAL) if channel in ("sms", "voice") else None
    answer = _email_answer(mail, details) if channel == "email" else _phone_answer(channel, details)
    return Status(
        message,
        channel,
        event_time,
        {fact: event_time},
        {key: (stamp, value) for key, value in values.items() if value},
        (stamp, record_status) if record_status else None,
        (row.get("metrics") or {}).get("price_in_millicents_usd") if channel != "whatsapp" else None,
        (stamp, final) if final in ("true", "false") else None,
        (stamp, answer[:_LONGEST_ANSWER]) if answer else None,
    )


def merge(first: Status, *others: Status) -> Status:
    """One status of several of the same message; neither their order nor repetition changes it."""
    channel, last, record_status, price = first.channel, first.last, first.record_status, first.price
    final, answer = first.final, first.answer
    times, earliest = first.times.copy(), first.earliest.copy()
    for other in others:
        for fact, time in other.times.items():
            if fact not in times or time < times[fact]:
                times[fact] = time
        for key, dated in other.earliest.items():
            known = earliest.get(key)
            if known is None or dated[0] < known[0]:
                earliest[key] = dated
            elif dated[0] == known[0]:
                earliest[key] = max(known, dated, key=_fullness)
        channel, last = min(channel, other.channel), max(last, other.last)
        record_status, price = _later(record_status, other.record_status), _greater(price, other.price)
        final, answer = _later(final, other.final), _later(answer, other.answer)
    return Status(first.message_id, channel, last, times, earliest, record_status, price, final, answer)


def merge_by_message(statuses: Iterable[Status]) -> dict[str, Status]:
    """Statuses by message id, those of one message merged; messages are in the order of their first status."""
    by_message: dict[str, list[Status]] = {}
    for status in statuses:
        by_message.setdefault(status.message_id, []).append(status)
    return {
        message: merge(*of_message) if len(of_message) > 1 else of_message[0]
        for message, of_message in by_message.items()
    }


def _later(one: Dated | None, other: Dated | None) -> Dated | None:
    """The later of two values; of two deliveries of one event the :func:`fuller`, which its merged row has."""
    if one is None or other is None:
        return one if other is None else other
    if one[0] == other[0]:
        return max(one, other, key=_fullness)
    return max(one, other)


def _fullness(dated: Dated) -> tuple[int, str]:
    return fuller(dated[1])


def _greater(one: float | None, other: float | None) -> float | None:
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
        "destination": ", ".join(map(str, destination)) if isinstance(destination, list) and destination else None,
        "client": _text(client, "client_id"),
        "campaign_id": attributes.get("campaign_id"),
        "journey_id": attributes.get("journey_id"),
    }
    if isinstance(bounce, dict) and bounce:  # an empty one is stored as NULL
        fact = FACT_OF_TYPE[row["event_type"]][1]
        values[f"{fact}_type"] = f"{_text(bounce, 'bounce_type') or ''}/{_text(bounce, 'bounce_sub_type') or ''}"
    return values


def _phone_values(row: Row) -> dict[str, str | None]:
    attributes = row.get("attributes") or {}
    return {"aws_account_id": row.get("awsaccountid"), **{key: attributes.get(key) for key in _PHONE_KEYS[1:]}}


def _email_answer(event: Struct, details: dict[str, str]) -> str | None:
    """What the recipient's mail server answered, of several recipients each answer once."""
    delivery, bounce = event.get("delivery"), event.get("bounce")
    if isinstance(delivery, dict):
        return _text(delivery, "smtp_response")
    if isinstance(bounce, dict):
        return _each_once(_text(person, "diagnostic_code") for person in _structs(bounce.get("bounced_recipients")))
    if _DELAYED in details:
        return _each_once(_text(person, "diagnosticCode") for person in _structs(_parsed(details[_DELAYED])))
    return None


def _phone_answer(channel: str, details: dict[str, str]) -> str | None:
    if channel != "whatsapp":
        return details.get(_STATUS_DESCRIPTION)
    errors = next((details[path] for path in _WHATSAPP_ERRORS if path in details), None)
    return None if errors is None else _each_once(_whatsapp_error(error) for error in _structs(_parsed(errors)))


def _whatsapp_error(error: Struct) -> str | None:
    """``131049 Not sent: Too many`` of an error with a code, a title and details."""
    title = _text(error, "title") or _text(error, "message")
    if title is None:
        return None
    data = error.get("error_data")
    details = _text(data, "details") if isinstance(data, dict) else None
    text = title if details is None else f"{title}: {details}"
    return f"{error['code']} {text}" if isinstance(error.get("code"), int | str) else text


def _each_once(answers: Iterable[str | None]) -> str:
    return "; ".join(dict.fromkeys(filter(None, answers)))


def _structs(items: Json) -> list[Struct]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _text(struct: Struct, key: str) -> str | None:
    value = struct.get(key)
    return value if isinstance(value, str) else None
