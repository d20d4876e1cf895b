"""Reports on addresses and tags over a few messages, counted by hand."""

from __future__ import annotations

from due_cli.events.model import Json
from tests.queries.hand import Hand
from tests.queries.raw import Mail, at, pinpoint, received, ses


def _mail(identity: str, sent: str, *to: str) -> Mail:
    return Mail(identity, at(sent), tuple(f"{name}@example.com" for name in to))


def _delivered(identity: str, sent: str, delivered: str, *to: str) -> list[Json]:
    mail = _mail(identity, sent, *to)
    return [ses(mail, "send"), ses(mail, "delivered", at(delivered))]


_ADA2 = _mail("ada2", "2026-04-03T10:00", "ada")
_ADA1 = _mail("ada1", "2026-04-02T10:00", "ada")
_BOTH = _mail("both", "2026-04-06T10:00", "ada", "bob")
_HAL = _mail("hal1", "2026-03-31T23:59:59.999", "hal")
_ADDRESSES: list[Json] = [
    ses(_ADA1, "send"),
    ses(_ADA1, "delivered", at("2026-04-02T10:00:05")),
    ses(_ADA1, "open", at("2026-04-02T10:30")),
    ses(_ADA1, "click", at("2026-04-05T08:00")),
    ses(_ADA1, "open", at("2026-04-11T00:00")),  # filed at until
    pinpoint(_ADA2, "send"),
    pinpoint(_ADA2, "delivered", at("2026-04-03T10:00:07")),
    pinpoint(_ADA2, "open", at("2026-04-04T10:00")),
    ses(_BOTH, "send"),
    ses(_BOTH, "delivered", at("2026-04-06T10:00:09")),
    ses(_BOTH, "delivered", at("2026-04-06T10:00:11")),
    *_delivered("bob2", "2026-04-08T10:00", "2026-04-10T10:00", "bob"),
    # First delivered exactly, and a millisecond less than, two days before until.
    *_delivered("cyd1", "2026-04-08T23:00", "2026-04-09T00:00", "cyd"),
    *_delivered("cyd2", "2026-04-09T12:00", "2026-04-09T12:01", "cyd"),
    *_delivered("dan1", "2026-04-08T23:00", "2026-04-09T00:00:00.001", "dan"),
    *_delivered("dan2", "2026-04-09T12:00", "2026-04-09T12:01", "dan"),
    *_delivered("eve1", "2026-04-02T10:00", "2026-04-02T10:01", "eve"),  # one message only
    *_delivered("gus1", "2026-04-02T10:00", "2026-04-02T10:01", "gus", "gus"),  # one message, addressed twice
    *(ses(_mail(f"fay{number}", "2026-04-02T10:00", "fay"), "send") for number in range(3)),  # never delivered
    *_delivered("hal1", "2026-03-31T23:59:59.999", "2026-04-01T00:00:01", "hal"),  # one in the period only
    *_delivered("hal2", "2026-04-02T10:00", "2026-04-02T10:01", "hal"),
    *_delivered("ida1", "2026-04-02T10:00", "2026-04-02T10:01", "ida"),
    *_delivered("ida2", "2026-04-11T00:00", "2026-04-11T00:01", "ida"),  # one before until only
]


def _address(name: str, sends: int, last: str, first: str, engaged: str | None) -> dict[str, object]:
    return {
        "to_address": f"{name}@example.com",
        "num_sends": sends,
        "max_delivered_timestamp": f"2026-04-{last}.000Z",
        "min_delivered_timestamp": f"2026-04-{first}.000Z",
        "last_engagement": engaged and f"2026-04-{engaged}.000Z",
    }


def _tagged(identity: str, sent: str, tags: dict[str, str], context: dict[str, str] | None = None) -> Mail:
    return Mail(identity, at(sent), tags=tags, context=context or {})


