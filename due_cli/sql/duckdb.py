"""Athena's SQL as DuckDB's: sqlglot's transpilation and the rewrites that keep Athena's results and speed.

Each rewrite, of functions in :mod:`due_cli.sql.functions` and of whole statements here, exists because without it the
same statement gives other rows on the two engines, or DuckDB reads every file (measured; CONTRIBUTING, "One SQL, two
engines").
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from itertools import takewhile
from types import NoneType

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from due_cli.core.errors import QueryError, UsageError
from due_cli.sql.functions import FUNCTIONS

Statement = exp.Expr
TABLE = "all_events"
PARTITION = "ingest_timestamp"
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)*"
# EXPLAIN ANALYZE executes what it explains, which is what follows this.
_EXECUTED = re.compile(
    rf"{_GAP}ANALYZE\b(?:{_GAP}VERBOSE\b)?(?:{_GAP}\(\s*FORMAT\b[^)]*\))?", re.IGNORECASE | re.DOTALL
)


# SHOW and EXPLAIN are commands to sqlglot, which it says with a warning that is no user's concern.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def parsed(sql: str) -> exp.Expr:
    """One statement in Athena's dialect; raises :class:`QueryError` with where it does not parse."""
    try:
        found = [each for each in sqlglot.parse(sql, read="athena") if not isinstance(each, (exp.Semicolon, NoneType))]
    except SqlglotError as error:
        raise QueryError(_where(error), "due speaks Athena's SQL (Trino): check the statement") from None
    if len(found) != 1:
        raise QueryError(f"{len(found)} statements where one is expected", "run them one at a time")
    return found[0]


def without_end(sql: str) -> str:
    """The text of a statement that is :func:`parsed`, as it was typed, up to the semicolon that ends it."""
    tokens = reversed(sqlglot.tokenize(sql, read="athena"))
    ends = [token.start for token in takewhile(lambda token: token.token_type is TokenType.SEMICOLON, tokens)]
    return sql[: min(ends, default=len(sql))].strip()


def to_duckdb(statement: exp.Expr) -> str:
    """The statement in DuckDB's dialect; parameters become ``$name``."""
    tree = statement.copy()
    for rewrite in _REWRITES:
        tree = _rewritten(tree, rewrite)
    return tree.sql(dialect="duckdb", comments=False)


def _rewritten(tree: exp.Expr, rewrite: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Every node rewritten once, what is inside before what is around it."""
    for node in reversed(list(tree.bfs())):
        changed = rewrite(node)
        if node is tree:
            tree = changed
        elif changed is not node:
            node.replace(changed)
    return tree


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


def _unnest(node: exp.Expr) -> exp.Expr:
    """``FROM x CROSS JOIN UNNEST(a, b) AS t (c, d)`` as a subquery that unnests in its SELECT.

    DuckDB plans the correlated form as a join above an unfiltered scan of every file. In the subquery ``t`` is a
    struct, so that ``t.c`` stays what it says where ``x`` has a ``c`` too.
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
    has_star = any(isinstance(each, exp.Star) for each in outer.expressions)
    plain = {name: each for name, each in lists.items() if has_star or name.lower() in bare}
    whole = {alias: _struct(lists)} if any(column.table.lower() == alias.lower() for column in used) else {}
    inner = exp.select("*").from_(source)
    for name, each in {**plain, **whole}.items():
        inner = inner.select(exp.alias_(each, name, quoted=True))
    outer.set("from_", exp.From(this=inner.subquery(source_name)))
    for each in outer.expressions:
        if isinstance(each, exp.Star):
            each.set("except_", _identifiers(whole))
        elif each.is_star and each.table.lower() == source_name.lower():
            each.this.set("except_", _identifiers({**plain, **whole}))
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
    """Each column with the list that is unnested into it; a map gives its keys and its values."""
    names = [column.name for column in unnest.args["alias"].columns]
    lists = list(unnest.expressions)
    if len(lists) == 1 and len(names) == 2:
        lists = [exp.func(function, lists[0].copy()) for function in ("map_keys", "map_values")]
    if len(lists) != len(names):
        return None
    return {name: exp.Explode(this=each.copy()) for name, each in zip(names, lists, strict=True)}


def _struct(fields: dict[str, exp.Expr]) -> exp.Expr:
    pairs = [exp.PropertyEQ(this=exp.to_identifier(name), expression=each.copy()) for name, each in fields.items()]
    return exp.Struct(expressions=pairs)


def _identifiers(names: dict[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.to_identifier(name, quoted=True) for name in names]


def _is_not_null(node: exp.Expr) -> exp.Expr:
    """``x IS NOT NULL`` as it was written: of ``NOT x IS NULL``, sqlglot's form, DuckDB reads the files far wider."""
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Null):
        return exp.Is(this=node.this.this.copy(), expression=exp.Not(this=exp.Null()))
    return node


_REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (_current_time, *FUNCTIONS, _unnest, _is_not_null)


def created_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement creates; None for any other statement."""
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        return str(statement.find(exp.Table).name).lower()  # type: ignore[union-attr]  # CREATE VIEW names one
    return None


def dropped_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement drops; None for any other statement."""
    if isinstance(statement, exp.Drop) and statement.kind == "VIEW":
        names = [table.name.lower() for table in statement.find_all(exp.Table)]
        return names[0] if len(names) == 1 else None
    return None


def replaces(statement: exp.Expr) -> bool:
    """Whether a CREATE statement says OR REPLACE."""
    return bool(statement.args.get("replace"))


def database_of(statement: exp.Expr) -> str | None:
    """The database, in lower case, that a CREATE or DROP statement names before the view; None where it names none."""
    table = statement.find(exp.Table)
    return table.db.lower() if table is not None and table.db else None


def new_view(statement: exp.Expr) -> str:
    """The name of the view that a statement creates; raises :class:`UsageError` where it creates none that can be."""
    name = created_view(statement)
    if name is None:
        raise UsageError("not a CREATE VIEW statement", "due view create --help")
    if name == TABLE:
        raise UsageError(f"{TABLE} is the table of all events and cannot be a view", "choose another name")
    return name


def must_read(statement: exp.Expr, sql: str) -> None:
    """Raises :class:`QueryError` for a statement, typed as ``sql``, that would change something."""
    if not only_reads(statement):
        raise QueryError(
            f"Only read statements are allowed: {sql.strip().partition(chr(10))[0][:60]}",
            "it reads (SELECT, WITH, SHOW, DESCRIBE); only CREATE OR REPLACE VIEW and DROP VIEW change something",
        )


def only_reads(statement: exp.Expr) -> bool:
    """Whether a statement returns rows and changes nothing."""
    if is_rows(statement) or isinstance(statement, exp.Describe):
        return True
    if not is_command(statement):
        return False
    executed = _EXECUTED.match(statement.text("expression")) if str(statement.this).upper() == "EXPLAIN" else None
    return executed is None or only_reads(parsed(statement.text("expression")[executed.end() :]))


def is_rows(statement: exp.Expr) -> bool:
    """Whether a statement computes rows and can stand in another's FROM: SELECT, WITH, VALUES, UNION."""
    return isinstance(statement, (exp.Query, exp.Values))


def is_command(statement: exp.Expr) -> bool:
    """Whether a statement asks about the tables and views themselves (SHOW), or about a statement (EXPLAIN)."""
    return isinstance(statement, exp.Show) or (
        isinstance(statement, exp.Command) and str(statement.this).upper() in ("SHOW", "EXPLAIN")
    )
