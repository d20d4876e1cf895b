"""SES event publishing, identity notifications and EventBridge: every type, column by column."""

from __future__ import annotations

import pytest

from due_cli.events import Envelope, Json, Record, Row, UnreadableError, rows_of
from tests.events.columns import checked, mail_event, part_of, row_of
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    HAPPENED,
    PUBLISHED,
    RECEIVED,
    SENT,
    Over,
    copied,
    iso,
    overlaid,
    ses_account_event,
    ses_bounce,
    ses_click,
    ses_complaint,
    ses_delivery,
    ses_delivery_delay,
    ses_notification,
    ses_open,
    ses_reject,
    ses_rendering_failure,
    ses_send,
    ses_subscription,
    ses_unknown,
    ses_unsubscribe_click,
)
from tests.events.samples import BUS

MAIL = {
    "message_id": "email-ses-1",
    "message_send_timestamp": SENT,
    "from_address": "News <news@mail.example.org>",
    "destination": ["dora@post.example.net"],
    "headers_truncated": False,
    "headers": [
        {"name": "From", "value": "News from SES <news@mail.example.org>"},
        {"name": "Subject", "value": "Your parcel 284274 is on its way"},
    ],
    "common_headers": {
        "from": "Newsroom of SES <news@mail.example.org>",
        "to": ["Dora of SES <dora@post.example.net>"],
        "subject": "Your parcel 284275 is on its way",
    },
}
BARE_MAIL = {key: value for key, value in MAIL.items() if key not in ("headers", "common_headers")}
TAGS = {
    "ses:configuration-set": "ConfigSet",
    "ses:source-ip": "192.0.2.0",
    "ses:caller-identity": "ses_user",
    "campaign_id": "spring",
    "colour": "red,blue",
}
SOURCE_ARN = {"mail.sourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/mail.example.org"}
MAIL_DETAILS = {**SOURCE_ARN, "mail.commonHeaders.messageId": "common-headers-message-id"}
PEOPLE = [{"email_address": "dora@post.example.net"}]
BOUNCE = {
    "bounce_type": "Permanent",
    "bounce_sub_type": "General",
    "bounced_recipients": [
        {
            "email_address": "dora@post.example.net",
            "action": "failed",
            "status": "5.1.1",
            "diagnostic_code": "smtp; 550 5.1.1 user unknown",
        }
    ],
    "feedback_id": "feedback-ses-bounce-1",
    "reporting_mta": "dsn; mta.example.com",
}
COMPLAINT = {
    "complained_recipients": PEOPLE,
    "feedback_id": "feedback-ses-complaint-1",
    "user_agent": "Yahoo!-Mail-Feedback/2.1",
    "complaint_feedback_type": "abuse",
}
COMPLAINT_DETAILS = {
    "complaint.complaintSubType": "OnAccountSuppressionList",
    "complaint.arrivalDate": iso(HAPPENED - 5000),
}
DELIVERY = {
    "smtp_response": "250 2.6.0 Message received",
    "reporting_mta": "a8-72.smtp-out.example",
    "recipients": ["dora@post.example.net"],
    "processing_time_millis": 546,
}
CLICK = {
    "ip_address": "192.0.2.21",
    "user_agent": "Mozilla/5.0 (ses click)",
    "link": "https://shop.example/sale?from=ses",
}
CLICK_DETAILS = {"click.isBotEvent": "Likely", "click.linkTags.placement": '["header","large"]'}
OPEN = {"ip_address": "192.0.2.20", "user_agent": "Mozilla/5.0 (ses open)"}

# What each record becomes: its type, the part of the mail event beside ``mail``, its own time, its details.
PUBLISHED_RECORDS: dict[str, tuple[Record, str, dict[str, object], int, dict[str, str]]] = {
    "Send": (ses_send(), "_email.send", {"send": {}}, SENT, {}),
    "Delivery": (
        ses_delivery(),
        "_email.delivered",
        {"delivery": DELIVERY},
        HAPPENED,
        {"delivery.remoteMtaIp": "198.51.100.9"},
    ),
    "Bounce": (ses_bounce(), "_email.hardbounce", {"bounce": BOUNCE}, HAPPENED, {}),
    "Complaint": (ses_complaint(), "_email.complaint", {"complaint": COMPLAINT}, HAPPENED, COMPLAINT_DETAILS),
    "Reject": (ses_reject(), "_email.rejected", {"reject": {"reason": "Bad content"}}, SENT, {}),
    "Open": (ses_open(), "_email.open", {"open": OPEN}, HAPPENED, {"open.isBotEvent": "Unlikely"}),
    "Click": (ses_click(), "_email.click", {"click": CLICK}, HAPPENED, CLICK_DETAILS),
    "Subscription": (
        ses_subscription(),
        "_email.unsubscribe",
        {},
        HAPPENED,
        {
            "subscription.contactList": "ContactListName",
            "subscription.source": "UnsubscribeHeader",
            "subscription.newTopicPreferences.unsubscribeAll": "true",
            "subscription.newTopicPreferences.topicSubscriptionStatus": (
                '[{"topicName":"weekly","subscriptionStatus":"OptOut"}]'
            ),
            "subscription.oldTopicPreferences.unsubscribeAll": "false",
            "subscription.oldTopicPreferences.topicSubscriptionStatus": (
                '[{"topicName":"weekly","subscriptionStatus":"OptOut"}]'
            ),
        },
    ),
    "a type yet to come": (
        ses_unknown(),
        "_ses.brand_new_event",
        {},
        HAPPENED,
        {"eventType": "Brand NewEvent", "brandNew.score": "7", "brandNew.labels": '["new","newer"]'},
    ),
}


