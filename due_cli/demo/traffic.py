"""The ordinary month: what the shop sends to whom, from the weekly newsletter to a call about a parcel."""

from __future__ import annotations

from collections.abc import Mapping

from due_cli.demo import pinpoint, sms, whatsapp
from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.people import Customer, uuid
from due_cli.demo.phone import Step, Text, new_text, text_story
from due_cli.demo.scene import Scene
from due_cli.demo.shop import (
    API_TEXTS,
    CALLS,
    CAMPAIGN_TEXTS,
    CAMPAIGNS,
    JOURNEY,
    JOURNEY_RUN,
    JOURNEY_STARTS,
    LETTER,
    LETTERS,
    LINES,
    NEWS,
    NOTICE_TEXTS,
    ORDER_TAG,
    PICKUP_TEXTS,
    RECEIPT_MAILS,
    SERVICE,
    TEXT_CAMPAIGN_DAY,
    TEXT_CAMPAIGN_HOUR,
    WELCOME,
    WHATSAPP_CHATS,
    Campaign,
    MailLine,
    Treatment,
)

_NOT_SENT = ("FAILURE", "DAILY_CAP", "QUIET_TIME", "HOLDOUT", "THROTTLED")
_SPREAD = 40 * MINUTE
_LETTER_WEEKS = 22


def ordinary(scene: Scene) -> None:
    """Everything that happens month after month, the letters of the months before included."""
    _letters(scene)
    for campaign in CAMPAIGNS:
        _campaign(scene, campaign)
    _journey(scene)
    for line in LINES:
        _transactional(scene, line)
    _receipts(scene)
    _campaign_texts(scene)
    _api_texts(scene)
    _notices(scene)
    _calls(scene)
    _chats(scene)


def app_visits(scene: Scene, until: int) -> None:
    """Visits to the shop's app until the outbox holds ``until`` records."""
    while scene.outbox.count < until:
        visit = pinpoint.session_events(scene.rng, scene.customer(), scene.clock.moment(), scene.clock.until)
        for at, record in visit:
            if scene.outbox.count < until:
                scene.outbox.put("pinpoint-app", at, record)


def _letters(scene: Scene) -> None:
    """A letter a week to each faithful customer in the five months that end where the month begins."""
    first = scene.clock.since - (_LETTER_WEEKS - 5) * 7 * DAY
    for week in range(_LETTER_WEEKS - 5):
        treatment = LETTERS.treatments[week % 2]
        for place, customer in enumerate(scene.people.faithful):
            at = first + week * 7 * DAY + place * 20 * SECOND + int(scene.rng.random() * 15 * SECOND)
            mail = scene.mail("friends", [customer], treatment.subject, at, {}, _keys(LETTERS, treatment, week))
            scene.through_pinpoint(mail, scene.told(mail, LETTER), "pinpoint-past")


