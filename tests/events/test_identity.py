"""Which event a row is: one id however often it is delivered, and another for any other event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Envelope, Json, Record, Row, documents, loads, rows_of, units
from due_cli.events.first_release import first_release_ids
from tests.events.reading import DECODERS, read
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    HAPPENED,
    PUBLISHED,
    RECEIVED,
    Over,
    copied,
    iso,
    pinpoint_app,
    pinpoint_campaign,
    pinpoint_email,
    pinpoint_journey,
    pinpoint_sms,
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
    ses_unsubscribe_click,
    sms_event,
    sms_inbound,
    sms_registration,
    whatsapp,
    whatsapp_detail,
    whatsapp_flow,
    whatsapp_inbound,
    whatsapp_message,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.respelling import respelled
from tests.events.samples import SAMPLES, TOPIC, Sample
from tests.events.wrapping import encoded, event_bridge, firehose, sns
from tests.sampling import costly


def id_of(record: Record, envelope: Envelope | None = None) -> str:
    return rows_of(copied(record), envelope or Envelope()).rows[0]["event_id"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_same_event_has_the_same_id_however_it_is_delivered(sample: Sample) -> None:
    first = [row["event_id"] for row in rows_of(sample.build(), sample.envelope).rows]
    again = sample.envelope.within(received_at=RECEIVED)
    assert [row["event_id"] for row in rows_of(sample.build(), again).rows] == first
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", event_id) for event_id in first)
    if sample.envelope == Envelope():
        wrapped = read(encoded(firehose(sns(sample.build()))))
        assert [row["event_id"] for row in wrapped.rows] == first


def test_no_two_kinds_of_event_share_an_id() -> None:
    """But for those that tell of one event in two ways: notifications, a link with other tags, text that is media."""
    others = ("ses notification", "ses unsubscribe click", "sms MEDIA", "sms RCS")
    kinds = [sample for sample in SAMPLES if not sample.name.startswith(others)]
    rows = [row for sample in kinds for row in rows_of(sample.build(), sample.envelope).rows]
    assert len({row["event_id"] for row in rows}) == len(rows)


def test_an_identity_notification_is_the_event_that_publishing_tells_of() -> None:
    assert id_of(ses_notification("Bounce")) == id_of(ses_bounce())
    assert id_of(ses_notification("Complaint")) == id_of(ses_complaint())
    assert id_of(ses_notification("Delivery")) == id_of(ses_delivery())


class TestAnotherEvent:
    """Changing any one of what an id is made of gives another id."""

    @pytest.mark.parametrize(
        ("build", "over"),
        [
            (ses_bounce, {"mail": {"messageId": "other"}}),
            (ses_bounce, {"bounce": {"bounceType": "Transient"}}),
            (ses_bounce, {"bounce": {"bouncedRecipients": [{"emailAddress": "other@example.net"}]}}),
            (ses_bounce, {"bounce": {"timestamp": iso(HAPPENED + 1)}}),
            (ses_bounce, {"bounce": {"feedbackId": "other"}}),
            (ses_complaint, {"complaint": {"complainedRecipients": [{"emailAddress": "other@example.net"}]}}),
            (ses_complaint, {"complaint": {"feedbackId": "other"}}),
            (ses_delivery, {"delivery": {"recipients": ["other@example.net"]}}),
            (ses_delivery_delay, {"deliveryDelay": {"delayedRecipients": [{"emailAddress": "other@example.net"}]}}),
            (ses_send, {"mail": {"destination": ["other@example.net"]}}),
            (ses_open, {"open": {"timestamp": iso(HAPPENED + 1)}}),
            (ses_click, {"click": {"link": "https://shop.example/other"}}),
            (pinpoint_email, {"facets": {"email_channel": {"mail_event": {"mail": {"message_id": "other"}}}}}),
            (pinpoint_email, {"arrival_timestamp": HAPPENED}),
            (pinpoint_sms, {"attributes": {"message_id": "other"}}),
            (pinpoint_sms, {"event_timestamp": HAPPENED + 1}),
            (pinpoint_sms, {"event_type": "_SMS.FAILURE"}),
            (sms_event, {"messageId": "other"}),
            (sms_event, {"eventTimestamp": HAPPENED + 1}),
            (sms_event, {"eventType": "TEXT_BLOCKED", "messageStatus": "BLOCKED"}),
        ],
    )
    def test_of_a_message(self, build: Callable[..., Record], over: dict[str, Over]) -> None:
        assert id_of(build(**over)) != id_of(build())

    @pytest.mark.parametrize(
        ("build", "over"),
        [
            (pinpoint_app, {"attributes": {"level": "eight"}}),
            (pinpoint_app, {"metrics": {"score": 12.75}}),
            (pinpoint_app, {"application": {"title": "other"}}),
            (pinpoint_app, {"session": {"session_id": "other"}}),
            (pinpoint_app, {"event_timestamp": HAPPENED + 1}),
            (pinpoint_app, {"client": {"client_id": "other"}}),
            (pinpoint_campaign, {"client": {"client_id": "other"}}),
            (pinpoint_journey, {"attributes": {"journey_run_id": "other"}}),
        ],
    )
    def test_of_no_message(self, build: Callable[..., Record], over: dict[str, Over]) -> None:
        assert id_of(build(**over)) != id_of(build())

    def test_of_another_source(self) -> None:
        """The same type, message, recipient and time from two services are two events."""
        mail: Over = {"message_id": "email-ses-1", "destination": ["dora@post.example.net"]}
        facets: Over = {"email_channel": {"mail_event": {"mail": mail}}}
        pinpoint = pinpoint_email("_email.open", arrival_timestamp=HAPPENED, facets=facets)
        assert id_of(pinpoint) != id_of(ses_open())

    def test_of_two_statuses_of_one_type_at_one_moment(self) -> None:
        kinds = ("TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "TEXT_SUCCESSFUL", "TEXT_DELIVERED", "TEXT_SPAM")
        assert len({id_of(sms_event(kind)) for kind in kinds}) == len(kinds)
        failed, exhausted = (
            id_of(whatsapp_statuses(whatsapp_status(status)))
            for status in ("failed", "Message retries exhausted, dropping message.")
        )
        assert failed != exhausted

    def test_of_a_click_and_the_unsubscribe_it_is(self) -> None:
        click, unsubscribe = rows_of(ses_unsubscribe_click()).rows
        assert click["event_id"] != unsubscribe["event_id"]


@pytest.mark.parametrize(
    ("build", "over"),
    [
        (ses_bounce, {"bounce": {"reportingMTA": "other", "remoteMtaIp": "192.0.2.99"}}),
        (ses_open, {"mail": {"tags": {"colour": ["green"]}, "headersTruncated": True}}),
        (sms_event, {"totalMessagePrice": 0.5, "isFinal": False}),
        (pinpoint_sms, {"metrics": {"price_in_millicents_usd": 1}, "arrival_timestamp": PUBLISHED}),
        (pinpoint_sms, {"attributes": {"destination_phone_number": "+1"}}),
        (sms_event, {"destinationPhoneNumber": ABSENT}),  # EventBridge leaves it out
    ],
)
def test_what_a_later_delivery_adds_does_not_make_another_event(
    build: Callable[..., Record], over: dict[str, Over]
) -> None:
    assert id_of(build(**over)) == id_of(build())


class TestRecipients:
    """An id has the addresses of an email event alone: bare, in lower case, sorted, each once."""

    @pytest.mark.parametrize(
        ("build", "path"),
        [(ses_send, "mail.destination"), (ses_delivery, "delivery.recipients")],
    )
    def test_however_they_are_written(self, build: Callable[..., Record], path: str) -> None:
        part, key = path.split(".")

        def of(*listed: str) -> str:
            return id_of(build(**{part: {key: list(listed)}}))

        assert of("ada@example.com", "bo@example.com") == of(
            '"Bo, at work" <BO@example.com>', "Ada <ada@Example.com>", "bo@example.com"
        )
        assert of("ada@example.com") != of("ada@example.com", "bo@example.com")

    @pytest.mark.parametrize(
        ("build", "part", "key"),
        [
            (ses_bounce, "bounce", "bouncedRecipients"),
            (ses_complaint, "complaint", "complainedRecipients"),
            (ses_delivery_delay, "deliveryDelay", "delayedRecipients"),
        ],
    )
    def test_whatever_else_is_said_of_them(self, build: Callable[..., Record], part: str, key: str) -> None:
        def of(*people: Json) -> str:
            return id_of(build(**{part: {key: list(people)}}))

        ada: Json = {"emailAddress": "ada@example.com"}
        bo: Json = {"emailAddress": "bo@example.com"}
        with_answer: Json = {"status": "4.4.1", "diagnosticCode": "smtp; 451", "emailAddress": "Bo@example.com"}
        assert of(ada, bo) == of(with_answer, ada)
        assert of(ada) != of(bo)

    def test_each_participant_of_a_group_reads_for_itself(self) -> None:
        """Three read a message within one second: three events, whose number of the group is the same."""
        group: dict[str, Over] = {"recipient_type": "group", "recipient_id": "Y2FwaV9ncm91cDox"}
        statuses = [whatsapp_status("read", **group, recipient_participant_id=f"1206555000{n}") for n in (1, 2, 3)]
        rows = rows_of(whatsapp_statuses(*statuses)).rows
        assert len({row["event_id"] for row in rows}) == 3
        alone = [id_of(whatsapp_statuses(status)) for status in statuses]
        assert alone == [row["event_id"] for row in rows]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
@given(seed=st.integers())
@costly(0.1)
def test_an_id_follows_from_values_and_not_from_json_text(sample: Sample, seed: int) -> None:
    """Key order at every depth, white space, escapes and the spelling of numbers are a serialiser's."""
    random = Random(seed)
    record = sample.build()
    first = [row["event_id"] for row in rows_of(copied(record), sample.envelope).rows]
    for decode in DECODERS.values():
        again = decode(respelled(record, random).encode())
        assert [row["event_id"] for row in rows_of(again, sample.envelope).rows] == first


