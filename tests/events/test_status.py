"""The status of a message (docs/data.md, "Message status"; the blog's two tables)."""

from __future__ import annotations

from functools import reduce
from itertools import combinations

import pytest

from due_cli.events import Envelope, Json, Record, Row, Status, merge, rows_of, status_of
from due_cli.events.status_codec import decode, encode
from tests.events.records import (
    ACCOUNT,
    ARRIVED,
    HAPPENED,
    PINPOINT_EMAIL_TYPES,
    PUBLISHED,
    SENT,
    Over,
    copied,
    iso,
    pinpoint_email,
    pinpoint_sms,
    ses_bounce,
    ses_click,
    ses_complaint,
    ses_delivery,
    ses_delivery_delay,
    ses_open,
    ses_reject,
    ses_rendering_failure,
    ses_send,
    ses_subscription,
    ses_unsubscribe_click,
    sms_event,
    sms_inbound,
    whatsapp_detail,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.samples import BUS, SAMPLES, TOPIC

# The blog's tables in their order, then due's own facts (docs/data.md).
EMAIL_KEYS = (
    "message_id event_type aws_account_id from_address destination client campaign_id journey_id send delivered "
    "rejected hardbounce softbounce complaint open click unsubscribe rendering_failure delivery_delay final answer"
).split()
SMS_KEYS = (
    "message_id event_type aws_account_id origination_phone_number destination_phone_number record_status "
    "iso_country_code message_type campaign_id journey_id success buffered failure complaint optout read "
    "price_in_millicents_usd final answer"
).split()
PHONE_KEYS = SMS_KEYS[: SMS_KEYS.index("success")]
VOICE_FACTS = "initiated ringing answered completed busy no_answer failed ttl_expired spam protect_blocked".split()
WHATSAPP_FACTS = "accepted sent delivered read failed deleted warning".split()

# Design: "It is the first that is there of".
ORDER = {
    "email": (
        "rejected rendering_failure complaint hardbounce unsubscribe click open delivered softbounce delivery_delay "
        "send"
    ).split(),
    "sms": "optout complaint read success failure buffered".split(),
    "voice": "completed answered failed busy no_answer ttl_expired spam protect_blocked ringing initiated".split(),
    "whatsapp": "read delivered failed deleted sent accepted warning".split(),
}


def statuses_of(record: Record, envelope: Envelope | None = None) -> list[Status]:
    rows = rows_of(record, envelope or Envelope()).rows
    return [status for row in rows if (status := status_of(row)) is not None]


def item_of(*records: Record) -> dict[str, Json]:
    return reduce(merge, [status for record in records for status in statuses_of(record)]).item()


def facts(item: dict[str, Json]) -> dict[str, Json]:
    """What happened, without what is NA."""
    return {key: value for key, value in item.items() if value != "NA"}


def event_time(kind: str) -> int:
    """Of an email event of Pinpoint."""
    return SENT if kind == "_email.send" else ARRIVED


class TestItem:
    """The keys and values of the item, by channel."""

    def test_of_an_email_of_pinpoint(self) -> None:
        item = item_of(pinpoint_email("_email.send"), pinpoint_email("_email.open"))
        assert list(item) == [*EMAIL_KEYS, "status"]
        assert facts(item) == {
            "message_id": "email-pinpoint-1",
            "event_type": "email",
            "aws_account_id": ACCOUNT,
            "from_address": "news@mail.example.org",
            "destination": "dora@post.example.net",
            "client": "endpoint-email-1",
            "campaign_id": "campaign-1",
            "send": iso(SENT),
            "open": iso(ARRIVED),
            "status": "open",
        }
        assert item["journey_id"] == item["rejected"] == item["delivery_delay"] == "NA"

    def test_of_an_email_of_a_journey(self) -> None:
        attributes: Over = {"journey_id": "journey-9", "campaign_id": None}
        item = item_of(pinpoint_email("_email.delivered", attributes=attributes))
        assert (item["journey_id"], item["campaign_id"]) == ("journey-9", "NA")

    def test_of_an_email_of_ses(self) -> None:
        mail: Over = {"destination": ["a@example.net", "b@example.net"]}
        item = item_of(ses_send(mail=mail), ses_delivery_delay(mail=mail))
        assert list(item) == [*EMAIL_KEYS, "status"]
        assert facts(item) == {
            "message_id": "email-ses-1",
            "event_type": "email",
            "aws_account_id": ACCOUNT,
            "from_address": "News <news@mail.example.org>",
            "destination": "a@example.net, b@example.net",
            "campaign_id": "spring",
            "send": iso(SENT),
            "delivery_delay": iso(HAPPENED),
            "answer": "smtp; 452 4.2.2 full",
            "status": "delivery_delay",
        }

    def test_of_an_sms_of_pinpoint(self) -> None:
        item = item_of(pinpoint_sms("_SMS.SUCCESS"))
        assert list(item) == [*SMS_KEYS, "status"]
        assert facts(item) == {
            "message_id": "sms-pinpoint-1",
            "event_type": "sms",
            "aws_account_id": ACCOUNT,
            "origination_phone_number": "+12065550142",
            "destination_phone_number": "+14255550156",
            "record_status": "DELIVERED",
            "iso_country_code": "US",
            "message_type": "Transactional",
            "campaign_id": "campaign-2",
            "success": iso(HAPPENED),
            "price_in_millicents_usd": 645.5,
            "status": "success",
        }

    def test_of_an_sms_of_end_user_messaging(self) -> None:
        item = item_of(sms_event("RCS_READ"))
        assert list(item) == [*SMS_KEYS, "status"]
        assert facts(item) == {
            "message_id": "sms-eum-1",
            "event_type": "sms",
            "origination_phone_number": "rcs-agent-1",
            "destination_phone_number": "+14255550156",
            "record_status": "READ",
            "iso_country_code": "US",
            "message_type": "TRANSACTIONAL",
            "read": iso(HAPPENED),
            "price_in_millicents_usd": 645.0,
            "final": True,
            "status": "read",
        }

    @pytest.mark.parametrize("fact", "initiated ringing answered completed busy no_answer failed ttl_expired".split())
    def test_of_a_voice_message(self, fact: str) -> None:
        item = item_of(sms_event(f"VOICE_{fact.upper()}"))
        assert list(item) == [*PHONE_KEYS, *VOICE_FACTS, "price_in_millicents_usd", "final", "answer", "status"]
        assert facts(item) == {
            "message_id": "sms-eum-1",
            "event_type": "voice",
            "origination_phone_number": "+12065550142",
            "destination_phone_number": "+14255550156",
            "record_status": fact.upper(),
            "iso_country_code": "US",
            fact: iso(HAPPENED),
            "price_in_millicents_usd": 645.0,
            "final": True,
            "status": fact,
        }

    @pytest.mark.parametrize("fact", WHATSAPP_FACTS)
    def test_of_a_whatsapp_message(self, fact: str) -> None:
        item = item_of(whatsapp_statuses(whatsapp_status(fact)))
        assert list(item) == [*PHONE_KEYS, *WHATSAPP_FACTS, "final", "answer", "status"]
        assert facts(item) == {
            "message_id": "wamid.status-1",
            "event_type": "whatsapp",
            "aws_account_id": ACCOUNT,
            "origination_phone_number": "12065550100",
            "destination_phone_number": "14255550156",
            "record_status": fact,
            fact: iso(HAPPENED // 1000 * 1000),
            "status": fact,
        }


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        *((pinpoint_email(kind), {kind.partition(".")[2]: event_time(kind)}) for kind in PINPOINT_EMAIL_TYPES),
        (ses_send(), {"send": SENT}),
        (ses_reject(), {"rejected": SENT}),
        (ses_rendering_failure(), {"rendering_failure": SENT}),
        (ses_delivery(), {"delivered": HAPPENED}),
        (ses_bounce(), {"hardbounce": HAPPENED}),
        (ses_bounce(bounce={"bounceType": "Transient"}), {"softbounce": HAPPENED}),
        (ses_complaint(), {"complaint": HAPPENED}),
        (ses_open(), {"open": HAPPENED}),
        (ses_click(), {"click": HAPPENED}),
        (ses_unsubscribe_click(), {"click": HAPPENED, "unsubscribe": HAPPENED}),
        (ses_subscription(), {"unsubscribe": HAPPENED}),
        (ses_delivery_delay(), {"delivery_delay": HAPPENED}),
        (pinpoint_sms("_SMS.BUFFERED"), {"buffered": HAPPENED}),
        (pinpoint_sms("_SMS.FAILURE"), {"failure": HAPPENED}),
        (pinpoint_sms("_SMS.OPTOUT"), {"optout": HAPPENED}),
        (pinpoint_sms("_SMS.COMPLAINT"), {"complaint": HAPPENED}),
        (sms_event("TEXT_QUEUED"), {"buffered": HAPPENED}),
        (sms_event("MEDIA_DELIVERED"), {"success": HAPPENED}),
        (sms_event("TEXT_SPAM"), {"failure": HAPPENED}),
        (sms_event("VOICE_SPAM"), {"spam": HAPPENED}),
        (sms_event("VOICE_PROTECT_BLOCKED"), {"protect_blocked": HAPPENED}),
    ],
)
def test_every_event_sets_its_fact_at_its_own_time(record: Record, expected: dict[str, int]) -> None:
    found = reduce(merge, statuses_of(record))
    assert found.times == expected
    assert found.last == max(expected.values())


