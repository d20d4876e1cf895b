"""Records of Amazon Pinpoint's event stream."""

from __future__ import annotations

from due_cli.events.model import Record
from tests.events.records.base import ACCOUNT, ARRIVED, HAPPENED, SENT, Over, copied, overlaid

PINPOINT_EMAIL_PARTS: dict[str, Record] = {
    "_email.send": {"send": {}},
    "_email.delivered": {
        "delivery": {
            "smtp_response": "250 2.6.0 queued as pin-1",
            "reporting_mta": "a8-70.smtp-out.example",
            "recipients": ["dora@post.example.net"],
            "processing_time_millis": 543,
        }
    },
    "_email.rejected": {"reject": {"reason": "Bad content"}},
    "_email.hardbounce": {
        "bounce": {
            "bounce_type": "Permanent",
            "bounce_sub_type": "NoEmail",
            "bounced_recipients": [
                {
                    "email_address": "dora@post.example.net",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnostic_code": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "feedback_id": "feedback-bounce-1",
            "reporting_mta": "dsn; mta.example.com",
        }
    },
    "_email.softbounce": {
        "bounce": {
            "bounce_type": "Transient",
            "bounce_sub_type": "MailboxFull",
            "bounced_recipients": [{"email_address": "dora@post.example.net"}],
            "feedback_id": "feedback-bounce-2",
        }
    },
    "_email.complaint": {
        "complaint": {
            "complained_recipients": [{"email_address": "dora@post.example.net"}],
            "feedback_id": "feedback-complaint-1",
            "user_agent": "Yahoo!-Mail-Feedback/2.0",
            "complaint_feedback_type": "abuse",
        }
    },
    "_email.open": {"open": {"ip_address": "192.0.2.10", "user_agent": "Mozilla/5.0 (open)"}},
    "_email.click": {
        "click": {"ip_address": "192.0.2.11", "user_agent": "Mozilla/5.0 (click)", "link": "https://shop.example/sale"}
    },
    "_email.unsubscribe": {
        "click": {
            "ip_address": "192.0.2.12",
            "user_agent": "Mozilla/5.0 (unsubscribe)",
            "link": "https://shop.example/leave",
            "link_tags": {"unsubscribeLinkTag": ["click"]},
        }
    },
    # What stands under a rendering failure is not documented (FACTS b), so it is kept whatever it is.
    "_email.rendering_failure": {"rendering_failure": {"error_message": "Attribute 'name' is not present"}},
}
PINPOINT_SMS_TYPES = {
    "_SMS.BUFFERED": "PENDING",
    "_SMS.SUCCESS": "DELIVERED",
    "_SMS.FAILURE": "CARRIER_UNREACHABLE",
    "_SMS.OPTOUT": "OPTED_OUT",
}
PINPOINT_CAMPAIGN_TYPES = (
    "_campaign.send",
    "_campaign.opened_notification",
    "_campaign.received_foreground",
    "_campaign.received_background",
)
PINPOINT_APP_TYPES = (
    "_session.start",
    "_session.stop",
    "_session.pause",
    "_session.resume",
    "_userauth.sign_in",
    "_userauth.sign_up",
    "_userauth.auth_fail",
    "_monetization.purchase",
    "_custom.registered",
    "level finished",
)
TEST_EVENT = "_test.event_stream"


def pinpoint_email(event_type: str = "_email.open", **over: Over) -> Record:
    """One email event of Pinpoint's stream; ``event_timestamp`` is the send time on every one of them (FACTS b)."""
    return overlaid(
        {
            **_pinpoint(event_type, SENT),
            "awsAccountId": ACCOUNT,
            "client": {"client_id": "endpoint-email-1"},
            "attributes": {
                "feedback": "opened",
                "treatment_id": "0",
                "campaign_activity_id": "activity-1",
                "campaign_id": "campaign-1",
            },
            "client_context": {"custom": {"legacy_identifier": "legacy-1", "order": "order-77"}},
            "facets": {
                "email_channel": {
                    "mail_event": {"mail": _pinpoint_mail(), **copied(PINPOINT_EMAIL_PARTS.get(event_type, {}))}
                }
            },
        },
        over,
    )


def pinpoint_sms(event_type: str = "_SMS.SUCCESS", **over: Over) -> Record:
    """One SMS event of Pinpoint's stream."""
    return overlaid(
        {
            **_pinpoint(event_type, HAPPENED),
            "awsAccountId": ACCOUNT,
            "client": {"client_id": "endpoint-sms-1"},
            "attributes": {
                "sender_request_id": "request-1",
                "campaign_activity_id": "activity-2",
                "origination_phone_number": "+12065550142",
                "destination_phone_number": "+14255550156",
                "record_status": PINPOINT_SMS_TYPES.get(event_type, "UNKNOWN"),
                "iso_country_code": "US",
                "treatment_id": "0",
                "number_of_message_parts": "2",
                "message_id": "sms-pinpoint-1",
                "message_type": "Transactional",
                "campaign_id": "campaign-2",
                "customer_context": '{"userId":"user-4"}',
            },
            "metrics": {"price_in_millicents_usd": 645.5},
        },
        over,
    )


def pinpoint_campaign(event_type: str = "_campaign.send", **over: Over) -> Record:
    """One campaign event of Pinpoint's stream, with the null that recorded ones have (FACTS b)."""
    return overlaid(
        {
            **_pinpoint(event_type, HAPPENED),
            "awsAccountId": ACCOUNT,
            "client": {"client_id": "endpoint-campaign-1"},
            "attributes": {
                "treatment_id": "0",
                "campaign_activity_id": "activity-3",
                "campaign_type": None,
                "delivery_type": "GCM",
                "campaign_id": "campaign-3",
                "campaign_send_status": "SUCCESS",
            },
            "client_context": {"custom": {"endpoint": '{"ChannelType":"GCM","OptOut":"NONE"}'}},
        },
        over,
    )


def pinpoint_journey(event_type: str = "_journey.send", **over: Over) -> Record:
    """A journey event of Pinpoint's stream."""
    return overlaid(
        {
            **_pinpoint(event_type, HAPPENED),
            "awsAccountId": ACCOUNT,
            "client": {"client_id": "endpoint-journey-1"},
            "attributes": {
                "journey_run_id": "run-1",
                "journey_send_status": "FAILURE",
                "journey_id": "journey-1",
                "journey_activity_id": "activity-4",
                "journey_activity_type": "EMAIL",
                "journey_send_status_message": "the address is suppressed",
                "journey_send_status_code": "400",
            },
            "client_context": {"custom": {"endpoint": '{"ChannelType":"EMAIL","User":{"UserId":"u-9"}}'}},
        },
        over,
    )


def pinpoint_app(event_type: str = "_session.stop", **over: Over) -> Record:
    """An app event or a custom event of PutEvents."""
    return overlaid(
        {
            **_pinpoint(event_type, HAPPENED),
            "event_version": "3.0",
            "application": {
                "app_id": "app-1",
                "cognito_identity_pool_id": "us-east-1:pool-1",
                "package_name": "main.page",
                "sdk": {"name": "aws-sdk-mobile-analytics-js", "version": "0.9.1:2.4.8"},
                "title": "shop title",
                "version_name": "1.0",
                "version_code": "17",
            },
            "client": {"client_id": "endpoint-app-1", "cognito_id": "us-east-1:cognito-1"},
            "device": {
                "locale": {"code": "en_US", "country": "USA", "language": "en"},
                "make": "generic web browser",
                "model": "Unknown model",
                "platform": {"name": "android", "version": "10.10"},
            },
            "session": {
                "session_id": "session-1",
                "start_timestamp": HAPPENED - 600_000,
                "stop_timestamp": HAPPENED - 1,
            },
            "attributes": {"level": "seven"},
            "metrics": {"score": 12.5, "lives": 3},
        },
        over,
    )


def pinpoint_test_event() -> Record:
    """What Pinpoint writes when a stream is attached to a project."""
    return {"event_type": TEST_EVENT, "event_timestamp": HAPPENED}


def _pinpoint(event_type: str, event_timestamp: int) -> Record:
    return {
        "event_type": event_type,
        "event_timestamp": event_timestamp,
        "arrival_timestamp": ARRIVED,
        "event_version": "3.1",
        "application": {"app_id": "app-2", "sdk": {}},
        "client": {},
        "device": {"platform": {}},
        "session": {},
        "attributes": {},
    }


def _pinpoint_mail() -> Record:
    return {
        "message_id": "email-pinpoint-1",
        "message_send_timestamp": SENT,
        "from_address": "news@mail.example.org",
        "destination": ["dora@post.example.net"],
        "headers_truncated": False,
        "headers": [
            {"name": "From", "value": "News <news@mail.example.org>"},
            {"name": "Subject", "value": "Your parcel 42332 is on its way"},
        ],
        "common_headers": {
            "from": "Newsroom <news@mail.example.org>",
            "to": ["Dora <dora@post.example.net>"],
            "subject": "Your parcel 42333 is on its way",
        },
    }
