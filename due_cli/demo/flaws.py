"""What every archive has too: records delivered twice, pings that mean nothing, and records that no one can read."""

from __future__ import annotations

import gzip
from dataclasses import replace

from due_cli.demo import pinpoint
from due_cli.demo.clock import HOUR, MINUTE
from due_cli.demo.outbox import Parcel, encoded
from due_cli.demo.routes import ALSO
from due_cli.demo.scene import Scene
from due_cli.events.times import iso

_SHARE_ELSEWHERE = 0.3
_TOPIC_PING = b"Successfully validated SNS topic for Amazon SES event publishing."


def repeat(scene: Scene, number: int) -> None:
    """Deliver ``number`` records once more, each a little later and some by another way."""
    pool = [
        (route, parcel)
        for route, parcels in scene.outbox.parcels.items()
        for parcel in parcels
        if not parcel.flawed and parcel.arrived < scene.clock.until - MINUTE
    ]
    for route, parcel in scene.rng.sample(pool, number):
        later = parcel.arrived + MINUTE + int(scene.rng.expovariate(1 / (2 * HOUR)))
        again = replace(parcel, arrived=min(later, scene.clock.until))
        elsewhere = scene.rng.random() < _SHARE_ELSEWHERE
        scene.outbox.put_parcel(ALSO.get(route, route) if elsewhere else route, again)


def pings(scene: Scene) -> int:
    """What services write to try a stream or a topic; how many."""
    subscribed = {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "The topic is subscribed."}
    at = scene.clock.since + 5 * MINUTE
    sent = [
        ("pinpoint", encoded(pinpoint.stream_test(at))),
        ("pinpoint-kinesis", encoded(pinpoint.stream_test(at))),
        ("ses-feedback", encoded(subscribed)),
        ("ses-lambda", _TOPIC_PING),
    ]
    for route, text in sent:
        scene.outbox.put_parcel(route, Parcel(text, at, at, flawed=True))
    return len(sent)


def unreadable(scene: Scene) -> int:
    """Records that cannot become rows, each for a reason of its own; how many."""
    flawed = [*_broken_texts(scene), *_broken_records(scene), *_broken_wrappers()]
    for route, text in flawed:
        at = scene.clock.moment()
        scene.outbox.put_parcel(route, Parcel(text, at, at, flawed=True))
    return len(flawed)


def _broken_texts(scene: Scene) -> list[tuple[str, bytes]]:
    """What is not JSON: records cut off, bytes of something else, a number that JSON does not have."""
    at = scene.clock.settled()
    whole = encoded(pinpoint.stream_test(at))
    purchase = b'{"event_type":"purchase","event_timestamp":%d,"metrics":{"amount":NaN}}' % at
    return [
        ("ses", b'{"eventType":"Delivery","mail":{"timestamp":"%s' % iso(at)[:15].encode()),
        ("pinpoint", whole[: len(whole) * 2 // 3]),
        ("sms", bytes(range(0x80, 0xB0))),
        ("pinpoint", purchase),
    ]


def _broken_records(scene: Scene) -> list[tuple[str, bytes]]:
    """JSON that lacks what makes it a record, or has it in a form that says nothing."""
    at = scene.clock.settled()
    mail = {"messageId": "0100018c-flawed-000000", "destination": ["ada.1@example.com"]}
    records: list[tuple[str, object]] = [
        ("lines", {"level": "info", "message": "mail queue is empty", "time": at}),
        ("ses-feedback", {"notificationType": "Delivery", "delivery": {"timestamp": at}}),
        ("ses", {"eventType": "Send", "mail": {**mail, "timestamp": "0001-01-01T00:00:00.000Z"}, "send": {}}),
        ("ses", {"eventType": ["Send"], "mail": {**mail, "timestamp": at}}),
        ("pinpoint", {"event_type": "_session.start", "event_timestamp": {"value": at}}),
        ("pinpoint", {"event_type": "_email.open", "event_timestamp": at, "arrival_timestamp": at + MINUTE}),
        ("sms", {"eventType": "TEXT_DELIVERED", "eventTimestamp": at, "messageStatus": "DELIVERED"}),
        ("whatsapp", {"whatsAppWebhookEntry": "{broken", "message_timestamp": at}),
        ("lines", {"Type": "SubscriptionConfirmation", "Token": "EXAMPLE", "TopicArn": "arn", "Message": "confirm"}),
    ]
    return [(route, encoded(record)) for route, record in records]


def _broken_wrappers() -> list[tuple[str, bytes]]:
    """Data that a stream carried and that cannot be unpacked."""
    half = gzip.compress(b'{"eventType":"TEXT_DELIVERED"}' * 9, mtime=0)[:-20]
    not_base64 = {"records": [{"recordId": "1", "approximateArrivalTimestamp": 0, "data": "%%%"}]}
    return [
        ("ses-errors", half),
        ("lines", encoded({"invocationId": "1", **not_base64})),
    ]
