"""A view of Athena's in the Glue Data Catalog, and how it is seen that it is still the one that was made.

Athena keeps a view's SQL in a form of its own, so the text that it was made from cannot be compared with what is
there. Beside the view's text, in the parameters of its Glue table, stand therefore the digest of the statement that
made it and that of the text as Athena stored it. Whoever makes the view anew, in the console or anywhere, leaves a
text with another digest, and no digests beside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, policy_hint, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.core.errors import QueryError

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef

_MADE_FROM, _STORED_AS = "due.statement", "due.stored"
_PRESTO = re.compile(r"/\* Presto View: (\S+) \*/")
_ENDED = frozenset(("SUCCEEDED", "FAILED", "CANCELLED"))
# What a table is set from, of what Glue says of it (AWS Glue API reference, TableInput).
_INPUT = frozenset(
    "Name Description Owner LastAccessTime LastAnalyzedTime Retention StorageDescriptor PartitionKeys "
    "ViewOriginalText ViewExpandedText TableType Parameters TargetTable".split()
)
_AS_MADE = "as made"


@dataclass(frozen=True, slots=True)
class View:
    """``sql`` is the whole ``CREATE OR REPLACE VIEW``; it is run in ``workgroup``."""

    database: str
    name: str
    sql: str
    workgroup: str
    kind: str = "view"

    def desired(self) -> Settings:
        """How it should be."""
        return {"ViewOriginalText": _AS_MADE}

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        table = table_of(aws, self.database, self.name)
        return None if table is None else {"ViewOriginalText": self.state_of(table)}

    def state_of(self, table: TableTypeDef) -> str:
        """What a Glue table of this name is: this view, that of another version of due, or somebody else's."""
        if not is_view(table):
            return "a table"
        marks = table.get("Parameters", {})
        if marks.get(_STORED_AS) != _digest(table.get("ViewOriginalText", "")):
            return "changed by hand"
        return _AS_MADE if marks.get(_MADE_FROM) == _digest(self.sql) else "from another statement"

    def create(self, aws: Aws) -> None:
        """Makes or replaces it; raises :class:`QueryError` where Athena does not take it."""
        with translate_errors(f"creating view {self.name} (athena:StartQueryExecution)"):
            number = aws.athena.start_query_execution(
                QueryString=self.sql,
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
            ended: dict[str, Any] = {}
            wait_until(lambda: _is_over(aws, number, ended), f"view {self.name}")
        if ended["State"] != "SUCCEEDED":
            reason = " ".join(str(ended.get("StateChangeReason", "no reason")).split())
            raise QueryError(f"the view {self.name} was not made: {reason}", policy_hint(reason))
        with translate_errors(f"marking view {self.name} (glue:UpdateTable)"):
            retry_transient(lambda: self._mark(aws))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:  # noqa: ARG002  there is but its statement
        """Makes it anew."""
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Removes it; a table of this name stays."""
        table = table_of(aws, self.database, self.name)
        if table is None or not is_view(table):
            return
        with translate_errors(f"deleting view {self.name}"), ignore_errors("EntityNotFoundException"):
            aws.glue.delete_table(DatabaseName=self.database, Name=self.name)

    def _mark(self, aws: Aws) -> None:
        table = aws.glue.get_table(DatabaseName=self.database, Name=self.name)["Table"]
        marks = {_MADE_FROM: _digest(self.sql), _STORED_AS: _digest(table.get("ViewOriginalText", ""))}
        given: Any = {key: value for key, value in table.items() if key in _INPUT}
        table_input: TableInputTypeDef = given | {"Parameters": {**table.get("Parameters", {}), **marks}}
        aws.glue.update_table(DatabaseName=self.database, TableInput=table_input, SkipArchive=True)


def is_own_view(table: TableTypeDef) -> bool:
    """Whether a Glue table is a view that due made, of any version and any statement."""
    return is_view(table) and _MADE_FROM in table.get("Parameters", {})


def table_of(aws: Aws, database: str, name: str) -> TableTypeDef | None:
    """A table or view as Glue has it; None where there is none."""
    with translate_errors(f"looking for view {name}"), ignore_errors("EntityNotFoundException"):
        return aws.glue.get_table(DatabaseName=database, Name=name)["Table"]
    return None


def views_of(aws: Aws, database: str) -> Iterator[TableTypeDef]:
    """The views of a database, by name."""
    with translate_errors(f"listing the views of {database} (glue:GetTables)"):
        pages = aws.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        found = [table for page in pages for table in page["TableList"] if is_view(table)]
    yield from sorted(found, key=lambda table: table["Name"])


def is_view(table: Mapping[str, Any]) -> bool:
    """Whether a Glue table is a view."""
    return table.get("TableType") == "VIRTUAL_VIEW"


def query_of(table: TableTypeDef) -> str:
    """The query of a view as Athena stored it; the stored text itself where it is in no form of Athena's."""
    return str(_stored(table).get("originalSql", table.get("ViewOriginalText", ""))).strip()


def columns_of(table: TableTypeDef) -> list[tuple[str, str]]:
    """The columns of a view by name and type (Trino's) as Athena stored them; none in no form of Athena's."""
    return [(str(one["name"]), str(one["type"])) for one in _stored(table).get("columns", [])]


def _stored(table: TableTypeDef) -> dict[str, Any]:
    """What Athena stored of a view beside the names that Glue knows."""
    found = _PRESTO.search(table.get("ViewOriginalText", ""))
    try:
        stored: dict[str, Any] = json.loads(base64.b64decode(found[1])) if found else {}
    except ValueError:
        return {}
    return stored


def _is_over(aws: Aws, number: str, ended: dict[str, Any]) -> bool:
    execution: QueryExecutionTypeDef = aws.athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]
    ended.update(execution.get("Status", {}))
    return ended.get("State") in _ENDED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
