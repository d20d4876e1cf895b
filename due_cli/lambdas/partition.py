"""The function that S3 invokes for each new object: it creates the partition of the object's hour.

It calls Glue and not Athena, so it waits for no query and takes no place in Athena's queue. A partition that exists
counts as success, so the function may be invoked for each object, any number of times and concurrently. A permanent
failure is raised: the invocation is asynchronous, so Lambda retries twice and then sends the event to the function's
on-failure destination.

Sources: Amazon S3 user guide, "Event message structure" (keys are URL-encoded) and "EventBridge event message
structure" (they are not); AWS Glue web API reference, BatchCreatePartition (100 a call, answers 200 with ``Errors``).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from due_cli.aws.pipeline import environment, usage
from due_cli.aws.pipeline.environment import Deadline, client
from due_cli.aws.pipeline.partitions import EXISTS, create_partitions, hour_text

_ATTEMPTS = 4
_CACHE_SECONDS = 300.0  # an hour has hundreds of objects, and a partition dropped by hand must come back soon
_TRANSIENT = {
    "InternalServiceException",
    "OperationTimeoutException",
    "ConcurrentModificationException",
    "ThrottlingException",
    "ResourceNotReadyException",
}

# When this process last found that an hour has its partition: seconds of the monotonic clock by (*_Table, hour).
_confirmed: dict[tuple[str, str, str, str], float] = {}


class PartitionError(RuntimeError):
    """Partitions that could not be created: their hours, with Glue's error codes."""


class _Table(NamedTuple):
    database: str
    name: str
    bucket: str


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Create the partitions of new objects, from S3's events, direct or through EventBridge, SNS or SQS.

    Returns ``{"objects", "hours", "made"}``. Objects outside ``events/YYYY/MM/DD/HH/`` or of another bucket are
    ignored. Raises :class:`PartitionError` for partitions that could not be created,
    :class:`~due_cli.aws.pipeline.environment.EnvironmentVariableError` and what boto3 raises.
    """
    names = (environment.DATABASE, environment.TABLE, environment.BUCKET)
    table = _Table(*map(environment.text, names))
    keys = [key for bucket, key in _objects(event) if bucket == table.bucket]
    hours = sorted({hour for key in keys if (hour := hour_text(key)) is not None})
    since = time.monotonic() - _CACHE_SECONDS
    missing = [hour for hour in hours if _confirmed.get((*table, hour), since) <= since]
    codes = _create(table, missing, Deadline(context)) if missing else Counter()
    counts = {"objects": len(keys), "hours": len(hours), "made": len(missing) - codes[EXISTS]}
    sys.stdout.write(json.dumps({"function": "partition", **counts, "codes": codes}) + "\n")
    sys.stdout.flush()
    usage.send(len(keys))
    return counts


def _create(table: _Table, hours: list[str], deadline: Deadline) -> Counter[str]:
    """Create partitions, with retries after transient errors; return Glue's error codes by count."""
    glue = client("glue")
    descriptor = glue.get_table(DatabaseName=table.database, Name=table.name)["Table"]["StorageDescriptor"]
    codes: Counter[str] = Counter()
    final: dict[str, str] = {}
    for attempt in range(_ATTEMPTS):
        failed = create_partitions(glue, *table, hours, descriptor)
        codes.update(failed.values())
        now = time.monotonic()
        _confirmed.update(((*table, hour), now) for hour in hours if failed.get(hour, EXISTS) == EXISTS)
        final.update((hour, code) for hour, code in failed.items() if code not in {EXISTS, *_TRANSIENT})
        hours = [hour for hour in hours if failed.get(hour) in _TRANSIENT]
        if not hours or not deadline.pause(attempt + 1):
            break
    final.update(dict.fromkeys(hours, "tried too often"))
    if final:
        reasons = ", ".join(f"{hour} ({code})" for hour, code in sorted(final.items()))
        raise PartitionError(f"no partition of {table.database}.{table.name} for {reasons}")
    return codes


def _objects(event: Any) -> Iterator[tuple[str, str]]:
    """Bucket and key of each object of an event, however it is wrapped."""
    if not isinstance(event, dict):
        return
    if event.get("detail-type") == "Object Created":
        detail = event["detail"]
        yield detail["bucket"]["name"], detail["object"]["key"]
    elif isinstance(event.get("Message"), str):
        yield from _objects(json.loads(event["Message"]))
    elif isinstance(event.get("Sns"), dict):
        yield from _objects(event["Sns"])
    elif isinstance(event.get("body"), str):
        yield from _objects(json.loads(event["body"]))
    elif "s3" in event:
        if event.get("eventName", "").startswith("ObjectCreated:"):
            yield event["s3"]["bucket"]["name"], unquote_plus(event["s3"]["object"]["key"])
    else:
        for record in event.get("Records", ()):
            yield from _objects(record)
