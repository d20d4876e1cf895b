"""Statements to DynamoDB by the thousand, sent as they are.

botocore walks its model of every value of every statement, and asks dozens of handlers about every call: that takes
longer than all else that an ingest does for a status. What is sent here is signed by botocore, and goes through the
client's own connections, so that proxies, certificates and endpoints are those that the user configured. A call is not
repeated: whoever merges statuses repeats it anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, NoCredentialsError

from due_cli.aws.client import Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchGetItemOutputTypeDef

_OPERATION = "BatchExecuteStatement"
_TARGET = f"DynamoDB_20120810.{_OPERATION}"
_DONE = 200


class BulkClient:
    """The calls that merge statuses, of many threads; raises what botocore's client raises."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.dynamodb
        self._credentials = aws.session_and_config()[0].get_credentials()
        self._http = self._client._endpoint.http_session  # type: ignore[attr-defined]

    def batch_get_item(self, **parameters: Any) -> BatchGetItemOutputTypeDef:
        """As the client's own."""
        return self._client.batch_get_item(**parameters)

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        """The response to statements, whose values are in the format of the client."""
        if self._credentials is None:
            raise NoCredentialsError
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": _TARGET}
        request = AWSRequest("POST", self._client.meta.endpoint_url, headers, orjson.dumps(parameters))
        credentials = self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, "dynamodb", self._client.meta.region_name).add_auth(request)
        response = self._http.send(request.prepare())
        answer: dict[str, Any] = orjson.loads(response.content or b"{}")
        if response.status_code != _DONE:
            code = str(answer.get("__type", response.status_code)).rpartition("#")[2]
            message = str(answer.get("message", answer.get("Message", "")))
            raise ClientError({"Error": {"Code": code, "Message": message}}, _OPERATION)
        return answer
