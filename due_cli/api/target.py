"""The interface of a target, by which commands and Python code work on a folder and on a stack alike."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from due_cli.core.progress import Progress
from due_cli.core.results import Certificate, Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.core.settings import Choice, LocalChoice
from due_cli.erase.certificate import ErasureRequest
from due_cli.sql.reports import BoundReport


class Target(Protocol):
    """An events database: a folder on this machine, or a stack on AWS."""

    @property
    def place(self) -> str:
        """The folder, or the stack and its region, as a person says it."""

    def report(self, report: BoundReport, *, fresh: bool = False) -> Table:
        """The rows of a report; unless ``fresh``, those of an earlier run will do where no event came since."""

    def newest_hour(self) -> datetime | None:
        """The newest hour (naive, UTC) that has files; None where there is none. It asks no query."""

    def opens_hint(self) -> str | None:
        """Why there may be no opens, with the command that changes it; None where a few calls do not tell."""

    def query(self, sql: str) -> Table | Done:
        """The rows of a statement in Athena's SQL, or the view that it created or dropped."""

    def create_view(self, sql: str) -> None:
        """Create the view of a ``CREATE OR REPLACE VIEW`` statement."""

    def views(self) -> Table:
        """The views, each with its description."""

    def view(self, name: str) -> str:
        """A view's statement; raises :class:`NotFoundError`."""

    def drop_view(self, name: str) -> None:
        """Drop a view of the user's own."""

    def statuses(self, message_ids: list[str], *, everywhere: bool, with_details: bool) -> Statuses:
        """The status of each message, in the order of the ids; ``everywhere`` searches all events for unknown ones.

        ``with_details`` adds what a person wants to see too, as far as it costs no query of Athena.
        """

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        """Ingest the records of files, folders and standard input (``-``)."""

    def failed(self, *, by_reason: bool) -> Table:
        """The records that could not be read, or how many there are of each reason."""

    def failed_record(self, identity: str) -> bytes:
        """A failed record, byte for byte as it was received."""

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        """The full ids of the failed records with these ids or beginnings of ids, or of all."""

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        """Ingest failed records again; all if no ids are given."""

    def discard(self, identities: list[str], progress: Progress) -> int:
        """Delete failed records permanently; return how many."""

    def compact(self, progress: Progress, *, plan: bool, adopted: bool, delete: bool) -> Done:
        """Write closed days as one file each; with ``plan`` say what that would do.

        With ``adopted`` the files of other writers too, which are kept beside; with ``delete`` those that an earlier
        call kept are deleted.
        """

    def examine(self, progress: Progress, *, repair: bool, send_test: bool, accept_loss: list[str]) -> Checks:
        """Check every part of the database; with ``repair``, after repairing what can be repaired.

        ``accept_loss`` are hours whose events are lost, and shall be a problem no longer.
        """

    def erase(self, request: ErasureRequest, progress: Progress, *, planned: bool) -> Certificate:
        """Erase a person, or, if ``planned``, only find what would be erased."""

    def outputs(self) -> dict[str, Value]:
        """The database's resources, by the guide's output keys."""

    def removal(self, *, delete_data: bool) -> Removal:
        """The removal of what setup created; the events stay unless ``delete_data``."""


def open_target(choice: Choice, progress: Progress, *, allow_partial: bool = False) -> Target:
    """The events database of a choice; with ``allow_partial`` also an incomplete stack."""
    if isinstance(choice, LocalChoice):
        from due_cli.local.folder import Folder
        from due_cli.local.target import Local

        return Local(Folder(choice.folder))
    from due_cli.aws.target import open_stack

    return open_stack(choice.stack, choice.profile, choice.region, progress, allow_partial=allow_partial)