def _campaign(scene: Scene, campaign: Campaign) -> None:
    weekly = scene.clock.each_week(1, campaign.hour) if campaign.day == 0 else []
    starts = weekly or [scene.clock.on_day(campaign.day, campaign.hour)]
    audience = min(scene.number(campaign.mails) // len(starts), len(scene.people.everyone))
    for edition, start in enumerate(starts):
        for customer in scene.rng.sample(scene.people.everyone, audience):
            if weekly:
                treatment = campaign.treatments[edition % len(campaign.treatments)]
            else:
                treatment = scene.rng.choice(campaign.treatments)
            at = start + int(scene.rng.random() * _SPREAD)
            if scene.takes_mail(customer, at, advertising=True):
                _campaign_mail(scene, campaign, treatment, _keys(campaign, treatment, edition), customer, at)


def _campaign_mail(
    scene: Scene, campaign: Campaign, treatment: Treatment, keys: Mapping[str, str], customer: Customer, at: int
) -> None:
    status = "SUCCESS" if scene.rng.random() < 0.99 else scene.rng.choice(_NOT_SENT)
    arrived = min(at + 68, scene.clock.until)
    scene.outbox.put("pinpoint", at, pinpoint.campaign_send(keys, customer, status, at, arrived))
    if status == "SUCCESS":
        sent = at + 400 + int(scene.rng.random() * 2 * SECOND)
        mail = scene.mail("news", [customer], treatment.subject, sent, {"campaign": campaign.name}, keys)
        scene.through_pinpoint(mail, scene.told(mail, NEWS))


def _keys(campaign: Campaign, treatment: Treatment, edition: int) -> dict[str, str]:
    return {
        "campaign_id": campaign.id,
        "campaign_activity_id": f"{campaign.id[:30]}{edition:02d}",
        "treatment_id": treatment.id,
    }


def _journey(scene: Scene) -> None:
    for _ in range(scene.number(JOURNEY_STARTS)):
        customer, start = scene.customer(), scene.clock.moment()
        for day, activity, subject in WELCOME:
            at = start + day * DAY
            if not scene.takes_mail(customer, at, advertising=True):
                break
            keys = {"journey_run_id": JOURNEY_RUN, "journey_id": JOURNEY, "journey_activity_id": activity}
            arrived = min(at + 70, scene.clock.until)
            record = pinpoint.journey_send(keys, customer, "SUCCESS", at, arrived)
            scene.outbox.put("pinpoint-kinesis", at, record)
            mail = scene.mail("welcome", [customer], subject, at + 900, {}, keys)
            scene.through_pinpoint(mail, scene.told(mail, NEWS), "pinpoint-kinesis")


def _transactional(scene: Scene, line: MailLine) -> None:
    for _ in range(scene.number(line.mails)):
        to, at = [scene.customer()], scene.clock.moment()
        if scene.rng.random() < 0.03:
            to += [one for one in scene.rng.sample(scene.people.everyone, 2) if one != to[0]]
        if scene.takes_mail(to[0], at):
            # A template that is rendered later leaves no subject in the record.
            subject = None if scene.rng.random() < 0.02 else scene.rng.choice(line.subjects)
            mail = scene.mail(line.name, to, subject, at, line.tags)
            scene.through_ses(line, mail, scene.told(mail, SERVICE))


def _receipts(scene: Scene) -> None:
    """Mails that the shop's till sends through Pinpoint's API, with a context instead of a campaign."""
    for _ in range(scene.number(RECEIPT_MAILS)):
        customer, at = scene.customer(), scene.clock.moment()
        if scene.takes_mail(customer, at):
            mail = scene.mail("till", [customer], "Your receipt", at, {**ORDER_TAG, "till": "2"})
            scene.through_pinpoint(mail, scene.told(mail, SERVICE))


def _campaign_texts(scene: Scene) -> None:
    start = scene.clock.on_day(TEXT_CAMPAIGN_DAY, TEXT_CAMPAIGN_HOUR)
    for customer in scene.rng.sample(scene.people.everyone, scene.number(CAMPAIGN_TEXTS)):
        at = start + int(scene.rng.random() * _SPREAD)
        text = Text(
            uuid(scene.rng), customer, text_story(scene.rng, at, "PENDING", "SUCCESSFUL"), parts=1, promotional=True
        )
        scene.put("pinpoint", pinpoint.text_events(text))
        if scene.rng.random() < 0.01:
            left = text.steps[-1].at + int(scene.rng.random() * 5 * HOUR) + SECOND
            scene.outbox.put("pinpoint", left, pinpoint.opt_out(text, left))


def _api_texts(scene: Scene) -> None:
    """Texts through Pinpoint's API; what comes as their context is as the callers wrote it."""
    for _ in range(scene.number(API_TEXTS)):
        customer, at = scene.customer(), scene.clock.moment()
        context: dict[str, object] | str | None = {**ORDER_TAG, "userId": customer.user}
        odd = scene.rng.random()
        if odd < 0.05:
            context = {**ORDER_TAG, "order": {"id": f"o-{at % 9000}", "pieces": [1, 2]}, "gift": True}
        elif odd < 0.08:
            context = f'{{"purpose":"order-update","userId":"{customer.user}'
        elif odd < 0.12:
            context = None
        text = new_text(scene.rng, customer, text_story(scene.rng, at, "PENDING", "DELIVERED"), context)
        scene.put("pinpoint", pinpoint.text_events(text))


def _notices(scene: Scene) -> None:
    """Delivery notices through End User Messaging: accepted by the carrier first, then on the phone."""
    for count, route in ((NOTICE_TEXTS, "sms"), (PICKUP_TEXTS, "sms-firehose")):
        for _ in range(scene.number(count)):
            customer, at = scene.customer(), scene.clock.moment()
            steps = text_story(scene.rng, at, "QUEUED", "SUCCESSFUL")
            if steps[-1].status == "SUCCESSFUL" and scene.rng.random() < 0.6:
                steps = (*steps, Step("DELIVERED", steps[-1].at + SECOND + int(scene.rng.random() * MINUTE)))
            context: dict[str, object] = {**ORDER_TAG, "order": f"o-{at % 90000}"}
            scene.text(new_text(scene.rng, customer, steps, context), route)


def _calls(scene: Scene) -> None:
    for _ in range(scene.number(CALLS)):
        at = scene.clock.moment()
        answered = scene.rng.random() < 0.7
        words = ("INITIATED", "RINGING", *(("ANSWERED", "COMPLETED") if answered else ("NO_ANSWER",)))
        steps = tuple(Step(word, at + place * 9 * SECOND) for place, word in enumerate(words))
        scene.put("sms-bus", sms.bus_events(new_text(scene.rng, scene.customer(), steps), "VOICE"))


def _chats(scene: Scene) -> None:
    """WhatsApp messages about parcels; a third are followed on the bus, and some are answered."""
    for _ in range(scene.number(WHATSAPP_CHATS)):
        customer, at = scene.customer(), scene.clock.moment()
        message = f"wamid.{uuid(scene.rng).replace('-', '').upper()}"
        words = ["sent", "delivered", "read"] if scene.rng.random() < 0.7 else ["sent", "delivered"]
        on_bus = scene.rng.random() < 0.33
        then = at
        for word in words:
            then += 5 * SECOND + int(scene.rng.random() * 10 * MINUTE)
            if on_bus:
                scene.outbox.put("whatsapp-bus", then, whatsapp.bus_event(message, customer, word, then))
            else:
                listed = [whatsapp.status(message, customer, word, then)]
                scene.outbox.put("whatsapp", then, whatsapp.notification(then, statuses=listed))
        if scene.rng.random() < 0.1:
            then += HOUR
            answer = whatsapp.message(f"{message}A", customer, "Thank you!", then)
            scene.outbox.put("whatsapp-topic", then, whatsapp.notification(then, messages=[answer]))
