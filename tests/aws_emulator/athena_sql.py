"""A statement as Athena takes it: execution parameters in the place of question marks, and only where it has them."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.aws_emulator.wire import RefusedError

_UTILITY = re.compile(r"(\s|--[^\n]*\n)*(create|drop|alter|msck|show|describe|explain)\b", re.IGNORECASE)
_MOST = 1024


def is_utility(sql: str) -> bool:
    """Whether a statement is DDL or asks about tables."""
    return bool(_UTILITY.match(sql))


def bound(sql: str, parameters: list[str] | None) -> str:
    """The statement with its parameters, each the text of a literal, in the place of its question marks."""
    if not parameters:
        return sql
    for each in parameters:
        if not 1 <= len(each) <= _MOST:
            words = "Member must have length less than or equal to 1024, greater than or equal to 1"
            raise RefusedError("InvalidRequestException", f"executionParameters failed to satisfy constraint: {words}")
    try:
        tree = sqlglot.parse_one(sql, read="athena")
        literals = [sqlglot.parse_one(each, read="athena") for each in parameters]
    except SqlglotError as error:
        raise RefusedError("InvalidRequestException", f"Queries of this type are not supported: {error}") from None
    places = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(parameters):
        words = f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}"
        raise RefusedError("InvalidRequestException", f"SYNTAX_ERROR: {words}")
    for place, literal in zip(places, literals, strict=True):
        if place.find_ancestor(exp.Where) is None:
            raise RefusedError("InvalidRequestException", "Execution parameters are taken in the WHERE clause alone")
        place.replace(literal)
    return tree.sql(dialect="athena")
