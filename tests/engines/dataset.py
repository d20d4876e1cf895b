"""One database with everything in it that the engines could see differently.

Half of its messages came through ``due ingest``; the other half lies there as the AWS solution left it, without due's
columns, keys in lower case, lists and maps in Hive's layout, some of it from before fields were added to the schema.
Some messages have events on both sides. Beside them: every kind of record, custom events, and rows that lack
everything that a row can lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import pyarrow.parquet as pq

from due_cli.events.merging import merge_rows
from due_cli.events.model import Envelope, Json, Row
from tests.events.records import pinpoint_email
from tests.events.samples import SAMPLES, TOPIC, Sample
from tests.events.wrapping import event_bridge, sns
from tests.local.foreign_files import OWN_COLUMNS, without, without_values, write
from tests.local.parquet_layouts import HIVE, Layout
from tests.queries import data
from tests.queries.conftest import SEED
from tests.queries.filing import adopted, filed, ingested, lowered
from tests.queries.reference import Filed

BLANK_HOUR = datetime(2026, 7, 1, 5)
BLANK_ADDRESS = "Blank@example.com"
CUSTOM_TYPE = "shop's purchase"
CHECKOUT = "checkout 100%"

# What the first generation of the schema did not have; no report reads it.
_MAIL_EVENT = "facets.email_channel.mail_event"
_ADDED_LATER = (
    "session",
    "client.cognito_id",
    f"{_MAIL_EVENT}.mail.headers_truncated",
    f"{_MAIL_EVENT}.delivery.processing_time_millis",
    f"{_MAIL_EVENT}.bounce.bounce_sub_type",
    f"{_MAIL_EVENT}.bounce.bounced_recipients.diagnostic_code",
    f"{_MAIL_EVENT}.complaint.complaint_feedback_type",
    f"{_MAIL_EVENT}.click.link_tags",
)
_KINDS = (
    *(f"_email.{kind}" for kind in "send delivered open click unsubscribe rejected complaint".split()),
    *("_email.hardbounce", "_email.softbounce", "_campaign.send", "_journey.send"),
    *(f"_SMS.{kind}" for kind in "BUFFERED SUCCESS FAILURE OPTOUT".split()),
    *(CUSTOM_TYPE, CHECKOUT),
)


@dataclass(frozen=True, slots=True)
class Rich:
    """The database, the events that the reports are computed from, and every row that its files hold."""

    database: Path
    events: list[Filed]
    rows: list[Filed]


def rich(place: Path, work: Path) -> Rich:
    """The database with everything, in ``place``."""
    random = Random(SEED)
    new, old = list[Json](), list[Json]()
    for record in data.week(SEED):
        side = random.random()
        if side < 0.55:
            new.append(record)
        if side > 0.5:
            old.append(record)
    like = ingested(work / "example", new[:20])
    events = [lowered(event) for event in data.refiled(SEED, filed(old))]
    half = sorted(event.hour for event in events)[len(events) // 2]
    first = [event for event in events if event.hour < half]
    second = [event for event in events if event.hour >= half]
    shop = [lowered(event) for event in filed(custom_events())]
    rows = list[Filed]()
    for name, part, missing in (
        ("first", [*first, *blanks()], _ADDED_LATER),
        ("second", [*second, *shop, *blanks()], ()),
    ):
        source = adopted(work / name, part, like)
        for file in sorted((source / "events").rglob("*.parquet")):
            write(pq.read_table(file, partitioning=None), _moved(file, source, place), without(*missing), HIVE)
        rows += [_of_aws(event, missing) for event in part]
    own = [*samples(), *custom_events(), *checkouts()]
    database = ingested(place, *data.files_with_duplicates(SEED, new), own, by_hour=True)
    return Rich(database, [*filed(new), *events, *blanks()], [*rows, *_merged(filed([*new, *own]))])


def _merged(events: list[Filed]) -> list[Filed]:
    """Each event once, as ``due ingest`` keeps it: several services tell of some."""
    merged: dict[str, Filed] = {}
    for event in events:
        known = merged.setdefault(event.row["event_id"], event)
        merged[event.row["event_id"]] = Filed(merge_rows(known.row, event.row), min(known.hour, event.hour))
    return list(merged.values())


def _of_aws(event: Filed, missing: Sequence[str]) -> Filed:
    """An event as far as a schema of the AWS solution's table holds it."""
    row: Any = {name: value for name, value in event.row.items() if name not in OWN_COLUMNS}
    return Filed(cast("Row", without_values(row, *missing)), event.hour)


def samples() -> list[Json]:
    """A record of every kind, in what it needs around it."""
    return [
        *(_wrapped(sample) for sample in SAMPLES),
        pinpoint_email("_email.softbounce", facets=_bounce("Transient")),
    ]


