"""The partitions of the table: the hour of an object, the hour as Glue stores it, where the partition of an hour is.

Whoever writes an object of an hour asks for its partition's location (:func:`partition_locations`), which may
be elsewhere than under ``events/``, writes it there, and creates the missing (:func:`create_partitions`).

Sources: AWS Glue web API reference, BatchCreatePartition (100 partitions a call) and BatchGetPartition (1,000, of which
some may be left unprocessed).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

EXISTS = "AlreadyExistsException"
_PARTITIONS_A_CALL = 100
_PARTITIONS_A_READ = 1000
_SPELLINGS = ("", ".0")  # the archived AWS solution wrote 2020-05-01 00:00:00.0
_HOUR = re.compile(r"events/(\d{4})/(\d\d)/(\d\d)/(\d\d)/[^/]")


def partition_of(hour: str, bucket: str, descriptor: dict[str, Any]) -> dict[str, Any]:
    """The partition of an hour, with the table's own storage descriptor."""
    moment = datetime.fromisoformat(hour)
    location = f"s3://{bucket}/events/{moment:%Y/%m/%d/%H}/"
    return {"Values": [hour], "StorageDescriptor": {**descriptor, "Location": location}}


def partition_locations(glue: Any, database: str, table: str, hours: Iterable[str]) -> dict[str, str]:
    """The location (an S3 URI that ends in a slash) of the partition of each hour that has one."""
    locations: dict[str, str] = {}
    values = [f"{hour}{spelling}" for hour in hours for spelling in _SPELLINGS]
    while values:
        asked = [{"Values": [value]} for value in values[:_PARTITIONS_A_READ]]
        response = glue.batch_get_partition(DatabaseName=database, TableName=table, PartitionsToGet=asked)
        for partition in response.get("Partitions", ()):
            hour = partition["Values"][0].removesuffix(".0")
            locations[hour] = partition["StorageDescriptor"]["Location"].rstrip("/") + "/"
        unprocessed = [entry["Values"][0] for entry in response.get("UnprocessedKeys", ())]
        values = [*values[_PARTITIONS_A_READ:], *unprocessed]
    return locations


def create_partitions(
    glue: Any, database: str, table: str, bucket: str, hours: Sequence[str], descriptor: dict[str, Any]
) -> dict[str, str]:
    """Create the partitions of hours; return Glue's error code for each hour whose partition it did not create.

    The code is ``EXISTS`` for one that exists already.
    """
    errors: dict[str, str] = {}
    for start in range(0, len(hours), _PARTITIONS_A_CALL):
        response = glue.batch_create_partition(
            DatabaseName=database,
            TableName=table,
            PartitionInputList=[
                partition_of(hour, bucket, descriptor) for hour in hours[start : start + _PARTITIONS_A_CALL]
            ],
        )
        for error in response.get("Errors", ()):
            errors[error["PartitionValues"][0]] = error.get("ErrorDetail", {}).get("ErrorCode", "no code")
    return errors


def hour_text(key: str) -> str | None:
    """``2026-11-22 03:00:00`` of a key under ``events/2026/11/22/03/``; None for any other key."""
    match = _HOUR.match(key)
    if match is None:
        return None
    try:
        moment = datetime(*map(int, match.groups()))  # type: ignore[arg-type]  # four groups, so no tzinfo
    except ValueError:
        return None
    return f"{moment:%Y-%m-%d %H}:00:00"
