"""The hours of the table: those with objects against those that are partitions, and mending the difference."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from due_cli.aws.doctor.context import DoctorContext, Examined, listed
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services.glue import (
    Partition,
    add_partitions,
    list_partitions,
    partition_location,
    relocate_partition,
)
from due_cli.aws.services.s3 import hours_with_objects
from due_cli.aws.stack.desired import TABLE
from due_cli.aws.stack.names import EVENTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.results import Check, counted


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of the bucket and the partitions of the table."""

    bucket: str
    stored: frozenset[str]
    partitions: tuple[Partition, ...]

    @property
    def missing(self) -> list[str]:
        """Hours that have objects and no partition."""
        return sorted(self.stored - {partition.hour for partition in self.partitions})

    @property
    def misplaced(self) -> list[Partition]:
        """Partitions whose files are looked for at another hour's place in the bucket."""
        return [one for one in self._elsewhere() if one.location.startswith(f"s3://{self.bucket}/")]

    @property
    def covering(self) -> list[Partition]:
        """Partitions of files outside the bucket that keep the bucket's own objects of their hour from the table."""
        return [one for one in self._elsewhere() if one.hour in self.stored and one not in self.misplaced]

    @property
    def unreadable(self) -> list[Partition]:
        """Partitions whose value is no hour: queries fail on them."""
        return [one for one in self.partitions if one.hour is None]

    @property
    def twice(self) -> list[str]:
        """Hours that are two partitions of the same files, under two spellings: their rows count twice."""
        places: dict[tuple[str, str], int] = defaultdict(int)
        for one in self.partitions:
            if one.hour is not None:
                places[one.hour, one.location.rstrip("/")] += 1
        return sorted(hour for (hour, _), count in places.items() if count > 1)

    def _elsewhere(self) -> Iterator[Partition]:
        for one in self.partitions:
            if one.hour is not None and one.location.rstrip("/") != partition_location(self.bucket, one.hour).rstrip(
                "/"
            ):
                yield one


def hours_of(stack: Stack) -> Hours:
    """Both sides, read side by side."""
    bucket, database = stack.names.bucket, stack.options.database
    with interruptible_pool(2) as pool:
        stored = pool.submit(hours_with_objects, stack.aws, bucket, EVENTS)
        kept = pool.submit(list_partitions, stack.aws, database, TABLE)
        return Hours(bucket, frozenset(stored.result()), tuple(kept.result()))


def repaired(stack: Stack) -> list[str]:
    """Adds the partitions that are missing and sets the places of those in the bucket right; what was done."""
    found = hours_of(stack)
    where = (stack.aws, stack.options.database, TABLE, stack.names.bucket)
    done = []
    if found.missing:
        made = add_partitions(*where, found.missing)
        done.append(f"added {counted(made, 'partition')}: {listed(found.missing)}")
    for partition in found.misplaced:
        relocate_partition(*where, partition)
        done.append(f"set the place of partition {partition.value} from {partition.location} to that of its hour")
    return done


def hours(patient: DoctorContext) -> Examined:
    """Every difference between the two."""
    found = hours_of(patient.stack)
    mend = patient.command("doctor --repair")
    if found.missing:
        text = f"{counted(len(found.missing), 'hour')} with events, but without a partition: {listed(found.missing)}"
        yield Check("partitions", "problem", text, mend)
    for one in found.misplaced:
        text = f"partition {one.value} looks for its files at {one.location}"
        yield Check("partitions", "problem", text, mend)
    for one in found.covering:
        text = f"partition {one.value} is of files at {one.location}, so those of {patient.names.bucket} are not seen"
        yield Check("partitions", "problem", text, _deletion(patient, one.value))
    for one in found.unreadable:
        text = f"partition {one.value!r} is no hour, and queries fail on it"
        yield Check("partitions", "problem", text, _deletion(patient, one.value))
    for hour in found.twice:
        values = [one.value for one in found.partitions if one.hour == hour]
        other = next((value for value in values if value != hour), hour)
        text = f"the hour {hour} is two partitions of the same files, so its events count twice"
        yield Check("partitions", "problem", text, _deletion(patient, other))
    if not any((found.missing, found.misplaced, found.covering, found.unreadable, found.twice)):
        text = f"{counted(len(found.stored), 'hour')} with events, {counted(len(found.partitions), 'partition')}"
        yield Check("partitions", "ok", text)


def _deletion(patient: DoctorContext, value: str) -> str:
    table = f"--database-name {patient.stack.options.database} --table-name {TABLE}"
    return patient.aws_command(f"glue delete-partition {table} --partition-values '{json.dumps([value])}'")
