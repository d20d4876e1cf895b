"""Merging statuses: any order and any repetition of events gives one item (docs/data.md, "Message status")."""

from __future__ import annotations

import random
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from due_cli.events import Record, Status, merge
from tests.events.records import (
    HAPPENED,
    Over,
    iso,
    ses_bounce,
    ses_complaint,
    ses_delivery,
    ses_delivery_delay,
    ses_open,
    ses_send,
    ses_subscription,
    ses_unsubscribe_click,
    sms_event,
    sms_inbound,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.events.samples import TOPIC
from tests.events.test_status import ORDER, WHATSAPP_FACTS, statuses_of


def _pool(channel: str) -> list[Status]:
    """Statuses of one message by rows of real records, many of which tie with another in something."""
    chance = random.Random(7)
    records: list[Record] = []
    for at in (HAPPENED, HAPPENED + 1, HAPPENED + 1000):
        when = iso(at)
        if channel == "email":
            mail: Over = {
                "destination": [f"{chance.choice('abc')}@example.net"],
                "source": chance.choice(["x", "y", ""]),
            }
            records += [
                ses_send(mail=mail),
                ses_delivery(mail=mail, delivery={"timestamp": when}),
                ses_bounce(bounce={"timestamp": when, "bounceType": chance.choice(["Permanent", "Transient"])}),
                ses_complaint(mail=mail, complaint={"timestamp": when}),
                ses_open(mail=mail, open={"timestamp": when}),
                ses_unsubscribe_click(mail=mail, click={"timestamp": when}),
                ses_delivery_delay(mail=mail, deliveryDelay={"timestamp": when}),
                ses_subscription(mail=mail, subscription={"timestamp": when}),
            ]
        elif channel == "sms":
            for kind in ("TEXT_QUEUED", "TEXT_SENT", "TEXT_DELIVERED", "TEXT_SPAM", "RCS_READ", "MEDIA_PENDING"):
                country = chance.choice(["DE", "FR", "", None])
                price = chance.choice([None, 0, 0.01, 0.02])
                records.append(
                    sms_event(
                        kind,
                        eventTimestamp=at,
                        isoCountryCode=country,
                        totalMessagePrice=price,
                        isFinal=chance.choice([True, False, None]),
                        messageStatusDescription=chance.choice(["a", "b", None]),
                    )
                )
        elif channel == "voice":
            for kind in ("INITIATED", "RINGING", "ANSWERED", "COMPLETED", "BUSY", "FAILED"):
                country = chance.choice(["DE", "FR", None])
                records.append(sms_event(f"VOICE_{kind}", eventTimestamp=at, isoCountryCode=country))
        else:
            for word in WHATSAPP_FACTS:
                recipient = chance.choice(["1", "2", None])
                record = whatsapp_status(word, timestamp=str(at // 1000), recipient_id=recipient)
                records.append(whatsapp_statuses(record))
    found = [status for record in records for status in statuses_of(record)]
    return found + (statuses_of(sms_inbound("STOP"), TOPIC) if channel == "sms" else [])


POOLS = {channel: _pool(channel) for channel in ORDER}
some = st.sampled_from(sorted(POOLS)).flatmap(lambda channel: st.lists(st.sampled_from(POOLS[channel]), min_size=3))


@given(some)
def test_merging_is_commutative_associative_and_idempotent(statuses: list[Status]) -> None:
    cut = len(statuses) // 3
    one, two, three = (reduce(merge, part) for part in (statuses[:cut], statuses[cut : 2 * cut], statuses[2 * cut :]))
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, one) == one
    assert merge(merge(one, two), one) == merge(one, two)


@given(some, st.data())
def test_any_order_and_any_repetition_gives_the_same_item(statuses: list[Status], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(statuses)) + data.draw(st.lists(st.sampled_from(statuses), max_size=5))
    assert reduce(merge, shuffled) == reduce(merge, statuses)
    assert reduce(merge, shuffled).item() == reduce(merge, statuses).item()


def test_the_pools_differ_in_what_is_merged() -> None:
    """Else the two properties above would say little."""
    for channel, pool in POOLS.items():
        assert len({status.last for status in pool}) > 1
        assert len({status.message_id for status in pool}) == 1
        assert len({str(status.earliest) for status in pool}) > 6
        if channel != "email":
            assert len({status.record_status for status in pool}) > 6
    assert len({status.price for status in POOLS["sms"]}) > 2
    assert len({status.final for status in POOLS["sms"]}) > 6
    assert len({status.answer for status in POOLS["sms"]}) > 6
    assert len({status.answer for status in POOLS["email"]}) > 6
