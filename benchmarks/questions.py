"""The nine reports of due and the guide's own SQL for them, over the same files.

The guide's statements (``tests/queries/guide``) are word for word; so that synthetic events do not age,
``CURRENT_TIMESTAMP`` is replaced by :data:`benchmarks.bench_run.AS_OF`, a time with a zone as the original, after they
were transpiled.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import duckdb
import sqlglot

from benchmarks.bench_run import AS_OF
from due_cli.local.all_events import define_all_events
from due_cli.local.folder import Folder
from due_cli.local.queries import report, session
from due_cli.local.state import open_state
from due_cli.sql import files, transpile
from due_cli.sql.functions import transform_values
from due_cli.sql.reports import bind

Rows = Sequence[Sequence[object]]

_GUIDE = Path(__file__).parents[1] / "tests" / "queries" / "guide"
_NOW = f"CAST('{AS_OF:%Y-%m-%d %H:%M:%S}+00' AS TIMESTAMPTZ)"
_THREADS = 2
_UNNEST_OF_FIELDS = re.compile(r"UNNEST\(\s*transform\(([\w.]+), r -> .*?\n\) AS recipient \([^)]*\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Question:
    """A report, with the options for what the guide's statement has as literals."""

    name: str
    options: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def guide(self) -> str:
        """The guide's statement."""
        return (_GUIDE / f"{self.name}.sql").read_text("utf-8")


_TAG = {"tag": "mycustomerid=4"}
QUESTIONS = (
    Question("sms-cost"),
    Question("sms-cost-by-tag", _TAG),
    Question("subject-lines", {"address": "example_address@example.com"}),
    Question("subject-engagement"),
    Question("send-count-by-tag", _TAG),
    Question("address-engagement"),
    Question("campaign-engagement"),
    Question("bounce-rate"),
    Question("engagement-rate"),
)


def report_rows(folder: Folder, question: Question, since: str | None = None) -> Rows:
    """The rows of due's report, by the way that ``due report`` takes, from opening the folder on."""
    result = report(folder, bind(question.name, dict(question.options), since, now=AS_OF.replace(tzinfo=UTC)))
    return list(result.rows)


def guide_query(folder: Folder, question: Question) -> Callable[[], Rows]:
    """The guide's statement and due's views by sqlglot alone, over the view of all files that due itself makes."""
    statement = _as_of(_transpiled(question.guide))
    views = [_transpiled(files.query("views", name).sql) for name in _views_of(question.guide)]

    def query() -> Rows:
        with open_state(folder) as state, duckdb.connect() as connection:
            connection.execute(f"SET TimeZone = 'UTC'; SET threads = {_THREADS}; SET enable_progress_bar = false")
            define_all_events(connection, state)
            for view in views:
                connection.execute(view)
            return connection.execute(statement).fetchall()

    return query


def rewritten_guide_query(folder: Folder, question: Question) -> Callable[[], Rows]:
    """The guide's statement as ``due query`` runs it: with due's rewrites, views and settings."""
    statement = _as_of(transpile.to_duckdb(transpile.parse(question.guide)))
    names = set(_views_of(question.guide))

    def query() -> Rows:
        with session(folder, names) as (connection, _):
            return connection.execute(statement).fetchall()

    return query


def bytes_read(work: Callable[[], object]) -> int:
    """The bytes that DuckDB read for the last statement of one call, as its profile says."""
    with tempfile.TemporaryDirectory() as place:
        profile = Path(place) / "profile.json"
        with _profiling(profile):
            work()
        read = int(json.loads(profile.read_text("utf-8"))["io"]["total_bytes_read"])
    if not read:
        raise RuntimeError("DuckDB's profile has no bytes read")
    return read


@contextmanager
def _profiling(profile: Path) -> Iterator[None]:
    """Every connection made meanwhile writes the profile of its last statement."""
    connect = duckdb.connect

    def profiled() -> duckdb.DuckDBPyConnection:
        connection = connect()
        connection.execute(f"PRAGMA enable_profiling = 'json'; PRAGMA profiling_output = '{profile}'")
        return connection

    duckdb.connect = profiled  # type: ignore[assignment]  # due asks for a connection in memory, without arguments
    try:
        yield
    finally:
        duckdb.connect = connect


def _views_of(sql: str) -> list[str]:
    words = set(re.findall(r"\w+", sql))
    return [name for name in files.names("views") if name in words]


def _transpiled(sql: str) -> str:
    """sqlglot's own translation, but for two things in due's views that DuckDB does not have.

    ``transform_values`` is rewritten as due does it; ``UNNEST`` of several lists becomes the form of AWS's own views,
    one list of structs.
    """
    sql = _UNNEST_OF_FIELDS.sub(r"UNNEST(\1) AS t (recipient)", sql)
    if "transform_values" in sql:
        tree = transpile.parse(sql).transform(transform_values)
        return tree.sql(dialect="duckdb")
    return sqlglot.transpile(sql, read="athena", write="duckdb")[0]


def _as_of(sql: str) -> str:
    return sql.replace("CURRENT_TIMESTAMP", _NOW)
