"""The partitions of the table: the hour of an object, the hour as Glue stores it, and the calls that create them.

Source: AWS Glue web API reference, BatchCreatePartition (100 partitions a call).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

EXISTS = "AlreadyExistsException"
_PARTITIONS_A_CALL = 100
_HOUR = re.compile(r"events/(\d{4})/(\d\d)/(\d\d)/(\d\d)/[^/]")


def partition_of(hour: str, bucket: str, descriptor: dict[str, Any]) -> dict[str, Any]:
    """The partition of an hour, with the table's own storage descriptor."""
    moment = datetime.fromisoformat(hour)
    location = f"s3://{bucket}/events/{moment:%Y/%m/%d/%H}/"
    return {"Values": [hour], "StorageDescriptor": {**descriptor, "Location": location}}


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