def test_two_values_that_look_alike_are_two_events() -> None:
    """A text of digits is not a number, nor the text of a list a list, where events are hashed whole."""
    lists: tuple[Over, ...] = ([1], "[1]", [[1]], ["1"], 1, "1", "1.0", True, "true", {"1": 1}, 1.5)
    assert len({id_of(pinpoint_app(device={"model": value})) for value in lists}) == len(lists)
    assert id_of(pinpoint_app(device={"model": 1})) == id_of(pinpoint_app(device={"model": 1.0}))


def test_events_of_two_resources_in_one_second_are_two() -> None:
    """Findings about two tenants, or of two accounts, may say the same; the order of the ARNs says nothing."""
    arns: list[Json] = [f"arn:aws:ses:us-east-1:{ACCOUNT}:tenant/shop-{number}/tn-{number}" for number in (1, 2)]

    def row_of(record: Record, source: str, kind: str, **over: Json) -> Row:
        event = event_bridge(source, kind)(copied(record))
        assert isinstance(event, dict)
        [row] = read(encoded({**event, **over})).rows
        return row

    for record, source, kind in (
        (ses_account_event(), "aws.ses", "Advisor Recommendation Status Open"),
        (sms_registration(), "aws.sms-voice", "Registration Status Change"),
        (whatsapp_detail(None), "aws.social-messaging", "WhatsApp Unknown Notification Received"),
    ):
        one = row_of(record, source, kind, resources=arns)
        ways: list[dict[str, Json]] = [{"resources": [arns[0]]}, {"resources": [arns[1]]}, {"account": "111122223333"}]
        others = [row_of(record, source, kind, **{"resources": arns, **way}) for way in ways]
        assert len({row["event_id"] for row in (one, *others)}) == 4
        assert row_of(record, source, kind, resources=arns[::-1])["event_id"] == one["event_id"]
        assert json.loads(one["details"]["resources"]) == arns
    message = row_of(ses_bounce(), "aws.ses", "Email Bounced", resources=arns)
    assert message["event_id"] == id_of(ses_bounce())
    other = row_of(ses_bounce(), "aws.ses", "Email Bounced", account="111122223333")
    assert (other["awsaccountid"], other["details"]["account"]) == (ACCOUNT, "111122223333")


