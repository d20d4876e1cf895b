"""The table's columns as Glue keeps them, out of the one place that has them: ``queries/tables``."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COLUMNS = re.compile(r"CREATE EXTERNAL TABLE \w+ \((.*?)\n\)", re.DOTALL)
_PARTITION = re.compile(r"PARTITIONED BY \((.*?)\)", re.DOTALL)


def columns_of(ddl: str) -> list[tuple[str, str]]:
    """Names and Hive types of a table's columns, in order, without its partition key."""
    return list(_declared(_COLUMNS, ddl))


def partition_keys_of(ddl: str) -> list[tuple[str, str]]:
    """Names and Hive types of a table's partition keys."""
    return list(_declared(_PARTITION, ddl))


def _declared(part: re.Pattern[str], ddl: str) -> Iterator[tuple[str, str]]:
    found = part.search(ddl)
    for declaration in _split(found[1]) if found else ():
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
