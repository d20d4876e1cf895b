"""What every archive has too: records delivered twice, test records of the services, and unreadable records."""

from __future__ import annotations

import gzip
from dataclasses import replace

from due_cli.demo.builder import MonthBuilder
from due_cli.demo.clock import HOUR, MINUTE
from due_cli.demo.files import RawRecord
from due_cli.demo.records import pinpoint_event
from due_cli.demo.templates import FLAWS, compact_json, render
from due_cli.events.times import iso

_ELSEWHERE_SHARE = 0.3
_OTHER_ROUTES = (
    ("pinpoint", "pinpoint-kinesis"),
    ("ses", "ses-firehose"),
    ("ses-lambda", "ses-queue"),
    ("sms", "sms-firehose"),
    ("whatsapp", "whatsapp-topic"),
)
# Where a second delivery of the same record may turn up. A record on a bus or of an inbound message says less than its
# wrapper, so that a repetition repeats the wrapper too and stays on its route.
_OTHER_ROUTE = dict(_OTHER_ROUTES) | {other: route for route, other in _OTHER_ROUTES}


def repeat(month: MonthBuilder, number: int) -> None:
    """Deliver ``number`` records once more, each a little later and some by another route."""
    repeatable = [
        (route, record)
        for route, records in month.outbox.routes.items()
        for record in records
        if record.repeatable and record.arrived < month.clock.until - MINUTE
    ]
    for route, record in month.rng.sample(repeatable, number):
        later = record.arrived + MINUTE + int(month.rng.expovariate(1 / (2 * HOUR)))
        again = replace(record, arrived=min(later, month.clock.until))
        elsewhere = month.rng.random() < _ELSEWHERE_SHARE
        month.outbox.add_raw(_OTHER_ROUTE.get(route, route) if elsewhere else route, again)


def service_tests(month: MonthBuilder) -> int:
    """Add what services write to test a stream or a topic; how many."""
    at = month.clock.since + 5 * MINUTE
    tests = [
        ("pinpoint", _stream_test(at)),
        ("pinpoint-kinesis", _stream_test(at)),
        ("ses-feedback", compact_json(FLAWS["subscribed"]).encode()),
        ("ses-lambda", b"Successfully validated SNS topic for Amazon SES event publishing."),
    ]
    for route, text in tests:
        month.outbox.add_raw(route, RawRecord(text, at, at, repeatable=False))
    return len(tests)


def _stream_test(at: int) -> bytes:
    return compact_json(pinpoint_event("_test.event_stream", at, {"event_type": "_test.event_stream"})).encode()


def unreadable(month: MonthBuilder) -> int:
    """Add records that cannot become rows, each for a reason of its own; how many."""
    texts = [*_malformed_texts(month), *_incomplete_records(month), *_malformed_wrappers()]
    for route, text in texts:
        at = month.clock.random_time()
        month.outbox.add_raw(route, RawRecord(text, at, at, repeatable=False))
    return len(texts)


def _malformed_texts(month: MonthBuilder) -> list[tuple[str, bytes]]:
    """What is not JSON: records cut off, bytes of something else, a number that JSON does not have."""
    at = month.clock.early_time()
    whole = _stream_test(at)
    purchase = b'{"event_type":"purchase","event_timestamp":%d,"metrics":{"amount":NaN}}' % at
    return [
        ("ses", b'{"eventType":"Delivery","mail":{"timestamp":"%s' % iso(at)[:15].encode()),
        ("pinpoint", whole[: len(whole) * 2 // 3]),
        ("sms", bytes(range(0x80, 0xB0))),
        ("pinpoint", purchase),
    ]


def _incomplete_records(month: MonthBuilder) -> list[tuple[str, bytes]]:
    """JSON that lacks what makes it a record, or has it in a form that says nothing."""
    values = {"at": month.clock.early_time()}
    values["later"] = values["at"] + MINUTE
    records = render(FLAWS["records"], values)
    return [(route, compact_json(record).encode()) for route, record in records]


def _malformed_wrappers() -> list[tuple[str, bytes]]:
    """Data that a stream carried and that cannot be unpacked."""
    half = gzip.compress(b'{"eventType":"TEXT_DELIVERED"}' * 9, mtime=0)[:-20]
    not_base64 = render(FLAWS["not base64"], {})
    return [("ses-errors", half), ("lines", compact_json(not_base64).encode())]
