"""What people ask: a report, the status table and its API; what alarms say; and Lake Formation before it all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import DoctorContext, Examined, command_in, granted_to_all, listed, masked
from due_cli.aws.errors import POLICY_HINT, ignore_errors, is_lake_formation, translate_errors
from due_cli.aws.resources.http_api import status_url
from due_cli.aws.services.cloudwatch import raised_alarms
from due_cli.aws.services.glue import roles_without_grants
from due_cli.aws.stack.desired import TABLE
from due_cli.core.errors import QueryError
from due_cli.core.progress import Silent
from due_cli.core.results import Check, counted
from due_cli.sql.reports import bind

_REPORT = "bounce-rate"
_NOT_FOUND, _FORBIDDEN = 404, 403
_API_SECONDS = 15


def lake_formation(patient: DoctorContext) -> Examined:
    """Whether Lake Formation keeps the stream or the partition function from the table."""
    roles = {patient.names.role_arn(name): patient.names.role(name) for name in ("stream", "partition")}
    kept_out = roles_without_grants(patient.aws, patient.stack.options.database, TABLE, list(roles))
    if kept_out:
        who = listed(roles[role] for role in kept_out)
        text = f"the table {TABLE} is under Lake Formation, which gives no right on it to {who}"
        yield Check("Lake Formation", "problem", text, granted_to_all(patient))
    else:
        yield Check("Lake Formation", "ok", "not in the way")


def report(patient: DoctorContext) -> Examined:
    """One report over a day, by Athena."""
    from due_cli.aws.athena.engine import table

    try:
        bound = bind(_REPORT, {}, "1d", now=datetime.now(UTC))
        rows = sum(1 for _ in table(patient.stack, Silent(), bound.statement).rows)
    except QueryError as error:
        yield Check("report", "problem", f"{_REPORT} fails: {error.message}", _mend(patient, error))
        return
    yield Check("report", "ok", f"{_REPORT} runs: {counted(rows, 'row')} of the last day")


def _mend(patient: DoctorContext, error: QueryError) -> str:
    if is_lake_formation(error):
        return granted_to_all(patient)
    return patient.rights if error.hint == POLICY_HINT else command_in(error) or patient.setup


def status_table(patient: DoctorContext) -> Examined:
    """Whether it can be used; that its items expire is a matter of its settings."""
    name = patient.names.status_table
    status = _table_status(patient.aws, name)
    if status is None:
        yield Check("status table", "warning", f"not checked: {name} is missing", patient.setup)
    elif status != "ACTIVE":
        look = patient.aws_command(f"dynamodb describe-table --table-name {name}")
        yield Check("status table", "problem", f"{name} is {status}", look)
    else:
        yield Check("status table", "ok", f"{name} is ACTIVE")


def status_api(patient: DoctorContext) -> Examined:
    """It answers 404 for a message that nobody can know."""
    names = patient.names
    address = status_url(patient.aws, names.api, names.stack)
    if address is None:
        yield Check("status API", "warning", f"not checked: {names.api} is missing", patient.setup)
        return
    response = _signed_get(patient.aws, address, {"message_id": f"due-doctor-{uuid.uuid4()}"})
    if response.status_code == _NOT_FOUND and "message_id" in response.text:
        yield Check("status API", "ok", f"{address} answers")
    elif response.status_code == _FORBIDDEN:
        text = f"{address} answers {response.status_code} to {patient.aws.caller.arn}: execute-api:Invoke is missing"
        yield Check("status API", "problem", text, patient.rights)
    else:
        text = f"{address} answers {response.status_code} for a message that is not known: {masked(response.text)}"
        tail = patient.aws_command(f"logs tail {names.log_group('status-api')} --since 1h")
        yield Check("status API", "problem", text, tail)


def alarms(patient: DoctorContext) -> Examined:
    """The alarms that are raised."""
    own = {one.node.resource.name for one in patient.looked if one.node.resource.kind == "alarm"}
    raised = {name: why for name, why in raised_alarms(patient.aws, f"{patient.names.stack}-").items() if name in own}
    yield from _raised(patient, raised)
    if not raised:
        yield Check("alarms", "ok", f"none of {counted(len(own), 'alarm')} is raised")


def _raised(patient: DoctorContext, raised: dict[str, str]) -> Iterator[Check]:
    for name, why in sorted(raised.items()):
        history = patient.aws_command(f"cloudwatch describe-alarm-history --alarm-name {name}")
        yield Check("alarms", "warning", f"{name} is raised: {masked(why)}", history)


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
