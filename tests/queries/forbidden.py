"""What a statement of ``queries/`` must not have, because Athena and stock Trino differ on it or refuse it.

Each rule gives the pieces of a parsed statement that break it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

Rule = Callable[[exp.Expr], Iterable[exp.Expr]]


def _subscripts(tree: exp.Expr) -> Iterator[exp.Expr]:
    """``m['x']``: an error in Trino where the key is missing. Write ``element_at(m, 'x')``."""
    yield from (node for node in tree.find_all(exp.Bracket) if not node.args.get("safe"))  # element_at is the safe one


def _unnested_columns(tree: exp.Expr) -> Iterator[exp.Expr]:
    """``UNNEST(column)``: Trino expands rows to columns, Athena does not. Write ``UNNEST(transform(column, …))``."""
    for unnest in tree.find_all(exp.Unnest):
        yield from (each for each in unnest.expressions if isinstance(each, (exp.Column, exp.Dot)))


def _added_milliseconds(tree: exp.Expr) -> Iterator[exp.Expr]:
    """``date_add('millisecond', x, …)`` overflows an integer in Trino for epoch milliseconds."""
    for node in tree.find_all(exp.DateAdd, exp.TimestampAdd, exp.TsOrDsAdd):
        if node.text("unit").lower() in ("millisecond", "milliseconds"):
            yield node


def _parameters_outside_where(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Athena takes execution parameters in WHERE only, so neither in HAVING nor in SELECT."""
    for parameter in tree.find_all(exp.Placeholder):
        around = parameter.find_ancestor(exp.Where, exp.Select, exp.Having, exp.Group, exp.Order)
        if not isinstance(around, exp.Where):
            yield parameter


def _zoned_times(tree: exp.Expr) -> Iterator[exp.Expr]:
    """A time with a zone: Athena cannot store a view that has one, and DuckDB reads every file to compare one.

    Write ``CAST(from_unixtime(x / 1e3) AT TIME ZONE 'UTC' AS timestamp(3))``.
    """
    for node in tree.find_all(exp.UnixToTime):
        zoned, cast = node.parent, node.parent.parent if node.parent else None
        if not (isinstance(zoned, exp.AtTimeZone) and isinstance(cast, exp.Cast) and cast.to.sql() == "TIMESTAMP(3)"):
            yield node


def _clocks(tree: exp.Expr) -> Iterator[exp.Expr]:
    """A statement that asks the clock gives other rows each time; the period is a parameter."""
    yield from tree.find_all(exp.CurrentTimestamp, exp.Localtimestamp, exp.CurrentDate, exp.CurrentTime)


def _other_functions(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Functions of one engine only, or that give other values on each."""
    names = ("approx_distinct", "approx_percentile", "list_transform", "epoch_ms", "strftime")
    for node in tree.find_all(exp.Func):
        if (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower() in names:
            yield node


def _unsure_casts(tree: exp.Expr) -> Iterator[exp.Expr]:
    """JSON is text that somebody sent: reading it outside of TRY fails the whole query for one bad context."""
    for node in tree.find_all(exp.ParseJSON):
        if node.find_ancestor(exp.Try) is None:
            yield node


RULES: dict[str, Rule] = {
    "a map or an array with a subscript": _subscripts,
    "UNNEST of a column": _unnested_columns,
    "date_add of milliseconds": _added_milliseconds,
    "a parameter outside of WHERE": _parameters_outside_where,
    "a time with a zone": _zoned_times,
    "the clock": _clocks,
    "a function of one engine": _other_functions,
    "JSON outside of TRY": _unsure_casts,
}