def test_events_that_say_nothing_of_a_message_have_no_status() -> None:
    silent = (
        "_SMS.OPTIN",
        "_campaign.",
        "_journey.",
        "_session.",
        "_userauth.",
        "_monetization.",
        "_custom.",
        "level",
        "_ses.",
    )
    for sample in SAMPLES:
        found = statuses_of(sample.build(), sample.envelope)
        speaks = not sample.types[0].startswith((*silent, "_sms.", "_whatsapp.")) and "INBOUND" not in sample.types[0]
        assert bool(found) == speaks, sample.name
    assert statuses_of(ses_subscription(subscription={"newTopicPreferences": None})) == []


def test_a_failure_after_a_success_that_was_not_final_is_the_status() -> None:
    taken = sms_event("TEXT_SUCCESSFUL", isFinal=False, eventTimestamp=HAPPENED)
    failed = sms_event("TEXT_UNREACHABLE", isFinal=True, eventTimestamp=HAPPENED + 1)
    item = item_of(failed, taken)
    assert (item["status"], item["buffered"], item["success"]) == ("failure", iso(HAPPENED), "NA")
    assert (item["record_status"], item["final"]) == ("UNREACHABLE", True)


class TestAnswer:
    """``final`` and ``answer`` are those of the latest event that has one."""

    @pytest.mark.parametrize(
        ("record", "answer"),
        [
            (ses_delivery(), "250 2.6.0 Message received"),
            (ses_bounce(), "smtp; 550 5.1.1 user unknown"),
            (ses_delivery_delay(), "smtp; 452 4.2.2 full"),
            (pinpoint_email("_email.delivered"), "250 2.6.0 queued as pin-1"),
            (ses_complaint(), "NA"),
            (ses_send(), "NA"),
            (sms_event("TEXT_BLOCKED"), "Message has been accepted by phone carrier"),
            (sms_event(messageStatusDescription=""), "NA"),
            (pinpoint_sms(), "NA"),
        ],
    )
    def test_is_what_the_other_side_said(self, record: Record, answer: str) -> None:
        assert item_of(record)["answer"] == answer

    def test_of_several_recipients_is_each_answer_once(self) -> None:
        def people() -> list[Json]:
            codes = {"a": "550 no", "b": "552 full", "c": "550 no", "d": None}
            return [{"emailAddress": f"{name}@example.net", "diagnosticCode": code} for name, code in codes.items()]

        assert item_of(ses_bounce(bounce={"bouncedRecipients": people()}))["answer"] == "550 no; 552 full"
        delay = ses_delivery_delay(deliveryDelay={"delayedRecipients": people()})
        assert item_of(delay)["answer"] == "550 no; 552 full"

    @pytest.mark.parametrize(
        ("errors", "answer"),
        [
            ([{"code": 131026, "title": "Message undeliverable"}], "131026 Message undeliverable"),
            (
                [{"code": 131049, "title": "Not sent", "message": "Not sent", "error_data": {"details": "Too many"}}],
                "131049 Not sent: Too many",
            ),
            ([{"code": 1, "title": "One"}, {"code": 2, "message": "Two"}], "1 One; 2 Two"),
            ([{"href": "https://example.com"}, "odd", None], "NA"),
            ([], "NA"),
            ("not a list", "NA"),
            ({"code": 1}, "NA"),
        ],
    )
    def test_of_whatsapp_is_its_errors(self, errors: Json, answer: str) -> None:
        assert item_of(whatsapp_statuses(whatsapp_status("failed", errors=errors)))["answer"] == answer
        bus = BUS.within(bus_source="aws.social-messaging", detail_type="WhatsApp Message Failed")
        [of_bus] = statuses_of(whatsapp_detail("failed", errors=errors), bus)
        assert of_bus.item()["answer"] == answer

    def test_the_latest_counts_in_any_order(self) -> None:
        events = [
            sms_event("TEXT_QUEUED", isFinal=False, messageStatusDescription="in the queue", eventTimestamp=HAPPENED),
            sms_event("TEXT_SPAM", isFinal=True, messageStatusDescription="spam", eventTimestamp=HAPPENED + 2),
            sms_event("TEXT_SENT", isFinal=False, messageStatusDescription="sent", eventTimestamp=HAPPENED + 1),
            sms_event("TEXT_SENT", isFinal=None, messageStatusDescription=None, eventTimestamp=HAPPENED + 3),
        ]
        for order in (events, events[::-1]):
            item = item_of(*map(copied, order))
            assert (item["final"], item["answer"]) == (True, "spam")
        assert item_of(copied(events[0]), copied(events[2]))["final"] is False

    def test_is_stored_and_read_again(self) -> None:
        [status] = statuses_of(sms_event("TEXT_SUCCESSFUL", isFinal=False))
        assert decode(status.message_id, encode(status)) == status

    def test_a_status_of_the_first_release_is_read_and_written_as_it_was(self) -> None:
        text = (
            '["sms",1794000061234,{"success":1794000061234},[[1794000061234,"id-1"]],'
            '{"iso_country_code":[0,"US"]},[[1794000061234,"id-1"],"DELIVERED"],645.0]'
        )
        status = decode("sms-1", text)
        assert (status.item()["final"], status.item()["answer"]) == ("NA", "NA")
        assert encode(status) == text


