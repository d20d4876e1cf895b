"""The local target behind the interface that both targets have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from due_cli.core.errors import UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.core.target import ReportOptions
from due_cli.local.folder import Folder

# What needs DuckDB, pyarrow or sqlglot is imported by the method that does: `due status` starts without them.


@dataclass(frozen=True, slots=True)
class Local:
    """A folder on this machine."""

    folder: Folder

    def report(self, name: str, options: ReportOptions, since: str | None, until: str | None, now: datetime) -> Table:
        """The rows of a report."""
        from due_cli.local import reports

        return reports.report(self.folder, name, options, since, until, now)

    def query(self, sql: str) -> Table | Done:
        """The rows of a statement, or the view that it made or dropped."""
        from due_cli.local import query

        return query.run(self.folder, sql)

    def create_view(self, sql: str) -> None:
        """Makes a view stay."""
        from due_cli.local import views

        views.create(self.folder, sql)

    def views(self) -> Table:
        """Every view."""
        from due_cli.local import views

        return views.listed(self.folder)

    def view(self, name: str) -> str:
        """A view's statement."""
        from due_cli.local import views

        return views.shown(self.folder, name)

    def drop_view(self, name: str) -> None:
        """Removes a view."""
        from due_cli.local import views

        views.drop(self.folder, name)

    def statuses(self, message_ids: list[str]) -> Statuses:
        """The status of messages, from the store or the events."""
        from due_cli.local import statuses

        return statuses.statuses(self.folder, message_ids)

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        """Files records."""
        from due_cli.local.ingest import ingest_paths

        return ingest_paths(self.folder, paths, progress)

    def failed(self) -> Table:
        """The records that could not be read."""
        from due_cli.local import failures

        return failures.listed(self.folder)

    def failed_record(self, identity: str) -> bytes:
        """One of them."""
        from due_cli.local import failures

        return failures.shown(self.folder, identity)

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        """The whole ids of some or all of them."""
        from due_cli.local import failures

        return failures.chosen(self.folder, identities, everything=everything)

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        """Files failed records again."""
        from due_cli.local import failures

        return failures.replay(self.folder, identities, progress)

    def discard(self, identities: list[str], progress: Progress) -> int:
        """Deletes failed records."""
        from due_cli.local import failures

        return failures.discard(self.folder, identities, progress)

    def examine(self, progress: Progress, *, repair: bool, send_test: bool) -> Checks:
        """Checks the folder; raises :class:`UsageError` for a test record, which has no stream to go through."""
        from due_cli.local import doctor

        if send_test:
            raise UsageError("--send-test follows a record through a stream, and a folder has none", "due doctor")
        return doctor.examine(self.folder, progress, doctor.repair(self.folder, progress) if repair else None)

    def outputs(self) -> dict[str, Value]:
        """What the folder is."""
        from due_cli.local import lifecycle

        return lifecycle.outputs(self.folder)

    def removal(self, *, delete_data: bool) -> Removal:
        """What would be removed."""
        from due_cli.local import lifecycle

        found = lifecycle.removal(self.folder)
        what = f"{found.own_rows:,} events in {found.own_files:,} files, " if delete_data else ""
        return Removal(f"Remove {what}the views, statuses and bookkeeping of {self.folder.root}?")

    def take_down(self, *, delete_data: bool, progress: Progress) -> Done:
        """Removes what due made of the folder."""
        from due_cli.local import lifecycle

        left = lifecycle.take_down(self.folder, delete_data=delete_data, progress=progress)
        return Done([f"{self.folder.root} is no events database any more", *left])
