"""Email reports counted by hand over two scenes: a day of everything, and the borders of a period."""

from __future__ import annotations

from dataclasses import replace

from due_cli.events.model import Json
from tests.queries.hand import Hand
from tests.queries.raw import Mail, at, pinpoint, received, ses
from tests.queries.reference import Rows

ADA, BOB, CYD = "ada@example.com", "bob@example.com", "cyd@example.com"
SPRING, AUTUMN = {"campaign_id": "spring"}, {"campaign_id": "autumn"}

# One day. s1 was opened and clicked often; s2 was rendered from a template, bounced and complained about by two
# people; s3 was left by a link; s5's send never came; s6's send does not say its campaign; s7 was rejected.
_S1 = Mail("s1", at("2026-03-01T10:00"), ("Ada@Example.com",), "Sale", SPRING)
_S2 = Mail("s2", at("2026-03-01T10:30"), (BOB, "ADA@example.com"), "Rendered", SPRING)
_S3 = Mail("s3", at("2026-03-01T11:00"), (ADA,), "Sale")
_S4 = Mail("s4", at("2026-03-01T11:15"), (CYD,), None, AUTUMN)
_S5 = Mail("s5", at("2026-03-01T11:30"), (ADA,), "Sale", SPRING)
_S6 = Mail("s6", at("2026-03-01T11:45"), (ADA,), "Sale", SPRING)
_S7 = Mail("s7", at("2026-03-01T11:50"), (CYD,), "Virus", AUTUMN)
_DAY: list[Json] = [
    pinpoint(_S1, "send"),
    pinpoint(_S1, "open", at("2026-03-01T10:05")),
    pinpoint(_S1, "open", at("2026-03-01T10:06")),
    pinpoint(_S1, "click", at("2026-03-01T10:07"), link="/a"),
    pinpoint(_S1, "click", at("2026-03-01T10:07"), link="/b"),
    pinpoint(_S1, "click", at("2026-03-01T12:00"), link="/a"),
    pinpoint(_S1, "unsubscribe", at("2026-03-01T10:08")),
    pinpoint(_S1, "unsubscribe", at("2026-03-01T10:09")),
    ses(replace(_S2, subject=None), "send"),
    ses(_S2, "delivered", at("2026-03-01T10:30:05")),
    ses(_S2, "hardbounce", at("2026-03-01T10:30:06")),
    ses(_S2, "hardbounce", at("2026-03-01T10:30:07"), people=(BOB,)),
    ses(_S2, "softbounce", at("2026-03-01T10:31")),
    ses(_S2, "complaint", at("2026-03-01T10:40")),
    ses(_S2, "complaint", at("2026-03-01T10:41")),
    ses(_S3, "send"),
    ses(_S3, "open", at("2026-03-01T11:00:30")),
    ses(_S3, "open", at("2026-03-01T11:00:31")),
    ses(_S3, "open", at("2026-03-01T11:00:32")),
    ses(_S3, "unsubscribe", at("2026-03-01T11:01")),  # a click and an unsubscribe
    ses(_S4, "send"),
    ses(_S4, "softbounce", at("2026-03-01T11:16")),
    ses(_S4, "softbounce", at("2026-03-01T11:17")),
    ses(_S4, "click", at("2026-03-01T11:20")),
    ses(_S5, "open", at("2026-03-01T11:31")),
    pinpoint(replace(_S6, tags={}), "send"),
    pinpoint(_S6, "delivered", at("2026-03-01T11:45:05")),
    ses(_S7, "send"),
    ses(_S7, "rejected"),
    *(
        ses(Mail(identity, at("2026-03-01T09:00"), (ADA,), subject), "send")
        for identity, subject in (("s8", None), ("s9", "Zoo"), ("s10", "Ape"))
    ),
]

# 10:00 to 11:00. c1 is sent before and c4 after; what happened to c5 was received a day early, to c6 at until.
_C1, _C2, _C3, _C4, _C5, _C6 = (
    Mail(identity, at(f"2026-03-10T{sent}"), (ADA,), subject, {"campaign_id": "edge"})
    for identity, sent, subject in (
        ("c1", "09:59:59.999", "before"),
        ("c2", "10:00", "first"),
        ("c3", "10:59:59.999", "last"),
        ("c4", "11:00", "after"),
        ("c5", "10:30", "early"),
        ("c6", "10:30", "late"),
    )
)
_N1, _N2, _N3 = (Mail(f"n{hour}", at(f"2026-03-20T{hour}:00"), (ADA,)) for hour in (10, 11, 12))
_KINDS = ("open", "click", "subscription", "hardbounce", "softbounce", "complaint")
_BORDERS: list[Json] = [
    *(ses(mail, "send") for mail in (_C1, _C2, _C3, _C4, _C5, _C6)),
    *(ses(_C1, kind, at("2026-03-10T10:10")) for kind in _KINDS),
    *(received(ses(_C5, kind, at("2026-03-10T10:31")), at("2026-03-09T10:00")) for kind in _KINDS),
    *(ses(_C6, kind, at("2026-03-10T11:00")) for kind in _KINDS),
]


def _day(report: str, rows: Rows, **options: str | int) -> Hand:
    what = "messages count once, whatever happened to them how often"
    return Hand(report, what, "2026-03-01", "2026-03-02", options, _DAY, rows)


def _borders(report: str, rows: Rows, **options: str | int) -> Hand:
    what = "a message counts where its send is filed, with all that is filed before until"
    return Hand(report, what, "2026-03-10T10:00", "2026-03-10T11:00", options, _BORDERS, rows)


