"""Checks of message statuses: the DynamoDB table and the HTTP API in front of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import DoctorContext, mask
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.http_api import status_url
from due_cli.core.results import Finding

_NOT_FOUND, _FORBIDDEN = 404, 403
_API_SECONDS = 15


def status_table(context: DoctorContext) -> Iterator[Finding]:
    """Whether the table can be used; its settings are checked with the resources."""
    name = context.names.status_table
    status = _table_status(context.aws, name)
    if status is None:
        yield "warning", f"not checked: {name} is missing", context.setup
    elif status != "ACTIVE":
        yield "problem", f"{name} is {status}", context.aws_command(f"dynamodb describe-table --table-name {name}")
    else:
        yield "ok", f"{name} is ACTIVE", None


def status_api(context: DoctorContext) -> Iterator[Finding]:
    """Whether the API responds 404 for a message that does not exist."""
    names = context.names
    address = status_url(context.aws, names.api, names.stack)
    if address is None:
        yield "warning", f"not checked: {names.api} is missing", context.setup
        return
    response = _signed_get(context.aws, address, {"message_id": f"due-doctor-{uuid.uuid4()}"})
    if response.status_code == _NOT_FOUND and "message_id" in response.text:
        yield "ok", f"{address} answers", None
    elif response.status_code == _FORBIDDEN:
        text = f"{address} answers {response.status_code} to {context.aws.caller.arn}: execute-api:Invoke is missing"
        yield "problem", text, context.policy
    else:
        text = f"{address} answers {response.status_code} for a message that is not known: {mask(response.text)}"
        yield "problem", text, context.aws_command(f"logs tail {names.log_group('status-api')} --since 1h")


def _table_status(aws: Aws, table: str) -> str | None:
    """A DynamoDB table's status; None where there is no such table."""
    with translate_errors(f"looking at table {table}"), ignore_errors("ResourceNotFoundException"):
        return aws.dynamodb.describe_table(TableName=table)["Table"].get("TableStatus")
    return None


def _signed_get(aws: Aws, address: str, parameters: Mapping[str, str]) -> AWSResponse:
    """GETs an address of API Gateway with the caller's signature (Signature Version 4)."""
    with translate_errors(f"calling {address}"):
        request = AWSRequest("GET", f"{address}?{urlencode(parameters)}")
        credentials = aws.session_and_config()[0].get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, "execute-api", aws.caller.region).add_auth(request)
        session = URLLib3Session(timeout=_API_SECONDS, proxies=get_environ_proxies(address))
        try:
            return session.send(request.prepare())
        finally:
            session.close()
