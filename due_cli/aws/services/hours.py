"""The hours of the table: which have objects in S3, which are partitions in Glue, and making the one as the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained, ignore_errors
from due_cli.aws.pipeline.partitions import PARTITIONS_A_CALL, hour_of, partition_of
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services import objects
from due_cli.core.errors import RefusedError

_AT_ONCE = 8
_DEPTH = 4  # year, month, day, hour
_EXISTS = "AlreadyExistsException"


@dataclass(frozen=True, slots=True)
class Stored:
    """Objects under a prefix: how many, and the newest of them; ``more`` where not all were counted."""

    count: int = 0
    newest: datetime | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition as Glue keeps it; ``hour`` is its value as due spells it, None for a value that is no hour."""

    value: str
    hour: str | None
    location: str


def hours_with_objects(aws: Aws, bucket: str, prefix: str) -> set[str]:
    """Every hour that has an object, as partitions spell it (``2026-11-22 03:00:00``).

    A page of a listing that ends within an hour is followed by one that begins after that hour, so what an hour
    holds costs at most one call, whether it is ten objects or a million.
    """
    with explained(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"):
        years = _folders(aws, bucket, prefix)
        with interruptible_pool(_AT_ONCE) as pool:
            months = [month for found in pool.map(lambda year: _folders(aws, bucket, year), years) for month in found]
            return set().union(*pool.map(lambda month: _hours_below(aws, bucket, month), months))


def newest_object(aws: Aws, bucket: str, prefix: str) -> datetime | None:
    """When the newest object of the newest hour was written; None where there is no hour."""
    with explained(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"):
        newest = _hour_folder(aws, bucket, prefix, max)
    return None if newest is None else stored_below(aws, bucket, newest).newest


def oldest_hour(aws: Aws, bucket: str, prefix: str) -> str | None:
    """The oldest hour that has a folder, as partitions spell it; None where there is none, or no bucket."""
    with explained(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"), ignore_errors("NoSuchBucket"):
        oldest = _hour_folder(aws, bucket, prefix, min)
        return None if oldest is None else hour_of(f"{oldest}any")
    return None


def stored_below(aws: Aws, bucket: str, prefix: str, most: int = 10_000) -> Stored:
    """What lies under a prefix, counted up to ``most`` objects."""
    count, newest = 0, None
    for found in objects.listed(aws, bucket, prefix):
        if count == most:
            return Stored(count, newest, more=True)
        count += 1
        newest = max(newest or found.modified, found.modified)
    return Stored(count, newest)


def is_partition(aws: Aws, database: str, table: str, hour: str) -> bool:
    """Whether an hour is a partition, as the partition function makes it."""
    doing = f"looking for partition {hour} of {database}.{table} (glue:GetPartition)"
    with explained(doing), ignore_errors("EntityNotFoundException"):
        aws.glue.get_partition(DatabaseName=database, TableName=table, PartitionValues=[hour])
        return True
    return False


def partitions(aws: Aws, database: str, table: str) -> list[Partition]:
    """Every partition of a table."""
    with explained(f"listing the partitions of {database}.{table} (glue:GetPartitions)"):
        pages = aws.glue.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName=table, ExcludeColumnSchema=True
        )
        return [_read(one) for page in pages for one in page["Partitions"]]


def location_of(bucket: str, hour: str) -> str:
    """Where the objects of an hour are."""
    found: str = partition_of(hour, bucket, {})["StorageDescriptor"]["Location"]
    return found


def add_partitions(aws: Aws, database: str, table: str, bucket: str, hours: Iterable[str]) -> int:
    """Makes hours partitions, the newest first, as the partition function does; how many were not there.

    Raises for what Glue refuses.
    """
    made, refused = 0, {}
    wanted = sorted(hours, reverse=True)
    with explained(f"adding partitions to {database}.{table} (glue:BatchCreatePartition)"):
        descriptor = _descriptor(aws, database, table)
        for start in range(0, len(wanted), PARTITIONS_A_CALL):
            part = wanted[start : start + PARTITIONS_A_CALL]
            answer = aws.glue.batch_create_partition(
                DatabaseName=database,
                TableName=table,
                PartitionInputList=[partition_of(hour, bucket, descriptor) for hour in part],  # type: ignore[misc]
            )
            errors = answer.get("Errors", [])
            made += len(part) - len(errors)
            for error in errors:
                code = error.get("ErrorDetail", {}).get("ErrorCode", "no code")
                if code != _EXISTS:
                    refused[error.get("PartitionValues", ["?"])[0]] = code
    if refused:
        hour, code = min(refused.items())
        raise RefusedError(f"Glue did not take {len(refused)} of {len(wanted)} partitions: {hour}: {code}")
    return made


def relocate_partition(aws: Aws, database: str, table: str, bucket: str, partition: Partition) -> None:
    """Sets the place of a partition's files to that of its hour; its value keeps its spelling."""
    if partition.hour is None:
        return
    with explained(f"updating partition {partition.value} of {database}.{table} (glue:UpdatePartition)"):
        moved = partition_of(partition.hour, bucket, _descriptor(aws, database, table))
        wanted: Any = {**moved, "Values": [partition.value]}
        aws.glue.update_partition(
            DatabaseName=database,
            TableName=table,
            PartitionValueList=[partition.value],
            PartitionInput=wanted,
        )


def _descriptor(aws: Aws, database: str, table: str) -> dict[str, Any]:
    return {**aws.glue.get_table(DatabaseName=database, Name=table)["Table"].get("StorageDescriptor", {})}


def _read(found: Any) -> Partition:
    value = str(found["Values"][0])
    return Partition(value, _hour(value), str(found.get("StorageDescriptor", {}).get("Location", "")))


def _hour(value: str) -> str | None:
    """A partition's value as due spells it; the AWS solution wrote ``2020-05-01 00:00:00.0``."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    whole = moment == moment.replace(minute=0, second=0, microsecond=0)
    return f"{moment:%Y-%m-%d %H}:00:00" if whole and moment.tzinfo is None else None


def _hour_folder(aws: Aws, bucket: str, prefix: str, chosen: Callable[[list[str]], str]) -> str | None:
    """The folder of an hour: of the year, month, day and hour that is ``chosen`` of those there are."""
    for _ in range(_DEPTH):
        below = _folders(aws, bucket, prefix)
        if not below:
            return None
        prefix = chosen(below)
    return prefix


def _folders(aws: Aws, bucket: str, prefix: str) -> list[str]:
    """The prefixes of digits one level below a prefix."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    found = [one.get("Prefix", "") for page in pages for one in page.get("CommonPrefixes", [])]
    return [one for one in found if one.removeprefix(prefix).strip("/").isdecimal()]


def _hours_below(aws: Aws, bucket: str, prefix: str) -> set[str]:
    found: set[str] = set()
    for keys in _jumping(aws, bucket, prefix):
        found.update(hour for key in keys if (hour := hour_of(key)) is not None)
    return found


def _jumping(aws: Aws, bucket: str, prefix: str) -> Iterator[list[str]]:
    """Pages of keys, each beginning after the folder in which the one before it ended."""
    after = ""
    while True:
        page = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=after)
        keys = [one["Key"] for one in page.get("Contents", [])]
        yield keys
        if not page.get("IsTruncated"):
            return
        # "0" is the character after "/", so every key of the folder comes before it
        after = f"{keys[-1].rpartition('/')[0]}0" if hour_of(keys[-1]) else keys[-1]
