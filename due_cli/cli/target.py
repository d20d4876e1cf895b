"""What every target can do. Commands know this and nothing of where the events are."""

from __future__ import annotations

from typing import Protocol

from due_cli.core.progress import Progress
from due_cli.core.results import Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.sql.reports import BoundReport


class Target(Protocol):
    """An events database: a folder on this machine, or a stack on AWS."""

    def report(self, report: BoundReport) -> Table:
        """The rows of a report."""

    def query(self, sql: str) -> Table | Done:
        """The rows of a statement in Athena's SQL, or the view that it made or dropped."""

    def create_view(self, sql: str) -> None:
        """Makes the view of a ``CREATE OR REPLACE VIEW`` statement stay."""

    def views(self) -> Table:
        """Every view, with what it shows."""

    def view(self, name: str) -> str:
        """A view's statement; raises :class:`NotFoundError`."""

    def drop_view(self, name: str) -> None:
        """Removes a view of the user's own."""

    def statuses(self, message_ids: list[str]) -> Statuses:
        """The status of each message in the order asked."""

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        """Takes in the records of files, folders and standard input (``-``)."""

    def failed(self) -> Table:
        """The records that could not be read."""

    def failed_record(self, identity: str) -> bytes:
        """One of them, byte for byte as it was received."""

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        """The whole ids of those that beginnings of ids name, or of all."""

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        """Takes failed records in again, all of them without ids."""

    def discard(self, identities: list[str], progress: Progress) -> int:
        """Deletes failed records for good; returns how many."""

    def examine(self, progress: Progress, *, repair: bool, send_test: bool) -> Checks:
        """Checks every part of the database, after mending what can be mended where ``repair`` is asked for."""

    def outputs(self) -> dict[str, Value]:
        """What the database is made of, by the guide's output keys."""

    def removal(self, *, delete_data: bool) -> Removal:
        """What :meth:`take_down` would do."""

    def take_down(self, *, delete_data: bool, progress: Progress) -> Done:
        """Removes what setup made; the events stay unless ``delete_data``."""