def _line(when: str, subject: str | None, opened: int) -> dict[str, object]:
    return {"when_sent": f"2026-03-{when}Z", "email_subject": subject, "did_open": opened}


def _subject(subject: str | None, *counts: int) -> dict[str, object]:
    names = ("sends", "opens", "clicks", "unsubs", "total_opens", "total_clicks")
    return {"subject": subject, **dict(zip(names, counts, strict=True))}


def _campaign(campaign: str, *counts: int) -> dict[str, object]:
    names = ("sends", "opens", "clicks", "hard_bounces", "soft_bounces", "unsubs")
    return {"pinpoint_campaign_id": campaign, **dict(zip(names, counts, strict=True))}


def _bounces(hour: str, sends: int, bounces: int, complaints: int, *rates: float) -> dict[str, object]:
    counts = {"total_sends": sends, "total_hardbounces": bounces, "total_complaints": complaints}
    return {
        "time_window": f"2026-03-{hour}:00:00.000Z",
        **counts,
        **dict(zip(("bounce_rate", "complaint_rate"), rates, strict=True)),
    }


def _engagement(hour: str, counts: tuple[int, int, int, int], *rates: float) -> dict[str, object]:
    names = ("total_sends", "total_opens", "total_clicks", "total_unsubs")
    return {
        "time_window": f"2026-03-{hour}:00:00.000Z",
        **dict(zip(names, counts, strict=True)),
        **dict(zip(("open_rate", "click_rate", "unsub_rate"), rates, strict=True)),
    }


CASES = (
    _day(
        "subject-lines",
        [
            _line("01T11:45:00.000", "Sale", 0),
            _line("01T11:00:00.000", "Sale", 1),  # s3, opened three times; s5 was never sent
            _line("01T10:30:00.000", "Rendered", 0),
            _line("01T10:00:00.000", "Sale", 1),
            _line("01T09:00:00.000", "Ape", 0),
            _line("01T09:00:00.000", "Zoo", 0),
            _line("01T09:00:00.000", None, 0),
        ],
        address="adA@example.com",
    ),
    _borders(
        "subject-lines",
        [
            _line("10T10:59:59.999", "last", 0),
            _line("10T10:30:00.000", "early", 1),
            _line("10T10:30:00.000", "late", 0),
            _line("10T10:00:00.000", "first", 0),
        ],
        address=ADA,
    ),
    Hand(
        "subject-lines",
        "any event of a message may say whom it was sent to",
        "2026-03-20",
        "2026-03-21",
        {"address": ADA},
        [
            ses(replace(_N1, to=()), "send"),
            ses(_N1, "open", at("2026-03-20T10:05")),
            ses(_N2, "send"),
            pinpoint(replace(_N2, to=()), "open", at("2026-03-20T11:05")),
            ses(replace(_N3, to=()), "send"),
        ],
        [_line("20T11:00:00.000", "Hello", 1), _line("20T10:00:00.000", "Hello", 1)],
    ),
    _day(
        "subject-engagement",
        [
            _subject("Sale", 3, 2, 2, 2, 2 + 3, 3 + 1),  # s1, s3 and s6
            _subject(None, 2, 0, 1, 0, 0, 1),  # s4 and s8
            _subject("Ape", 1, 0, 0, 0, 0, 0),
            _subject("Rendered", 1, 0, 0, 0, 0, 0),
            _subject("Virus", 1, 0, 0, 0, 0, 0),
            _subject("Zoo", 1, 0, 0, 0, 0, 0),
        ],
    ),
    _borders(
        "subject-engagement",
        [
            _subject("early", 1, 1, 1, 1, 1, 1),
            _subject("first", 1, 0, 0, 0, 0, 0),
            _subject("last", 1, 0, 0, 0, 0, 0),
            _subject("late", 1, 0, 0, 0, 0, 0),
        ],
    ),
    _day(
        "campaign-engagement",
        [
            _campaign("spring", 3, 1, 1, 1, 1, 1),  # s1, s2 and s6
            _campaign("autumn", 2, 0, 1, 0, 1, 0),  # s4 and s7
        ],
    ),
    _borders("campaign-engagement", [_campaign("edge", 4, 1, 1, 1, 1, 1)]),
    _day(
        "bounce-rate",
        [
            _bounces("01T11", 4, 0, 0, 0.0, 0.0),  # s3, s4, s6 and s7
            _bounces("01T10", 2, 1, 1, 0.5, 0.5),  # s1, and s2 with two bounces and two complaints of two people
            _bounces("01T09", 3, 0, 0, 0.0, 0.0),
        ],
    ),
    _borders("bounce-rate", [_bounces("10T10", 4, 1, 1, 0.25, 0.25)]),
    _day(
        "engagement-rate",
        [
            _engagement("01T11", (4, 1, 2, 1), 0.25, 0.5, 0.25),  # s3 opened, clicked and left; s4 clicked
            _engagement("01T10", (2, 1, 1, 1), 0.5, 0.5, 0.5),  # s1 of s1 and s2
            _engagement("01T09", (3, 0, 0, 0), 0.0, 0.0, 0.0),
        ],
    ),
    _borders("engagement-rate", [_engagement("10T10", (4, 1, 1, 1), 0.25, 0.25, 0.25)]),
    _day("send-count-by-tag", [{"sends": 2}], tag="campaign_id=spring"),  # s1 and s2; the send of s6 says none
    _borders("send-count-by-tag", [{"sends": 4}], tag="campaign_id=edge"),  # c2, c3, c5 and c6
)
