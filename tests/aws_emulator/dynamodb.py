"""DynamoDB's statements in bulk: moto reads PartiQL without its conditions, so it would let every writer win."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.exceptions import ConditionalCheckFailed, MockValidationException
from moto.dynamodb.models import dynamodb_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.partiql import call_of
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_MOST_STATEMENTS = 25
_LONGEST_KEY = 2048  # bytes


class Statements:
    """Carries the statements of a call out one by one, each under its condition, on moto's tables."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.handlers["dynamodb:BatchExecuteStatement"] = self._execute
        core.handlers["dynamodb:BatchGetItem"] = _check_keys
        core.watchers.append(_encrypted)

    def _execute(self, call: Call, _: Request) -> Answer:
        statements = call.parameters["Statements"]
        if len(statements) > _MOST_STATEMENTS:
            raise RefusedError("ValidationException", "Member must have length less than or equal to 25")
        return Answer.of({"Responses": [self._one(call, statement) for statement in statements]})

    def _one(self, call: Call, statement: dict[str, Any]) -> dict[str, Any]:
        operation, body, code = call_of(statement)
        backend = dynamodb_backends[ACCOUNT][call.region]
        names, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
        condition = body["ConditionExpression"]
        try:
            with self._core.moto_alone:
                if operation == "PutItem":
                    backend.put_item(body["TableName"], body["Item"], condition_expression=condition)
                else:
                    change = (body["UpdateExpression"], names, values)
                    backend.update_item(body["TableName"], body["Key"], *change, condition_expression=condition)
        except ConditionalCheckFailed:
            return {"Error": {"Code": code, "Message": "the condition failed"}}
        except MockValidationException as error:
            return {"Error": {"Code": "ValidationError", "Message": str(error)}}
        return {"TableName": body["TableName"]}


def _check_keys(call: Call, _: Request) -> None:
    """Refuses a key that is too long, which moto takes."""
    keys = (key for part in call.parameters["RequestItems"].values() for key in part["Keys"])
    if any(len(value["S"].encode()) > _LONGEST_KEY for key in keys for value in key.values()):
        raise RefusedError("ValidationException", "One or more parameter values were invalid: the key is too long")


def _encrypted(call: Call, _: Request, __: Answer) -> None:
    """Another key for a table that is there, of which moto takes no notice."""
    chosen = call.parameters.get("SSESpecification")
    if call.name == "dynamodb:UpdateTable" and chosen:
        dynamodb_backends[ACCOUNT][call.region].get_table(call.parameters["TableName"]).sse_specification = chosen