def without_id(row: Row) -> dict[str, object]:
    assert len(row["event_id"]) == 22
    return {key: value for key, value in row.items() if key != "event_id"}


def expected(
    event_type: str, event: dict[str, object], event_time: int, details: dict[str, str], tags: dict[str, str]
) -> dict[str, object]:
    columns: dict[str, object] = {
        "event_type": event_type,
        "event_timestamp": event_time,
        "arrival_timestamp": RECEIVED,
        "awsaccountid": ACCOUNT,
        "facets": {"email_channel": {"mail_event": event}},
        "source": "ses",
        "occurred_at": event_time,
        "details": details,
    }
    return {**columns, "attributes": tags} if tags else columns


@pytest.mark.parametrize("kind", PUBLISHED_RECORDS)
def test_every_column_of_a_published_event(kind: str) -> None:
    record, event_type, part, event_time, details = PUBLISHED_RECORDS[kind]
    row = row_of(copied(record), Envelope(received_at=RECEIVED))
    assert without_id(row) == expected(
        event_type, {"mail": MAIL, **part}, event_time, {**MAIL_DETAILS, **details}, TAGS
    )
    checked([row])


def test_a_rendering_failure_has_no_headers_and_happened_when_the_mail_was_sent() -> None:
    row = row_of(ses_rendering_failure(), Envelope(received_at=RECEIVED))
    details = {
        **SOURCE_ARN,
        "failure.errorMessage": "Attribute 'name' is not present in the data.",
        "failure.templateName": "MyTemplate",
    }
    assert without_id(row) == expected("_email.rendering_failure", {"mail": BARE_MAIL}, SENT, details, TAGS)
    checked([row])


def test_a_delivery_delay_keeps_its_recipients_and_reason_in_details() -> None:
    row = row_of(ses_delivery_delay(), Envelope(received_at=RECEIVED))
    details = {
        **SOURCE_ARN,
        "deliveryDelay.delayType": "MailboxFull",
        "deliveryDelay.delayedRecipients": (
            '[{"emailAddress":"dora@post.example.net","status":"4.2.2","diagnosticCode":"smtp; 452 4.2.2 full"}]'
        ),
        "deliveryDelay.expirationTime": iso(HAPPENED + 840_000),
        "deliveryDelay.reportingMTA": "a8-71.smtp-out.example",
    }
    assert without_id(row) == expected("_email.delivery_delay", {"mail": BARE_MAIL}, HAPPENED, details, TAGS)
    checked([row])


@pytest.mark.parametrize(
    ("kind", "event_type", "part", "details"),
    [
        ("Bounce", "_email.hardbounce", {"bounce": BOUNCE}, {}),
        ("Complaint", "_email.complaint", {"complaint": COMPLAINT}, COMPLAINT_DETAILS),
        ("Delivery", "_email.delivered", {"delivery": DELIVERY}, {}),
    ],
)
def test_every_column_of_an_identity_notification(
    kind: str, event_type: str, part: dict[str, object], details: dict[str, str]
) -> None:
    row = row_of(ses_notification(kind), Envelope(received_at=RECEIVED))
    details = {
        **MAIL_DETAILS,
        **details,
        "mail.sourceIp": "198.51.100.8",
        "mail.callerIdentity": "sender-role",
        f"{kind.lower()}.remoteMtaIp": "198.51.100.7",
    }
    assert without_id(row) == expected(event_type, {"mail": MAIL, **part}, HAPPENED, details, {})
    checked([row])


@pytest.mark.parametrize(
    ("bounce_type", "event_type"),
    [
        ("Permanent", "_email.hardbounce"),
        ("Transient", "_email.softbounce"),
        ("Undetermined", "_email.softbounce"),
    ],
)
def test_a_bounce_is_hard_only_where_it_is_permanent(bounce_type: str, event_type: str) -> None:
    row = row_of(ses_bounce(bounce={"bounceType": bounce_type}))
    assert row["event_type"] == event_type
    assert part_of(row, "bounce")["bounce_type"] == bounce_type


