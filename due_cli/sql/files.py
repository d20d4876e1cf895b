"""Reads the files of ``queries/``, where all SQL for Athena is, and files of named statements.

The header comments of a file describe it:

-- title: …      -- about: …      -- source: …      -- note: …      -- columns: those of its rows, in order
-- since: 6mo    default of --since                -- lookback: 1d    how long before since events are read
-- option: NAME TYPE DEFAULT-or-required Help.      -- example: due report …
-- opens: total_opens    the column that is 0, false or NULL in every row where no opens came
-- rows: contains(recipients, :address)    on which facts of messages alone a report looks (due_cli.sql.messages)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

TABLE = "all_events"  # the table of all events, which every query reads
_HEADER = re.compile(r"-- (\w+): (.*)\n")
_STATEMENT = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COLUMNS = re.compile(r"CREATE EXTERNAL TABLE \w+ \((.*?)\n\)", re.DOTALL)
_PARTITION = re.compile(r"PARTITIONED BY \((.*?)\)", re.DOTALL)

OptionType = Literal["TEXT", "INTEGER", "DURATION", "KEY=VALUE"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a report, as its header declares it; a required one has no default."""

    name: str
    type: OptionType
    default: str | None
    help: str


@dataclass(frozen=True, slots=True)
class Query:
    """A SQL file with its header: Athena's dialect, with ``:name`` for each parameter."""

    name: str
    sql: str
    title: str
    about: str
    source: str
    columns: tuple[str, ...]
    since: str
    lookback: str
    example: str
    opens: str
    rows: str
    options: tuple[Option, ...]


@cache
def folder() -> Path:
    """The folder of the SQL files: in the package (a wheel), else beside it (a checkout)."""
    package = Path(__file__).parent.parent
    for candidate in (package / "queries", package.parent / "queries"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("due was installed without its queries folder")


def template(name: str) -> dict[str, str]:
    """The statements of ``queries/templates/{name}.sql``."""
    return statements(folder() / "templates" / f"{name}.sql")


@cache
def statements(file: Path) -> dict[str, str]:
    """The statements of a SQL file by name, each under its ``-- name:`` line."""
    _, *parts = _STATEMENT.split(file.read_text("utf-8"))
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


@cache
def query(kind: str, name: str) -> Query:
    """The file ``queries/{kind}/{name}.sql``; raises FileNotFoundError."""
    return parse(name, (folder() / kind / f"{name}.sql").read_text("utf-8"))


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of the files of ``queries/{kind}/``, in alphabetical order."""
    return tuple(sorted(path.stem for path in (folder() / kind).glob("*.sql")))


def parse(name: str, text: str) -> Query:
    """The query of a file's text; raises ValueError naming the file for an invalid option header."""
    header: dict[str, list[str]] = {}
    rest = text
    while match := _HEADER.match(rest):
        header.setdefault(match[1], []).append(match[2].strip())
        rest = rest[match.end() :]

    def first(key: str, default: str = "") -> str:
        return header.get(key, [default])[0]

    return Query(
        name=name,
        sql=rest.strip(),
        title=first("title"),
        about=first("about"),
        source=first("source"),
        columns=tuple(re.findall(r"\w+", first("columns"))),
        since=first("since", "30d"),
        lookback=first("lookback", "0h"),
        example=first("example"),
        opens=first("opens"),
        rows=" ".join(header.get("rows", [])),
        options=tuple(_option(name, line) for line in header.get("option", [])),
    )


def _option(query_name: str, line: str) -> Option:
    words = line.split(" ", 3)
    if len(words) < 4 or words[1] not in get_args(OptionType):
        raise ValueError(f"{query_name}.sql: option header {line!r} is not: NAME TYPE DEFAULT-or-required Help.")
    name, kind, default, help_text = words
    return Option(name, kind, None if default == "required" else default, help_text)  # type: ignore[arg-type]


def hive_columns(ddl: str) -> list[tuple[str, str]]:
    """Names and Hive types of the columns of a ``CREATE EXTERNAL TABLE``, in order, without its partition keys."""
    return list(_declared(_COLUMNS, ddl))


def hive_partition_keys(ddl: str) -> list[tuple[str, str]]:
    """Names and Hive types of the partition keys of a ``CREATE EXTERNAL TABLE``."""
    return list(_declared(_PARTITION, ddl))


def _declared(part: re.Pattern[str], ddl: str) -> Iterator[tuple[str, str]]:
    match = part.search(ddl)
    for declaration in _split(match[1]) if match else ():
        name, kind = declaration.split(None, 1)
        yield name.strip("`"), re.sub(r"[\s`]", "", kind)


def _split(text: str) -> Iterator[str]:
    """The parts of a text between the commas outside angle brackets."""
    depth = start = 0
    for at, mark in enumerate(text):
        depth += (mark == "<") - (mark == ">")
        if mark == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()
