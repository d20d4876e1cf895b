"""SMS reports over a few events each, counted by hand."""

from __future__ import annotations

from tests.queries.hand import Hand
from tests.queries.raw import Text, at, inbound, pinpoint_sms, sms

SPRING = {"campaign_id": "spring"}
AUTUMN = {"campaign_id": "autumn"}

CASES = (
    Hand(
        "sms-cost",
        "a message costs the greatest price on its events once, whichever campaign it has",
        "2026-01-01",
        "2026-01-02",
        records=[
            pinpoint_sms(Text("a1", tags=SPRING), "BUFFERED", at("2026-01-01T10:00"), 645.0),
            pinpoint_sms(Text("a1", tags=SPRING), "SUCCESS", at("2026-01-01T10:05"), 883.65),
            pinpoint_sms(Text("a2", tags=SPRING), "FAILURE", at("2026-01-01T11:00"), 0.5),
            pinpoint_sms(Text("a3"), "BUFFERED", at("2026-01-01T12:00")),
            pinpoint_sms(Text("a3"), "SUCCESS", at("2026-01-01T12:01"), 100.5),
            sms(Text("a4"), "TEXT_DELIVERED", at("2026-01-01T13:00"), 0.00645),
            sms(Text("a4"), "RCS_READ", at("2026-01-01T13:01"), 0.00700),
            pinpoint_sms(Text("a5", tags=AUTUMN), "BUFFERED", at("2026-01-01T13:00"), 800.5),
        ],
        rows=[
            {"campaign": "spring", "cost_in_millicents": 884.15, "sends": 2},  # 883.65 + 0.5
            # $0.007 is 700 millicents: 700 + 100.5, the same as autumn's; equal costs go by name
            {"campaign": "No Campaign", "cost_in_millicents": 800.5, "sends": 2},
            {"campaign": "autumn", "cost_in_millicents": 800.5, "sends": 1},
        ],
    ),
    Hand(
        "sms-cost",
        "a message belongs to the hour of its first buffered event, and nothing after until counts",
        "2026-01-10T10:00",
        "2026-01-10T11:00",
        records=[
            # Buffered before the period: not counted, whatever comes later.
            pinpoint_sms(Text("b1"), "BUFFERED", at("2026-01-10T09:59:59.999"), 1000.0),
            pinpoint_sms(Text("b1"), "SUCCESS", at("2026-01-10T10:30"), 2000.0),
            pinpoint_sms(Text("b2"), "BUFFERED", at("2026-01-10T09:00"), 1000.0),
            pinpoint_sms(Text("b2"), "BUFFERED", at("2026-01-10T10:10"), 2000.0),
            # Buffered in the period, though its receipt was filed 73 hours before: counted with the receipt's price.
            pinpoint_sms(Text("b3"), "SUCCESS", at("2026-01-07T09:00"), 30.0),
            pinpoint_sms(Text("b3"), "BUFFERED", at("2026-01-10T10:00"), 20.0),
            # Never buffered: its first event counts.
            pinpoint_sms(Text("b4"), "FAILURE", at("2026-01-10T10:59:59.999"), 4.0),
            pinpoint_sms(Text("b5"), "FAILURE", at("2026-01-10T09:30"), 1000.0),
            pinpoint_sms(Text("b5"), "SUCCESS", at("2026-01-10T10:30"), 2000.0),
            # What is filed at until does not count, neither a message nor a price.
            pinpoint_sms(Text("b6"), "BUFFERED", at("2026-01-10T11:00"), 1000.0),
            pinpoint_sms(Text("b7"), "BUFFERED", at("2026-01-10T10:20"), 5.0),
            pinpoint_sms(Text("b7"), "SUCCESS", at("2026-01-10T11:00"), 1000.0),
        ],
        rows=[{"campaign": "No Campaign", "cost_in_millicents": 39.0, "sends": 3}],  # b3 30 + b4 4 + b7 5
    ),
    Hand(
        "sms-cost",
        "replies and calls are not messages that were sent",
        "2026-01-20",
        "2026-01-21",
        records=[
            inbound("c1", "STOP", at("2026-01-20T10:00")),
            inbound("c2", "HELLO", at("2026-01-20T10:00")),
            pinpoint_sms(Text("c3"), "OPTOUT", at("2026-01-20T10:00"), 7.0, status=None),
            sms(Text("c4"), "VOICE_COMPLETED", at("2026-01-20T10:00"), 0.013),
            pinpoint_sms(Text("c5", tags=SPRING), "OPTOUT", at("2026-01-20T10:00"), 9.0, status="OPTED_OUT"),
            pinpoint_sms(Text("c6"), "SUCCESS", at("2026-01-20T10:00")),
        ],
        rows=[
            {"campaign": "spring", "cost_in_millicents": 9.0, "sends": 1},
            {"campaign": "No Campaign", "cost_in_millicents": 0.0, "sends": 1},  # c6 has no price
        ],
    ),
    Hand(
        "sms-cost-by-tag",
        "a value is compared as text, and any event of a message may carry it",
        "2026-02-01",
        "2026-02-02",
        {"tag": "id=4"},
        [
            pinpoint_sms(Text("d1", context={"id": "4"}), "BUFFERED", at("2026-02-01T00:00"), 1.0),
            pinpoint_sms(Text("d1"), "SUCCESS", at("2026-02-01T00:10"), 2.0),
            pinpoint_sms(Text("d2", context={"id": 4}), "SUCCESS", at("2026-02-01T23:59:59.999"), 4.0),
            sms(Text("d3", context={"id": "4", "to": "x"}), "TEXT_QUEUED", at("2026-02-01T10:00"), 0.00008),
            pinpoint_sms(Text("d4"), "BUFFERED", at("2026-02-01T12:00"), 16.0),
            pinpoint_sms(Text("d4", context={"id": "4"}), "FAILURE", at("2026-02-01T12:05")),
            pinpoint_sms(Text("d0", context={"id": "4"}), "BUFFERED", at("2026-02-01T12:00"), 32.0),
            pinpoint_sms(Text("d0", context={"id": "5"}), "SUCCESS", at("2026-02-01T12:05")),
            # None of these is "4" under "id".
            pinpoint_sms(Text("d5", context={"id": "5"}), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            pinpoint_sms(Text("d6", context={"ID": "4"}), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            pinpoint_sms(Text("d7", context={"id": ["4"]}), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            pinpoint_sms(Text("d8", context='{"id": "4"'), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            pinpoint_sms(Text("d9", context='["id", "4"]'), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            pinpoint_sms(Text("d10"), "SUCCESS", at("2026-02-01T10:00"), 1000.0),
            sms(Text("d11", context={"id": "4"}), "VOICE_COMPLETED", at("2026-02-01T10:00"), 0.013),
            pinpoint_sms(Text("d12", context={"id": "4"}), "OPTOUT", at("2026-02-01T10:00"), 7.0, status=None),
        ],
        [{"cost_in_millicents": 62.0, "sends": 5}],  # 2 + 4 + 8 + 16 + 32
    ),
    Hand(
        "sms-cost-by-tag",
        "an absent value is not the text null",
        "2026-02-05",
        "2026-02-06",
        {"tag": "id=null"},
        [
            pinpoint_sms(Text("e1", context={"id": None}), "SUCCESS", at("2026-02-05T10:00"), 1.0),
            pinpoint_sms(Text("e2", context={"id": "null"}), "SUCCESS", at("2026-02-05T10:00"), 2.0),
        ],
        [{"cost_in_millicents": 2.0, "sends": 1}],
    ),
    Hand(
        "sms-cost-by-tag",
        "a message belongs to the hour of its first buffered event, and nothing after until counts",
        "2026-02-10T10:00",
        "2026-02-10T11:00",
        {"tag": "id=7"},
        [
            pinpoint_sms(Text("f1", context={"id": "7"}), "SUCCESS", at("2026-02-07T09:00"), 30.0),
            pinpoint_sms(Text("f1"), "BUFFERED", at("2026-02-10T10:00"), 20.0),
            pinpoint_sms(Text("f2", context={"id": "7"}), "BUFFERED", at("2026-02-10T09:59:59.999"), 1000.0),
            pinpoint_sms(Text("f2", context={"id": "7"}), "BUFFERED", at("2026-02-10T10:01"), 1000.0),
            pinpoint_sms(Text("f3", context={"id": "7"}), "FAILURE", at("2026-02-10T10:30"), 4.0),
            pinpoint_sms(Text("f3", context={"id": "7"}), "SUCCESS", at("2026-02-10T11:00"), 1000.0),
            pinpoint_sms(Text("f4", context={"id": "7"}), "BUFFERED", at("2026-02-10T11:00"), 1000.0),
        ],
        [{"cost_in_millicents": 34.0, "sends": 2}],  # f1 30 + f3 4
    ),
    Hand(
        "sms-cost-by-tag",
        "no message costs nothing",
        "2026-02-25",
        "2026-02-26",
        {"tag": "id=4"},
        [],
        [{"cost_in_millicents": 0.0, "sends": 0}],
    ),
)
