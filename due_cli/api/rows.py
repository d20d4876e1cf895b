"""The rows of a result, for Python code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from due_cli.core.errors import DueError, system_errors
from due_cli.core.results import Result, Statuses, Table, Value
from due_cli.render import data

if TYPE_CHECKING:
    import pandas
    import pyarrow

R_co = TypeVar("R_co", bound=Result, covariant=True)


class Rows(Generic[R_co]):
    """The rows of a result; ``result`` is what the command shows.

    Iteration reads row after row, once, in bounded memory. :attr:`rows`, :meth:`to_pandas` and :meth:`to_arrow` read
    them all and keep them. A row is a dictionary by the names of the columns, as in ``-o json``; times have the zone
    UTC, maps are dictionaries, NULL is None.
    """

    def __init__(self, result: R_co) -> None:
        self.result = result
        self._is_read = False

    @cached_property
    def _table(self) -> Table:
        return _with_times(self.result) if isinstance(self.result, Statuses) else data.table_of(self.result)

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""
        return tuple(self._table.columns)

    @cached_property
    def rows(self) -> list[dict[str, Value]]:
        """All rows."""
        return [self._row(values) for values in self._kept.rows]

    def __iter__(self) -> Iterator[dict[str, Value]]:
        if "_kept" in self.__dict__:
            yield from self.rows
        else:
            yield from map(self._row, self._read())

    def to_arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table; what a stack does not tell the types inside of is JSON text."""
        from due_cli.render.arrow import arrow_table

        return arrow_table(self._kept)

    def to_pandas(self) -> pandas.DataFrame:
        """All rows as a data frame: whole numbers as ``Int64``, so that NULL among them is NA; maps as dictionaries."""
        from due_cli.render.arrow import data_frame

        return data_frame(self._kept)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self.columns)}>"

    @cached_property
    def _kept(self) -> Table:
        return replace(self._table, rows=list(self._read()))

    def _read(self) -> Iterator[Sequence[Value]]:
        if self._is_read:
            raise DueError("the rows were read already", "ask again, or read .rows, which keeps them")
        self._is_read = True
        data.require_distinct(self.columns)
        with system_errors():
            for row in self._table.rows:
                yield [_with_zone(value) for value in row]

    def _row(self, values: Sequence[Value]) -> dict[str, Value]:
        return dict(zip(self.columns, values, strict=True))


def _with_zone(value: Value) -> Value:
    """A value with the zone UTC on each time in it; SQL's times have none, or another."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, dict):
        return {key: _with_zone(item) for key, item in value.items()}
    return [_with_zone(item) for item in value] if isinstance(value, (list, tuple)) else value


def _with_times(statuses: Statuses) -> Table:
    """The statuses of messages, with what happened when as times."""
    table = data.table_of(statuses)
    facts = {moment.fact for line in statuses.timelines for moment in line.moments}
    parsers: list[Callable[[Value], Value]] = [_time if name in facts else _same for name in table.columns]
    rows: Iterable[Sequence[Value]] = [
        [parse(value) for parse, value in zip(parsers, row, strict=True)] for row in table.rows
    ]
    return replace(table, rows=rows)


def _time(value: Value) -> Value:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _same(value: Value) -> Value:
    return value
