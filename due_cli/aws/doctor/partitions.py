"""Checks of the table's partitions against the hours that have objects in S3, and the repair of most differences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from due_cli.aws.doctor.context import DoctorContext, short_list
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services.glue import (
    Partition,
    add_partitions,
    delete_partition,
    list_partitions,
    partition_location,
    relocate_partition,
)
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import NotFoundError
from due_cli.core.hours import hour_text, parse_hour
from due_cli.core.results import Finding, counted
from due_cli.sql.files import TABLE


@dataclass(frozen=True, slots=True)
class _Hours:
    """The hours of the bucket and the partitions of the table."""

    bucket: str
    stored: frozenset[str]
    partitions: tuple[Partition, ...]

    @property
    def missing(self) -> list[str]:
        """Hours that have objects and no partition."""
        return sorted(self.stored - {partition.hour for partition in self.partitions})

    @property
    def vanished(self) -> list[Partition]:
        """Partitions at the location of their hour, which has no objects any more."""
        elsewhere = set(self._elsewhere())
        gone = [one for one in self.partitions if one.hour is not None and one.hour not in self.stored]
        return sorted((one for one in gone if one not in elsewhere), key=lambda one: str(one.hour))

    @property
    def misplaced(self) -> list[Partition]:
        """Partitions whose location is that of another hour in the bucket."""
        return [partition for partition in self._elsewhere() if partition.location.startswith(f"s3://{self.bucket}/")]

    @property
    def covering(self) -> list[Partition]:
        """Partitions of files outside the bucket that hide the bucket's own objects of their hour."""
        inside = self.misplaced
        return [item for item in self._elsewhere() if item.hour in self.stored and item not in inside]

    @property
    def invalid(self) -> list[Partition]:
        """Partitions whose value is no hour: queries fail on them."""
        return [partition for partition in self.partitions if partition.hour is None]

    @property
    def duplicated(self) -> list[str]:
        """Hours that are two partitions of the same files, in two spellings: their rows count twice."""
        places = Counter((item.hour, item.location.rstrip("/")) for item in self.partitions if item.hour is not None)
        return sorted(hour for (hour, _), count in places.items() if hour and count > 1)

    def _elsewhere(self) -> Iterator[Partition]:
        """Partitions whose location is not that of their hour."""
        for partition in self.partitions:
            if partition.hour is not None:
                own = partition_location(self.bucket, partition.hour)
                if partition.location.rstrip("/") != own.rstrip("/"):
                    yield partition


def _hours_of(stack: Stack) -> _Hours:
    """The hours as they are now, whatever a check has listed."""
    return _read_hours(DoctorContext(stack, (), ()))


def _read_hours(context: DoctorContext) -> _Hours:
    stack = context.stack
    with interruptible_pool(2) as pool:
        survey = pool.submit(context.survey)
        partitions = pool.submit(list_partitions, stack.aws, stack.options.database, TABLE)
        return _Hours(stack.names.bucket, survey.result().hours, tuple(partitions.result()))


def repair(stack: Stack) -> list[str]:
    """Add missing partitions and relocate those of the bucket; return each action in words."""
    hours = _hours_of(stack)
    where = (stack.aws, stack.options.database, TABLE, stack.names.bucket)
    actions = []
    if hours.missing:
        added = add_partitions(*where, hours.missing)
        actions.append(f"added {counted(added, 'partition')}: {short_list(hours.missing)}")
    for partition in hours.misplaced:
        relocate_partition(*where, partition)
        actions.append(f"relocated partition {partition.value} from {partition.location} to the location of its hour")
    return actions


def accept_losses(stack: Stack, hours: list[str]) -> list[str]:
    """Delete the partitions of hours whose objects are gone; return each action in words.

    Raises :class:`UsageError` for what is no hour, and :class:`NotFoundError` for one whose objects are not gone.
    """
    vanished = {parse_hour(str(one.hour), "--accept-loss"): one for one in _vanished(stack, _hours_of(stack))}
    numbers = [parse_hour(text, "--accept-loss") for text in hours]
    if unknown := [number for number in numbers if number not in vanished]:
        raise NotFoundError(f"nothing of the hour {hour_text(unknown[0])} is lost", stack.names.command("doctor"))
    for number in numbers:
        delete_partition(stack.aws, stack.options.database, TABLE, vanished[number])
    return [f"accepted the loss of the hour {hour_text(number)} UTC: deleted its partition" for number in numbers]


def _vanished(stack: Stack, hours: _Hours) -> list[Partition]:
    """The partitions whose objects are gone: looked at twice, as an hour may be new."""
    if not hours.vanished:
        return []
    again = set(_hours_of(stack).vanished)
    return [partition for partition in hours.vanished if partition in again]


def partitions(context: DoctorContext) -> Iterator[Finding]:
    """Every difference between hours and partitions."""
    hours = _read_hours(context)
    repair_command = context.names.command("doctor --repair")
    findings: list[Finding] = []
    if hours.missing:
        text = (
            f"{counted(len(hours.missing), 'hour')} with events, but without a partition: {short_list(hours.missing)}"
        )
        findings.append(("problem", text, repair_command, "missing"))
    for partition in _vanished(context.stack, hours):
        hour = hour_text(parse_hour(str(partition.hour), "partition"))
        text = f"the objects of the hour {hour} UTC are gone: ingest its input again, or accept the loss"
        findings.append(("problem", text, context.names.command(f"doctor --accept-loss {hour}"), "vanished"))
    for partition in hours.misplaced:
        findings.append(
            ("problem", f"partition {partition.value} points to {partition.location}", repair_command, "misplaced")
        )
    for partition in hours.covering:
        text = f"partition {partition.value} points to {partition.location}"
        text += f", which hides the objects of {context.names.bucket}"
        findings.append(("problem", text, _deletion(context, partition.value), "covering"))
    for partition in hours.invalid:
        text = f"partition {partition.value!r} is no hour, and queries fail on it"
        findings.append(("problem", text, _deletion(context, partition.value), "invalid"))
    for hour in hours.duplicated:
        values = [partition.value for partition in hours.partitions if partition.hour == hour]
        other = next((value for value in values if value != hour), hour)
        text = f"the hour {hour} is two partitions of the same files, so its events count twice"
        findings.append(("problem", text, _deletion(context, other), "duplicated"))
    text = f"{counted(len(hours.stored), 'hour')} with events, {counted(len(hours.partitions), 'partition')}"
    yield from findings or [("ok", text, None)]


def _deletion(context: DoctorContext, value: str) -> str:
    table = f"--database-name {context.stack.options.database} --table-name {TABLE}"
    return context.aws_command(f"glue delete-partition {table} --partition-values '{json.dumps([value])}'")
