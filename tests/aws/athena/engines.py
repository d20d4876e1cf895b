"""Engines that answer what a test needs, in the place of the emulator's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.aws_emulator.engine import Catalog, FailedError, Result


@dataclass
class FixedRows:
    """Always the same rows, said to have scanned so many bytes."""

    rows: Sequence[Sequence[Any]] = ((1,),)
    columns: Sequence[str] = ("n",)
    types: Sequence[str] = ("bigint",)
    scanned: int = 0
    asked: list[str] = field(default_factory=list)

    def execute(self, sql: str, catalog: Catalog) -> Result:
        """The rows, whatever was asked; none where due asks for the columns alone."""
        self.asked.append(sql)
        is_probe = sql.endswith(") LIMIT 0")
        return Result(self.columns, self.types, [] if is_probe else self.rows, 0 if is_probe else self.scanned)


@dataclass(frozen=True)
class FailingEngine:
    """A reason, whatever was asked."""

    reason: str

    def execute(self, sql: str, catalog: Catalog) -> Result:
        """Fails."""
        raise FailedError(self.reason)
