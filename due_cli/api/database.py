"""An events database for Python code, and for the commands that ask it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from due_cli.api import reports
from due_cli.api.rows import Rows
from due_cli.api.target import Target, open_target
from due_cli.core.errors import UsageError, system_errors
from due_cli.core.progress import Progress, Silent
from due_cli.core.results import Done, IngestSummary, Statuses, Table, limited
from due_cli.core.settings import Settings, choose_target

Time = str | datetime  # as --since and --until take it: 2026-11-01, yesterday, 30d; one without a zone is UTC
Parameter = str | int | datetime | tuple[str, ...]
_LOGGER = logging.getLogger("due_cli")


def open(
    folder: str | os.PathLike[str] | None = None,
    *,
    stack: str | None = None,
    region: str | None = None,
    profile: str | None = None,
) -> Database:
    """The events database in a folder or, by name, on AWS; without either, the one that the commands would use.

    Raises :class:`due_cli.DueError` where there is none.
    """
    settings = Settings(local=None if folder is None else Path(folder), stack=stack, region=region, profile=profile)
    progress = _Log()
    with system_errors():
        return Database(open_target(choose_target(settings, os.environ), progress), progress)


class Database:
    """An events database. What goes wrong is a :class:`due_cli.DueError` with the command's text and exit code."""

    def __init__(self, target: Target, progress: Progress) -> None:
        self.target = target
        self._progress = progress

    def reports(self) -> Rows[Table]:
        """The reports, each with what it is about."""
        return Rows(reports.reports())

    def report(
        self,
        name: str,
        *,
        since: Time | None = None,
        until: Time | None = None,
        limit: int | None = None,
        fresh: bool = False,
        **options: str | int | None,
    ) -> Rows[Table]:
        """The rows of a report; ``options`` are those of ``due report NAME``, with ``_`` for ``-``."""
        with system_errors():
            now = datetime.now(UTC)
            report = reports.bind_report(name, options, _text(since), _text(until), now)
            return Rows(reports.run(self.target, report, now, limit=limit, fresh=fresh))

    def query(
        self,
        sql: str,
        *,
        parameters: Mapping[str, Parameter] | None = None,
        since: Time | None = None,
        until: Time | None = None,
        limit: int | None = None,
    ) -> Rows[Table | Done]:
        """The rows of a statement in Athena's SQL, with values for each ``:name`` in it."""
        from due_cli.sql.parameters import given_parameters
        from due_cli.sql.statements import with_values

        values: dict[str, Parameter] = given_parameters([], _text(since), _text(until), datetime.now(UTC))
        values.update({name: _parameter(name, value) for name, value in (parameters or {}).items()})
        with system_errors():
            return Rows(limited(self.target.query(with_values(sql, values)), limit))

    def status(
        self, message_ids: str | Iterable[str], *, everywhere: bool = False, details: bool = False
    ) -> Rows[Statuses]:
        """The status of each message, in the order of the ids; an unknown one is ``not_found``.

        With ``details`` ``result`` has what a person sees beside it.
        """
        ids = [message_ids] if isinstance(message_ids, str) else list(message_ids)
        with system_errors():
            return Rows(self.target.statuses(ids, everywhere=everywhere, with_details=details))

    def ingest(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Rows[IngestSummary]:
        """Add the records of files and folders; one row, with the counts.

        Records that cannot be read are counted as failed, and kept. More is done at a time in processes of its own.
        """
        several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        with system_errors():
            return Rows(self.target.ingest([os.fspath(path) for path in several], self._progress))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.target.place}>"


class _Log(Silent):
    """What a command writes to standard error, to the logger ``due_cli``."""

    def note(self, text: str) -> None:
        _LOGGER.warning("%s", text)

    def aside(self, text: str) -> None:
        _LOGGER.info("%s", text)


def _text(time: Time | None) -> str | None:
    return time.isoformat() if isinstance(time, datetime) else time


def _parameter(name: str, value: Parameter) -> Parameter:
    """A value that SQL can have: times as it has them, without a zone, in UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, bool) or not isinstance(value, (str, int, tuple)):
        raise UsageError(f"parameters: {name} is no text, whole number, time or tuple of texts: {value!r}")
    return value
