"""The raw records of the month by route, and the files that they are written to, with the wrappers of their route."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from random import Random
from typing import TypeVar

from due_cli.demo.clock import DAY, SECOND
from due_cli.demo.shop import SCENARIO, SHOP
from due_cli.demo.templates import WRAPPERS, Record, compact_json, render, text_id

_PROGRESS_STEP = 1000
_FIREHOSE_BATCH, _KINESIS_BATCH, _QUEUE_BATCH = 200, 100, 10
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """The text of one record, when it was published and when it arrived where the file is written.

    A record that is not ``repeatable`` is never delivered twice, so that the counts of a month stay simple.
    """

    text: bytes
    published: int
    arrived: int
    repeatable: bool = True


class Outbox:
    """The raw records of each route. What would be published after ``until`` has not happened yet and is left out."""

    def __init__(self, rng: Random, until: int, progress: Callable[[int], None] | None) -> None:
        self.routes: dict[str, list[RawRecord]] = {}
        self.count = 0
        self._rng = rng
        self._until = until
        self._progress = progress

    def add(self, route: str, at: int, record: Record) -> None:
        """Publish a record on a route; it arrives within a few seconds."""
        if at <= self._until:
            arrived = min(at + 200 + int(self._rng.random() * 4 * SECOND), self._until)
            self.add_raw(route, RawRecord(compact_json(record).encode(), at, arrived))

    def add_raw(self, route: str, record: RawRecord) -> None:
        """Add a raw record as it is, as a repeated delivery does."""
        self.routes.setdefault(route, []).append(record)
        self.count += 1
        if self._progress is not None and self.count % _PROGRESS_STEP == 0:
            self._progress(self.count)


def write_files(folder: Path, routes: Mapping[str, Sequence[RawRecord]]) -> tuple[Path, ...]:
    """Write the records of each route in the order of their arrival; the paths, sorted."""
    written = []
    for route, (pattern, wrapper, *name) in SCENARIO["routes"].items():
        ordered = sorted(routes.get(route, ()), key=lambda record: record.arrived)
        files: dict[str, list[RawRecord]] = {}
        for day, records in groupby(ordered, lambda record: record.arrived // DAY):
            path = datetime.fromtimestamp(day * DAY / 1000, UTC).strftime(pattern)
            files.setdefault(path, []).extend(records)
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_WRAPPERS[wrapper](content, *name))
            written.append(file)
    return tuple(sorted(written))


def _lines(records: Sequence[RawRecord]) -> bytes:
    return b"".join(record.text + b"\n" for record in records)


def _gzip_lines(records: Sequence[RawRecord]) -> bytes:
    return gzip.compress(_lines(records), 3, mtime=0)  # a time would make each run's bytes differ


def _concatenated(records: Sequence[RawRecord]) -> bytes:
    """One record after the other with nothing between them, as some consumers of a stream store it."""
    return b"".join(record.text for record in records)


def _indented_array(records: Sequence[RawRecord]) -> bytes:
    """A JSON array as a person or a script saves it."""
    return json.dumps([json.loads(record.text) for record in records], indent=2, ensure_ascii=False).encode() + b"\n"


def _sns(records: Sequence[RawRecord], topic: str) -> bytes:
    """What an HTTP subscriber of an SNS topic received, one request a line."""
    return _json_lines(_notification(record, topic) for record in records)


def _sns_lambda(records: Sequence[RawRecord], topic: str) -> bytes:
    """The events of a function that subscribes to an SNS topic, one a line; functions get ``SigningCertUrl``."""

    def event(record: RawRecord) -> Record:
        notification = {key.replace("URL", "Url"): value for key, value in _notification(record, topic).items()}
        values = {"subscription": text_id(topic.encode()), "notification": notification}
        return _wrapped("SNS in a function's event", topic, values)

    return _json_lines(map(event, records))


def _sqs(records: Sequence[RawRecord], topic: str) -> bytes:
    """The events of a function that reads an SQS queue, which subscribes to an SNS topic."""

    def message(record: RawRecord) -> Record:
        body = compact_json(_notification(record, topic)).encode()
        receipt = base64.b64encode(hashlib.sha256(body).digest()).decode()
        return {"id": text_id(body), "receipt": receipt, "body": body.decode(), "arrived": record.arrived}

    batches = _batches(map(message, records), _QUEUE_BATCH)
    return _json_lines(_wrapped("SQS", topic, {"messages": batch}) for batch in batches)


def _firehose(records: Sequence[RawRecord], stream: str, *, compress: bool = False) -> bytes:
    """The events of a Firehose stream's transformation function; the data of each record may be gzipped."""

    def event(batch: Sequence[RawRecord]) -> Record:
        return _wrapped(
            "Firehose", stream, {"invocation": text_id(batch[0].text), "records": [values(record) for record in batch]}
        )

    def values(record: RawRecord) -> Record:
        data = gzip.compress(record.text, 3, mtime=0) if compress else record.text + b"\n"
        record_id = hashlib.sha256(record.text).hexdigest()[:40]
        return {"id": record_id, "arrived": record.arrived, "data": base64.b64encode(data).decode()}

    return _json_lines(map(event, _batches(records, _FIREHOSE_BATCH)))


def _kinesis(records: Sequence[RawRecord], stream: str) -> bytes:
    """The events of a function that reads a Kinesis data stream."""

    def values(record: RawRecord) -> Record:
        record_id = text_id(record.text)
        sequence = str(int(record_id.replace("-", ""), 16))
        data = base64.b64encode(record.text).decode()
        return {"id": record_id, "sequence": sequence, "data": data, "arrived_seconds": record.arrived / 1000}

    batches = _batches(map(values, records), _KINESIS_BATCH)
    return _json_lines(_wrapped("Kinesis", stream, {"records": batch}) for batch in batches)


def _firehose_failures(records: Sequence[RawRecord]) -> bytes:
    """The objects that Firehose writes under its error prefix for records that a function could not transform."""
    error = {"error_code": "Lambda.FunctionTimedOut", "error_message": "The Lambda function timed out."}

    def values(record: RawRecord) -> Record:
        data = base64.b64encode(record.text).decode()
        return {**error, "published": record.published, "ended": record.arrived, "data": data}

    return _json_lines(_wrapped("Firehose failure", "transform", values(record)) for record in records)


_WRAPPERS: Mapping[str, Callable[..., bytes]] = {
    "lines": _lines,
    "gzip lines": _gzip_lines,
    "concatenated": _concatenated,
    "indented array": _indented_array,
    "SNS": _sns,
    "SNS in a function's event": _sns_lambda,
    "SQS": _sqs,
    "Firehose": _firehose,
    "gzip in Firehose": partial(_firehose, compress=True),
    "Firehose failure": _firehose_failures,
    "Kinesis": _kinesis,
}


def _notification(record: RawRecord, topic: str) -> Record:
    values = {"id": text_id(record.text), "text": record.text.decode(), "published": record.published}
    return _wrapped("SNS", topic, values)


def _wrapped(template: str, name: str, values: Record) -> Record:
    """A wrapper of the topic, stream or function of a name."""
    wrapped: Record = render(WRAPPERS[template], {**SHOP, "name": name, **values})
    return wrapped


def _json_lines(records: Iterable[Record]) -> bytes:
    return b"".join(compact_json(record).encode() + b"\n" for record in records)


def _batches(records: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(records)
    while batch := list(islice(remaining, size)):
        yield batch
