"""A query on Athena whose maps, arrays and rows come back as JSON.

Athena writes them as text that cannot be read back (``{a=1, b=x, y=z}``), so the query is put into another that casts
them. What was typed stands in it as it was typed, if its order allows: Trino drops the ORDER BY of a query in a FROM,
so the outer one orders by the same columns, and by a column that is added for what is no column of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from due_cli.sql.files import template

_COMPLEX = frozenset(("array", "map", "row"))


def columns_query(sql: str) -> str:
    """A query that has the columns of another, and no rows; what was typed begins on its second line."""
    return template("athena")["columns"].format(query=sql)


def complex_columns(types: Sequence[str]) -> frozenset[int]:
    """The places of the columns whose type, as Athena says it, has to be cast."""
    return frozenset(at for at, kind in enumerate(types) if kind in _COMPLEX)


def as_json(sql: str, statement: exp.Expr, names: Sequence[str], cast: frozenset[int]) -> str:
    """The query with the columns at the places ``cast`` as JSON, its names and its order kept.

    ``statement`` is ``sql`` parsed and ``names`` its columns; what was typed begins on the second line of the result.
    """
    pieces = template("athena")
    order = _Order(statement, names)
    keys = order.keys()
    columns = ", ".join(
        pieces["json_column" if at in cast else "column"].format(column=_column(at), name=_quoted(name))
        for at, name in enumerate(names)
    )
    given = ", ".join(_column(at) for at in range(len(names) + len(order.added)))
    wrapped = pieces["as_json"].format(columns=columns, query=order.query(sql), names=given)
    return f"{wrapped}\n{pieces['in_order'].format(keys=', '.join(keys))}" if keys else wrapped


@dataclass(slots=True)
class _Order:
    """The order of a query, in terms of its columns; ``added`` are the expressions that are none of them yet."""

    statement: exp.Expr
    names: Sequence[str]
    added: list[exp.Expr] = field(default_factory=list)

    def keys(self) -> list[str]:
        """What the outer query orders by."""
        order = self.statement.args.get("order")
        return [self._key(item) for item in order.expressions] if order is not None else []

    def query(self, sql: str) -> str:
        """What was typed, with the columns that were added."""
        if not self.added:
            return sql
        longer = self.statement.copy()
        longer.set("expressions", [*longer.expressions, *self.added])
        return longer.sql(dialect="athena")

    def _key(self, item: exp.Expr) -> str:
        ordered = item.copy()
        ordered.set("this", self._value(item.this))
        return ordered.sql(dialect="athena")

    def _value(self, value: exp.Expr) -> exp.Expr:
        at = self._place(value)
        if at is not None:
            return exp.column(_column(at))
        if isinstance(self.statement, exp.Select) and not self.statement.args.get("distinct"):
            self.added.append(exp.alias_(self._in_sources(value), _column(len(self.names) + len(self.added))))
            return exp.column(_column(len(self.names) + len(self.added) - 1))
        return self._in_columns(value)

    def _place(self, value: exp.Expr) -> int | None:
        """The column that an item of ORDER BY is: by its number, its name, or the expression in the SELECT."""
        if value.is_int and isinstance(value, exp.Literal):
            return int(value.name) - 1
        named = self._named(value)
        if named is not None:
            return named
        meant = self._in_sources(value)
        return next((at for at, each in enumerate(self._selected()) if each.unalias() == meant), None)

    def _named(self, value: exp.Expr) -> int | None:
        if not isinstance(value, exp.Column) or value.table:
            return None
        return next((at for at, name in enumerate(self.names) if name.lower() == value.name.lower()), None)

    def _selected(self) -> list[exp.Expr]:
        """The expressions of the SELECT, one for each column; none where a star stands for several."""
        found = self.statement.expressions if isinstance(self.statement, exp.Select) else []
        return found if len(found) == len(self.names) and not any(each.is_star for each in found) else []

    def _in_sources(self, value: exp.Expr) -> exp.Expr:
        """An expression as the SELECT may have it, where a name that it gives to a column stands for nothing yet."""
        given = {each.alias.lower(): each.this for each in self._selected() if isinstance(each, exp.Alias)}
        return value.transform(
            lambda node: (
                exp.paren(given[node.name.lower()].copy())
                if isinstance(node, exp.Column) and not node.table and node.name.lower() in given
                else node
            )
        )

    def _in_columns(self, value: exp.Expr) -> exp.Expr:
        """An expression over the columns of the result: a UNION and a DISTINCT can be ordered by nothing else."""
        return value.transform(lambda node: exp.column(_column(at)) if (at := self._named(node)) is not None else node)


def _column(at: int) -> str:
    return f"due_{at}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
