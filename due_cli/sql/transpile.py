"""Athena's SQL as DuckDB's: sqlglot's transpilation, and rewrites that keep Athena's results and speed.

Without one of the rewrites, of functions in :mod:`due_cli.sql.functions` and of whole statements here, a statement
returns different rows on the two engines, or DuckDB reads every file (measured; CONTRIBUTING, "One SQL, two engines").
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from itertools import takewhile
from types import NoneType

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError
from sqlglot.helper import camel_to_snake_case

from due_cli.core.errors import QueryError
from due_cli.sql.functions import FUNCTIONS

_CHECK = "check the statement: it must be Athena's SQL (Trino)"
_MISSING = re.compile(r"Required keyword: '\w+' missing for <class '[\w.]+\.(\w+)'>")
PARTITION = "ingest_timestamp"
Statement = exp.Expr  # for rooms that hand statements on

# sqlglot warns that it does not parse SHOW and EXPLAIN, which due does not need it to.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def parse(sql: str) -> exp.Expr:
    """One statement in Athena's dialect; raises :class:`QueryError` with where it does not parse."""
    try:
        parsed = sqlglot.parse(sql, read="athena")
    except SqlglotError as error:
        raise QueryError(_error_text(error), _CHECK) from None
    statements = [tree for tree in parsed if not isinstance(tree, (exp.Semicolon, NoneType))]
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements where one is expected", "run them one at a time")
    return statements[0]


def tokenize(sql: str) -> list[Token]:
    """The tokens of a statement in Athena's dialect; raises :class:`QueryError` where it has none."""
    try:
        return sqlglot.tokenize(sql, read="athena")
    except SqlglotError as error:
        raise QueryError(_error_text(error), _CHECK) from None


def without_semicolon(sql: str) -> str:
    """The text of one valid statement, as it was typed, without the semicolon that ends it."""
    tokens = reversed(tokenize(sql))
    ends = [token.start for token in takewhile(lambda token: token.token_type is TokenType.SEMICOLON, tokens)]
    return sql[: min(ends, default=len(sql))].strip()


def to_duckdb(statement: exp.Expr) -> str:
    """The statement in DuckDB's dialect; parameters become ``$name``."""
    tree = _with_names(statement.copy())
    for rewrite in _REWRITES:
        tree = _rewrite(tree, rewrite)
    return tree.sql(dialect="duckdb", comments=False)


def _with_names(tree: exp.Expr) -> exp.Expr:
    """The statement with Athena's names (``_col0``) for the columns of the result that have none."""
    select = tree
    while isinstance(select, exp.SetOperation):
        select = select.this
    if isinstance(select, exp.Select):
        for place, column in enumerate(select.expressions):
            if column.is_star:  # how many columns it stands for is not known here
                break
            if not isinstance(column, (exp.Alias, exp.Column, exp.Dot)) and not column.alias:
                select.expressions[place] = exp.alias_(column, f"_col{place}")
    return tree