class TestOptOut:
    """An inbound opt-out speaks of the message that it answers."""

    def test_sets_optout_on_the_message_it_answers(self) -> None:
        [answer] = statuses_of(sms_inbound("STOP"), TOPIC)
        assert facts(answer.item()) == {
            "message_id": "sms-eum-1",
            "event_type": "sms",
            "optout": iso(PUBLISHED),
            "status": "optout",
        }
        [sent] = statuses_of(sms_event("TEXT_DELIVERED"))
        item = merge(answer, sent).item()
        assert item == merge(sent, answer).item()
        assert (item["status"], item["success"], item["record_status"]) == ("optout", iso(HAPPENED), "DELIVERED")
        assert item["destination_phone_number"] == "+14255550156"

    def test_says_nothing_where_it_names_no_message(self) -> None:
        assert statuses_of(sms_inbound("STOP", previousPublishedMessageId=None), TOPIC) == []
        assert statuses_of(sms_inbound("HELLO"), TOPIC) == []

    def test_of_pinpoint_is_about_its_own_message(self) -> None:
        [found] = statuses_of(pinpoint_sms("_SMS.OPTOUT"))
        assert (found.message_id, found.status) == ("sms-pinpoint-1", "optout")


@pytest.mark.parametrize("channel", ORDER)
def test_the_status_is_the_first_fact_there_is_of_any_set(channel: str) -> None:
    order = ORDER[channel]
    for size in range(1, len(order) + 1):
        for chosen in combinations(order, size):
            times = {fact: HAPPENED - index for index, fact in enumerate(reversed(chosen))}
            status = Status("m", channel, HAPPENED, times, {})
            assert status.status == chosen[0] == status.item()["status"]
    assert Status("m", channel, HAPPENED, {}, {}).status == "NA"


