"""Which way each kind of event takes to a file, and where that file stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from due_cli.demo import wrappers
from due_cli.demo.clock import DAY
from due_cli.demo.outbox import Parcel


@dataclass(frozen=True, slots=True)
class Route:
    """A pattern of the day of arrival (strftime, UTC) that names the file, and the wrapper of its records."""

    path: str
    wrap: wrappers.Wrapper


ROUTES: dict[str, Route] = {
    "pinpoint": Route("pinpoint/%Y-%m-%d.ndjson.gz", wrappers.zipped),
    "pinpoint-past": Route("pinpoint/archive-%Y-%m.ndjson.gz", wrappers.zipped),
    "pinpoint-app": Route("pinpoint/app-events.json", wrappers.run_together),
    "pinpoint-kinesis": Route("lambda/journey-stream.ndjson", wrappers.kinesis("journey")),
    "ses": Route("ses/orders-%G-W%V.ndjson", wrappers.lines),
    "ses-export": Route("ses/invoices.json", wrappers.pretty),
    "ses-firehose": Route("firehose/stock-mails.ndjson", wrappers.firehose("stock-mails")),
    "ses-lambda": Route("lambda/account-mails.ndjson", wrappers.lambda_notifications("account-mails")),
    "ses-queue": Route("sqs/parcel-mails.ndjson", wrappers.queue("parcel-mails")),
    "ses-feedback": Route("sns/service-feedback.ndjson", wrappers.notifications("service-feedback")),
    "ses-bus": Route("eventbridge/review-mails.ndjson", wrappers.lines),
    "ses-bus-topic": Route("sns/gift-mails.ndjson", wrappers.notifications("gift-mails")),
    "ses-errors": Route("errors/processing-failed-%Y-%m.ndjson", wrappers.leftovers),
    "sms": Route("sms/notices-%G-W%V.ndjson", wrappers.lines),
    "sms-firehose": Route("firehose/pickup-texts.ndjson", wrappers.firehose("pickup-texts", compress=True)),
    "sms-bus": Route("eventbridge/calls.ndjson", wrappers.lines),
    "sms-inbound": Route("sns/replies.ndjson", wrappers.notifications("replies")),
    "whatsapp": Route("whatsapp/notifications.ndjson", wrappers.lines),
    "whatsapp-topic": Route("sns/whatsapp.ndjson", wrappers.notifications("whatsapp")),
    "whatsapp-bus": Route("eventbridge/whatsapp.ndjson", wrappers.lines),
    "lines": Route("errors/unsorted.ndjson", wrappers.lines),
}

# Where a second delivery of the same record may turn up. A record on a bus or of an inbound message says less than
# its wrapper, so that a repetition repeats the wrapper too and stays on its route.
ALSO = {
    "pinpoint": "pinpoint-kinesis",
    "pinpoint-kinesis": "pinpoint",
    "ses": "ses-firehose",
    "ses-firehose": "ses",
    "ses-lambda": "ses-queue",
    "ses-queue": "ses-lambda",
    "sms": "sms-firehose",
    "sms-firehose": "sms",
    "whatsapp": "whatsapp-topic",
    "whatsapp-topic": "whatsapp",
}


def write_files(folder: Path, parcels: Mapping[str, Sequence[Parcel]]) -> tuple[Path, ...]:
    """Write the parcels of each route in the order of their arrival; the paths, sorted."""
    written = []
    for name, route in ROUTES.items():
        ordered = sorted(parcels.get(name, ()), key=lambda parcel: parcel.arrived)
        for path, group in groupby(ordered, _Namer(route.path)):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(route.wrap(list(group)))
            written.append(file)
    return tuple(sorted(written))


class _Namer:
    """The file of a parcel; the pattern is filled in once a day, not once a parcel."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._names: dict[int, str] = {}

    def __call__(self, parcel: Parcel) -> str:
        day = parcel.arrived // DAY
        if day not in self._names:
            self._names[day] = datetime.fromtimestamp(day * DAY / 1000, UTC).strftime(self._pattern)
        return self._names[day]
