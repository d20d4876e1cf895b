"""The outputs of a stack, by the keys of the guide's CloudFormation outputs and due's own."""

from __future__ import annotations

from due_cli.aws.resources.http_api import status_url
from due_cli.aws.services.pinpoint import NoPinpointError, PinpointApp
from due_cli.aws.stack import projects
from due_cli.aws.stack.names import EVENTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.results import Value


def outputs(stack: Stack) -> dict[str, Value]:
    """The outputs; Pinpoint's are None if the stack has no project, the status API's if it is missing."""
    names, options = stack.names, stack.options
    project = _project(stack)
    return {
        "PinpointProjectId": project.project_id if project else None,
        "PinpointProjectArn": project.arn if project else None,
        "PinpointEventStreamFirehoseName": names.stream if project else None,
        "PinpointEventStreamFirehoseRoleName": names.role("pinpoint") if project else None,
        "DUES3DataLakeName": names.bucket,
        "DatabaseName": options.database,
        "EventsFolder": f"s3://{names.bucket}/{EVENTS}",
        "WorkgroupName": names.workgroup,
        "DeliveryStreamName": names.stream,
        "DeliveryStreamArn": names.stream_arn,
        "StatusApiUrl": status_url(stack.aws, names.api, names.stack),
        "StatusTable": names.status_table,
        "StatusDays": options.status_days,
        "Stack": names.stack,
        "Account": names.account,
        "Region": names.region,
    }


def _project(stack: Stack) -> PinpointApp | None:
    """The project whose events the stack gets: one that it created before those that were attached later."""
    try:
        return next(iter(projects.sending_projects(stack.aws, stack.names)), None)
    except NoPinpointError:
        return None
