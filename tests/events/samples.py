"""One sample of every kind of record, with the event types that it becomes (docs/data.md, "Event types")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from due_cli.events.model import Envelope, Record
from tests.events import records
from tests.events.records import ACCOUNT, PUBLISHED

BUS = Envelope(sent_at=PUBLISHED, account=ACCOUNT)
TOPIC = Envelope(sent_at=PUBLISHED)

_SES_EVENTS: dict[Callable[..., Record], tuple[str, ...]] = {
    records.ses_send: ("_email.send",),
    records.ses_delivery: ("_email.delivered",),
    records.ses_bounce: ("_email.hardbounce",),
    records.ses_complaint: ("_email.complaint",),
    records.ses_reject: ("_email.rejected",),
    records.ses_open: ("_email.open",),
    records.ses_click: ("_email.click",),
    records.ses_unsubscribe_click: ("_email.click", "_email.unsubscribe"),
    records.ses_rendering_failure: ("_email.rendering_failure",),
    records.ses_delivery_delay: ("_email.delivery_delay",),
    records.ses_subscription: ("_email.unsubscribe",),
    records.ses_unknown: ("_ses.brand_new_event",),
}
_NOTIFICATIONS = {"Bounce": "_email.hardbounce", "Complaint": "_email.complaint", "Delivery": "_email.delivered"}
_WHATSAPP_BUS: dict[str, tuple[str | None, str]] = {
    "WhatsApp Message Sent": ("sent", "_WHATSAPP.SENT"),
    "WhatsApp Message Delivered": ("delivered", "_WHATSAPP.DELIVERED"),
    "WhatsApp Message Read": ("read", "_WHATSAPP.READ"),
    "WhatsApp Message Failed": ("failed", "_WHATSAPP.FAILED"),
    "WhatsApp Message Received": (None, "_WHATSAPP.INBOUND"),
    "WhatsApp Message Undeliverable": (None, "_whatsapp.message_undeliverable"),
    "WhatsApp Message Handover Succeeded": (None, "_whatsapp.message_handover_succeeded"),
    "WhatsApp Message Handover Failed": (None, "_whatsapp.message_handover_failed"),
    "WhatsApp Unknown Notification Received": (None, "_whatsapp.unknown_notification_received"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A kind of record: how it is built, the event types it gives, what its wrappers said."""

    name: str
    build: Callable[[], Record]
    types: tuple[str, ...]
    source: str
    envelope: Envelope = field(default_factory=Envelope)


def sms_type(event_type: str) -> str:
    """The type of the table for a type of End User Messaging (docs/data.md, "Event types")."""
    family, _, status = event_type.partition("_")
    if family == "VOICE":
        return f"_VOICE.{status}"
    if status in ("SUCCESSFUL", "DELIVERED"):
        return "_SMS.SUCCESS"
    if status in ("PENDING", "QUEUED", "ACCEPTED", "SENT", "FALLEN_BACK_TO_SMS"):
        return "_SMS.BUFFERED"
    return "_SMS.READ" if status == "READ" else "_SMS.FAILURE"


def _pinpoint_samples() -> list[Sample]:
    families: tuple[tuple[Callable[[str], Record], tuple[str, ...]], ...] = (
        (records.pinpoint_email, tuple(records.PINPOINT_EMAIL_TYPES)),
        (records.pinpoint_sms, tuple(records.PINPOINT_SMS_TYPES)),
        (records.pinpoint_campaign, records.PINPOINT_CAMPAIGN_TYPES),
        (records.pinpoint_journey, ("_journey.send",)),
        (records.pinpoint_app, records.PINPOINT_APP_TYPES),
    )
    return [
        Sample(f"pinpoint {kind}", partial(build, kind), (kind,), "pinpoint")
        for build, kinds in families
        for kind in kinds
    ]


