"""Athena's functions as DuckDB's, where the same name returns other values or does not exist.

Each function takes a node of the tree and returns its replacement, or the node itself; the engine tests compare the
results of both engines.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

# What DuckDB's parser accepts outside of strings, but JSON does not: a comma before a closing bracket, NaN, infinity.
_NOT_JSON = r"""^(?:[^"]|"(?:\\.|[^"\\])*")*?(?:,\s*[\]}]|[nN][aA][nN]|[iI][nN][fF])"""


def _epoch_milliseconds(node: exp.Expr) -> exp.Expr:
    """Epoch milliseconds as a timestamp, without floating-point seconds in between."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.AtTimeZone):
        inner, zone = node.this.this, node.this.args.get("zone")
        if isinstance(inner, exp.UnixToTime) and isinstance(zone, exp.Literal) and zone.name.upper() == "UTC":
            value = inner.this.unnest()
            if isinstance(value, exp.Div) and value.expression.sql(dialect="trino").lower() in ("1e3", "1000e0"):
                return exp.func("epoch_ms", value.this.copy())
    return node


def _from_unixtime(node: exp.Expr) -> exp.Expr:
    """``from_unixtime`` returns whole milliseconds in Trino; DuckDB keeps the rest of a floating-point second."""
    if not isinstance(node, exp.UnixToTime):
        return node
    seconds = exp.cast(node.this.copy(), "double")
    return exp.UnixToTime(this=exp.Round(this=seconds, decimals=exp.Literal.number(3)))


def _at_time_zone(node: exp.Expr) -> exp.Expr:
    """A time without a zone is UTC in Trino; DuckDB would read it in the zone that it is converted to."""
    if not isinstance(node, exp.AtTimeZone) or isinstance(node.this, exp.UnixToTime):
        return node
    return exp.AtTimeZone(this=exp.cast(node.this.copy(), "timestamptz"), zone=node.args["zone"].copy())


def _map_concat(node: exp.Expr) -> exp.Expr:
    """``map_concat`` with a NULL is NULL in Trino; DuckDB skips the NULL."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "map_concat":
        return node
    nullable = [argument for argument in node.expressions if not _is_never_null(argument)]
    if not nullable:
        return node
    any_null = exp.or_(*(exp.Is(this=argument.copy(), expression=exp.Null()) for argument in nullable))
    return exp.Case(ifs=[exp.If(this=any_null, true=exp.Null())], default=node.copy())


def _is_never_null(value: exp.Expr) -> bool:
    """Whether a value is COALESCE with an empty map at its end, as in the views."""
    last = value.expressions[-1] if isinstance(value, exp.Coalesce) and value.expressions else None
    while isinstance(last, exp.Cast):
        last = last.this
    return isinstance(last, exp.Map) and not last.args.get("keys")


def transform_values(node: exp.Expr) -> exp.Expr:
    """DuckDB has no ``transform_values``: the map's entries, with the lambda applied to each value.

    The map occurs once only: DuckDB computes a repeated subexpression first, and so outside of a TRY around it.
    """
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "transform_values" or len(node.expressions) != 2:
        return node
    mapping, function = (argument.copy() for argument in node.expressions)
    if not isinstance(function, exp.Lambda) or len(function.expressions) != 2:
        return node
    entry = exp.to_identifier(f"entry_{len(list(function.find_all(exp.Lambda)))}")
    key, value = (exp.Dot(this=entry.copy(), expression=exp.to_identifier(name)) for name in ("key", "value"))
    parts = {function.expressions[0].name: key, function.expressions[1].name: value}
    for name in list(function.this.find_all(exp.Identifier)):
        is_field = isinstance(name.parent, exp.Dot) and name.arg_key == "expression"
        if name.name in parts and not is_field and not isinstance(name.parent, exp.Column):
            name.replace(parts[name.name].copy())
    changed = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier("key"), expression=key.copy()),
            exp.PropertyEQ(this=exp.to_identifier("value"), expression=function.this),
        ]
    )
    entries = exp.func("map_entries", mapping)
    return exp.func(
        "map_from_entries", exp.Transform(this=entries, expression=exp.Lambda(this=changed, expressions=[entry]))
    )


def _date_diff(node: exp.Expr) -> exp.Expr:
    """Whole units elapsed, as in Trino; DuckDB's ``date_diff`` counts boundaries."""
    if not isinstance(node, exp.DateDiff):
        return node
    unit = exp.Literal.string((node.text("unit") or "day").lower())
    return exp.Anonymous(this="date_sub", expressions=[unit, node.expression.copy(), node.this.copy()])


def _json_parse(node: exp.Expr) -> exp.Expr:
    """Text that only DuckDB accepts as JSON is made invalid before it is parsed."""
    if not isinstance(node, exp.ParseJSON):
        return node
    arguments = [node.this.copy(), exp.Literal.string(_NOT_JSON), exp.Literal.string("?")]
    return exp.ParseJSON(this=exp.Anonymous(this="regexp_replace", expressions=arguments))


def _json_extract_scalar(node: exp.Expr) -> exp.Expr:
    """NULL for an object, an array and invalid JSON; DuckDB returns the first two as text and fails on the third."""
    if not isinstance(node, exp.JSONExtractScalar) or _has_formatted_default(node):
        return node
    kind = exp.Try(this=exp.Anonymous(this="json_type", expressions=[node.this.copy(), node.expression.copy()]))
    scalar = exp.Not(this=exp.In(this=kind, expressions=[exp.Literal.string(name) for name in ("OBJECT", "ARRAY")]))
    return exp.Case(ifs=[exp.If(this=scalar, true=exp.Try(this=node.copy()))])


def _json_extract(node: exp.Expr) -> exp.Expr:
    """NULL for invalid JSON, on which DuckDB fails."""
    return exp.Try(this=node.copy()) if isinstance(node, exp.JSONExtract) else node


def _json_as_text(node: exp.Expr) -> exp.Expr:
    """``CAST(json_extract(x, path) AS varchar)`` is a scalar's text in Trino; DuckDB keeps the quotes."""
    if not isinstance(node, exp.Cast) or not node.to.is_type("varchar") or not isinstance(node.this, exp.JSONExtract):
        return node
    return exp.JSONExtractScalar(this=node.this.this.copy(), expression=node.this.expression.copy())


def _has_formatted_default(node: exp.Expr) -> bool:
    """Whether COALESCE replaces NULL with ``json_format`` of the same value, as in the views: the text is the same."""
    parent = node.parent
    others = parent.expressions if isinstance(parent, exp.Coalesce) else []
    return len(others) == 1 and isinstance(others[0], exp.JSONFormat) and others[0].this == node.this


def _count_if(node: exp.Expr) -> exp.Expr:
    """``count_if`` as a COUNT, whose type is bigint, as in Trino."""
    if not isinstance(node, exp.CountIf):
        return node
    return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this.copy(), true=exp.Literal.number(1))]))