def _rewrite(tree: exp.Expr, rewrite: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The tree with every node rewritten once, children before their parents."""
    for node in reversed(list(tree.bfs())):
        new = rewrite(node)
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree


def table_names(statement: exp.Expr) -> set[str]:
    """The names of the tables and views that a statement reads, in lower case."""
    return {table.name.lower() for table in statement.find_all(exp.Table)}


def column_types(table_sql: str) -> dict[str, str]:
    """Column names and DuckDB types of a ``CREATE EXTERNAL TABLE``, without the partition column."""
    created = parse(table_sql)
    return {column.name: column.kind.sql(dialect="duckdb") for column in created.this.expressions}


def _error_text(error: SqlglotError) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error).splitlines()[0]
    first = details[0]
    description = str(first["description"])
    if missing := _MISSING.match(description):  # which names a class of the parser
        description = f"an argument is missing in a call of {camel_to_snake_case(missing[1]).lower()}"
    elif description.startswith("Invalid expression") and first["highlight"]:
        description = f"unexpected {first['highlight']}"
    return f"line {first['line']}, column {first['col']}: {description}"


def _current_time(node: exp.Expr) -> exp.Expr:
    """DuckDB skips no files where the partition is compared with a time that has a zone, so that is cast."""
    if isinstance(node, (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between)) and any(
        column.name.lower() == PARTITION for column in node.find_all(exp.Column)
    ):
        for moment in list(node.find_all(exp.CurrentTimestamp)):
            if not isinstance(moment.parent, exp.Cast):
                moment.replace(exp.cast(moment.copy(), "timestamp"))
    return node


def _unnest(node: exp.Expr) -> exp.Expr:
    """``FROM x CROSS JOIN UNNEST(a, b) AS t (c, d)`` as a subquery that unnests in its SELECT.

    DuckDB plans the correlated form as a join above an unfiltered scan of every file. In the subquery ``t`` is a
    struct, so that ``t.c`` is not ambiguous if ``x`` has a ``c`` too.
    """
    unnest = _cross_joined(node)
    lists = _lists(unnest) if unnest else None
    if unnest is None or lists is None:
        return node
    outer = node.copy()
    outer.set("joins", [])
    source, alias = outer.args["from_"].this, unnest.args["alias"].name
    source_name = source.alias_or_name or "unnested"
    used = list(outer.find_all(exp.Column))
    bare = {column.name.lower() for column in used if not column.table}
    has_star = any(isinstance(column, exp.Star) for column in outer.expressions)
    plain = {name: value for name, value in lists.items() if has_star or name.lower() in bare}
    structs = {alias: _struct(lists)} if any(column.table.lower() == alias.lower() for column in used) else {}
    if not plain and not structs:  # the lists only say how many rows there are
        return node
    inner = exp.select("*").from_(source)
    for name, value in {**plain, **structs}.items():
        inner = inner.select(exp.alias_(value, name, quoted=True))
    outer.set("from_", exp.From(this=inner.subquery(source_name)))
    for column in outer.expressions:
        if isinstance(column, exp.Star):
            column.set("except_", _identifiers(structs))
        elif column.is_star and column.table.lower() == source_name.lower():
            column.this.set("except_", _identifiers({**plain, **structs}))
    return outer


def _cross_joined(node: exp.Expr) -> exp.Unnest | None:
    """The UNNEST of a SELECT from one source CROSS JOIN UNNEST; None for any other statement."""
    if not isinstance(node, exp.Select) or node.args.get("from_") is None or len(node.args.get("joins") or []) != 1:
        return None
    join = node.args["joins"][0]
    if not isinstance(join.this, exp.Unnest) or any(join.args.get(key) for key in ("side", "on", "using")):
        return None
    unnest = join.this
    return unnest if unnest.args.get("alias") and not unnest.args.get("offset") else None


def _lists(unnest: exp.Unnest) -> dict[str, exp.Expr] | None:
    """The list to unnest for each column; a map unnests into its keys and its values."""
    names = [column.name for column in unnest.args["alias"].columns]
    lists = list(unnest.expressions)
    if len(lists) == 1 and len(names) == 2:
        lists = [exp.func(function, lists[0].copy()) for function in ("map_keys", "map_values")]
    if len(lists) != len(names):
        return None
    return {name: exp.Explode(this=values.copy()) for name, values in zip(names, lists, strict=True)}


def _struct(fields: dict[str, exp.Expr]) -> exp.Expr:
    pairs = [exp.PropertyEQ(this=exp.to_identifier(name), expression=value.copy()) for name, value in fields.items()]
    return exp.Struct(expressions=pairs)


def _identifiers(names: dict[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.to_identifier(name, quoted=True) for name in names]


def _is_not_null(node: exp.Expr) -> exp.Expr:
    """``x IS NOT NULL`` as such: with sqlglot's ``NOT x IS NULL`` DuckDB reads many more files."""
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Null):
        return exp.Is(this=node.this.this.copy(), expression=exp.Not(this=exp.Null()))
    return node


_REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (_current_time, *FUNCTIONS, _unnest, _is_not_null)
