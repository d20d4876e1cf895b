"""A query on Athena whose maps, arrays and rows come back as JSON.

Athena writes them as text that cannot be parsed (``{a=1, b=x, y=z}``), so the query is wrapped in another that casts
them. The typed query is kept as it is where its order allows: Trino drops the ORDER BY of a subquery, so the outer
query orders by the same columns, and by columns added for expressions that are no column of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from due_cli.sql.files import template

_COMPLEX = frozenset(("array", "map", "row"))


def columns_query(sql: str) -> str:
    """A query that has the columns of another, and no rows; the typed query begins on its second line."""
    return template("athena")["columns"].format(query=sql)


def complex_columns(types: Sequence[str]) -> frozenset[int]:
    """The indexes of the columns whose Athena type has to be cast."""
    return frozenset(at for at, kind in enumerate(types) if kind in _COMPLEX)


def as_json(sql: str, statement: exp.Expr, names: Sequence[str], cast: frozenset[int]) -> str:
    """The query with the columns at the indexes ``cast`` as JSON; names and order stay.

    ``statement`` is ``sql`` parsed and ``names`` its columns; the typed query begins on the second line of the result.
    """
    templates = template("athena")
    order = _Order(statement, names)
    keys = order.keys()
    columns = ", ".join(
        templates["json_column" if at in cast else "column"].format(column=_column(at), name=_quoted(name))
        for at, name in enumerate(names)
    )
    aliases = ", ".join(_column(at) for at in range(len(names) + len(order.added)))
    wrapped = templates["as_json"].format(columns=columns, query=order.query(sql), names=aliases)
    return f"{wrapped}\n{templates['in_order'].format(keys=', '.join(keys))}" if keys else wrapped


@dataclass(slots=True)
class _Order:
    """A query's ORDER BY in terms of its columns; ``added`` are expressions that are added as columns for it."""

    statement: exp.Expr
    names: Sequence[str]
    added: list[exp.Expr] = field(default_factory=list)

    def keys(self) -> list[str]:
        """The expressions that the outer query orders by."""
        order = self.statement.args.get("order")
        return [self._key(item) for item in order.expressions] if order is not None else []

    def query(self, sql: str) -> str:
        """The typed query, with the added columns."""
        if not self.added:
            return sql
        extended = self.statement.copy()
        extended.set("expressions", [*extended.expressions, *self.added])
        return extended.sql(dialect="athena")

    def _key(self, item: exp.Expr) -> str:
        ordered = item.copy()
        ordered.set("this", self._value(item.this))
        return ordered.sql(dialect="athena")

    def _value(self, value: exp.Expr) -> exp.Expr:
        at = self._index(value)
        if at is not None:
            return exp.column(_column(at))
        if isinstance(self.statement, exp.Select) and not self.statement.args.get("distinct"):
            self.added.append(exp.alias_(self._in_sources(value), _column(len(self.names) + len(self.added))))
            return exp.column(_column(len(self.names) + len(self.added) - 1))
        return self._in_columns(value)

    def _index(self, value: exp.Expr) -> int | None:
        """The index of the column that an ORDER BY item refers to by number, by name, or by its expression."""
        if value.is_int and isinstance(value, exp.Literal):
            return int(value.name) - 1
        by_name = self._index_by_name(value)
        if by_name is not None:
            return by_name
        expression = self._in_sources(value)
        return next((at for at, column in enumerate(self._selected()) if column.unalias() == expression), None)

    def _index_by_name(self, value: exp.Expr) -> int | None:
        if not isinstance(value, exp.Column) or value.table:
            return None
        return next((at for at, name in enumerate(self.names) if name.lower() == value.name.lower()), None)

    def _selected(self) -> list[exp.Expr]:
        """The expressions of the SELECT, one per column; none if a star stands for several columns."""
        selected = self.statement.expressions if isinstance(self.statement, exp.Select) else []
        return selected if len(selected) == len(self.names) and not any(column.is_star for column in selected) else []

    def _in_sources(self, value: exp.Expr) -> exp.Expr:
        """An expression as the SELECT may contain it: aliases of the SELECT are replaced by what they stand for."""
        aliased = {column.alias.lower(): column.this for column in self._selected() if isinstance(column, exp.Alias)}
        return value.transform(
            lambda node: (
                exp.paren(aliased[node.name.lower()].copy())
                if isinstance(node, exp.Column) and not node.table and node.name.lower() in aliased
                else node
            )
        )

    def _in_columns(self, value: exp.Expr) -> exp.Expr:
        """An expression in terms of the result's columns: a UNION and a DISTINCT can be ordered by nothing else."""
        return value.transform(
            lambda node: exp.column(_column(at)) if (at := self._index_by_name(node)) is not None else node
        )


def _column(at: int) -> str:
    return f"due_{at}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
