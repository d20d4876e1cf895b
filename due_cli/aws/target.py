"""The AWS target behind the interface that both targets have."""

from __future__ import annotations

from dataclasses import dataclass

from due_cli.aws.client import Aws
from due_cli.aws.stack.stack import Stack, found, remains
from due_cli.core.progress import Progress
from due_cli.core.results import Checks, Done, IngestSummary, Removal, Statuses, Table, Value
from due_cli.sql.reports import BoundReport

# PyAthena is imported by the methods that ask Athena: `due status` answers from DynamoDB without it.


@dataclass(frozen=True, slots=True)
class OnAws:
    """A stack on AWS."""

    stack: Stack
    progress: Progress

    def report(self, report: BoundReport) -> Table:
        """The rows of a report; none has a column that Athena cannot write as it is."""
        from due_cli.aws.athena.engine import table

        return table(self.stack, self.progress, report.statement)

    def query(self, sql: str) -> Table | Done:
        """The rows of a statement, or the view that it made or dropped."""
        from due_cli.aws.athena import query

        return query.run(self.stack, self.progress, sql)

    def create_view(self, sql: str) -> None:
        """Makes a view stay."""
        from due_cli.aws.athena import views

        views.create(self.stack, sql)

    def views(self) -> Table:
        """Every view."""
        from due_cli.aws.athena import views

        return views.listed(self.stack)

    def view(self, name: str) -> str:
        """A view's statement."""
        from due_cli.aws.athena import views

        return views.shown(self.stack, name)

    def drop_view(self, name: str) -> None:
        """Removes a view."""
        from due_cli.aws.athena import views

        views.drop(self.stack, name)

    def statuses(self, message_ids: list[str]) -> Statuses:
        """The status of messages, from the status table or the events."""
        from due_cli.aws.athena import statuses

        return statuses.statuses(self.stack, self.progress, message_ids)

    def ingest(self, paths: list[str], progress: Progress) -> IngestSummary:
        """Puts records to the stream."""
        from due_cli.aws.ingest.ingest import ingest_paths

        return ingest_paths(self.stack, paths, progress)

    def failed(self) -> Table:
        """The records that could not be read."""
        from due_cli.aws.ingest import failures

        return failures.listed(self.stack)

    def failed_record(self, identity: str) -> bytes:
        """One of them."""
        from due_cli.aws.ingest import failures

        return failures.shown(self.stack, identity)

    def chosen_failed(self, identities: list[str], *, everything: bool) -> list[str]:
        """The whole ids of some or all of them."""
        from due_cli.aws.ingest import failures

        return failures.chosen(self.stack, identities, everything=everything)

    def replay(self, identities: list[str], progress: Progress) -> IngestSummary:
        """Puts failed records to the stream again."""
        from due_cli.aws.ingest import failures

        return failures.replay(self.stack, identities, progress)

    def discard(self, identities: list[str], progress: Progress) -> int:
        """Deletes failed records."""
        from due_cli.aws.ingest import failures

        return failures.discard(self.stack, identities, progress)

    def examine(self, progress: Progress, *, repair: bool, send_test: bool) -> Checks:
        """Checks every hop from the senders to the table."""
        from due_cli.aws.doctor import doctor

        return doctor.examine(self.stack, progress, repair=repair, send_test=send_test)

    def outputs(self) -> dict[str, Value]:
        """What the stack is made of."""
        from due_cli.aws.stack import outputs

        return outputs.of(self.stack)

    def removal(self, *, delete_data: bool) -> Removal:
        """What would be removed."""
        from due_cli.aws.stack import teardown

        return teardown.removal(self.stack, delete_data=delete_data)

    def take_down(self, *, delete_data: bool, progress: Progress) -> Done:
        """Removes the stack."""
        from due_cli.aws.stack import teardown

        return teardown.take_down(self.stack, delete_data=delete_data, progress=progress)


def on_aws(
    stack: str, profile: str | None, region: str | None, progress: Progress, *, allow_partial: bool = False
) -> OnAws:
    """The stack of a name; raises if it does not exist. With ``allow_partial`` it may be incomplete."""
    find = remains if allow_partial else found
    return OnAws(find(Aws(profile, region), stack), progress)
