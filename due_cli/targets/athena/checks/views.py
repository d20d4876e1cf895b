"""The guide's views: there, made by this version's statements, and with the columns that Athena gave them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from due_cli.aws.resources.view import columns_of, views_of
from due_cli.deploy.resource import Action
from due_cli.results import Check
from due_cli.targets.athena.checks.common import Examined, Patient, counted, listed
from due_cli.targets.athena.checks.resources import steps, unread

_HIVE = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary", "row": "struct"}
_WORD = re.compile(r"(array|map|row)\(|(\w+)(?:\(\d+\))?|\)")
_FIELD = re.compile(r'"?(\w+)"? (?=\w)')


def views(patient: Patient) -> Examined:
    """Every view that is missing or differs, by its statement or by its columns' names and types."""
    looked = [one for one in patient.looked if one.node.resource.kind == "view"]
    yield from unread("views", looked, patient)
    kept, wrong = set(), False
    for step in steps(looked):
        name = step.node.resource.name
        if step.action is Action.KEEP:
            kept.add(name)
            continue
        wrong = True
        how = ", ".join(str(one.is_now) for one in step.differences)
        what = "is missing" if step.action is Action.CREATE else f"is not as this version makes it: {how}"
        yield Check("views", "problem", f"the view {name} {what}", patient.setup)
    database, columns = patient.stack.options.database, 0
    for table in views_of(patient.aws, database) if kept else ():
        if table["Name"] not in kept:
            continue
        there, made = _listed_by_glue(table), {name: hive_type(kind) for name, kind in columns_of(table)}
        columns += len(made)
        if differing := sorted({*_differing(there, made)}):
            wrong = True
            delete = patient.aws_command(f"glue delete-table --database-name {database} --name {table['Name']}")
            text = f"the view {table['Name']} has other columns than its statement gives it: {listed(differing)}"
            yield Check("views", "problem", text, f"{delete} && {patient.setup}")
    if not wrong and len(kept) == len(looked):
        yield Check("views", "ok", f"{counted(len(kept), 'view')}, {counted(columns, 'column')}")


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
