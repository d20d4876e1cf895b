"""How old a result of Athena's may be so that a report can be answered with it.

Athena reuses a result of the same statement by its age, and does not look whether the data changed since (Athena user
guide, "Reusing query results"). So the age that it is allowed is that of the newest change of the period's hours: a
partition that was created, or an object that was written where a partition points to. Nothing is remembered for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from due_cli.aws.services.glue import partitions_between
from due_cli.aws.services.s3 import list_objects
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.sql.files import TABLE
from due_cli.sql.reports import BoundReport

_LONGEST_QUERY = timedelta(minutes=30)  # Athena's quota: what a result was read from may be so much older than it is
_MOST_AGE = timedelta(days=7)  # that Athena takes
_LEAST_AGE = timedelta(minutes=1)
_MOST_OBJECTS = 20_000  # in the days of a period, which twenty calls list
_MOST_FOLDERS = 100  # of days, which as many calls list


def reusable_age(stack: Stack, report: BoundReport, now: datetime) -> timedelta | None:
    """The greatest age of a result that is still right; None where there is none, or finding out is not cheap."""
    if report.end_hour.replace(tzinfo=UTC) > now.replace(minute=0, second=0, microsecond=0):
        return None
    try:
        newest = _newest_change(stack, report)
    except DueError:  # who may not list partitions or objects has the report all the same
        return None
    age = min(now - newest - _LONGEST_QUERY, _MOST_AGE) if newest else None
    return age if age and age >= _LEAST_AGE else None


def _newest_change(stack: Stack, report: BoundReport) -> datetime | None:
    """When the newest partition or object of the period was written; None where it has none, or too many."""
    partitions = partitions_between(stack.aws, stack.options.database, TABLE, report.first_hour, report.end_hour)
    locations = {location.rstrip("/") for location, _ in partitions}
    days = {location.rpartition("/")[0] for location in locations}
    if len(days) > _MOST_FOLDERS:
        return None
    changes = [created for _, created in partitions]
    objects = list(islice(_objects(stack, days), _MOST_OBJECTS + 1))
    if len(objects) > _MOST_OBJECTS:
        return None
    changes += [written for location, written in objects if location in locations]
    return max(changes, default=None)


def _objects(stack: Stack, folders: set[str]) -> Iterator[tuple[str, datetime]]:
    """Each object below some S3 URIs: the URI of its own folder, and when it was written."""
    for folder in sorted(folders):
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        for one in list_objects(stack.aws, bucket, f"{prefix}/"):
            yield f"s3://{bucket}/{one.key.rpartition('/')[0]}", one.modified
