"""Running the text of a report without the command line, so that a changed text can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb

from due_cli.local.folder import Folder
from due_cli.local.queries import session
from due_cli.render.data import plain
from due_cli.sql import files
from due_cli.sql.messages import expanded
from due_cli.sql.parameters import parameter_values, period, used_parameters
from due_cli.sql.transpile import parse, to_duckdb
from tests.queries.reference import Rows


def text_of(report: str) -> str:
    """The file of a report, with its statement as ``--sql`` prints it: with the relation of messages that it reads."""
    text = (files.folder() / "reports" / f"{report}.sql").read_text("utf-8")
    query = files.query("reports", report)
    header = "".join(line for line in text.removesuffix(f"{query.sql}\n").splitlines(True) if "-- rows:" not in line)
    return header + expanded(query.sql, rows=query.rows)


@cache
def _translated(sql: str) -> str:
    return to_duckdb(parse(sql))


@dataclass(frozen=True, slots=True)
class Loaded:
    """The events of a database in memory."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, text: str, since: str, until: str, options: Mapping[str, str | int | None]) -> Rows:
        """The rows of a report's text, as ``-o json`` gives them."""
        query = files.parse("changed", text)
        parameters = parameter_values(query, period(since, until, datetime.now(UTC)), dict(options))
        cursor = self.connection.execute(_translated(query.sql), used_parameters(query.sql, parameters))
        names = [column[0] for column in cursor.description or []]
        return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


@contextmanager
def loaded(database: Path) -> Iterator[Loaded]:
    """The events of a database, read once."""
    with session(Folder(database), set()) as (connection, _):
        connection.execute("CREATE TABLE held AS SELECT * FROM all_events")
        connection.execute("CREATE OR REPLACE VIEW all_events AS SELECT * FROM held")
        yield Loaded(connection)