FIRST_RELEASE = Path(__file__).parents[1] / "first_release"


def test_the_first_releases_ids_can_still_be_told() -> None:
    """Of every kind of record, by the ids and types that due 0.1.0 gave them (tests/first_release)."""
    lines = (FIRST_RELEASE / "records.jsonl").read_bytes().splitlines()
    expected = json.loads((FIRST_RELEASE / "ids.json").read_text("utf-8"))
    for line, of_record in zip(lines, expected, strict=True):
        [document] = documents(line, loads)
        for received_at in (None, RECEIVED):  # by a stream, and not
            [unit] = units(document, loads)
            rows = rows_of(copied(unit.record), unit.envelope.within(received_at=received_at)).rows  # type: ignore[arg-type]
            for row, (event_type, event_id) in zip(rows, of_record, strict=True):
                assert row["event_type"] == event_type
                assert event_id in first_release_ids(row)


# Records whose type the first release read otherwise, with the type and id that it gave them.
OTHER_TYPES: dict[str, tuple[Record, Envelope, str, str]] = {
    "ses bounce": (ses_bounce(eventType="BOUNCE"), Envelope(), "_ses.bounce", "bpL1zW9WZnov8_RtPHgEOQ"),
    "ses soft bounce": (
        ses_bounce(eventType="bounce", bounce={"bounceType": "Transient"}),
        Envelope(),
        "_ses.bounce",
        "bpL1zW9WZnov8_RtPHgEOQ",
    ),
    "ses complaint": (ses_complaint(eventType="COMPLAINT"), Envelope(), "_ses.complaint", "kuJQSnU49Lg2vtOan0eBIw"),
    "ses send": (ses_send(eventType="send"), Envelope(), "_ses.send", "ZK52zg2YjOUvh33f33ruFQ"),
    "ses delivery": (ses_delivery(eventType="delivery"), Envelope(), "_ses.delivery", "UypHyc7OVoDLutUbm41oSQ"),
    "ses reject": (ses_reject(eventType="REJECT"), Envelope(), "_ses.reject", "PjPzgbdJdDNEt_jM4PPW4A"),
    "ses open": (ses_open(eventType="OPEN"), Envelope(), "_ses.open", "h_rrFkti2_GuWnHqan4SxQ"),
    "ses click": (ses_click(eventType="click"), Envelope(), "_ses.click", "phmS9F6XKMZTOCQUH1rP2g"),
    "ses delay": (
        ses_delivery_delay(eventType="DELIVERY_DELAY"),
        Envelope(),
        "_ses.delivery_delay",
        "6IKYiADVZwSsAs0NjAsW7g",
    ),
    "ses delay, one word": (
        ses_delivery_delay(eventType="deliverydelay"),
        Envelope(),
        "_ses.deliverydelay",
        "joL2rxAFiaP2kdG5Ai9Fxw",
    ),
    "ses rendering failure": (
        ses_rendering_failure(eventType="RenderingFailure"),
        Envelope(),
        "_ses.rendering_failure",
        "u5dZi6S4gOZA2Ngy1mAhrA",
    ),
    "ses rendering failure, one word": (
        ses_rendering_failure(eventType="renderingfailure"),
        Envelope(),
        "_ses.renderingfailure",
        "trcvlwL3-xaHcDmVNzk2cQ",
    ),
    "ses unsubscribe": (
        ses_subscription(eventType="SUBSCRIPTION"),
        Envelope(),
        "_ses.subscription",
        "-pUxgiqnY5JKKkaZd33D_A",
    ),
    "ses subscription": (
        ses_subscription(eventType="subscription", subscription={"newTopicPreferences": ABSENT}),
        Envelope(),
        "_ses.subscription",
        "-pUxgiqnY5JKKkaZd33D_A",
    ),
    "sms not final": (
        sms_event("TEXT_SUCCESSFUL", isFinal=False),
        Envelope(),
        "_SMS.SUCCESS",
        "qlmptht1HI1LGeLkc3oIqw",
    ),
    "mms not final": (
        sms_event("MEDIA_SUCCESSFUL", isFinal=False),
        Envelope(),
        "_SMS.SUCCESS",
        "qlmptht1HI1LGeLkc3oIqw",
    ),
    "sms opt-in": (sms_inbound("START"), TOPIC, "_SMS.INBOUND", "a-WeSX_I_bb-olyKWy1Ubg"),
    "sms opt-in in small letters": (sms_inbound("unstop"), TOPIC, "_SMS.INBOUND", "a-WeSX_I_bb-olyKWy1Ubg"),
    "whatsapp template": (
        whatsapp({"event": "APPROVED", "message_template_id": 7}, field="message_template_status_update"),
        Envelope(),
        "_whatsapp.approved",
        "UXmZyIBbeIC2KDEsgtRFwQ",
    ),
    "whatsapp account": (
        whatsapp({"event": "VERIFIED_ACCOUNT"}, field="account_update"),
        Envelope(),
        "_whatsapp.verified_account",
        "mvN7PkTPS_BTsLoMi639vQ",
    ),
}


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_the_first_releases_ids_can_be_told_where_the_type_was_another(name: str) -> None:
    record, envelope, event_type, event_id = OTHER_TYPES[name]
    for received_at in (None, RECEIVED):
        row = rows_of(copied(record), envelope.within(received_at=received_at)).rows[0]
        assert row["event_type"] != event_type
        assert event_id in first_release_ids(row)


