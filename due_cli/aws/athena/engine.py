"""Statements run by Athena: started, waited for and stopped through PyAthena, their results read from S3.

Values stand in a statement as literals (``due_cli/sql/parameters.py``). Athena's execution parameters are taken in a
WHERE alone, have at most 1,024 characters each, and would have to be literals all the same; and a statement with its
values in it is the one that ``due report --sql`` shows. PyAthena's own formatting, for which ``%`` is special, is
used for none: it is given no parameters.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from pyathena.common import OnPollCallback
from pyathena.connection import Connection
from pyathena.cursor import Cursor
from pyathena.error import Error
from pyathena.model import AthenaQueryExecution
from pyathena.util import RetryConfig

from due_cli.aws.athena import values
from due_cli.aws.errors import policy_hint, translate_errors
from due_cli.aws.prices import athena_dollars
from due_cli.aws.services.s3 import read_parts
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, DueError, QueryError
from due_cli.core.progress import Progress
from due_cli.core.results import Table, Value

_POLL_SECONDS = 0.25
_CUTOFF = re.compile("bytes scanned limit", re.IGNORECASE)
_LINE = re.compile(r"\bline (\d+):(\d+)")

# PyAthena logs what it raises too, and that an interrupted query was cancelled.
logging.getLogger("pyathena").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement that succeeded: its columns with Athena's types, the S3 URI of its result, the bytes it scanned."""

    columns: tuple[tuple[str, str], ...]
    place: str
    scanned: int


def table(
    stack: Stack,
    progress: Progress,
    sql: str,
    *,
    json_columns: Collection[int] = (),
    lines_before: int = 0,
    scanned: int = 0,
) -> Table:
    """The rows of a statement, read from its result as they are asked for; says what it scanned and costs.

    ``json_columns`` are those that the statement casts to JSON; ``lines_before`` and ``scanned`` are those of what
    due put before the statement. Raises as :func:`ran` does.
    """
    found = ran(stack, progress, sql, lines_before=lines_before)
    progress.aside(cost(found.scanned + scanned, stack.names.partition))
    return Table([name for name, _ in found.columns], _rows(stack, found, json_columns))


def ran(stack: Stack, progress: Progress, sql: str, *, lines_before: int = 0) -> Ran:
    """Runs a statement in the stack's workgroup and waits for it; Ctrl-C stops it in Athena.

    Raises :class:`QueryError` with Athena's own words where it fails or is cancelled, and what the API raises.
    """
    watch = _Watch()
    progress.start("Asking Athena", None)
    try:
        with _connected(stack) as connection, connection.cursor(arraysize=1, on_poll=watch.seen) as cursor:
            _execute(cursor, sql)
            columns = tuple((column[0], column[1]) for column in cursor.description or ())
            place, scanned = cursor.output_location, cursor.data_scanned_in_bytes or 0
    except Error as error:
        raise _failure(stack, watch.last, error, lines_before) from error
    finally:
        progress.finish()
    if not place:
        raise ConfigurationError(f"the workgroup {stack.names.workgroup} has no place for results in S3", "due setup")
    return Ran(columns, place, scanned)


def cost(scanned: int, partition: str) -> str:
    """What a query scanned and costs, for a person; rounded up, and without dollars where AWS takes none."""
    text = f"scanned {_sized(scanned)}"
    if partition == "aws-cn":
        return text
    dollars = math.ceil(round(athena_dollars(scanned) * 10_000, 6)) / 10_000
    return f"{text}, ${dollars:,.2f}" if dollars >= 1 else f"{text}, ${dollars:.4f}" if dollars else f"{text}, $0"


class _Watch:
    """What Athena said last of a query."""

    def __init__(self) -> None:
        self.last: AthenaQueryExecution | None = None
        self.seen: OnPollCallback = self._seen

    def _seen(self, execution: object) -> None:
        if isinstance(execution, AthenaQueryExecution):
            self.last = execution


def _connected(stack: Stack) -> Connection[Cursor]:
    session, config = stack.aws.session_and_config()
    return Connection(
        session=session,
        config=config,
        work_group=stack.names.workgroup,
        schema_name=stack.options.database,
        s3_staging_dir="",  # the workgroup's own, whatever the environment says
        poll_interval=_POLL_SECONDS,
        retry_config=RetryConfig(attempt=1),  # botocore makes the calls again
    )


def _execute(cursor: Cursor, sql: str) -> None:
    try:
        cursor.execute(sql)
    except SystemExit:  # ended by a signal; an interrupt is PyAthena's own to handle
        with suppress(Error):
            cursor.cancel()
        raise


def _failure(stack: Stack, last: AthenaQueryExecution | None, error: Error, lines_before: int) -> DueError:
    """Why a statement has no result; raises what the API refused."""
    cause = error.__cause__
    if isinstance(cause, stack.aws.athena.exceptions.InvalidRequestException):
        return QueryError(_words(cause.response.get("Error", {}).get("Message"), lines_before))
    if cause is not None:
        with translate_errors("asking Athena"):
            raise cause
    if last is None or last.state not in (last.STATE_FAILED, last.STATE_CANCELLED):
        return QueryError(_words(str(error), lines_before))
    reason = _words(last.state_change_reason or last.error_message, lines_before)
    if last.state == last.STATE_FAILED:
        return QueryError(reason, policy_hint(reason))
    if not _CUTOFF.search(reason):
        return QueryError(f"the query was cancelled: {reason}")
    limit = stack.options.scan_cutoff_bytes
    return QueryError(
        f"the query was cancelled at the workgroup's limit of {_sized(limit)}, and is billed: "
        f"{cost(last.data_scanned_in_bytes or limit, stack.names.partition)}",
        "a shorter period (--since), or a higher limit: due setup --scan-cutoff-bytes N",
    )


def _words(text: str | None, lines_before: int) -> str:
    """Athena's message in one line; its lines are counted in what was typed."""
    line = " ".join((text or "").split()) or "Athena gave no reason"
    return _LINE.sub(lambda match: f"line {max(int(match[1]) - lines_before, 1)}:{match[2]}", line)


def _rows(stack: Stack, found: Ran, json_columns: Collection[int]) -> Iterator[tuple[Value, ...]]:
    bucket, _, key = found.place.removeprefix("s3://").partition("/")
    data = read_parts(stack.aws, bucket, key)
    if key.endswith(".txt"):
        return values.rows_of_text(data, len(found.columns))
    converters = [
        values.json_value if at in json_columns else values.converter(kind)
        for at, (_, kind) in enumerate(found.columns)
    ]
    return values.rows_of_csv(data, converters)


def _sized(count: float) -> str:
    if count < 1_000:
        return f"{count:.0f} byte{'' if count == 1 else 's'}"
    for unit in ("kB", "MB", "GB"):
        count /= 1_000
        if count < 1_000:
            return f"{count:.1f} {unit}"
    return f"{count / 1_000:,.1f} TB"
