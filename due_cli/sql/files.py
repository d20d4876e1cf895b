"""Reads ``queries/``: the one place where SQL lives. A file's header comments are its description.

-- title: …      -- about: …      -- source: …      -- note: …
-- since: 6mo    the default of --since            -- lookback: 1d    what filed before since is read too
-- option: NAME TYPE DEFAULT-or-required Help.      -- example: due report …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

_HEADER = re.compile(r"-- (\w+): (.*)\n")
_STATEMENT = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COLUMNS = re.compile(r"CREATE EXTERNAL TABLE \w+ \((.*?)\n\)", re.DOTALL)
_PARTITION = re.compile(r"PARTITIONED BY \((.*?)\)", re.DOTALL)

OptionType = Literal["TEXT", "INTEGER", "DURATION", "KEY=VALUE"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a report's own, as its header declares it."""

    name: str
    type: OptionType
    default: str | None
    help: str


@dataclass(frozen=True, slots=True)
class Query:
    """A SQL file: Athena's dialect, with ``:name`` for each parameter."""

    name: str
    sql: str
    title: str
    about: str
    source: str
    since: str
    lookback: str
    example: str
    options: tuple[Option, ...]


@cache
def folder() -> Path:
    """Where the SQL files are: in the package (a wheel), else beside it (a checkout)."""
    package = Path(__file__).parent.parent
    for place in (package / "queries", package.parent / "queries"):
        if place.is_dir():
            return place
    raise FileNotFoundError("due was installed without its queries folder")


def template(name: str) -> dict[str, str]:
    """The statements of ``queries/templates/{name}.sql``."""
    return statements(folder() / "templates" / f"{name}.sql")


@cache
def statements(file: Path) -> dict[str, str]:
    """The statements of a SQL file by name: each stands under its ``-- name:`` line."""
    pieces = _STATEMENT.split(file.read_text("utf-8"))
    return {key: text.strip() for key, text in zip(pieces[1::2], pieces[2::2], strict=True)}


@cache
def query(kind: str, name: str) -> Query:
    """One file of ``queries/{kind}/``; raises FileNotFoundError."""
    return parse(name, (folder() / kind / f"{name}.sql").read_text("utf-8"))


@cache
def names(kind: str) -> tuple[str, ...]:
    """The files of ``queries/{kind}/``, in order."""
    return tuple(sorted(path.stem for path in (folder() / kind).glob("*.sql")))


def parse(name: str, text: str) -> Query:
    """A query file's text; raises ValueError for a header that is not understood, naming the file."""
    header: dict[str, list[str]] = {}
    rest = text
    while match := _HEADER.match(rest):
        header.setdefault(match[1], []).append(match[2].strip())
        rest = rest[match.end() :]

    def one(key: str, default: str = "") -> str:
        return header.get(key, [default])[0]

    return Query(
        name=name,
        sql=rest.strip(),
        title=one("title"),
        about=one("about"),
        source=one("source"),
        since=one("since", "30d"),
        lookback=one("lookback", "0h"),
        example=one("example"),
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
    """The parts between the commas that stand in no angle brackets."""
    depth = start = 0
    for at, mark in enumerate(text):
        depth += (mark == "<") - (mark == ">")
        if mark == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()
