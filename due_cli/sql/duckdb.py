"""Athena's SQL as DuckDB's: sqlglot's transpilation and the rewrites that keep Athena's results and speed.

Each rewrite exists because without it the same statement gives other rows on the two engines, or DuckDB reads every
file (measured; CONTRIBUTING, "One SQL, two engines").
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from due_cli.errors import QueryError

PARTITION = "ingest_timestamp"


def parsed(sql: str) -> exp.Expr:
    """One statement in Athena's dialect; raises :class:`QueryError` with where it does not parse."""
    try:
        found = [statement for statement in sqlglot.parse(sql, read="athena") if statement is not None]
    except SqlglotError as error:
        raise QueryError(_where(error), "due speaks Athena's SQL (Trino): check the statement") from None
    if len(found) != 1:
        raise QueryError(f"{len(found)} statements where one is expected", "run them one at a time")
    return found[0]


def to_duckdb(statement: exp.Expr) -> str:
    """The statement in DuckDB's dialect; parameters become ``$name``."""
    tree = statement.copy()
    for rewrite in _REWRITES:
        tree = tree.transform(rewrite)
    return tree.sql(dialect="duckdb", comments=False)


def tables_of(statement: exp.Expr) -> set[str]:
    """The names of the tables and views that a statement reads, in lower case."""
    return {table.name.lower() for table in statement.find_all(exp.Table)}


def columns_of(table_sql: str) -> dict[str, str]:
    """Column names and DuckDB types of a ``CREATE EXTERNAL TABLE``, without the partition column."""
    created = parsed(table_sql)
    return {column.name: column.kind.sql(dialect="duckdb") for column in created.this.expressions}


def _where(error: SqlglotError) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error).splitlines()[0]
    first = details[0]
    return f"line {first['line']}, column {first['col']}: {first['description']}"


def _current_time(node: exp.Expr) -> exp.Expr:
    """Comparing the partition with a time that has a zone would stop DuckDB from skipping files."""
    if isinstance(node, (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between)) and any(
        column.name.lower() == PARTITION for column in node.find_all(exp.Column)
    ):
        for moment in list(node.find_all(exp.CurrentTimestamp)):
            if not isinstance(moment.parent, exp.Cast):
                moment.replace(exp.cast(moment.copy(), "timestamp"))
    return node


def _milliseconds(node: exp.Expr) -> exp.Expr:
    """Epoch milliseconds as a timestamp without the detour over a floating-point second; others rounded as in Trino."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.AtTimeZone):
        inner, zone = node.this.this, node.this.args.get("zone")
        if isinstance(inner, exp.UnixToTime) and isinstance(zone, exp.Literal) and zone.name.upper() == "UTC":
            value = inner.this.unnest()
            if isinstance(value, exp.Div) and value.expression.sql(dialect="trino").lower() in ("1e3", "1000e0"):
                return exp.func("epoch_ms", value.this.copy())
    if isinstance(node, exp.UnixToTime) and not isinstance(node.this, exp.Round):
        seconds = exp.cast(node.this.copy(), "double")
        return exp.UnixToTime(this=exp.Round(this=seconds, decimals=exp.Literal.number(3)))
    return node


def _map_concat(node: exp.Expr) -> exp.Expr:
    """``map_concat`` with a NULL is NULL in Trino; DuckDB skips the NULL."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "map_concat" or isinstance(node.parent, exp.Case):
        return node
    maps = list(node.expressions)
    if all(isinstance(one, exp.Coalesce) for one in maps):
        return node
    unknown = exp.or_(*(exp.Is(this=one.copy(), expression=exp.Null()) for one in maps))
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=node.copy())


def _transform_values(node: exp.Expr) -> exp.Expr:
    """DuckDB has no ``transform_values``: the keys, and the values through the lambda."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "transform_values":
        return node
    mapping, function = node.expressions
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:
        return node
    key, value = function.expressions
    if any(name.name == key.name for name in function.this.find_all(exp.Column, exp.Identifier)):
        raise QueryError("transform_values with a function that uses the key is not supported here")
    values = exp.func("map_values", mapping.copy())
    changed = exp.Transform(this=values, expression=exp.Lambda(this=function.this.copy(), expressions=[value.copy()]))
    return exp.func("map", exp.func("map_keys", mapping.copy()), changed, dialect="duckdb")


def _unnest(node: exp.Expr) -> exp.Expr:
    """``FROM t CROSS JOIN UNNEST(a, b) AS x (c, d)`` as a subquery that unnests in its SELECT.

    DuckDB plans the correlated form as a join above an unfiltered scan of every file.
    """
    if not isinstance(node, exp.Select):
        return node
    joins = node.args.get("joins") or []
    source = node.args.get("from_") or node.args.get("from")
    if len(joins) != 1 or source is None or not isinstance(joins[0].this, exp.Unnest):
        return node
    unnest = joins[0].this
    alias = unnest.args.get("alias")
    if alias is None or len(alias.columns) != len(unnest.expressions) or unnest.args.get("offset"):
        return node
    table_alias = source.this.alias_or_name
    inner = exp.select(
        "*", *(_unnested(each, column) for each, column in zip(unnest.expressions, alias.columns, strict=True))
    )
    inner = inner.from_(source.this.copy())
    outer = node.copy()
    outer.set("joins", [])
    key = "from_" if node.args.get("from_") else "from"
    outer.set(key, exp.From(this=inner.subquery(table_alias)))
    for column in outer.find_all(exp.Column):
        if column.table == alias.name:
            column.set("table", exp.to_identifier(table_alias))
    return outer


def _unnested(each: exp.Expr, column: exp.Expr) -> exp.Expr:
    return exp.alias_(exp.Explode(this=each.copy()), column.name, quoted=True)


def _date_diff(node: exp.Expr) -> exp.Expr:
    """Whole units elapsed, as in Trino; DuckDB's ``date_diff`` counts boundaries."""
    if not isinstance(node, exp.DateDiff):
        return node
    unit = exp.Literal.string((node.text("unit") or "day").lower())
    return exp.Anonymous(this="date_sub", expressions=[unit, node.expression.copy(), node.this.copy()])


_REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    _current_time,
    _milliseconds,
    _map_concat,
    _transform_values,
    _unnest,
    _date_diff,
)


def created_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement creates; None for any other statement."""
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        return str(statement.find(exp.Table).name).lower()  # type: ignore[union-attr]  # CREATE VIEW names one
    return None


def dropped_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement drops; None for any other statement."""
    if isinstance(statement, exp.Drop) and statement.kind == "VIEW":
        return str(statement.this.name).lower()
    return None


def replaces(statement: exp.Expr) -> bool:
    """Whether a CREATE statement says OR REPLACE."""
    return bool(statement.args.get("replace"))


def only_reads(statement: exp.Expr) -> bool:
    """Whether a statement returns rows and changes nothing."""
    return isinstance(statement, (exp.Query, exp.Describe, exp.Show)) or (
        isinstance(statement, exp.Command) and str(statement.this).upper() in ("SHOW", "EXPLAIN")
    )
