"""Statements run by Athena: started, polled and stopped through PyAthena, their results read from S3.

Values are written into a statement as literals (``due_cli/sql/parameters.py``): Athena accepts execution parameters in
a WHERE alone, of at most 1,024 characters each, and they would have to be literals all the same; and the statement
that runs is the one that ``due report --sql`` shows. PyAthena gets no parameters, so ``%`` is not special.
"""

from __future__ import annotations

import logging
import math
import re
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from pyathena.connection import Connection
from pyathena.cursor import Cursor
from pyathena.error import Error
from pyathena.model import AthenaQueryExecution
from pyathena.util import RetryConfig

from due_cli.aws.athena import values
from due_cli.aws.errors import policy_hint, translate_errors
from due_cli.aws.prices import athena_dollars
from due_cli.aws.services.s3 import read_parts, written_at
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, DueError, QueryError
from due_cli.core.progress import Progress
from due_cli.core.results import ColumnType, Table, Value, size_text

_POLL_SECONDS = 0.25
_CUTOFF = re.compile("bytes scanned limit", re.IGNORECASE)
_LINE = re.compile(r"\bline (\d+):(\d+)")

# PyAthena also logs the errors that it raises, and that an interrupted query was cancelled.
logging.getLogger("pyathena").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A statement that succeeded: names and Athena types of its columns, S3 URI of its result, scanned bytes.

    ``is_reused`` says that the result is that of an earlier run.
    """

    columns: tuple[tuple[str, str], ...]
    location: str
    scanned: int
    is_reused: bool = False


def table(
    stack: Stack,
    progress: Progress,
    sql: str,
    *,
    json_columns: Collection[int] = (),
    lines_before: int = 0,
    scanned: int = 0,
    reusable_age: timedelta | None = None,
) -> Table:
    """The rows of a statement, streamed from its result; the bytes that it scanned and its price go to ``progress``.

    ``json_columns`` are the numbers of columns that the statement casts to JSON; ``lines_before`` counts the lines
    that due put before what was typed, ``scanned`` the bytes of an earlier statement for the same rows. A result of an
    earlier run no older than ``reusable_age`` will do. Raises as :func:`execute`.
    """
    execution = execute(stack, progress, sql, lines_before=lines_before, reusable_age=reusable_age)
    if execution.is_reused:
        written = written_at(stack.aws, *_place(execution.location))
        when = f" of {written:%Y-%m-%d %H:%M} UTC" if written else ""
        progress.note(f"answered from the run{when}: no event of the period came since; --fresh runs the query again")
    progress.aside(cost(execution.scanned + scanned, stack.names.partition))
    types = [
        ColumnType("json") if number in json_columns else values.column_type(kind)
        for number, (_, kind) in enumerate(execution.columns)
    ]
    return Table([name for name, _ in execution.columns], _rows(stack, execution, json_columns), types=types)


def execute(
    stack: Stack, progress: Progress, sql: str, *, lines_before: int = 0, reusable_age: timedelta | None = None
) -> Execution:
    """Run a statement in the stack's workgroup and wait for its end; Ctrl-C stops it in Athena.

    A result of an earlier run no older than ``reusable_age`` will do.

    Raises :class:`QueryError` with Athena's message where it fails or is cancelled, and errors of the API.
    """
    last_poll: deque[object] = deque(maxlen=1)
    progress.start("Querying Athena", None)
    try:
        with _connection(stack) as connection, connection.cursor(arraysize=1, on_poll=last_poll.append) as cursor:
            _run(cursor, sql, reusable_age)
            columns = tuple((column[0], column[1]) for column in cursor.description or ())
            location, scanned = cursor.output_location, cursor.data_scanned_in_bytes or 0
            is_reused = bool(cursor.reused_previous_result)
    except Error as error:
        raise _failure(stack, last_poll[0] if last_poll else None, error, lines_before) from error
    finally:
        progress.finish()
    if not location:
        raise ConfigurationError(f"workgroup {stack.names.workgroup} has no result location in S3", "due setup")
    return Execution(columns=columns, location=location, scanned=scanned, is_reused=is_reused)


def cost(scanned: int, partition: str) -> str:
    """The scanned bytes and the price of a query in words; rounded up, and without a price in regions of China."""
    text = f"scanned {size_text(scanned)}"
    if partition == "aws-cn":
        return text
    dollars = math.ceil(round(athena_dollars(scanned) * 10_000, 6)) / 10_000
    return f"{text}, ${dollars:,.2f}" if dollars >= 1 else f"{text}, ${dollars:.4f}" if dollars else f"{text}, $0"


def _connection(stack: Stack) -> Connection[Cursor]:
    session, config = stack.aws.session_and_config()
    return Connection(
        session=session,
        config=config,
        work_group=stack.names.workgroup,
        schema_name=stack.options.database,
        s3_staging_dir="",  # the workgroup's own, whatever the environment says
        poll_interval=_POLL_SECONDS,
        retry_config=RetryConfig(attempt=1),  # botocore repeats calls
    )


def _run(cursor: Cursor, sql: str, reusable_age: timedelta | None) -> None:
    try:
        if reusable_age is None:
            cursor.execute(sql)
        else:
            minutes = int(reusable_age.total_seconds() // 60)
            cursor.execute(sql, result_reuse_enable=True, result_reuse_minutes=minutes)
    except SystemExit:  # from a signal; PyAthena handles KeyboardInterrupt alone
        with suppress(Error):
            cursor.cancel()
        raise


def _failure(stack: Stack, last: object, error: Error, lines_before: int) -> DueError:
    """The error of a statement without a result, whose ``last`` state was polled; raises errors of the API."""
    cause = error.__cause__
    if isinstance(cause, stack.aws.athena.exceptions.InvalidRequestException):
        return QueryError(_message(cause.response.get("Error", {}).get("Message"), lines_before))
    if cause is not None:
        with translate_errors("asking Athena"):
            raise cause
    if not isinstance(last, AthenaQueryExecution) or last.state not in (last.STATE_FAILED, last.STATE_CANCELLED):
        return QueryError(_message(str(error), lines_before))
    reason = _message(last.state_change_reason or last.error_message, lines_before)
    if last.state == last.STATE_FAILED:
        return QueryError(reason, policy_hint(reason))
    if not _CUTOFF.search(reason):
        return QueryError(f"the query was cancelled: {reason}")
    limit = stack.options.scan_cutoff_bytes
    return QueryError(
        f"the query was cancelled at the workgroup's limit of {size_text(limit)}, and is billed: "
        f"{cost(last.data_scanned_in_bytes or limit, stack.names.partition)}",
        "a shorter period (--since), or a higher limit: due setup --scan-cutoff-bytes N",
    )


def _message(text: str | None, lines_before: int) -> str:
    """Athena's message in one line; its line numbers are those of what was typed."""
    line = " ".join((text or "").split()) or "Athena gave no reason"
    return _LINE.sub(lambda match: f"line {max(int(match[1]) - lines_before, 1)}:{match[2]}", line)


def _place(location: str) -> tuple[str, str]:
    """The bucket and the key of an S3 URI."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _rows(stack: Stack, execution: Execution, json_columns: Collection[int]) -> Iterator[tuple[Value, ...]]:
    bucket, key = _place(execution.location)
    parts = read_parts(stack.aws, bucket, key)
    if key.endswith(".txt"):
        return values.rows_of_text(parts, len(execution.columns))
    converters = [
        values.json_value if number in json_columns else values.converter(kind)
        for number, (_, kind) in enumerate(execution.columns)
    ]
    return values.rows_of_csv(parts, converters)