class TestMerge:
    """What counts where events differ."""

    def test_a_fact_has_the_time_of_its_first_event(self) -> None:
        later = [ses_open(open={"timestamp": iso(HAPPENED + offset)}) for offset in (5000, 0, 9000)]
        item = item_of(*later)
        assert item["open"] == iso(HAPPENED)

    def test_the_record_status_is_that_of_the_latest_event_that_has_one(self) -> None:
        events = [
            sms_event("TEXT_QUEUED", eventTimestamp=HAPPENED),
            sms_event("TEXT_DELIVERED", eventTimestamp=HAPPENED + 2),
            sms_event("TEXT_SENT", eventTimestamp=HAPPENED + 1),
        ]
        assert item_of(*events)["record_status"] == "DELIVERED"

    def test_the_price_is_the_greatest_and_any_other_value_that_of_the_earliest_event_that_has_it(self) -> None:
        events = [
            sms_event(eventTimestamp=HAPPENED + 2, totalMessagePrice=0.01, isoCountryCode="DE", messageType="LATE"),
            sms_event(eventTimestamp=HAPPENED + 1, totalMessagePrice=0.03, isoCountryCode="FR", messageType=None),
            sms_event(eventTimestamp=HAPPENED, totalMessagePrice=None, isoCountryCode="", messageType=None),
        ]
        item = item_of(*events)
        assert item["price_in_millicents_usd"] == 3000.0
        assert (item["iso_country_code"], item["message_type"]) == ("FR", "LATE")

    def test_a_price_of_nothing_is_a_price(self) -> None:
        assert item_of(sms_event(totalMessagePrice=0))["price_in_millicents_usd"] == 0.0

    def test_of_one_time_the_id_decides_and_of_one_event_the_value_that_its_merged_row_has(self) -> None:
        def row(event_id: str, status: str, country: str) -> Row:
            [found] = rows_of(sms_event(messageStatus=status, isoCountryCode=country)).rows
            found["event_id"] = event_id
            return found

        rows = [
            row("bbb", "QUEUED", "DE"),
            row("aaa", "SENT", "FR"),
            row("bbb", "SENT", "AT"),
            row("aaa", "TTL_EXPIRED", "BE"),
        ]
        for order in (rows, rows[::-1], rows[2:] + rows[:2]):
            statuses = [status for one in order if (status := status_of(one))]
            item = reduce(merge, statuses).item()
            assert (item["record_status"], item["iso_country_code"]) == ("QUEUED", "FR")

    def test_the_last_time_is_that_of_the_last_event(self) -> None:
        found = reduce(merge, [*statuses_of(ses_open()), *statuses_of(ses_send())])
        assert found.last == HAPPENED
