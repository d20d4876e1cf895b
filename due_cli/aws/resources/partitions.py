"""The partitions of the hours that a bucket kept: from before its table was there, or was made anew."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Settings
from due_cli.aws.services.glue import add_partitions, partition_exists
from due_cli.aws.services.s3 import hours_with_objects, oldest_hour

_HOURS = "Hours"
_FILED = "partitions"


@dataclass(frozen=True, slots=True)
class Partitions:
    """Of the table ``database.name``, for the objects under ``events`` of a bucket.

    New hours are the partition function's. The oldest hour is filed last, so where it is a partition, so are those that
    were there before the function.
    """

    database: str
    name: str
    bucket: str
    events: str
    kind: str = "partitions of"

    def desired(self) -> Settings:
        """How it should be."""
        return {_HOURS: _FILED}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        oldest = oldest_hour(aws, self.bucket, self.events)
        is_filed = oldest is None or partition_exists(aws, self.database, self.name, oldest)
        return {_HOURS: _FILED if is_filed else f"since {oldest}, without a partition"}

    def create(self, aws: Aws) -> None:
        """Nothing: a table has partitions or not."""

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  all or nothing
        """Makes every hour that has objects a partition."""
        oldest = oldest_hour(aws, self.bucket, self.events)
        if oldest is not None:
            hours = hours_with_objects(aws, self.bucket, self.events)
            add_partitions(aws, self.database, self.name, self.bucket, hours | {oldest})

    def delete(self, aws: Aws) -> None:
        """Nothing: they go with their table."""