def custom_events() -> list[Json]:
    """Events of an app's own, with attributes and metrics."""
    return [
        _custom(CUSTOM_TYPE, {"Currency": "EUR", "item": "shoe", "it's": "100% :x"}, {"Amount": 12.5, "pieces": 2}),
        _custom(CUSTOM_TYPE, {"item": "Größe; '", 'say "hi" {x}; --': "hi", "a=b": "c"}, {"pieces": 1e-7}),
        _custom(CUSTOM_TYPE, {}, {}),
    ]


def checkouts() -> list[Json]:
    """An event that has no attributes, only a metric."""
    return [_custom(CHECKOUT, {}, {"Größe.mm": 4.5})]


def blanks() -> list[Filed]:
    """Rows of every type that lack everything, and rows in which what holds something else holds nothing.

    The reference knows them by an id and a time of their own, which the files do not have.
    """
    mail: dict[str, Any] = {
        "message_id": "blank",
        "message_send_timestamp": None,
        "destination": [],
        "common_headers": None,
    }
    nobody: dict[str, Any] = {"bounce": {"bounced_recipients": []}, "complaint": {"complained_recipients": []}}
    unnamed = {"email_address": None, "action": None, "status": None, "diagnostic_code": None}
    somebody: dict[str, Any] = {
        "bounce": {"bounced_recipients": [unnamed]},
        "complaint": {"complained_recipients": [unnamed]},
    }
    timeless: dict[str, Any] = {"mail": {"message_id": "timeless", "destination": [BLANK_ADDRESS]}}
    shapes: tuple[dict[str, Any], ...] = (
        {},
        {"attributes": {}, "client_context": {}, "facets": {"email_channel": {"mail_event": nobody}}},
        {
            "event_timestamp": 0,
            "occurred_at": 0,
            "attributes": {"campaign_id": None, "customer_context": None, "message_id": None},
            "client_context": {"custom": {}},
            "facets": {"email_channel": {"mail_event": {"mail": mail, **somebody}}},
        },
        {
            "event_timestamp": -1,
            "occurred_at": -1,
            "arrival_timestamp": 1,
            "attributes": {"message_id": "blank", "customer_context": '{"a": {"b": [1, null]}, "c": null, "d": "é"}'},
            "client_context": {"custom": {"campaign_id": None}},
        },
        {
            "attributes": {"message_id": "", "customer_context": '{"a": '},
            "facets": {"email_channel": {"mail_event": somebody}},
        },
        {"attributes": {"campaign_id": "blank"}, "facets": {"email_channel": {"mail_event": timeless}}},
        {"event_timestamp": 5, "occurred_at": 5, "facets": {"email_channel": {"mail_event": timeless}}},
    )
    kinds = [(kind, shape) for kind in (*_KINDS, None) for shape in shapes]
    rows: list[Any] = [
        {"event_id": f"blank-{number}", "event_type": kind, **shape} for number, (kind, shape) in enumerate(kinds)
    ]
    return [Filed(row, BLANK_HOUR) for row in rows]


def contexts(place: Path, work: Path, texts: Sequence[str], layout: Layout = HIVE) -> Path:
    """A database of buffered SMS messages, each with one customer context; their ids are the texts' numbers."""
    events = [
        Filed(
            {"event_type": "_SMS.BUFFERED", "attributes": {"message_id": str(number), "customer_context": text}},
            BLANK_HOUR,
        )
        for number, text in enumerate(texts)
    ]
    source = adopted(work / "contexts", events, ingested(work / "example-of-contexts", samples()[:1]))
    for file in sorted((source / "events").rglob("*.parquet")):
        write(pq.read_table(file, partitioning=None), _moved(file, source, place), layout=layout)
    return ingested(place, [])


def _moved(file: Path, source: Path, place: Path) -> Path:
    """The place of a file of another database in this one; its name stays, which is unique."""
    return place / "database" / file.relative_to(source)


def _wrapped(sample: Sample) -> Json:
    record: Json = sample.build()
    if sample.envelope == Envelope():
        return record
    if sample.envelope == TOPIC:
        return sns(record)
    return event_bridge(str(sample.envelope.bus_source), str(sample.envelope.detail_type))(record)


def _bounce(kind: str) -> Any:
    facets: Any = pinpoint_email("_email.hardbounce")["facets"]
    facets["email_channel"]["mail_event"]["bounce"]["bounce_type"] = kind
    return facets


def _custom(kind: str, attributes: dict[str, str], metrics: dict[str, float]) -> Json:
    return {
        "event_type": kind,
        "event_timestamp": 1_794_000_061_234 + len(attributes),
        "arrival_timestamp": 1_794_000_062_345,
        "application": {"app_id": "app-1"},
        "client": {"client_id": "endpoint-1"},
        "awsAccountId": "317167123431",
        "attributes": dict(attributes),
        "metrics": dict(metrics),
    }
