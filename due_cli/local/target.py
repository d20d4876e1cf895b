"""The local target: :class:`due_cli.api.target.Target` for a folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from due_cli.core.errors import UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Certificate, Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.erase.certificate import ErasureRequest
from due_cli.local.folder import Folder
from due_cli.sql.reports import BoundReport

# Modules that need DuckDB, pyarrow or sqlglot are imported by the method that needs them: `due status` starts faster.


@dataclass(frozen=True, slots=True)
class Local:
    """A folder on this machine; methods as :class:`due_cli.api.target.Target` describes them."""

    folder: Folder

    @property
    def place(self) -> str:
        return str(self.folder.root)

    def report(self, report: BoundReport, *, fresh: bool = False) -> Table:  # noqa: ARG002  it always reads the files
        from due_cli.local import queries

        return queries.report(self.folder, report)

    def newest_hour(self) -> datetime | None:
        from due_cli.local import queries

        return queries.newest_hour(self.folder)

    def opens_hint(self) -> None:
        """None: a folder does not know who sends."""

    def query(self, sql: str) -> Table | Done:
        from due_cli.local import typed

        return typed.run(self.folder, sql)

    def create_view(self, sql: str) -> None:
        from due_cli.local import views

        views.create(self.folder, sql)

    def views(self) -> Table:
        from due_cli.local import views

        return views.list_views(self.folder)

    def view(self, name: str) -> str:
        from due_cli.local import views

        return views.view_sql(self.folder, name)

    def drop_view(self, name: str) -> None:
        from due_cli.local import views

        views.drop(self.folder, name)

    def statuses(self, message_ids: list[str], *, everywhere: bool, with_details: bool) -> Statuses:
        from due_cli.local import statuses

        return statuses.statuses(self.folder, message_ids, everywhere=everywhere, with_details=with_details)

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        from due_cli.local import ingest

        return ingest.ingest_paths(self.folder, paths, progress)

    def failed(self, *, by_reason: bool) -> Table:
        from due_cli.local import failed_records

        return failed_records.list_failed(self.folder, by_reason=by_reason)

    def failed_record(self, identity: str) -> bytes:
        from due_cli.local import failed_records

        return failed_records.content(self.folder, identity)

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        from due_cli.local import failed_records

        return failed_records.full_ids(self.folder, identities, everything=everything)

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        from due_cli.local import failed_records

        return failed_records.replay(self.folder, identities, progress)

    def discard(self, identities: list[str], progress: Progress) -> int:
        from due_cli.local import failed_records

        return failed_records.discard(self.folder, identities, progress)

    def compact(self, progress: Progress, *, plan: bool, adopted: bool, delete: bool) -> Done:
        from due_cli.local import compact

        if plan:
            return compact.plan(self.folder)
        return compact.compact(self.folder, progress, adopted=adopted, delete=delete)

    def examine(self, progress: Progress, *, repair: bool, send_test: bool, accept_loss: list[str]) -> Checks:
        from due_cli.local import doctor

        if send_test:
            raise UsageError("--send-test sends a record through a stream, and a folder has none", "due doctor")
        return doctor.examine(self.folder, progress, repair_first=repair, accept_loss=accept_loss)

    def erase(self, request: ErasureRequest, progress: Progress, *, planned: bool) -> Certificate:
        from due_cli.local import erase

        return erase.erase(self.folder, request, progress, planned=planned)

    def outputs(self) -> dict[str, Value]:
        from due_cli.local import setup

        return setup.outputs(self.folder)

    def removal(self, *, delete_data: bool) -> Removal:
        from due_cli.local import teardown

        return teardown.removal(self.folder, delete_data=delete_data)