_T4 = _tagged("t4", "2026-05-01T10:00", {})
_TAGS: list[Json] = [
    ses(_tagged("t1", "2026-05-01T00:00", {"id": "4", "color": "red,blue"}), "send"),
    pinpoint(_tagged("t2", "2026-05-01T23:59:59.999", {}, {"id": "4"}), "send"),
    pinpoint(_tagged("t3", "2026-05-01T10:00", {"id": "5"}, {"id": "4"}), "send"),  # attributes over context
    pinpoint(_T4, "send"),
    pinpoint(_tagged("t4", "2026-05-01T10:00", {"id": "4"}), "open", at("2026-05-01T11:00")),  # not the send
    pinpoint(_tagged("t5", "2026-05-01T10:00", {"id": "5"}, {"Id": "4"}), "send"),
    ses(_tagged("t6", "2026-04-30T23:59:59.999", {"id": "4"}), "send"),
    ses(_tagged("t7", "2026-05-02T00:00", {"id": "4"}), "send"),
    ses(_tagged("t8", "2026-05-01T10:00", {"ID": "4"}), "send"),
]


def _count(what: str, tag: str, sends: int) -> Hand:
    return Hand("send-count-by-tag", what, "2026-05-01", "2026-05-02", {"tag": tag}, _TAGS, [{"sends": sends}])


_TWO = _mail("two", "2026-04-24T10:00", "Kim", "lou")
_SOON = _mail("soon", "2026-04-25T10:00", "kim")
_NAMED: list[Json] = [
    ses(_TWO, "send"),
    ses(_mail("two", "2026-04-24T10:00", "KIM"), "delivered", at("2026-04-24T10:00:09")),
    ses(_mail("two", "2026-04-24T10:00", "lou"), "delivered", at("2026-04-24T10:00:11")),
    ses(_SOON, "send"),
    received(ses(_SOON, "delivered", _SOON.sent), at("2026-04-25T11:00")),  # within the millisecond of its send
]
_UNNAMED: list[Json] = [
    ses(_mail("some", "2026-04-27T10:00", "kim", "lou"), "send"),
    ses(_mail("some", "2026-04-27T10:00"), "delivered", at("2026-04-27T10:00:09")),
    ses(_mail("some", "2026-04-27T10:00", "lou", "max"), "delivered", at("2026-04-27T10:00:11")),
]


CASES = (
    Hand(
        "address-engagement",
        "a delivery counts for the addresses that it names, in any case, at its own time",
        "2026-04-24",
        "2026-04-26",
        {"min-sends": 1, "known-for": "1h"},
        _NAMED,
        [
            _address("kim", 2, "25T10:00:00", "24T10:00:09", None),
            _address("lou", 1, "24T10:00:11", "24T10:00:11", None),
        ],
    ),
    Hand(
        "address-engagement",
        "a delivery that names nobody is one to all of the message's addresses",
        "2026-04-27",
        "2026-04-28",
        {"min-sends": 1, "known-for": "1h"},
        _UNNAMED,
        [
            _address("kim", 1, "27T10:00:09", "27T10:00:09", None),
            _address("lou", 1, "27T10:00:11", "27T10:00:09", None),
        ],
    ),
    Hand(
        "address-engagement",
        "deliveries and engagement of the addresses with enough messages that are known for long enough",
        "2026-04-01",
        "2026-04-11",
        {"min-sends": 2, "known-for": "2d"},
        _ADDRESSES,
        [
            _address("ada", 3, "06T10:00:11", "02T10:00:05", "05T08:00:00"),
            _address("bob", 2, "10T10:00:00", "06T10:00:09", None),
            _address("cyd", 2, "09T12:01:00", "09T00:00:00", None),
        ],
    ),
    Hand(
        "address-engagement",
        "a delivery that was filed before its message's send counts",
        "2026-04-21T10:00",
        "2026-04-22",
        {"min-sends": 1, "known-for": "1h"},
        [
            pinpoint(_mail("jo", "2026-04-21T10:30", "jo"), "send"),
            pinpoint(_mail("jo", "2026-04-21T10:30", "jo"), "delivered", at("2026-04-20T10:00")),
        ],
        [_address("jo", 1, "20T10:00:00", "20T10:00:00", None)],
    ),
    _count("the send's own tags, and the context of Pinpoint under them", "id=4", 2),  # t1 and t2
    _count("a key in capitals is looked up so, then in lower case", "Id=4", 3),  # t5, and t1 and t2
    _count("several values of one tag", "color=red,blue", 1),
    _count("one value of a tag that has several", "color=red", 1),
    _count("the last value of a tag that has several", "color=blue", 1),
    _count("a part of a value is another value", "color=blu", 0),
    _count("nothing sent with a tag is a count of nothing", "id=6", 0),
)
