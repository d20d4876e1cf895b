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
from benchmarks.asking import QUESTIONS, Question, ours
from benchmarks.measure import MEGABYTE, Detail, Found, Row, seconds_of
from benchmarks.setting import AS_OF, Setting, count, say
from due_cli.local.folder import Folder
from due_cli.sql import files
from due_cli.sql.parameters import parameter_values, period, substitute
from tests.engines import fetch, hive, java, servers

_FILES_AN_HOUR = 12  # Firehose delivers every five minutes
# Athena answers NULL for a key that a map does not have, stock Trino an error.
_FOR_TRINO = {"message_tags['mycustomerid']": "element_at(message_tags, 'mycustomerid')"}
_NOW = f"TIMESTAMP '{AS_OF:%Y-%m-%d %H:%M:%S} UTC'"
_CATALOG = {"parquet.small-file-threshold": "0B", "hive.metastore.catalog.dir": "local:///scratch/trino/metastore"}
_COLUMNS = ("report", "ours", "guide's SQL", "ours, 12 files an hour", "ours on DuckDB")


@dataclass(frozen=True, slots=True)
class Took:
    """What Trino says of a query: seconds, bytes read, and the most memory it held."""

    seconds: float
    bytes: int
    memory: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.bytes / MEGABYTE:,.0f} MB, {self.memory / MEGABYTE:,.0f} MB held"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: due's report, the guide's SQL, due's report over small files, and its seconds on DuckDB."""

    name: str
    ours: Took
    guide: Took
    small: Took
    duckdb: float


def measured(setting: Setting) -> Found:
    """Time, bytes and memory of all nine, of ours and of the guide's, and of ours over twelve files an hour."""
    missing = _missing()
    if missing:
        met = False if setting.strict else None
        return Found([Row("Trino", "", "", missing, "", "not measured", met)])
    folder = dataset.folder_of(setting, setting.sizes.events, 1)
    small = _in_small_files(setting, folder)
    with _engine(setting) as server:
        one, twelve = (_attached(server, name, place) for name, place in (("one", folder), ("twelve", small)))
        asked = [_asked(one, twelve, folder, question) for question in QUESTIONS]
    size = f"{count(dataset.rows_of(folder))} events, 30 days, Trino {fetch.TRINO}"
    reference = "guide's SQL, " + "; ".join(f"`{new}` for `{old}`" for old, new in _FOR_TRINO.items())
    rows = [*_rows("nine reports on Trino", size, reference, [(each.ours, each.guide) for each in asked])]
    reference = "one file an hour"
    rows += _rows(
        "nine reports on Trino, 12 files an hour", size, reference, [(each.small, each.ours) for each in asked]
    )
    title = f"Each report on Trino: seconds, bytes read, most memory held ({size}):"
    return Found(rows, [Detail(title, _COLUMNS, [_line(each) for each in asked])])


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
def _engine(setting: Setting) -> Iterator[servers.Server]:
    """Trino over the folder of all data sets, compiled and with memory as a server is."""
    place = setting.scratch("trino")
    (place / "metastore").mkdir()
    say("starting Trino")
    with servers.trino(place / "server", setting.cache, servers.FOR_LONG, _CATALOG) as server:
        yield server
    shutil.rmtree(place)


def _attached(server: servers.Server, schema: str, folder: Folder) -> hive.Trino:
    trino = hive.Trino(server, schema)
    say(f"telling Trino of the hours of {folder.root.name}")
    trino.attach(folder.root)
    return trino


def _asked(one: hive.Trino, twelve: hive.Trino, folder: Folder, question: Question) -> Asked:
    say(f"asking {question.name}")
    own, guide = _own(question), _guide(question)
    small = _took(twelve, own)  # first, because it takes longest, and by then the server is warm
    return Asked(question.name, _took(one, own), _took(one, guide), small, seconds_of(lambda: ours(folder, question)))


def _own(question: Question) -> str:
    """The statement that ``due report --sql`` prints."""
    query = files.query("reports", question.name)
    asked = period(query.since, None, AS_OF.replace(tzinfo=UTC))
    return substitute(query.sql, parameter_values(query, asked, dict(question.options)))


def _guide(question: Question) -> str:
    sql = question.guide.replace("current_timestamp", _NOW)
    for old, new in _FOR_TRINO.items():
        sql = sql.replace(old, new)
    return sql


def _took(trino: hive.Trino, sql: str) -> Took:
    told = trino.told(sql)
    return Took(told["elapsedTimeMillis"] / 1000, told["physicalInputBytes"], told["peakMemoryBytes"])


def _in_small_files(setting: Setting, folder: Folder) -> Folder:
    """The same events, those of each hour in twelve files."""

    def make(path: Path) -> None:
        for file in sorted(folder.events.rglob("*.parquet")):
            table = pq.read_table(file, partitioning=None)
            target = path / file.parent.relative_to(folder.root)
            target.mkdir(parents=True)
            step = -(-table.num_rows // _FILES_AN_HOUR)
            for part in range(_FILES_AN_HOUR):
                pq.write_table(table.slice(part * step, step), target / f"{part:02}.parquet", compression="snappy")

    return Folder(setting.made_once(f"small-files-{setting.sizes.events}", [str(folder.root), Path(__file__)], make))


def _rows(what: str, size: str, reference: str, pairs: Sequence[tuple[Took, Took]]) -> Iterator[Row]:
    """The sums of seconds and bytes, and the most memory of any one."""
    left, right = zip(*pairs, strict=True)
    for name, unit, mine, theirs in (
        ("bytes read", "MB", *(sum(each.bytes for each in side) / MEGABYTE for side in (left, right))),
        ("time", "s", *(sum(each.seconds for each in side) for side in (left, right))),
        ("most memory of one", "MB", *(max(each.memory for each in side) / MEGABYTE for side in (left, right))),
    ):
        figures = (f"{mine:,.1f} {unit}", f"{theirs:,.1f} {unit} ({reference})")
        yield Row(f"{what}, {name}", size, *figures, f"{mine / theirs:.2f}")


def _line(asked: Asked) -> tuple[str, ...]:
    return (asked.name, str(asked.ours), str(asked.guide), str(asked.small), f"{asked.duckdb:.2f} s")
