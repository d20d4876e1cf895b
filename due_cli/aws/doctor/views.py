"""The guide's views: there, made by this version's statements, and with the columns that Athena gave them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from due_cli.aws.doctor.context import DoctorContext, Examined, listed
from due_cli.aws.doctor.resources import steps, unread
from due_cli.aws.resources.resource import Action
from due_cli.aws.resources.view import columns_of, views_of
from due_cli.core.results import Check, counted

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_HIVE = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary", "row": "struct"}
_WORD = re.compile(r"(array|map|row)\(|(\w+)(?:\(\d+\))?|\)")
_FIELD = re.compile(r'"?(\w+)"? (?=\w)')


def views(patient: DoctorContext) -> Examined:
    """Every view that is missing or differs, by its statement or by its columns' names and types."""
    looked = [one for one in patient.looked if one.node.resource.kind == "view"]
    yield from unread("views", looked, patient)
    wrong = [step for step in steps(looked) if step.action is not Action.KEEP]
    for step in wrong:
        how = ", ".join(str(one.before) for one in step.differences)
        what = "is missing" if step.action is Action.CREATE else f"is not as this version makes it: {how}"
        yield Check("views", "problem", f"the view {step.node.resource.name} {what}", patient.setup)
    kept = {step.node.resource.name for step in steps(looked) if step.action is Action.KEEP}
    if not kept:
        return
    tables = [table for table in views_of(patient.aws, patient.stack.options.database) if table["Name"] in kept]
    differing = [check for table in tables for check in _other_columns(patient, table)]
    yield from differing
    if len(kept) == len(looked) and not differing:
        number = sum(len(columns_of(table)) for table in tables)
        yield Check("views", "ok", f"{counted(len(kept), 'view')}, {counted(number, 'column')}")


def _other_columns(patient: DoctorContext, table: TableTypeDef) -> Iterator[Check]:
    """A view whose columns in Glue, which other tools read, are not those that Athena stored with its statement."""
    made = {name: hive_type(kind) for name, kind in columns_of(table)}
    differing = sorted({*_differing(_listed_by_glue(table), made)})
    if differing:
        name, database = table["Name"], patient.stack.options.database
        delete = patient.aws_command(f"glue delete-table --database-name {database} --name {name}")
        text = f"the view {name} has other columns than its statement gives it: {listed(differing)}"
        yield Check("views", "problem", text, f"{delete} && {patient.setup}")


def hive_type(kind: str) -> str:
    """The type that Glue has for one of Trino's: ``array<string>`` for ``array(varchar)``."""
    closing: list[str] = []

    def word(match: re.Match[str]) -> str:
        if match[1]:
            closing.append(">")
            return f"{_HIVE.get(match[1], match[1])}<"
        if match[2]:
            return _HIVE.get(match[2], match[2])
        return closing.pop() if closing else ")"

    return _WORD.sub(word, _FIELD.sub(r"\1:", kind).replace(", ", ","))


def _listed_by_glue(table: Mapping[str, Any]) -> dict[str, str]:
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    return {one["Name"]: str(one.get("Type", "")).replace(" ", "") for one in columns}


def _differing(there: Mapping[str, str], made: Mapping[str, str]) -> Iterator[str]:
    for name, kind in made.items():
        if name not in there:
            yield f"no {name}"
        elif there[name].lower() != kind.lower():
            yield f"{name} {there[name]}, not {kind}"
    yield from (f"{name} too" for name in there if name not in made)
