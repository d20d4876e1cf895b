"""What a call is made with and on, under the names that the conditions of policies have for it."""

from __future__ import annotations

from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.iam.models import iam_backends
from moto.pinpoint.models import pinpoint_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, PARTITION, tags_given

_ON_ROLES = ("PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "DeleteRole")


def context_of(call: Call) -> dict[str, str]:
    """The condition keys of a call: the tags that it gives, those of what it is about, and a role's boundary."""
    asked = {f"aws:RequestTag/{key}": value for key, value in tags_given(call).items()}
    held = {f"aws:ResourceTag/{key}": value for key, value in _tags_of(call).items()}
    boundary = _boundary(call)
    return {**asked, **held, **({"iam:PermissionsBoundary": boundary} if boundary else {})}


def _boundary(call: Call) -> str | None:
    """The boundary that a role is given or, where a call is about its policies, has (IAM condition keys)."""
    if call.service != "iam":
        return None
    if call.operation in _ON_ROLES:
        role = next((one for one in _roles() if one.name == call.parameters["RoleName"]), None)
        return role.permissions_boundary_arn if role else None
    boundary: str | None = call.parameters.get("PermissionsBoundary")
    return boundary


def _roles() -> list[Any]:
    return list(iam_backends[ACCOUNT][PARTITION].roles.values())


def _tags_of(call: Call) -> dict[str, str]:
    """The tags of an API, which its routes, integrations and stages share, or of a project."""
    if call.service == "apigatewayv2":
        parts = call.path.split("/")
        number = parts[parts.index("apis") + 1] if "apis" in parts[:-1] else ""
        backend = apigatewayv2_backends[ACCOUNT][call.region]
        return backend.get_tags(backend.apis[number].arn) if number in backend.apis else {}
    if call.service == "pinpoint" and "ApplicationId" in call.parameters:
        app = pinpoint_backends[ACCOUNT][call.region].apps.get(call.parameters["ApplicationId"])
        return dict(pinpoint_backends[ACCOUNT][call.region].list_tags_for_resource(app.arn)["tags"]) if app else {}
    return {}
