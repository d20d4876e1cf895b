"""A view of Athena's in the Glue Data Catalog, and how a later setup sees that it is unchanged.

Athena stores a view's SQL in a form of its own, so what is stored cannot be compared with the statement. The
parameters of the view's Glue table therefore hold two digests: of the statement that created it, and of the text as
Athena stored it. Whoever replaces the view, in the console or elsewhere, leaves a text with another digest, and no
digests beside it.
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
from due_cli.aws.resources.resource import DeclaredResource, Setting
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.core.errors import QueryError

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef

_CREATED_FROM, _STORED_AS = "due.statement", "due.stored"
_PRESTO = re.compile(r"/\* Presto View: (\S+) \*/")
_ENDED = frozenset(("SUCCEEDED", "FAILED", "CANCELLED"))
# The keys of a table's description that can be set (AWS Glue API reference, TableInput).
_INPUT = frozenset(
    "Name Description Owner LastAccessTime LastAnalyzedTime Retention StorageDescriptor PartitionKeys "
    "ViewOriginalText ViewExpandedText TableType Parameters TargetTable".split()
)
_AS_CREATED = "as made"  # in a plan


@dataclass(frozen=True, kw_only=True)
class AthenaView(DeclaredResource):
    """``sql`` is the whole ``CREATE OR REPLACE VIEW``; it is run in ``workgroup``.

    A table of its name is not deleted.
    """

    kind = "view"
    not_found = ignore_errors("EntityNotFoundException")
    database: str
    name: str
    sql: str
    workgroup: str

    def _settings(self) -> list[Setting]:
        return [Setting("ViewOriginalText", _AS_CREATED, read=self._state, write=self._create)]

    def state_of(self, table: TableTypeDef) -> str:
        """What a Glue table of this name is: this view, that of another version of due, or somebody else's."""
        if not is_view(table):
            return "a table"
        digests = table.get("Parameters", {})
        if digests.get(_STORED_AS) != _digest(table.get("ViewOriginalText", "")):
            return "changed by hand"
        return _AS_CREATED if digests.get(_CREATED_FROM) == _digest(self.sql) else "from another statement"

    def _describe(self, aws: Aws) -> TableTypeDef | None:
        return table_of(aws, self.database, self.name)

    def _state(self, _: Aws, table: TableTypeDef) -> str:
        return self.state_of(table)

    def _create(self, aws: Aws) -> None:
        """Create or replace it; raises :class:`QueryError` if Athena does not take its statement."""
        with translate_errors(f"creating view {self.name} (athena:StartQueryExecution)"):
            query_id = aws.athena.start_query_execution(
                QueryString=self.sql,
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
            status: dict[str, Any] = {}
            wait_until(lambda: _has_ended(aws, query_id, status), f"view {self.name}")
        if status["State"] != "SUCCEEDED":
            reason = " ".join(str(status.get("StateChangeReason", "no reason")).split())
            raise QueryError(f"the view {self.name} was not created: {reason}", policy_hint(reason))
        with translate_errors(f"marking view {self.name} (glue:UpdateTable)"):
            retry_transient(lambda: self._mark(aws))

    def _delete(self, aws: Aws) -> None:
        table = self._describe(aws)
        if table is not None and is_view(table):
            aws.glue.delete_table(DatabaseName=self.database, Name=self.name)

    def _mark(self, aws: Aws) -> None:
        table = aws.glue.get_table(DatabaseName=self.database, Name=self.name)["Table"]
        digests = {_CREATED_FROM: _digest(self.sql), _STORED_AS: _digest(table.get("ViewOriginalText", ""))}
        settable: Any = {key: value for key, value in table.items() if key in _INPUT}
        table_input: TableInputTypeDef = settable | {"Parameters": {**table.get("Parameters", {}), **digests}}
        aws.glue.update_table(DatabaseName=self.database, TableInput=table_input, SkipArchive=True)


def is_own_view(table: TableTypeDef) -> bool:
    """Whether a Glue table is a view that due created, of any version and any statement."""
    return is_view(table) and _CREATED_FROM in table.get("Parameters", {})


def table_of(aws: Aws, database: str, name: str) -> TableTypeDef | None:
    """A table or view as Glue describes it; None if there is none."""
    with translate_errors(f"looking for view {name}"), ignore_errors("EntityNotFoundException"):
        return aws.glue.get_table(DatabaseName=database, Name=name)["Table"]
    return None


def views_of(aws: Aws, database: str) -> Iterator[TableTypeDef]:
    """The views of a database, by name."""
    with translate_errors(f"listing the views of {database} (glue:GetTables)"):
        pages = aws.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        views = [table for page in pages for table in page["TableList"] if is_view(table)]
    yield from sorted(views, key=lambda table: table["Name"])


def is_view(table: Mapping[str, Any]) -> bool:
    """Whether a Glue table is a view."""
    return table.get("TableType") == "VIRTUAL_VIEW"


def query_of(table: TableTypeDef) -> str:
    """The query of a view as Athena stored it; the stored text itself if it is not in Athena's form."""
    return str(_stored(table).get("originalSql", table.get("ViewOriginalText", ""))).strip()


def columns_of(table: TableTypeDef) -> list[tuple[str, str]]:
    """The columns of a view by name and type (Trino's) as Athena stored them; none if not in Athena's form."""
    return [(str(one["name"]), str(one["type"])) for one in _stored(table).get("columns", [])]


def _stored(table: TableTypeDef) -> dict[str, Any]:
    """What Athena stored of a view: its query, its columns with Trino's types, and more."""
    match = _PRESTO.search(table.get("ViewOriginalText", ""))
    try:
        stored: dict[str, Any] = json.loads(base64.b64decode(match[1])) if match else {}
    except ValueError:
        return {}
    return stored


def _has_ended(aws: Aws, query_id: str, status: dict[str, Any]) -> bool:
    """Whether a query has ended; ``status`` becomes its status."""
    execution: QueryExecutionTypeDef = aws.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    status.update(execution.get("Status", {}))
    return status.get("State") in _ENDED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
