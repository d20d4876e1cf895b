"""The function that Firehose invokes with each batch: records in, rows of ``all_events`` and statuses out.

Firehose's contract (developer guide, "Transform source data"): every ``recordId`` is answered once, with ``Ok`` and
the record's rows, ``Dropped`` or ``ProcessingFailed``, in at most 6 MB. Here

- a record that held nothing but test pings is ``Dropped``;
- a record in which anything could not be read is ``ProcessingFailed``, so that Firehose keeps it whole under
  ``errors/``; the rows of what could be read beside it go back to the stream; so is a record that takes more than its
  share of the function's memory or time, and one that meets a bug, without any rows;
- rows that do not fit in the answer go back to the stream and pass unchanged the next time; their record is
  ``Dropped`` once all of them were put, else ``ProcessingFailed``.

A status that cannot be written to the table never costs an event: it is kept under ``errors/status/``, and such a line
may be put to the stream. Where the status of such a line can be written to neither table nor bucket, its record is
``ProcessingFailed``, because no row repeats it.
"""

from __future__ import annotations

import base64
import json
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from due_cli.aws.pipeline import environment
from due_cli.aws.pipeline.environment import Deadline, client
from due_cli.aws.pipeline.records import ReadingLimits, StreamRecord, read_stream_record
from due_cli.aws.pipeline.status_store import Outcome, StatusStore
from due_cli.aws.pipeline.stream_limits import pack_rows, put
from due_cli.events.status import Status
from due_cli.events.status_codec import encode_record

OK, DROPPED, FAILED = "Ok", "Dropped", "ProcessingFailed"
_MAX_ANSWER = 6_000_000  # bytes; Lambda's own limit is a little above
_OVERHEAD = 80  # bytes of an answer beside its recordId and data
_STATUS_KEY = "errors/status/%Y/%m/%d/%H"
# Of the function's memory: what one record and all of a batch may unpack to, which costs several times as much.
_RECORD_SHARE, _BATCH_SHARE = 32, 8
_TIME_SHARE = 3  # of the function's time: what the reading of one record may take

Answer = dict[str, str]


def handler(event: dict[str, Any], context: Any) -> dict[str, list[Answer]]:
    """Answer a batch: ``{"records": [{"recordId", "result", "data"}]}``.

    Raises :class:`EnvironmentVariableError` where the function is not configured; Firehose then retries and finally
    keeps the whole batch under ``errors/``.
    """
    table, bucket = environment.text(environment.STATUS_TABLE), environment.text(environment.BUCKET)
    days, stream = environment.days(environment.STATUS_DAYS), environment.text(environment.STREAM)
    deadline = Deadline(context)
    readings = _read(event["records"], deadline)
    log: dict[str, Any] = {"function": "transform", **_counts(readings)}

    statuses = [status for reading in readings for status in reading.statuses]
    lost: set[str] = set()
    if statuses:
        outcome = _merge(StatusStore(client("dynamodb"), table, days, deadline), statuses)
        kept = _keep(bucket, outcome.refused) if outcome.refused else True
        lost = set() if kept else {status.message_id for status in outcome.refused}
        log["statuses"] = {**outcome._asdict(), "refused": len(outcome.refused), "kept": kept}

    # Rows are put last: a batch that runs out of time before is retried as if nothing had been put.
    answers, returning = _answers(event["records"], readings, lost)
    if returning:
        log["returned"] = _return(stream, answers, readings, returning, deadline)
    log["answers"] = Counter(answer["result"] for answer in answers)
    sys.stdout.write(json.dumps(log) + "\n")
    sys.stdout.flush()
    return {"records": answers}


def _read(records: list[dict[str, Any]], deadline: Deadline) -> list[StreamRecord]:
    """Read the records, each within its share of the function's memory and time."""
    memory, seconds = environment.memory(), deadline.left() / _TIME_SHARE
    left = memory // _BATCH_SHARE
    readings: list[StreamRecord] = []
    for record in records:
        limits = ReadingLimits(min(memory // _RECORD_SHARE, max(left, 0)), seconds)
        readings.append(read_stream_record(record, limits))
        left -= sum(map(len, readings[-1].lines))
    return readings


def _answers(
    records: list[dict[str, Any]], readings: list[StreamRecord], lost: set[str]
) -> tuple[list[Answer], list[int]]:
    """The answers, and the numbers of the records whose rows must go back to the stream.

    Such a record is ``ProcessingFailed`` until its rows were put. ``lost`` are the messages whose statuses could not be
    written: a record that holds such a status and no row is its only copy.
    """
    answers: list[Answer] = []
    returning: list[int] = []
    size = sum(len(record["recordId"]) + _OVERHEAD for record in records)
    for number, (record, reading) in enumerate(zip(records, readings, strict=True)):
        answer = {"recordId": record["recordId"], "result": FAILED}
        length = sum(map(len, reading.lines))
        data_size = (length + 2) // 3 * 4
        if not reading.lines:
            needed = reading.unreadable or any(status.message_id in lost for status in reading.statuses)
            answer["result"] = FAILED if needed else DROPPED
        elif reading.unreadable or size + data_size > _MAX_ANSWER:
            returning.append(number)
        else:
            size += data_size
            answer["result"] = OK
            answer["data"] = base64.b64encode(b"".join(reading.lines)).decode("ascii")
        answers.append(answer)
    return answers, returning


def _return(
    stream: str, answers: list[Answer], readings: list[StreamRecord], returning: list[int], deadline: Deadline
) -> dict[str, Any]:
    """Put the rows of some records to the stream; those whose rows were all put become ``Dropped``."""
    packed, lost = pack_rows((number, line) for number in returning for line in readings[number].lines)
    refused, codes = put(client("firehose"), stream, packed, deadline)
    lost.update(*(record.owners for record in refused))
    for number in returning:
        if number not in lost and not readings[number].unreadable:
            answers[number]["result"] = DROPPED
    return {"records": len(returning), "parcels": len(packed), "refused": len(refused), "codes": codes}


def _merge(store: StatusStore, statuses: list[Status]) -> Outcome:
    """Merge statuses into the table; a bug there makes them refused, and costs no event."""
    try:
        return store.merge(statuses)
    except Exception as bug:
        return Outcome(0, 0, 0, Counter([type(bug).__name__]), statuses)


def _keep(bucket: str, refused: list[Status]) -> bool:
    """Write statuses to S3 for replay; False where that fails, whatever the reason.

    That must not fail the batch: those of rows can be computed again, and a record without rows stays.
    """
    key = f"{datetime.now(UTC).strftime(_STATUS_KEY)}/{uuid.uuid4()}.jsonl"
    try:
        body = b"".join(map(encode_record, refused))
        client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson")
    except Exception:
        return False
    return True


def _counts(readings: list[StreamRecord]) -> dict[str, Any]:
    """Numbers only: the reason of a failure quotes the record, which holds addresses."""
    return {
        "batch": len(readings),
        "records": sum(reading.records for reading in readings),
        "rows": sum(len(reading.lines) for reading in readings),
        "unreadable": sum(reading.unreadable for reading in readings),
        "bugs": Counter(bug for reading in readings for bug in reading.bugs),
    }
