"""Checks of reading the table: a report by Athena, and Lake Formation, which can deny the table to roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from due_cli.aws.doctor.context import DoctorContext, command_in, short_list
from due_cli.aws.errors import POLICY_HINT, is_lake_formation
from due_cli.aws.services.glue import roles_without_grants
from due_cli.core.errors import QueryError
from due_cli.core.progress import Silent
from due_cli.core.results import Finding, counted
from due_cli.sql.files import TABLE
from due_cli.sql.reports import bind

_REPORT = "bounce-rate"


def lake_formation(context: DoctorContext) -> Iterator[Finding]:
    """Whether Lake Formation keeps the stream or the partition function from the table."""
    roles = {context.names.role_arn(name): context.names.role(name) for name in ("stream", "partition")}
    denied = roles_without_grants(context.aws, context.stack.options.database, TABLE, list(roles))
    if denied:
        text = f"the table {TABLE} is under Lake Formation, which grants no permission on it to"
        yield "problem", f"{text} {short_list(roles[role] for role in denied)}", context.grant_to_all()
    else:
        yield "ok", "does not restrict the table", None


def report(context: DoctorContext) -> Iterator[Finding]:
    """Whether Athena runs one report over a day."""
    from due_cli.aws.athena.engine import table

    statement = bind(_REPORT, {}, "1d", now=datetime.now(UTC)).statement
    try:
        rows = sum(1 for _ in table(context.stack, Silent(), statement).rows)
    except QueryError as error:
        yield "problem", f"{_REPORT} fails: {error.message}", _fix(context, error)
        return
    yield "ok", f"{_REPORT} runs: {counted(rows, 'row')} of the last day", None


def _fix(context: DoctorContext, error: QueryError) -> str:
    if is_lake_formation(error):
        return context.grant_to_all()
    return context.policy if error.hint == POLICY_HINT else command_in(error) or context.setup
