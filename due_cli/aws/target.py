"""The AWS target: :class:`due_cli.api.target.Target` for a stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from due_cli.aws.client import Aws
from due_cli.aws.stack.stack import Stack, find_partial_stack, find_stack, newest_hour
from due_cli.core.errors import UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Certificate, Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.erase.certificate import ErasureRequest
from due_cli.sql.reports import BoundReport

# Modules that need PyAthena or sqlglot are imported by the method that needs them: `due status` starts faster.


@dataclass(frozen=True, slots=True)
class AwsTarget:
    """A stack on AWS; methods as :class:`due_cli.api.target.Target` describes them."""

    stack: Stack
    progress: Progress

    @property
    def place(self) -> str:
        return f"stack {self.stack.names.stack} in {self.stack.names.region}"

    def report(self, report: BoundReport, *, fresh: bool = False) -> Table:
        from due_cli.aws.athena.engine import table
        from due_cli.aws.athena.reuse import reusable_age

        age = None if fresh else reusable_age(self.stack, report, datetime.now(UTC))
        return table(self.stack, self.progress, report.statement, reusable_age=age)

    def newest_hour(self) -> datetime | None:
        return newest_hour(self.stack)

    def opens_hint(self) -> str | None:
        from due_cli.aws.stack import config_sets

        return config_sets.opens_hint(self.stack)

    def query(self, sql: str) -> Table | Done:
        from due_cli.aws.athena import query

        return query.run(self.stack, self.progress, sql)

    def create_view(self, sql: str) -> None:
        from due_cli.aws.athena import views

        views.create(self.stack, sql)

    def views(self) -> Table:
        from due_cli.aws.athena import views

        return views.list_views(self.stack)

    def view(self, name: str) -> str:
        from due_cli.aws.athena import views

        return views.view_sql(self.stack, name)

    def drop_view(self, name: str) -> None:
        from due_cli.aws.athena import views

        views.drop(self.stack, name)

    def statuses(self, message_ids: list[str], *, everywhere: bool, with_details: bool) -> Statuses:  # noqa: ARG002
        from due_cli.aws.athena import statuses

        return statuses.statuses(self.stack, self.progress, message_ids, everywhere=everywhere)

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        from due_cli.aws.ingest.ingest import ingest_paths

        return ingest_paths(self.stack, paths, progress)

    def failed(self, *, by_reason: bool) -> Table:
        from due_cli.aws.ingest import failed_records

        return failed_records.list_failed(self.stack, by_reason=by_reason)

    def failed_record(self, identity: str) -> bytes:
        from due_cli.aws.ingest import failed_records

        return failed_records.content(self.stack, identity)

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        from due_cli.aws.ingest import failed_records

        return failed_records.full_ids(self.stack, identities, everything=everything)

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        from due_cli.aws.ingest import failed_records

        return failed_records.replay(self.stack, identities, progress)

    def discard(self, identities: list[str], progress: Progress) -> int:
        from due_cli.aws.ingest import failed_records

        return failed_records.discard(self.stack, identities, progress)

    def compact(self, progress: Progress, *, plan: bool, adopted: bool, delete: bool) -> Done:  # noqa: ARG002
        raise UsageError(f"{self.place} is on AWS, and due compact is for a folder", "due compact --local DIR")

    def examine(self, progress: Progress, *, repair: bool, send_test: bool, accept_loss: list[str]) -> Checks:
        from due_cli.aws.doctor import doctor

        return doctor.examine(self.stack, progress, repair=repair, send_test=send_test, accept_loss=accept_loss)

    def erase(self, request: ErasureRequest, progress: Progress, *, planned: bool) -> Certificate:
        from due_cli.aws.erase import erase

        return erase.erase(self.stack, request, progress, planned=planned)

    def outputs(self) -> dict[str, Value]:
        from due_cli.aws.stack import outputs

        return outputs.outputs(self.stack)

    def removal(self, *, delete_data: bool) -> Removal:
        from due_cli.aws.stack.teardown import plan_teardown

        return plan_teardown(self.stack, delete_data=delete_data)


def open_stack(
    stack: str, profile: str | None, region: str | None, progress: Progress, *, allow_partial: bool = False
) -> AwsTarget:
    """The stack of a name; raises where it does not exist, unless ``allow_partial``, and where AWS is unavailable.

    ``allow_partial`` also opens what is left of a stack whose setup or teardown was interrupted.
    """
    find = find_partial_stack if allow_partial else find_stack
    return AwsTarget(find(Aws(profile, region), stack), progress)