GOLDEN: dict[str, tuple[Record, Envelope, str]] = {
    "pinpoint email": (pinpoint_email("_email.open"), Envelope(), "0FGCPp4byK8mrgrpsmLQGQ"),
    "pinpoint sms": (pinpoint_sms(), Envelope(), "U1pHw9_c6ID2wGtxlUH7iA"),
    "pinpoint campaign": (pinpoint_campaign(), Envelope(), "o9_9JzP8Qt8Streplt-hTA"),
    "pinpoint app": (pinpoint_app(), Envelope(), "4HHd8XIiWeFWLWzGuNrvIw"),
    "ses bounce": (ses_bounce(), Envelope(), "lD-euWH2-VJY-qEXYlztYg"),
    "ses click": (ses_click(), Envelope(), "0a_ssrhxLxl_bomNM7kvuQ"),
    "ses delay": (ses_delivery_delay(), Envelope(), "YVbPhG2A8RI-L0Soh9fkLw"),
    "sms": (sms_event(), Envelope(), "nNbHdP-nlBPxMYRqG73nLw"),
    "sms inbound": (sms_inbound(), TOPIC, "jaamW5tHajiR69m50zaMyg"),
    "whatsapp": (whatsapp_statuses(whatsapp_status()), Envelope(), "UFJ-j-cEuqXJNvJ5fbapwA"),
    "whatsapp inbound": (whatsapp_inbound(whatsapp_message()), Envelope(), "41pTzhf9PTuXRq7YWNau6g"),
    "whatsapp flow": (whatsapp_flow(), Envelope(), "FKuDX8uwkpGum8fNJaKHvw"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_an_id_is_what_it_was(name: str) -> None:
    """Another formula would make every event that is ingested again another event."""
    record, envelope, expected = GOLDEN[name]
    assert id_of(record, envelope) == expected
