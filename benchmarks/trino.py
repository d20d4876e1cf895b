"""The nine reports and the guide's SQL on Trino, the engine inside Athena; and what small files cost.

The catalog is over plain folders, and of a file no more is read than a query needs (``parquet.small-file-threshold``
is nothing), so that bytes are what Athena would bill. The guide's statements are word for word and over due's views,
but for what stock Trino does not take, :data:`_FOR_TRINO`, and for the time that stands for now.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import dataset
from benchmarks.bench_run import AS_OF, BenchRun, grouped, log
from benchmarks.measure import MEGABYTE, Detail, Results, Row, seconds_of
from benchmarks.questions import QUESTIONS, Question, report_rows
from due_cli.local.folder import Folder
from due_cli.sql.reports import bind
from tests.engines import fetch, hive, java, servers

_FILES_PER_HOUR = 12  # Firehose delivers every five minutes
# Athena answers NULL for a key that a map does not have, stock Trino an error.
_FOR_TRINO = {"message_tags['mycustomerid']": "element_at(message_tags, 'mycustomerid')"}
_NOW = f"TIMESTAMP '{AS_OF:%Y-%m-%d %H:%M:%S} UTC'"
_CATALOG = {"parquet.small-file-threshold": "0B", "hive.metastore.catalog.dir": "local:///scratch/trino/metastore"}
_COLUMNS = ("report", "ours", "guide's SQL", "ours, 12 files an hour", "ours on DuckDB")


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """Seconds of a query on Trino, bytes read, and its peak memory."""

    seconds: float
    bytes: int
    memory: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.bytes / MEGABYTE:,.0f} MB, {self.memory / MEGABYTE:,.0f} MB held"


@dataclass(frozen=True, slots=True)
class TrinoFigures:
    """One report: due's report, the guide's SQL, due's report over small files, and its seconds on DuckDB."""

    name: str
    ours: QueryFigures
    guide: QueryFigures
    small: QueryFigures
    duckdb: float


def measure(bench: BenchRun) -> Results:
    """Time, bytes and memory of all nine, of ours and of the guide's, and of ours over twelve files an hour."""
    missing = _missing()
    if missing:
        met = False if bench.strict else None
        return Results([Row("Trino", "", "", missing, "", "not measured", met)])
    folder = dataset.folder_of(bench, bench.sizes.events, 1)
    small = _in_small_files(bench, folder)
    with _engine(bench) as server:
        one, twelve = (_attached(server, name, place) for name, place in (("one", folder), ("twelve", small)))
        figures = [_figures(one, twelve, folder, question) for question in QUESTIONS]
    size = f"{grouped(dataset.rows_of(folder))} events, 30 days, Trino {fetch.TRINO}"
    reference = "guide's SQL, " + "; ".join(f"`{new}` for `{old}`" for old, new in _FOR_TRINO.items())
    rows = [*_rows("nine reports on Trino", size, reference, [(each.ours, each.guide) for each in figures])]
    reference = "one file an hour"
    rows += _rows(
        "nine reports on Trino, 12 files an hour", size, reference, [(each.small, each.ours) for each in figures]
    )
    title = f"Each report on Trino: seconds, bytes read, most memory held ({size}):"
    return Results(rows, [Detail(title, _COLUMNS, [_line(each) for each in figures])])


def _missing() -> str:
    """What is not on this machine."""
    if not fetch.has_trino():
        return "no Trino: `make test-engines` fetches it"
    try:
        java.find()
    except java.MissingError:
        return f"no Java {java.LEAST}"
    return ""


@contextmanager
def _engine(bench: BenchRun) -> Iterator[servers.Server]:
    """Trino over the folder of all data sets, compiled and with memory as a server is."""
    place = bench.scratch("trino")
    (place / "metastore").mkdir()
    log("starting Trino")
    with servers.trino(place / "server", bench.cache, servers.FOR_LONG, _CATALOG) as server:
        yield server
    shutil.rmtree(place)


def _attached(server: servers.Server, schema: str, folder: Folder) -> hive.Trino:
    trino = hive.Trino(server, schema)
    log(f"adding the partitions of {folder.root.name}")
    trino.attach(folder.root)
    return trino


def _figures(one: hive.Trino, twelve: hive.Trino, folder: Folder, question: Question) -> TrinoFigures:
    log(f"reporting {question.name}")
    own, guide = _own(question), _guide(question)
    small = _query(twelve, own)  # first, because it takes longest, and by then the server is warm
    return TrinoFigures(
        question.name, _query(one, own), _query(one, guide), small, seconds_of(lambda: report_rows(folder, question))
    )


def _own(question: Question) -> str:
    """The statement that ``due report --sql`` prints."""
    return bind(question.name, dict(question.options), now=AS_OF.replace(tzinfo=UTC)).statement


def _guide(question: Question) -> str:
    sql = question.guide.replace("current_timestamp", _NOW)
    for old, new in _FOR_TRINO.items():
        sql = sql.replace(old, new)
    return sql


def _query(trino: hive.Trino, sql: str) -> QueryFigures:
    stats = trino.told(sql)
    return QueryFigures(stats["elapsedTimeMillis"] / 1000, stats["physicalInputBytes"], stats["peakMemoryBytes"])


def _in_small_files(bench: BenchRun, folder: Folder) -> Folder:
    """The same events, those of each hour in twelve files."""

    def write(path: Path) -> None:
        for file in sorted(folder.events.rglob("*.parquet")):
            table = pq.read_table(file, partitioning=None)
            target = path / file.parent.relative_to(folder.root)
            target.mkdir(parents=True)
            step = -(-table.num_rows // _FILES_PER_HOUR)
            for part in range(_FILES_PER_HOUR):
                pq.write_table(table.slice(part * step, step), target / f"{part:02}.parquet", compression="snappy")

    return Folder(bench.cached(f"small-files-{bench.sizes.events}", [str(folder.root), Path(__file__)], write))


def _rows(what: str, size: str, reference: str, pairs: Sequence[tuple[QueryFigures, QueryFigures]]) -> Iterator[Row]:
    """The sums of seconds and bytes, and the most memory of any one."""
    left, right = zip(*pairs, strict=True)
    for name, unit, mine, theirs in (
        ("bytes read", "MB", *(sum(each.bytes for each in side) / MEGABYTE for side in (left, right))),
        ("time", "s", *(sum(each.seconds for each in side) for side in (left, right))),
        ("most memory of one", "MB", *(max(each.memory for each in side) / MEGABYTE for side in (left, right))),
    ):
        figures = (f"{mine:,.1f} {unit}", f"{theirs:,.1f} {unit} ({reference})")
        yield Row(f"{what}, {name}", size, *figures, f"{mine / theirs:.2f}")


def _line(figures: TrinoFigures) -> tuple[str, ...]:
    return (figures.name, str(figures.ours), str(figures.guide), str(figures.small), f"{figures.duckdb:.2f} s")