def _ses_samples() -> list[Sample]:
    bus = BUS.within(bus_source="aws.ses", detail_type="Advisor Recommendation Status Open")
    of_account = ("_ses.advisor_recommendation_status_open",)
    return [
        Sample("ses account event", records.ses_account_event, of_account, "ses", bus),
        *(Sample(build.__name__.replace("_", " "), build, types, "ses") for build, types in _SES_EVENTS.items()),
        *(
            Sample(f"ses notification {kind}", partial(records.ses_notification, kind), (event_type,), "ses")
            for kind, event_type in _NOTIFICATIONS.items()
        ),
    ]


def _sms_samples() -> list[Sample]:
    bus = BUS.within(bus_source="aws.sms-voice", detail_type="Registration Status Change")
    return [
        *(
            Sample(f"sms {kind}", partial(records.sms_event, kind), (sms_type(kind),), "sms")
            for kind in records.SMS_EVENT_TYPES
        ),
        Sample("sms inbound opt-out", partial(records.sms_inbound, "STOP"), ("_SMS.OPTOUT",), "sms", TOPIC),
        Sample("sms inbound opt-in", partial(records.sms_inbound, "START"), ("_SMS.OPTIN",), "sms", TOPIC),
        Sample("sms inbound", partial(records.sms_inbound, "HELLO"), ("_SMS.INBOUND",), "sms", TOPIC),
        Sample("sms registration", records.sms_registration, ("_sms.registration_status_change",), "sms", bus),
    ]


def _whatsapp_samples() -> list[Sample]:
    def statuses(status: str) -> Record:
        return records.whatsapp_statuses(records.whatsapp_status(status))

    def inbound() -> Record:
        return records.whatsapp_inbound(records.whatsapp_message())

    bus = BUS.within(bus_source="aws.social-messaging")
    return [
        *(
            Sample(f"whatsapp {status}", partial(statuses, status), (event_type,), "whatsapp")
            for status, event_type in records.WHATSAPP_STATUSES.items()
        ),
        *(
            Sample(
                f"whatsapp {event}", partial(records.whatsapp_flow, event), (f"_whatsapp.{event.lower()}",), "whatsapp"
            )
            for event in records.WHATSAPP_FLOW_EVENTS
        ),
        *(
            Sample(
                f"bus {kind}",
                partial(records.whatsapp_detail, status),
                (event_type,),
                "whatsapp",
                bus.within(detail_type=kind),
            )
            for kind, (status, event_type) in _WHATSAPP_BUS.items()
        ),
        Sample("whatsapp inbound", inbound, ("_WHATSAPP.INBOUND",), "whatsapp"),
    ]


SAMPLES: tuple[Sample, ...] = (*_pinpoint_samples(), *_ses_samples(), *_sms_samples(), *_whatsapp_samples())

# Samples that differ from another in the value of their type or status alone: tests that go through every field of
# every record leave them out.
_ONE_OF_EACH = (
    "pinpoint _SMS.SUCCESS",
    "pinpoint _campaign.send",
    "pinpoint _session.stop",
    "sms TEXT_DELIVERED",
    "sms MEDIA_QUEUED",
    "sms VOICE_COMPLETED",
    "sms RCS_READ",
    "whatsapp sent",
    "whatsapp FLOW_STATUS_CHANGE",
    "bus WhatsApp Message Delivered",
    "bus WhatsApp Message Received",
    "bus WhatsApp Message Undeliverable",
)
_ALIKE = ("pinpoint _SMS.", "pinpoint _campaign.", "sms TEXT_", "sms MEDIA_", "sms VOICE_", "sms RCS_", "bus ")
SHAPES: tuple[Sample, ...] = tuple(
    sample
    for sample in SAMPLES
    if sample.name in _ONE_OF_EACH
    or not (
        sample.name.startswith(_ALIKE)
        or sample.types[0] in records.PINPOINT_APP_TYPES
        or (sample.source == "whatsapp" and sample.name != "whatsapp inbound")
    )
)
