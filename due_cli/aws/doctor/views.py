"""Checks of the guide's views: they exist, with this version's statements and the columns that Athena derived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from due_cli.aws.doctor.context import DoctorContext, short_list
from due_cli.aws.doctor.resources import steps, unread
from due_cli.aws.resources.resource import Action
from due_cli.aws.resources.view import columns_of, views_of
from due_cli.core.results import Finding, counted

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_HIVE = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary", "row": "struct"}
_WORD = re.compile(r"(array|map|row)\(|(\w+)(?:\(\d+\))?|\)")
_FIELD = re.compile(r'"?(\w+)"? (?=\w)')


def views(context: DoctorContext) -> Iterator[Finding]:
    """Every view that is missing or differs, by its statement or by its columns' names and types."""
    comparisons = [item for item in context.comparisons if item.node.resource.kind == "view"]
    yield from unread(comparisons, context)
    for step in steps(comparisons):
        name = step.node.resource.name
        if step.action is Action.CREATE:
            yield "problem", f"the view {name} is missing", context.setup
        elif step.action is not Action.KEEP:
            differences = ", ".join(str(difference.before) for difference in step.differences)
            yield "problem", f"the view {name} is not as this version makes it: {differences}", context.setup
    kept = {step.node.resource.name for step in steps(comparisons) if step.action is Action.KEEP}
    if not kept:
        return
    tables = [table for table in views_of(context.aws, context.stack.options.database) if table["Name"] in kept]
    faults = [finding for table in tables for finding in _column_faults(context, table)]
    yield from faults
    if len(kept) == len(comparisons) and not faults:
        number = sum(len(columns_of(table)) for table in tables)
        yield "ok", f"{counted(len(kept), 'view')}, {counted(number, 'column')}", None


def _column_faults(context: DoctorContext, table: TableTypeDef) -> Iterator[Finding]:
    """A view whose columns in Glue, which other tools read, are not those that Athena stored with its statement."""
    stored = {name: hive_type(kind) for name, kind in columns_of(table)}
    differences = sorted({*_differences(_glue_columns(table), stored)})
    if differences:
        name, database = table["Name"], context.stack.options.database
        delete = context.aws_command(f"glue delete-table --database-name {database} --name {name}")
        text = f"the view {name} has other columns than its statement gives it: {short_list(differences)}"
        yield "problem", text, f"{delete} && {context.setup}"


def hive_type(kind: str) -> str:
    """Glue's name of a Trino type: ``array<string>`` for ``array(varchar)``."""
    closing: list[str] = []

    def translate(match: re.Match[str]) -> str:
        if match[1]:
            closing.append(">")
            return f"{_HIVE.get(match[1], match[1])}<"
        if match[2]:
            return _HIVE.get(match[2], match[2])
        return closing.pop() if closing else ")"

    return _WORD.sub(translate, _FIELD.sub(r"\1:", kind).replace(", ", ","))


def _glue_columns(table: Mapping[str, Any]) -> dict[str, str]:
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    return {column["Name"]: str(column.get("Type", "")).replace(" ", "") for column in columns}


def _differences(current: Mapping[str, str], desired: Mapping[str, str]) -> Iterator[str]:
    for name, kind in desired.items():
        if name not in current:
            yield f"no {name}"
        elif current[name].lower() != kind.lower():
            yield f"{name} {current[name]}, not {kind}"
    yield from (f"{name} too" for name in current if name not in desired)
