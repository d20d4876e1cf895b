"""What an ordinary month may lack: at least one of every event that each service can write, and of its odd forms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from due_cli.demo import pinpoint, ses, sms, whatsapp
from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.mail import BOUNCES, UNSUBSCRIBE_LINK, Happening, Mail
from due_cli.demo.outbox import Record, encoded
from due_cli.demo.people import uuid
from due_cli.demo.phone import Step, new_text
from due_cli.demo.scene import Scene
from due_cli.demo.shop import ARRIVALS, JOURNEY, JOURNEY_RUN, LINES, ORDER_TAG, MailLine

CAMPAIGN_STATUSES = (
    "SUCCESS FAILURE DAILY_CAP EXPIRED QUIET_TIME HOLDOUT DUPLICATE_ADDRESS CAMPAIGN_CAP FAILURE_PERMANENT "
    "TRANSIENT_FAILURE THROTTLED UNKNOWN HOOK_FAILURE CUSTOM_DELIVERY_FAILURE RECOMMENDATION_FAILURE "
    "UNSUPPORTED_CHANNEL".split()
)
JOURNEY_STATUSES = (
    "FAILURE CUSTOM_DELIVERY_FAILURE FAILURE_PERMANENT THROTTLED UNSUPPORTED_CHANNEL DAILY_CAP QUIET_TIME "
    "QUIET_TIME_MISSING_TIMEZONE".split()
)
PINPOINT_TEXT_STATUSES = (
    "INVALID UNREACHABLE UNKNOWN BLOCKED CARRIER_UNREACHABLE SPAM INVALID_MESSAGE CARRIER_BLOCKED TTL_EXPIRED "
    "MAX_PRICE_EXCEEDED OPTED_OUT RATE_EXCEEDED INVALID_PHONE_NUMBER".split()
)
TEXT_STATUSES = (
    "QUEUED PENDING SUCCESSFUL DELIVERED BLOCKED TTL_EXPIRED CARRIER_UNREACHABLE INVALID INVALID_MESSAGE "
    "CARRIER_BLOCKED UNREACHABLE SPAM UNKNOWN PROTECT_BLOCKED".split()
)
MEDIA_STATUSES = (
    "PENDING QUEUED SUCCESSFUL DELIVERED INVALID INVALID_MESSAGE UNREACHABLE CARRIER_UNREACHABLE BLOCKED "
    "CARRIER_BLOCKED SPAM UNKNOWN TTL_EXPIRED FILE_TYPE_UNSUPPORTED FILE_SIZE_EXCEEDED FILE_INACCESSIBLE".split()
)
RCS_STATUSES = "QUEUED SENT DELIVERED READ FAILED TTL_EXPIRED PROTECT_BLOCKED FALLEN_BACK_TO_SMS".split()
VOICE_STATUSES = "INITIATED RINGING ANSWERED COMPLETED BUSY NO_ANSWER FAILED TTL_EXPIRED SPAM PROTECT_BLOCKED".split()
WHATSAPP_STATUSES = (
    *("accepted", "sent", "delivered", "read", "failed", "deleted", "warning"),
    "Message retries exhausted, dropping message.",
)
DELAY_TYPES = (
    "InternalFailure General MailboxFull SpamDetected RecipientServerError IPFailure TransientCommunicationFailure "
    "BYOIPHostNameLookupUnavailable Undetermined SendingDeferral".split()
)
COMPLAINT_TYPES = ("abuse", "auth-failure", "fraud", "not-spam", "other", "virus", "", "OnAccountSuppressionList")
_WAYS = 4  # in which a mail never arrives
_ORDERS = LINES[0]
_ARRIVALS_KEYS = {
    "campaign_id": ARRIVALS.id,
    "campaign_activity_id": f"{ARRIVALS.id[:30]}00",
    "treatment_id": ARRIVALS.treatments[0].id,
}


@dataclass(frozen=True, slots=True)
class Highlights:
    """The messages of the month that are worth a closer look."""

    interesting: str
    bounced: str
    text: str
    address: str


def rare(scene: Scene) -> None:
    """One of everything, spread over the month."""
    _pinpoint(scene)
    _odd_pinpoint(scene)
    for line in (_ORDERS, *(line for line in LINES if line.form == "bus")):
        _every_mail_event(scene, line)
    _every_reason(scene)
    _odd_ses(scene)
    _texts(scene)
    _replies(scene)
    _whatsapp(scene)


def highlights(scene: Scene) -> Highlights:
    """A delayed, delivered, opened and clicked mail, one that bounced in the end, and a text that was blocked."""
    customer, start = scene.people.faithful[0], scene.clock.until - 6 * DAY
    parcel = scene.mail("orders", [customer], "Your parcel is on its way", start, ORDER_TAG)
    here = (customer.address,)
    there = start + 41 * MINUTE
    happenings = [
        Happening("send", start),
        Happening("delivery_delay", start + 3 * MINUTE, here, "MailboxFull"),
        Happening("delivered", there, here),
        Happening("open", there + 2 * HOUR),
        Happening("click", there + 2 * HOUR + 35 * SECOND, (), "https://shop.example.com/orders"),
        Happening("open", there + DAY + 40 * MINUTE),
    ]
    scene.through_ses(_ORDERS, parcel, happenings)
    for day, subject in ((9, "Your order is confirmed"), (2, "How do you like your order?")):
        mail = scene.mail("orders", [customer], subject, scene.clock.until - day * DAY, ORDER_TAG)
        scene.through_ses(_ORDERS, mail, [Happening("send", mail.sent), Happening("delivered", mail.sent + 900, here)])
    steps = (Step("QUEUED", start), Step("PENDING", start + 800), Step("CARRIER_BLOCKED", start + 4 * SECOND))
    blocked = new_text(scene.rng, scene.customer(), steps, {**ORDER_TAG, "order": "o-4711"})
    scene.text(blocked)
    return Highlights(parcel.id, _bounced_in_the_end(scene), blocked.id, customer.address)


def _bounced_in_the_end(scene: Scene) -> str:
    mail = _campaign_mail(scene)
    here = (mail.to[0].address,)
    soft = [Happening("softbounce", mail.sent + n * 3 * HOUR, here, "Transient/MailboxFull") for n in (1, 2, 3)]
    hard = Happening("hardbounce", mail.sent + 13 * HOUR, here, "Permanent/General")
    scene.through_pinpoint(mail, [Happening("send", mail.sent), *soft, hard])
    return mail.id


def _mail(scene: Scene, line: MailLine, people: int = 1) -> Mail:
    to = scene.rng.sample(scene.people.everyone, people)
    return scene.mail(line.name, to, line.subjects[0], scene.clock.settled(), line.tags)


def _campaign_mail(scene: Scene) -> Mail:
    subject = ARRIVALS.treatments[0].subject
    return scene.mail("news", [scene.customer()], subject, scene.clock.settled(), {}, _ARRIVALS_KEYS)


def _after_delivery(mail: Mail) -> list[Happening]:
    here, at = (mail.to[0].address,), mail.sent
    return [
        Happening("send", at),
        Happening("delivered", at + 2 * SECOND, here),
        Happening("open", at + HOUR),
        Happening("click", at + HOUR + 9 * SECOND, (), "https://shop.example.com/mugs"),
        Happening("unsubscribe", at + HOUR + 30 * SECOND, (), UNSUBSCRIBE_LINK),
        Happening("complaint", at + 5 * HOUR, here, "abuse"),
    ]


def _never_arrived(mail: Mail) -> list[list[Happening]]:
    """The ways in which a mail never arrives."""
    here, send = (mail.to[0].address,), Happening("send", mail.sent)
    return [
        [send, Happening("rejected", mail.sent + 600)],
        [Happening("rendering_failure", mail.sent + 300, (), "Attribute 'name' is not present in the rendering data.")],
        [send, Happening("softbounce", mail.sent + 9 * HOUR, here, "Undetermined/Undetermined")],
        [send, Happening("hardbounce", mail.sent + 3 * SECOND, here, "Permanent/NoEmail")],
    ]


def _pinpoint(scene: Scene) -> None:
    mail = _campaign_mail(scene)
    scene.through_pinpoint(mail, _after_delivery(mail))
    for way in range(_WAYS):
        mail = _campaign_mail(scene)
        scene.through_pinpoint(mail, _never_arrived(mail)[way])
    journey = {"journey_run_id": JOURNEY_RUN, "journey_id": JOURNEY, "journey_activity_id": "wElc0me001"}
    for status in CAMPAIGN_STATUSES:
        at = scene.clock.settled()
        record = pinpoint.campaign_send(_ARRIVALS_KEYS, scene.customer(), status, at, at + 60)
        scene.outbox.put("pinpoint", at, record)
    for status in JOURNEY_STATUSES:
        at = scene.clock.settled()
        record = pinpoint.journey_send(journey, scene.customer(), status, at, at + 60)
        scene.outbox.put("pinpoint", at, record)
    for status in PINPOINT_TEXT_STATUSES:
        at = scene.clock.settled()
        text = new_text(scene.rng, scene.customer(), (Step("PENDING", at, priced=False), Step(status, at + 5 * SECOND)))
        scene.put("pinpoint", pinpoint.text_events(text))
        if status == "SPAM":
            scene.outbox.put("pinpoint", at + HOUR, pinpoint.opt_out(text, at + HOUR))


def _odd_pinpoint(scene: Scene) -> None:
    """Records without what others have: attributes absent or null, a subject of null, a context that is bare."""
    for missing in ("absent", "null", "subject"):
        mail = _campaign_mail(scene)
        for at, event in pinpoint.mail_events(mail, _after_delivery(mail)[:3]):
            record = _opened(event)
            if missing == "absent":
                del record["attributes"], record["client_context"]
            elif missing == "null":
                record["attributes"] = None
            else:
                record["facets"]["email_channel"]["mail_event"]["mail"]["common_headers"]["subject"] = None
            scene.outbox.put("pinpoint", at, record)
    for context in ("", "null", "[1,2]", "order 4711", '{"purpose":"order-update"} and more'):
        at = scene.clock.settled()
        text = new_text(scene.rng, scene.customer(), (Step("PENDING", at), Step("DELIVERED", at + 3 * SECOND)), context)
        scene.put("pinpoint", pinpoint.text_events(text))


def _opened(record: Record) -> dict[str, Any]:
    """A copy of a record in which everything can be changed."""
    found: dict[str, Any] = json.loads(encoded(record))
    return found


def _every_mail_event(scene: Scene, line: MailLine) -> None:
    """All ten types on one route; the three preference changes answer one mail."""
    mail = _mail(scene, line)
    here = (mail.to[0].address,)
    changes = [
        Happening("subscription", mail.sent + (2 + place) * DAY, (), change)
        for place, change in enumerate(("leave-topic", "leave", "return"))
    ]
    delay = Happening("delivery_delay", mail.sent + SECOND, here, "General")
    scene.through_ses(line, mail, sorted([*_after_delivery(mail), delay, *changes], key=lambda one: one.at))
    for way in range(_WAYS):
        mail = _mail(scene, line)
        scene.through_ses(line, mail, _never_arrived(mail)[way])


def _every_reason(scene: Scene) -> None:
    """Each type of bounce, delay and complaint, as event and as notification; bounces of three recipients at once."""
    service = next(line for line in LINES if line.form == "notification")
    for line in (_ORDERS, service):
        for people, reason in enumerate(BOUNCES):
            mail = _mail(scene, line, 1 + people % 3)
            kind = "hardbounce" if reason.startswith("Permanent") else "softbounce"
            bounce = Happening(kind, mail.sent + 20 * SECOND, tuple(mail.addresses), reason)
            scene.through_ses(line, mail, [Happening("send", mail.sent), bounce])
    for place, reason in enumerate(COMPLAINT_TYPES):
        line = (_ORDERS, service)[place % 2]
        mail = _mail(scene, line)
        complaint = Happening("complaint", mail.sent + DAY, tuple(mail.addresses), reason)
        scene.through_ses(line, mail, [*_after_delivery(mail)[:2], complaint])
    for reason in DELAY_TYPES:
        mail = _mail(scene, _ORDERS)
        delay = Happening("delivery_delay", mail.sent + 5 * MINUTE, tuple(mail.addresses), reason)
        scene.through_ses(_ORDERS, mail, [Happening("send", mail.sent), delay])


def _odd_ses(scene: Scene) -> None:
    """Optional fields of a wrong type, a time as mail headers write it, a type that is not known yet."""
    mail = _mail(scene, _ORDERS)
    for at, event in ses.events(mail, _after_delivery(mail)[:2], "shop-orders"):
        record = _opened(event)
        record["mail"]["headersTruncated"] = "perhaps"
        if "delivery" in record:
            record["delivery"] |= {"processingTimeMillis": "soon", "recipients": 1}
        scene.outbox.put("ses", at, record)
    mail = _mail(scene, _ORDERS)
    for at, event in ses.events(mail, [Happening("send", mail.sent)], "shop-orders"):
        record = _opened(event)
        record["mail"]["timestamp"] = f"{record['mail']['timestamp'][:19]} +0000"
        scene.outbox.put("ses", at, record)
    mail = _mail(scene, _ORDERS)
    scene.outbox.put("ses", mail.sent + MINUTE, ses.placement_event(mail, mail.sent + MINUTE, "shop-orders"))
    mail = _mail(scene, _ORDERS)
    scene.put("ses-errors", ses.events(mail, _after_delivery(mail)[:3], "shop-orders"))


def _texts(scene: Scene) -> None:
    families = (("TEXT", TEXT_STATUSES), ("MEDIA", MEDIA_STATUSES), ("RCS", RCS_STATUSES), ("VOICE", VOICE_STATUSES))
    for family, statuses in families:
        for status in statuses:
            step = Step(status, scene.clock.settled())
            scene.text(new_text(scene.rng, scene.customer(), (step,), ORDER_TAG), family=family)
    at = scene.clock.settled()
    rcs = (Step("QUEUED", at), Step("SENT", at + SECOND), Step("DELIVERED", at + 3 * SECOND), Step("READ", at + HOUR))
    scene.text(new_text(scene.rng, scene.customer(), rcs), family="RCS")
    for family in ("TEXT", "MEDIA"):
        at = scene.clock.settled()
        steps = (Step("QUEUED", at), Step("DELIVERED", at + 2 * SECOND))
        scene.put("sms-bus", sms.bus_events(new_text(scene.rng, scene.customer(), steps), family))
    nested = {**ORDER_TAG, "parcel": {"weight": 2.5, "pieces": ["lamp", "shade"]}}
    for context in (nested, "purpose=order-update"):
        step = Step("DELIVERED", scene.clock.settled())
        scene.text(new_text(scene.rng, scene.customer(), (step,), context))
    for day, status in ((4, "SUBMITTED"), (5, "REVIEWING"), (9, "COMPLETE")):
        at = scene.clock.on_day(day, 14)
        scene.outbox.put("sms-bus", at, sms.registration_change(status, at))
    at = scene.clock.settled()
    scene.outbox.put("sms", at, sms.number_event(at))


def _replies(scene: Scene) -> None:
    """What customers answer; an opt-out names the notice that it answers."""
    for body in ("STOP", "stop", "Unsubscribe me", "Thank you", "When does it come?", "HELP"):
        customer, at = scene.customer(), scene.clock.settled()
        notice = new_text(scene.rng, customer, (Step("QUEUED", at), Step("DELIVERED", at + 2 * SECOND)), ORDER_TAG)
        scene.text(notice)
        scene.outbox.put("sms-inbound", at + HOUR, sms.reply(scene.rng, customer, body, notice.id))
    scene.outbox.put("sms-inbound", scene.clock.settled(), sms.reply(scene.rng, scene.customer(), "QUIT", None))


def _whatsapp(scene: Scene) -> None:
    """Each status, three in one notification, a customer's message, a flow's change, and the bus."""
    customer = scene.customer()
    for word in WHATSAPP_STATUSES:
        at = scene.clock.settled()
        listed = [whatsapp.status(_chat(scene), customer, word, at)]
        scene.outbox.put("whatsapp", at, whatsapp.notification(at, statuses=listed))
    for _ in range(3):
        at, chat = scene.clock.settled(), _chat(scene)
        three = [
            whatsapp.status(chat, customer, "sent", at - 5 * SECOND),
            whatsapp.status(chat, customer, "delivered", at - 2 * SECOND),
            whatsapp.status(_chat(scene), scene.customer(), "read", at),
        ]
        scene.outbox.put("whatsapp-topic", at, whatsapp.notification(at, statuses=three))
    at = scene.clock.settled()
    asked = whatsapp.message(_chat(scene), customer, "Do you have it in green?", at)
    scene.outbox.put("whatsapp", at, whatsapp.notification(at, messages=[asked]))
    for before, after in (("DRAFT", "PUBLISHED"), ("PUBLISHED", "DEPRECATED")):
        at = scene.clock.settled()
        scene.outbox.put("whatsapp", at, whatsapp.flow_change(at, before, after))
    for word in ("sent", "delivered", "read", "failed"):
        at = scene.clock.settled()
        scene.outbox.put("whatsapp-bus", at, whatsapp.bus_event(_chat(scene), customer, word, at))


def _chat(scene: Scene) -> str:
    return f"wamid.{uuid(scene.rng).replace('-', '').upper()}"
