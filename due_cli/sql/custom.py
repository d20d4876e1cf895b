"""Views of custom events (guide, appendix E): attributes and metrics of one event type as columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from due_cli.core.errors import UsageError
from due_cli.sql import files
from due_cli.sql.files import template
from due_cli.sql.parameters import literal

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}")
# The columns of the template itself.
_RESERVED = (
    "event_timestamp",
    "arrival_timestamp",
    "application_id",
    "endpoint_id",
    "aws_account_id",
    "ingest_timestamp",
)


@dataclass(frozen=True, slots=True)
class CustomColumn:
    """A key of an event's attributes or metrics, and the name of its column."""

    key: str
    name: str
    metric: bool


def custom_view(name: str, event_type: str, attributes: list[str], metrics: list[str]) -> str:
    """The CREATE VIEW statement for ``KEY[=column]`` lists.

    Raises :class:`UsageError` for a view or column name that is not lower case, digits and underscores, or is in use,
    and for a view without any column of its own.
    """
    _check_name("view", name)
    if name in files.names("views"):
        raise UsageError(f"{name} is one of the guide's views", "choose another name")
    columns = [*(_column(text, metric=False) for text in attributes), *(_column(text, metric=True) for text in metrics)]
    if not columns:
        raise UsageError("a custom view needs at least one column", "give --attribute KEY or --metric KEY")
    seen = set(_RESERVED)
    for column in columns:
        if column.name in seen:
            raise UsageError(f"two columns are named {column.name}", f"rename one: KEY={column.name}_2")
        seen.add(column.name)
    templates = template("custom_view")
    return templates["view"].format(
        name=name,
        columns="".join(_expression(templates, column) for column in columns),
        event_type=literal(event_type),
    )


def _column(text: str, *, metric: bool) -> CustomColumn:
    key, equals, name = text.rpartition("=")
    if not equals:
        key, name = text, re.sub(r"\W+", "_", text).strip("_").lower()
    if not key:
        raise UsageError(f"{text!r} is not KEY or KEY=column")
    _check_name("column", name)
    return CustomColumn(key, name, metric)


def _expression(templates: dict[str, str], column: CustomColumn) -> str:
    expression = templates["metric" if column.metric else "attribute"]
    return "\n    " + expression.format(
        key=literal(column.key), lower_key=literal(column.key.lower()), name=column.name
    )


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a {what} name", "use lower-case letters, digits and _, and begin with a letter or _"
        )


def preview_command(name: str) -> str:
    """The command that shows some rows of a view."""
    return f"due query 'SELECT * FROM {name} LIMIT 10'"  # noqa: S608  a command to type