def _value_at_extreme(node: exp.Expr) -> exp.Expr:
    """``min_by`` and ``max_by`` return a NULL of the row with the extreme; DuckDB's skip it."""
    if not isinstance(node, (exp.ArgMin, exp.ArgMax)) or node.args.get("count"):
        return node
    name = "arg_min_null" if isinstance(node, exp.ArgMin) else "arg_max_null"
    return exp.Anonymous(this=name, expressions=[node.this.copy(), node.expression.copy()])


def _regexp_extract(node: exp.Expr) -> exp.Expr:
    """NULL without a match; DuckDB returns an empty text."""
    if not isinstance(node, exp.RegexpExtract):
        return node
    matches = exp.RegexpLike(this=node.this.copy(), expression=node.expression.copy())
    return exp.Case(ifs=[exp.If(this=matches, true=node.copy())])


def _split_part(node: exp.Expr) -> exp.Expr:
    """NULL beyond the last part; DuckDB returns an empty text."""
    if not isinstance(node, exp.SplitPart):
        return node
    parts = exp.Anonymous(this="string_split", expressions=[node.this.copy(), node.args["delimiter"].copy()])
    return exp.Anonymous(this="list_extract", expressions=[parts, node.args["part_index"].copy()])


def _varchar_of_length(node: exp.Expr) -> exp.Expr:
    """``CAST(x AS varchar(3))`` truncates; DuckDB ignores the length."""
    if not isinstance(node, exp.Cast) or not node.to.is_type("varchar", "char") or not node.to.expressions:
        return node
    length = node.to.expressions[0].this.copy()
    text = node.copy()
    text.set("to", exp.DataType.build("varchar"))
    return exp.Left(this=text, expression=length)


def _array_distinct(node: exp.Expr) -> exp.Expr:
    """NULL is one of the distinct values; DuckDB leaves it out."""
    if not isinstance(node, exp.ArrayDistinct):
        return node
    values, distinct = node.this.copy(), node.copy()
    not_null = exp.Anonymous(this="list_count", expressions=[values])
    appended = exp.Anonymous(this="list_append", expressions=[distinct, exp.Null()])
    has_null = exp.LT(this=not_null, expression=exp.ArraySize(this=values.copy()))
    return exp.Case(ifs=[exp.If(this=has_null, true=appended)], default=distinct.copy())


def _array_position(node: exp.Expr) -> exp.Expr:
    """0 if the value is not in the array; DuckDB returns NULL."""
    if not isinstance(node, exp.ArrayPosition):
        return node
    position = exp.Coalesce(this=exp.cast(node.copy(), "bigint"), expressions=[exp.Literal.number(0)])
    is_array = exp.Is(this=node.this.copy(), expression=exp.Not(this=exp.Null()))
    return exp.Case(ifs=[exp.If(this=is_array, true=position)])


FUNCTIONS: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    _epoch_milliseconds,
    _from_unixtime,
    _at_time_zone,
    _map_concat,
    transform_values,
    _date_diff,
    _json_parse,
    _json_as_text,
    _json_extract_scalar,
    _json_extract,
    _count_if,
    _value_at_extreme,
    _regexp_extract,
    _split_part,
    _varchar_of_length,
    _array_distinct,
    _array_position,
)
