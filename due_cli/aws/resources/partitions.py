"""The partitions of hours whose objects were in the bucket before the table was created."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.services.glue import add_partitions, partition_exists
from due_cli.aws.services.s3 import hours_with_objects, oldest_hour

_ALL_ADDED = "partitions"  # in a plan: "Hours: since 2026-11-22 03:00:00, without a partition -> partitions"


@dataclass(frozen=True, kw_only=True)
class Partitions(DeclaredResource):
    """The partitions of the table ``database.name`` for the objects under ``events`` of a bucket; part of that table.

    New hours are added by the partition function. The oldest hour is added last, so if it is a partition, the others
    that precede the function are too.
    """

    kind = "partitions of"  # a plan shows the name of the table after it
    database: str
    name: str
    bucket: str
    events: str

    def _settings(self) -> list[Setting]:
        return [Setting("Hours", _ALL_ADDED, read=self._hours, write=self._add)]

    def _describe(self, aws: Aws) -> Any:
        return {"oldest": oldest_hour(aws, self.bucket, self.events)}

    def _hours(self, aws: Aws, description: Any) -> str:
        oldest = description["oldest"]
        is_added = oldest is None or partition_exists(aws, self.database, self.name, oldest)
        return _ALL_ADDED if is_added else f"since {oldest}, without a partition"

    def _add(self, aws: Aws) -> None:
        oldest = oldest_hour(aws, self.bucket, self.events)
        if oldest is not None:
            hours = hours_with_objects(aws, self.bucket, self.events)
            add_partitions(aws, self.database, self.name, self.bucket, hours | {oldest})
