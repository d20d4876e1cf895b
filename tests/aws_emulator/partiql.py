"""The two statements that due writes with, as the calls that moto's table knows.

moto reads PartiQL without its conditions, so it would let every writer win; DynamoDB Local takes the statements as
they are.
"""

from __future__ import annotations

import re
from typing import Any

_INSERT = re.compile(r"""INSERT INTO "([^"]+)" VALUE \{('\w+':\?(?:,'\w+':\?)*)\}""")
_UPDATE = re.compile(r'UPDATE "([^"]+)"((?: SET "\w+"=\?)+) WHERE "(\w+)"=\? AND "(\w+)"=\?')
_NAME = re.compile(r"""['"](\w+)['"]""")


def call_of(statement: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Operation and body of the call, and the code that its failed condition has in PartiQL."""
    text, values = statement["Statement"], statement["Parameters"]
    if insert := _INSERT.fullmatch(text):
        table, fields = insert.groups()
        item = dict(zip(_NAME.findall(fields), values, strict=True))
        body = {"Item": item, "ConditionExpression": "attribute_not_exists(message_id)"}
        return "PutItem", {"TableName": table, **body}, "DuplicateItem"
    update = _UPDATE.fullmatch(text)
    assert update, text
    table, fields, key, condition = update.groups()
    names = _NAME.findall(fields)
    *new, key_value, condition_value = values
    assert len(names) == len(new)
    body = {
        "Key": {key: key_value},
        "UpdateExpression": "SET " + ", ".join(f"#n{index} = :v{index}" for index in range(len(names))),
        "ConditionExpression": "#condition = :condition",
        "ExpressionAttributeNames": {"#condition": condition, **{f"#n{i}": name for i, name in enumerate(names)}},
        "ExpressionAttributeValues": {
            ":condition": condition_value,
            **{f":v{i}": value for i, value in enumerate(new)},
        },
    }
    return "UpdateItem", {"TableName": table, **body}, "ConditionalCheckFailed"
