"""Records of Amazon SES: event publishing and identity notifications."""

from __future__ import annotations

from due_cli.events.model import Json, Record
from tests.events.records.base import ACCOUNT, HAPPENED, SENT, Over, iso, overlaid


def ses_send(**over: Over) -> Record:
    """Event publishing: Send, which has no time of its own."""
    return _ses("Send", {"send": {}}, over)


def ses_delivery(**over: Over) -> Record:
    """Event publishing: Delivery."""
    return _ses("Delivery", {"delivery": _ses_delivery()}, over)


def ses_bounce(**over: Over) -> Record:
    """Event publishing: Bounce with the fields that a DSN adds."""
    return _ses("Bounce", {"bounce": _ses_bounce()}, over)


def ses_complaint(**over: Over) -> Record:
    """Event publishing: Complaint with a feedback report."""
    return _ses("Complaint", {"complaint": _ses_complaint()}, over)


def ses_reject(**over: Over) -> Record:
    """Event publishing: Reject, which has no time of its own."""
    return _ses("Reject", {"reject": {"reason": "Bad content"}}, over)


def ses_open(**over: Over) -> Record:
    """Event publishing: Open."""
    part: Record = {
        "ipAddress": "192.0.2.20",
        "timestamp": iso(HAPPENED),
        "userAgent": "Mozilla/5.0 (ses open)",
        "isBotEvent": "Unlikely",
    }
    return _ses("Open", {"open": part}, over)


def ses_click(**over: Over) -> Record:
    """Event publishing: Click on a link with tags of the sender's own."""
    part: Record = {
        "ipAddress": "192.0.2.21",
        "timestamp": iso(HAPPENED),
        "userAgent": "Mozilla/5.0 (ses click)",
        "link": "https://shop.example/sale?from=ses",
        "linkTags": {"placement": ["header", "large"]},
        "isBotEvent": "Likely",
    }
    return _ses("Click", {"click": part}, over)


def ses_unsubscribe_click(**over: Over) -> Record:
    """Event publishing: Click on a link that carries the unsubscribe tag."""
    return overlaid(ses_click(click={"linkTags": {"unsubscribeLinkTag": ["click"]}}), over)


def ses_rendering_failure(**over: Over) -> Record:
    """Event publishing: Rendering Failure, which has no time of its own and a mail without headers."""
    part: Record = {"errorMessage": "Attribute 'name' is not present in the data.", "templateName": "MyTemplate"}
    return overlaid(_without_headers(_ses("Rendering Failure", {"failure": part}, {})), over)


def ses_delivery_delay(**over: Over) -> Record:
    """Event publishing: DeliveryDelay."""
    part: Record = {
        "delayType": "MailboxFull",
        "delayedRecipients": [
            {"emailAddress": "dora@post.example.net", "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 full"}
        ],
        "expirationTime": iso(HAPPENED + 840_000),
        "reportingMTA": "a8-71.smtp-out.example",
        "timestamp": iso(HAPPENED),
    }
    return overlaid(_without_headers(_ses("DeliveryDelay", {"deliveryDelay": part}, {})), over)


def ses_subscription(**over: Over) -> Record:
    """Event publishing: Subscription of one who unsubscribes from everything."""
    part: Record = {
        "contactList": "ContactListName",
        "timestamp": iso(HAPPENED),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": topic_preferences(unsubscribe_all=True, weekly="OptOut"),
        "oldTopicPreferences": topic_preferences(unsubscribe_all=False, weekly="OptOut"),
    }
    return _ses("Subscription", {"subscription": part}, over)


def topic_preferences(*, unsubscribe_all: bool, **topics: str) -> Record:
    """The preferences object of a Subscription record."""
    listed: list[Json] = [{"topicName": name, "subscriptionStatus": status} for name, status in topics.items()]
    return {"unsubscribeAll": unsubscribe_all, "topicSubscriptionStatus": listed}


def ses_notification(kind: str, **over: Over) -> Record:
    """An identity's feedback notification: Bounce, Complaint or Delivery; no tags, two fields more (FACTS c)."""
    parts = {"Bounce": _ses_bounce, "Complaint": _ses_complaint, "Delivery": _ses_delivery}
    part = {**parts[kind](), "remoteMtaIp": "198.51.100.7"}
    mail: Record = {**_ses_mail(), "sourceIp": "198.51.100.8", "callerIdentity": "sender-role"}
    del mail["tags"]
    return overlaid({"notificationType": kind, kind.lower(): part, "mail": mail}, over)


def ses_unknown(kind: str = "Brand NewEvent", **over: Over) -> Record:
    """A type that SES does not have yet."""
    part: Record = {"timestamp": iso(HAPPENED), "score": 7, "labels": ["new", "newer"]}
    return _ses(kind, {"brandNew": part}, over)


def _ses(kind: str, part: Record, over: dict[str, Over]) -> Record:
    return overlaid({"eventType": kind, "mail": _ses_mail(), **part}, over)


def _without_headers(record: Record) -> Record:
    mail = record["mail"]
    assert isinstance(mail, dict)
    for key in ("headers", "commonHeaders"):
        del mail[key]
    return record


def _ses_mail() -> Record:
    return {
        "timestamp": iso(SENT),
        "source": "News <news@mail.example.org>",
        "sourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/mail.example.org",
        "sendingAccountId": ACCOUNT,
        "messageId": "email-ses-1",
        "destination": ["dora@post.example.net"],
        "headersTruncated": False,
        "headers": [
            {"name": "From", "value": "News from SES <news@mail.example.org>"},
            {"name": "Subject", "value": "Your parcel 284274 is on its way"},
        ],
        "commonHeaders": {
            "from": ["Newsroom of SES <news@mail.example.org>"],
            "to": ["Dora of SES <dora@post.example.net>"],
            "messageId": "common-headers-message-id",
            "subject": "Your parcel 284275 is on its way",
        },
        "tags": {
            "ses:configuration-set": ["ConfigSet"],
            "ses:source-ip": ["192.0.2.0"],
            "ses:caller-identity": ["ses_user"],
            "campaign_id": ["spring"],
            "colour": ["red", "blue"],
        },
    }


def _ses_delivery() -> Record:
    return {
        "timestamp": iso(HAPPENED),
        "processingTimeMillis": 546,
        "recipients": ["dora@post.example.net"],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-72.smtp-out.example",
        "remoteMtaIp": "198.51.100.9",
    }


def _ses_bounce() -> Record:
    return {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": "dora@post.example.net",
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
        "timestamp": iso(HAPPENED),
        "feedbackId": "feedback-ses-bounce-1",
        "reportingMTA": "dsn; mta.example.com",
    }


def _ses_complaint() -> Record:
    return {
        "complainedRecipients": [{"emailAddress": "dora@post.example.net"}],
        "timestamp": iso(HAPPENED),
        "feedbackId": "feedback-ses-complaint-1",
        "userAgent": "Yahoo!-Mail-Feedback/2.1",
        "complaintFeedbackType": "abuse",
        "complaintSubType": "OnAccountSuppressionList",
        "arrivalDate": iso(HAPPENED - 5000),
    }
