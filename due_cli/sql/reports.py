"""Reports bound to values: once, for ``--sql`` and for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from due_cli.sql import files
from due_cli.sql.messages import expanded, used_families
from due_cli.sql.parameters import Parameter, parameter_values, period, read_from, substitute, used_parameters

ReportOptions = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundReport:
    """A report's SQL and the values of its parameters, and the families of messages that it reads and nothing else.

    ``sql`` is in Athena's dialect with ``:name`` for each parameter, complete; ``facts_sql`` is the same where facts of
    messages are stored. ``parameters`` are those that they name. Its period is ``since_hour`` to ``end_hour``, and it
    reads the partitions from ``first_hour`` on: naive datetimes in UTC.
    """

    name: str
    sql: str
    facts_sql: str
    families: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    since_hour: datetime
    first_hour: datetime
    end_hour: datetime

    @property
    def statement(self) -> str:
        """The statement with its values written in, as Athena runs it."""
        return substitute(self.sql, self.parameters)


def bind(
    name: str, options: ReportOptions, since: str | None = None, until: str | None = None, *, now: datetime
) -> BoundReport:
    """The report of a name with values for its options (as typed) and its period; durations count back from ``now``.

    Raises :class:`UsageError` naming the option for a value of the wrong form.
    """
    query = files.query("reports", name)
    report_period = period(query.since if since is None else since, until, now, is_default=since is None)
    sql = expanded(query.sql, rows=query.rows)
    return BoundReport(
        name=name,
        sql=sql,
        facts_sql=expanded(query.sql, rows=query.rows, stored=True),
        families=() if files.TABLE in query.sql else used_families(query.sql),
        parameters=used_parameters(sql, parameter_values(query, report_period, options)),
        since_hour=report_period.since_hour,
        first_hour=read_from(query, report_period),
        end_hour=report_period.until_hour,
    )
