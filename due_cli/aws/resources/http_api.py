"""The HTTP API of message statuses: ``GET /call`` on stage ``$default``, with IAM authorization (design: section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.clients import Aws
from due_cli.aws.errors import explained, passing_over
from due_cli.aws.patience import patiently
from due_cli.aws.resources.tags import OWNER, TAGS, Tags, counting
from due_cli.deploy.resource import Settings

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2.type_defs import ApiTypeDef

ROUTE = "GET /call"
STAGE = "$default"  # a stage of another name would be part of the path
_PAYLOAD = "2.0"
_STAGE_TAGS = "StageTags"


@dataclass(frozen=True, slots=True)
class HttpApi:
    """It calls one function; its id is AWS's, so it is found by its name and the stack's tag.

    ``arn_prefix`` and its id are its ARN.
    """

    name: str
    arn_prefix: str
    function_arn: str
    tags: Tags
    kind: str = "HTTP API"

    def wanted(self) -> Settings:
        """How it should be."""
        return {
            "Route": ROUTE,
            "AuthorizationType": "AWS_IAM",
            "Integration": self.function_arn,
            "Stage": STAGE,
            TAGS: dict(self.tags),
            _STAGE_TAGS: dict(self.tags),
        }

    def found(self, aws: Aws) -> Settings | None:
        """How it is."""
        with explained(f"looking for HTTP API {self.name}"):
            api = self._api(aws)
            if api is None:
                return None
            return {**self._settings(aws, api.get("ApiId", "")), TAGS: counting(api.get("Tags", {}), self.tags)}

    def create(self, aws: Aws) -> None:
        """Makes it with its tags; the rest is set by :meth:`update`."""
        with explained(f"creating HTTP API {self.name}"):
            if self._api(aws) is None:
                patiently(lambda: aws.apigateway.create_api(Name=self.name, ProtocolType="HTTP", Tags=dict(self.tags)))

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets route, authorization, integration, stage and tags."""
        with explained(f"setting up HTTP API {self.name}"):
            found = self._api(aws)
            api = found.get("ApiId", "") if found else ""
            if changed & {"Route", "AuthorizationType", "Integration"}:
                self._put_route(aws, api, self._put_integration(aws, api))
            if "Stage" in changed:
                with passing_over("ConflictException"):
                    aws.apigateway.create_stage(ApiId=api, StageName=STAGE, AutoDeploy=True, Tags=dict(self.tags))
            elif _STAGE_TAGS in changed:
                self._tag(aws, f"{api}/stages/{STAGE}")
            if TAGS in changed:
                self._tag(aws, api)

    def delete(self, aws: Aws) -> None:
        """Removes it with its route, integration and stage."""
        with explained(f"deleting HTTP API {self.name}"), passing_over("NotFoundException"):
            api = self._api(aws)
            if api is not None:
                aws.apigateway.delete_api(ApiId=api.get("ApiId", ""))

    def _api(self, aws: Aws) -> ApiTypeDef | None:
        return _named(aws, self.name, self.tags[OWNER])

    def _settings(self, aws: Aws, api: str) -> Settings:
        routes = aws.apigateway.get_routes(ApiId=api).get("Items", [])
        route = next((one for one in routes if one["RouteKey"] == ROUTE), None)
        integrations = aws.apigateway.get_integrations(ApiId=api).get("Items", [])
        called = {f"integrations/{one.get('IntegrationId')}": one.get("IntegrationUri") for one in integrations}
        stages = aws.apigateway.get_stages(ApiId=api).get("Items", [])
        stage = next((one for one in stages if one["StageName"] == STAGE), None)
        return {
            "Route": route["RouteKey"] if route else None,
            "AuthorizationType": route.get("AuthorizationType") if route else None,
            "Integration": called.get(route.get("Target", "")) if route else None,
            "Stage": stage["StageName"] if stage else None,
            _STAGE_TAGS: counting(stage.get("Tags", {}), self.tags) if stage else None,
        }

    def _tag(self, aws: Aws, what: str) -> None:
        aws.apigateway.tag_resource(ResourceArn=f"{self.arn_prefix}{what}", Tags=dict(self.tags))

    def _put_integration(self, aws: Aws, api: str) -> str:
        for one in aws.apigateway.get_integrations(ApiId=api).get("Items", []):
            if one.get("IntegrationUri") == self.function_arn:
                return one.get("IntegrationId", "")
        made = aws.apigateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=self.function_arn, PayloadFormatVersion=_PAYLOAD
        )
        return made.get("IntegrationId", "")

    def _put_route(self, aws: Aws, api: str, integration: str) -> None:
        target = f"integrations/{integration}"
        for route in aws.apigateway.get_routes(ApiId=api).get("Items", []):
            if route["RouteKey"] == ROUTE:
                aws.apigateway.update_route(
                    ApiId=api, RouteId=route.get("RouteId", ""), AuthorizationType="AWS_IAM", Target=target
                )
                return
        aws.apigateway.create_route(ApiId=api, RouteKey=ROUTE, AuthorizationType="AWS_IAM", Target=target)


def address_of(aws: Aws, name: str, stack: str) -> str | None:
    """The URL of a stack's API that is called with ``?message_id=ID``; None where there is none."""
    with explained(f"looking for HTTP API {name}"):
        api = _named(aws, name, stack)
        return f"{api['ApiEndpoint']}{ROUTE.split()[1]}" if api else None


def _named(aws: Aws, name: str, stack: str) -> ApiTypeDef | None:
    """The API of a name and a stack; its other tags are the user's, and may be others than were asked for last."""
    for page in aws.apigateway.get_paginator("get_apis").paginate():
        for api in page["Items"]:
            if api.get("Name") == name and api.get("Tags", {}).get(OWNER) == stack:
                return api
    return None
