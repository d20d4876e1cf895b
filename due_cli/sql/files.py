"""Reads ``queries/``: the one place where SQL lives. A file's header comments are its description.

-- title: …      -- about: …      -- source: …      -- note: …
-- since: 6mo    the default of --since            -- lookback: 1d    what filed before since is read too
-- option: NAME TYPE DEFAULT-or-required Help.      -- example: due report …
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from due_cli.sql.loader import folder

_HEADER = re.compile(r"-- (\w+): (.*)\n")

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
