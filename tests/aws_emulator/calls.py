"""Calls: what was asked of AWS, by whom, whether it can change anything; and the journal of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_READS = ("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Search", "Filter", "Lookup", "Simulate")
_READ_TOO = {
    ("sts", "AssumeRole"),
    ("dynamodb", "TransactGetItems"),
    ("logs", "TestMetricFilter"),
    ("logs", "StartQuery"),
    ("s3", "SelectObjectContent"),
}
_READING_SQL = ("select", "with", "show", "describe", "explain", "(")


@dataclass
class Call:
    """One call of an operation."""

    service: str  # as boto3 names it
    operation: str
    parameters: dict[str, Any]
    region: str = "us-east-1"
    access_key: str = ""
    method: str = ""
    path: str = ""
    protocol: str = "json"
    principal: str = "root"  # root, or the ARN of the user or role
    by: str = "user"  # user, function (a Lambda function's own calls) or service (what AWS does in a role)
    resources: tuple[str, ...] = ()
    number: int = 0  # 1 is the first call by a user
    status: int = 0
    error: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``service:Operation``."""
        return f"{self.service}:{self.operation}"

    @property
    def is_mutating(self) -> bool:
        """Whether the call can change anything."""
        if self.operation in ("StartQueryExecution", "ExecuteStatement"):
            text = self.parameters.get("QueryString", self.parameters.get("Statement", ""))
            return not _reads(text)
        if self.operation == "BatchExecuteStatement":
            return not all(_reads(one["Statement"]) for one in self.parameters.get("Statements", []))
        return not self.operation.startswith(_READS) and (self.service, self.operation) not in _READ_TOO

    def __str__(self) -> str:
        ending = f" {self.error}" if self.error else ""
        return f"{self.number} {self.name} {' '.join(self.resources)} -> {self.status}{ending}"


def _reads(sql: str) -> bool:
    lines = [line for line in sql.strip().splitlines() if not line.strip().startswith("--")]
    return "\n".join(lines).strip().lower().startswith(_READING_SQL)


class Journal:
    """Every call in the order in which it arrived."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Call] = []
        self._count = 0

    def add(self, call: Call) -> None:
        """Writes a call down; a user's call gets its number."""
        with self._lock:
            if call.by == "user":
                self._count += 1
                call.number = self._count
            self._all.append(call)

    def clear(self) -> None:
        """Forgets every call, so that the next one is number 1."""
        with self._lock:
            self._all.clear()
            self._count = 0

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter([call for call in self._all if call.by == "user"])

    def __len__(self) -> int:
        return self._count

    @property
    def everything(self) -> list[Call]:
        """The calls of functions and of services in their roles too."""
        with self._lock:
            return list(self._all)

    @property
    def mutating(self) -> list[Call]:
        """The users' calls that can change something."""
        return [call for call in self if call.is_mutating]

    @property
    def names(self) -> Counter[str]:
        """How often users called each operation."""
        return Counter(call.name for call in self)

    def of(self, name: str) -> list[Call]:
        """The users' calls of one operation, as ``service:Operation``."""
        return [call for call in self if call.name == name]