def test_a_click_on_an_unsubscribe_link_is_a_click_and_an_unsubscribe() -> None:
    found = rows_of(ses_unsubscribe_click(), Envelope(received_at=RECEIVED))
    click, unsubscribe = checked(found.rows)
    tagged = {**CLICK, "link_tags": {"unsubscribeLinkTag": ["click"]}}
    details = {**MAIL_DETAILS, **CLICK_DETAILS}
    for row, event_type in ((click, "_email.click"), (unsubscribe, "_email.unsubscribe")):
        assert without_id(row) == expected(event_type, {"mail": MAIL, "click": tagged}, HAPPENED, details, TAGS)
    assert click["event_id"] != unsubscribe["event_id"]
    assert found.nulled == 0


@pytest.mark.parametrize("tags", [ABSENT, None, {}, {"other": ["x"]}, {"unsubscribeLinkTag": None}])
def test_a_click_on_any_other_link_is_a_click_alone(tags: Over) -> None:
    record = overlaid(ses_click(click={"linkTags": ABSENT}), {"click": {"linkTags": tags}})
    assert [row["event_type"] for row in rows_of(record).rows] == ["_email.click"]


@pytest.mark.parametrize(
    ("detail_type", "record", "event_type"),
    [
        ("Email Sent", ses_send(), "_email.send"),
        ("Email Delivered", ses_delivery(), "_email.delivered"),
        ("Email Bounced", ses_bounce(), "_email.hardbounce"),
        ("Email Complaint Received", ses_complaint(), "_email.complaint"),
        ("Email Rejected", ses_reject(), "_email.rejected"),
        ("Email Opened", ses_open(), "_email.open"),
        ("Email Clicked", ses_click(), "_email.click"),
        ("Email Rendering Failed", ses_rendering_failure(), "_email.rendering_failure"),
        ("Email Delivery Delayed", ses_delivery_delay(), "_email.delivery_delay"),
        ("Email Subscribed", ses_subscription(), "_email.unsubscribe"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_the_bus_gives_the_same_types_even_if_only_it_names_them(
    detail_type: str, record: Record, event_type: str, named: bool
) -> None:
    record = copied(record)
    if not named:
        del record["eventType"]
    row = row_of(record, BUS.within(bus_source="aws.ses", detail_type=detail_type))
    assert row["event_type"] == event_type
    assert row["awsaccountid"] == ACCOUNT


@pytest.mark.parametrize(
    ("kind", "record", "event_type"),
    [
        ("bounce", ses_bounce(), "_email.hardbounce"),
        ("OPEN", ses_open(), "_email.open"),
        ("send", ses_send(), "_email.send"),
        ("DELIVERY_DELAY", ses_delivery_delay(), "_email.delivery_delay"),
        ("delivery-delay", ses_delivery_delay(), "_email.delivery_delay"),
        ("Delivery Delay", ses_delivery_delay(), "_email.delivery_delay"),
        ("RenderingFailure", ses_rendering_failure(), "_email.rendering_failure"),
        ("RENDERING_FAILURE", ses_rendering_failure(), "_email.rendering_failure"),
        ("SUBSCRIPTION", ses_subscription(), "_email.unsubscribe"),
        ("Email Clicked", ses_click(), "_email.click"),
        ("email_complaint_received", ses_complaint(), "_email.complaint"),
    ],
)
def test_a_known_type_is_read_whatever_its_case_and_separators(kind: str, record: Record, event_type: str) -> None:
    row = row_of(overlaid(copied(record), {"eventType": kind}))
    assert row == row_of(copied(record))
    assert row["event_type"] == event_type
    bus = BUS.within(bus_source="aws.ses", detail_type=kind)
    assert row_of(overlaid(copied(record), {"eventType": ABSENT}), bus)["event_id"] == row["event_id"]


def test_a_notification_is_read_whatever_its_case() -> None:
    assert row_of(ses_notification("Bounce", notificationType="BOUNCE")) == row_of(ses_notification("Bounce"))
    assert rows_of({"notificationType": "amazonsnssubscriptionsucceeded", "message": "You have subscribed"}).rows == []


@pytest.mark.parametrize(
    ("detail_type", "event_type"),
    [
        ("Advisor Recommendation Status Open", "_ses.advisor_recommendation_status_open"),
        ("Sending Status Disabled", "_ses.sending_status_disabled"),
    ],
)
def test_every_column_of_an_event_about_no_mail(detail_type: str, event_type: str) -> None:
    bus = BUS.within(bus_source="aws.ses", detail_type=detail_type, received_at=RECEIVED)
    row = row_of(ses_account_event(), bus)
    assert without_id(row) == {
        "event_type": event_type,
        "event_timestamp": PUBLISHED,
        "arrival_timestamp": RECEIVED,
        "awsaccountid": ACCOUNT,
        "source": "ses",
        "occurred_at": PUBLISHED,
        "details": {
            "eventType": detail_type,
            "version": "1.0.0",
            "data.resourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:tenant/shop/tn-1",
            "data.impact": "HIGH",
            "data.findings": '["COMPLAINT","BOUNCE"]',
        },
    }
    checked([row])


def test_two_events_about_no_mail_that_differ_anywhere_are_two() -> None:
    bus = BUS.within(bus_source="aws.ses", detail_type="Sending Status Disabled")
    other = ses_account_event(data={"findings": ["COMPLAINT"]})
    assert len({row_of(record, bus)["event_id"] for record in (ses_account_event(), other)}) == 2


def test_an_event_about_no_mail_needs_the_time_of_its_bus() -> None:
    bus = Envelope(bus_source="aws.ses", detail_type="Sending Status Disabled", received_at=RECEIVED)
    with pytest.raises(UnreadableError, match="time"):
        rows_of(ses_account_event(), bus)


def test_an_event_of_a_mail_without_its_mail_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="mail object"):
        rows_of({"open": {"timestamp": iso(HAPPENED)}}, BUS.within(bus_source="aws.ses", detail_type="Email Opened"))


def test_the_buss_account_fills_in_where_the_mail_names_none() -> None:
    bus = BUS.within(bus_source="aws.ses", detail_type="Email Sent", account="111122223333")
    assert row_of(ses_send(mail={"sendingAccountId": ABSENT}), bus)["awsaccountid"] == "111122223333"
    assert row_of(ses_send(), bus)["awsaccountid"] == ACCOUNT


def test_an_open_happened_when_it_happened_and_not_when_the_mail_was_sent() -> None:
    row = row_of(ses_open())
    assert (row["occurred_at"], row["event_timestamp"], row["arrival_timestamp"]) == (HAPPENED, HAPPENED, HAPPENED)
    assert part_of(row, "mail")["message_send_timestamp"] == SENT


def test_a_tag_of_one_value_is_that_value_and_of_several_their_list() -> None:
    tags: Json = {"one": ["x"], "two": ["x", "y"], "none": [], "text": "z", "nothing": None, "odd": [1, None, {"a": 2}]}
    attributes = row_of(ses_send(mail={"tags": tags}))["attributes"]
    assert {key: attributes.get(key) for key in ("one", "two", "none", "text", "nothing", "odd")} == {
        "one": "x",
        "two": "x,y",
        "none": "",
        "text": "z",
        "nothing": None,
        "odd": '1,{"a":2}',
    }


def test_the_spelling_of_truncated_headers_that_the_documentation_gives_is_read() -> None:
    for written, read in (("true", True), ("false", False), (True, True)):
        assert part_of(row_of(ses_send(mail={"headersTruncated": written})), "mail")["headers_truncated"] is read


def test_a_bounce_of_two_recipients_is_one_row_with_both() -> None:
    people: Json = [{"emailAddress": "a@example.net"}, {"emailAddress": "b@example.net", "extra": "kept"}]
    row = row_of(ses_bounce(bounce={"bouncedRecipients": people}))
    assert part_of(row, "bounce")["bounced_recipients"] == [
        {"email_address": "a@example.net"},
        {"email_address": "b@example.net"},
    ]
    assert row["details"]["bounce.bouncedRecipients"] == '[{},{"extra":"kept"}]'


def test_pings_that_no_message_caused_are_ignored() -> None:
    assert rows_of({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed"}).rows == []
    assert rows_of("Successfully validated SNS topic for Amazon SES event publishing.").rows == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (ses_send(mail={"messageId": ABSENT}), "messageId"),
        (ses_send(mail={"messageId": 7}), "messageId"),
        (ses_send(mail={"timestamp": "yesterday"}), "mail.timestamp"),
        (ses_open(open={"timestamp": ABSENT}), "open.timestamp"),
        (ses_open(open=ABSENT), "open object"),
        (ses_bounce(bounce={"bounceType": ABSENT}), "bounceType"),
        (ses_send(mail="gone"), "mail object"),
        (ses_send(eventType=5), "eventType"),
        (ses_send(eventType=""), "eventType"),
        (ses_send(eventType=ABSENT), "not a record of"),
    ],
)
def test_without_type_time_or_message_id_the_reason_names_what_is_missing(record: Record, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        rows_of(record)


def test_send_keeps_what_stands_in_its_object() -> None:
    assert mail_event(row_of(ses_send(send={"relay": "yes"})))["send"] == {"relay": "yes"}
