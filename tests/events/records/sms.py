"""Records of AWS End User Messaging SMS."""

from __future__ import annotations

from collections.abc import Callable

from due_cli.events.model import Record
from tests.events.records.base import HAPPENED, SENT, Over, overlaid

TEXT_STATUSES = (
    "DELIVERED SUCCESSFUL QUEUED PENDING BLOCKED TTL_EXPIRED CARRIER_UNREACHABLE INVALID INVALID_MESSAGE "
    "CARRIER_BLOCKED UNREACHABLE SPAM UNKNOWN PROTECT_BLOCKED SENT".split()
)
MEDIA_STATUSES = (
    "PENDING QUEUED SUCCESSFUL DELIVERED INVALID INVALID_MESSAGE UNREACHABLE CARRIER_UNREACHABLE BLOCKED "
    "CARRIER_BLOCKED SPAM UNKNOWN TTL_EXPIRED FILE_TYPE_UNSUPPORTED FILE_SIZE_EXCEEDED FILE_INACCESSIBLE".split()
)
VOICE_STATUSES = "INITIATED RINGING ANSWERED COMPLETED BUSY NO_ANSWER FAILED TTL_EXPIRED".split()
RCS_STATUSES = "QUEUED SENT DELIVERED READ FAILED TTL_EXPIRED PROTECT_BLOCKED FALLEN_BACK_TO_SMS".split()
SMS_EVENT_TYPES = (
    *(f"TEXT_{status}" for status in TEXT_STATUSES),
    *(f"MEDIA_{status}" for status in MEDIA_STATUSES),
    *(f"VOICE_{status}" for status in VOICE_STATUSES),
    *(f"RCS_{status}" for status in RCS_STATUSES),
)


def sms_event(event_type: str = "TEXT_DELIVERED", **over: Over) -> Record:
    """A configuration set's event: TEXT_, MEDIA_, VOICE_ or RCS_ and its status."""
    family, _, status = event_type.partition("_")
    record: Record = {
        "eventType": event_type,
        "eventVersion": "1.0",
        "eventTimestamp": HAPPENED,
        "isFinal": True,
        "originationPhoneNumber": "+12065550142",
        "destinationPhoneNumber": "+14255550156",
        "isoCountryCode": "US",
        "messageId": "sms-eum-1",
        "messageRequestTimestamp": SENT,
        "messageStatus": status,
        "context": {"account": "bar", "order": "order-78"},
        "totalMessagePrice": 0.00645,
    }
    return overlaid({**record, **_FAMILY_FIELDS[family]()}, over)


def sms_inbound(keyword: str = "STOP", **over: Over) -> Record:
    """A two-way message as its topic carries it; it has no time of its own."""
    return overlaid(
        {
            "originationNumber": "+14255550182",
            "destinationNumber": "+12125550101",
            "messageKeyword": keyword,
            "messageBody": "please leave me alone",
            "previousPublishedMessageId": "sms-eum-1",
            "inboundMessageId": "inbound-1",
        },
        over,
    )


def sms_registration(**over: Over) -> Record:
    """The detail of EventBridge's Registration Status Change."""
    return overlaid({"registrationId": "registration-1", "registrationStatus": "REVIEWING", "versionNumber": 4}, over)


def _text_fields() -> Record:
    return {
        "isInternationalSend": False,
        "mcc": "310",
        "mnc": "800",
        "carrierName": "Carrier One",
        "messageEncoding": "GSM",
        "messageType": "PROMOTIONAL",
        "messageStatusDescription": "Message has been accepted by phone carrier",
        "totalMessageParts": 2,
        "totalCarrierFee": 0.00302,
        "protectConfiguration": {"protectConfigurationId": "protect-1", "protectStatus": "ALLOW"},
        "protectConfigurationAssessment": {
            "protectRecommendation": "DELIVER",
            "protectInsights": {"blockReason": "none given"},
        },
    }


def _media_fields() -> Record:
    return {**_text_fields(), "contentType": "MMS"}


def _voice_fields() -> Record:
    return {"callDurationInSeconds": 61, "totalDurationInMinutes": 3}


def _rcs_fields() -> Record:
    return {
        "originationPhoneNumber": "rcs-agent-1",
        "messageEncoding": "UNICODE",
        "messageType": "TRANSACTIONAL",
        "totalMessageParts": 2,
        "rcsMetadata": {"billingEventType": "RICH"},
        "rcsBusinessId": "business-1",
        "agentIsoCountryCode": "DE",
        "conversationInitiatingMessageId": "sms-eum-0",
        "conversationInitiatingMessageType": "A2P",
        "conversationSessionFee": 0.0123,
    }


_FAMILY_FIELDS: dict[str, Callable[[], Record]] = {
    "TEXT": _text_fields,
    "MEDIA": _media_fields,
    "VOICE": _voice_fields,
    "RCS": _rcs_fields,
}
