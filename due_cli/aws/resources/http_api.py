"""The HTTP API of message statuses: ``GET /call`` on stage ``$default``, with IAM authorization (design: section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.tags import OWNER, TAGS, Tags, managed_tags

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2.type_defs import ApiTypeDef, IntegrationTypeDef

ROUTE = "GET /call"
STAGE = "$default"  # a stage of another name would be part of the path
_PAYLOAD = "2.0"
_STAGE_TAGS = "StageTags"
_OTHERS = "OtherRoutes"  # the API is the stack's alone: a route that somebody added may let anybody in
_SURPLUS = "Surplus"  # where only the answer was lost, asking again has made a second: names are not unique


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

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "Route": ROUTE,
            "AuthorizationType": "AWS_IAM",
            "Integration": self.function_arn,
            "Integrations": 1,
            _OTHERS: [],
            "Stage": STAGE,
            TAGS: dict(self.tags),
            _STAGE_TAGS: dict(self.tags),
            _SURPLUS: [],
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for HTTP API {self.name}"):
            own = self._own(aws)
            if not own:
                return None
            first, *others = own
            settings = self._settings(aws, first.get("ApiId", ""))
            tags = managed_tags(first.get("Tags", {}), self.tags)
            return {**settings, TAGS: tags, _SURPLUS: [one.get("ApiId", "") for one in others]}

    def create(self, aws: Aws) -> None:
        """Makes it with its tags; the rest is set by :meth:`update`."""
        with translate_errors(f"creating HTTP API {self.name}"):
            if self._own(aws):
                return
            retry_transient(
                lambda: aws.apigateway.create_api(Name=self.name, ProtocolType="HTTP", Tags=dict(self.tags))
            )
            wait_until(lambda: bool(self._own(aws)), f"the API {self.name}")

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets route, authorization, integration, stage and tags."""
        with translate_errors(f"setting up HTTP API {self.name}"):
            api, *others = [one.get("ApiId", "") for one in self._own(aws)]
            for one in others:
                self._delete(aws, one)
            if changed & {"Route", "AuthorizationType", "Integration", "Integrations", _OTHERS}:
                self._put_route(aws, api)
            if "Stage" in changed:
                with ignore_errors("ConflictException"):
                    aws.apigateway.create_stage(ApiId=api, StageName=STAGE, AutoDeploy=True, Tags=dict(self.tags))
            elif _STAGE_TAGS in changed:
                self._tag(aws, f"{api}/stages/{STAGE}")
            if TAGS in changed:
                self._tag(aws, api)

    def delete(self, aws: Aws) -> None:
        """Removes it with its route, integration and stage."""
        with translate_errors(f"deleting HTTP API {self.name}"):
            for one in self._own(aws):
                self._delete(aws, one.get("ApiId", ""))

    def _own(self, aws: Aws) -> list[ApiTypeDef]:
        return _named(aws, self.name, self.tags[OWNER])

    def _delete(self, aws: Aws, api: str) -> None:
        with ignore_errors("NotFoundException"):
            aws.apigateway.delete_api(ApiId=api)

    def _settings(self, aws: Aws, api: str) -> Settings:
        routes = aws.apigateway.get_routes(ApiId=api).get("Items", [])
        route = next((one for one in routes if one["RouteKey"] == ROUTE), None)
        target = route.get("Target", "") if route else ""
        there = aws.apigateway.get_integrations(ApiId=api).get("Items", [])
        stages = aws.apigateway.get_stages(ApiId=api).get("Items", [])
        stage = next((one for one in stages if one["StageName"] == STAGE), None)
        return {
            "Route": route["RouteKey"] if route else None,
            "AuthorizationType": route.get("AuthorizationType") if route else None,
            "Integration": next(
                (one.get("IntegrationUri") for one in self._own_of(there) if _target(one) == target), None
            ),
            "Integrations": len(there),
            _OTHERS: sorted(one["RouteKey"] for one in routes if one["RouteKey"] != ROUTE),
            "Stage": stage["StageName"] if stage else None,
            _STAGE_TAGS: managed_tags(stage.get("Tags", {}), self.tags) if stage else None,
        }

    def _tag(self, aws: Aws, what: str) -> None:
        aws.apigateway.tag_resource(ResourceArn=f"{self.arn_prefix}{what}", Tags=dict(self.tags))

    def _own_of(self, integrations: list[IntegrationTypeDef]) -> list[IntegrationTypeDef]:
        """Those that call the function as it reads a call."""
        called = [one for one in integrations if one.get("IntegrationUri") == self.function_arn]
        return [one for one in called if one.get("PayloadFormatVersion") == _PAYLOAD]

    def _put_route(self, aws: Aws, api: str) -> None:
        """Lets the route call the function by one integration, and removes other integrations and routes."""
        called = self._integration(aws, api)
        self._point(aws, api, called)
        for route in aws.apigateway.get_routes(ApiId=api).get("Items", []):
            if route["RouteKey"] != ROUTE:
                with ignore_errors("NotFoundException"):
                    aws.apigateway.delete_route(ApiId=api, RouteId=route.get("RouteId", ""))
        for one in aws.apigateway.get_integrations(ApiId=api).get("Items", []):
            if _target(one) != called:
                with ignore_errors("NotFoundException"):
                    aws.apigateway.delete_integration(ApiId=api, IntegrationId=one.get("IntegrationId", ""))

    def _integration(self, aws: Aws, api: str) -> str:
        for one in self._own_of(aws.apigateway.get_integrations(ApiId=api).get("Items", [])):
            return _target(one)
        made = aws.apigateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=self.function_arn, PayloadFormatVersion=_PAYLOAD
        )
        return f"integrations/{made.get('IntegrationId', '')}"

    def _point(self, aws: Aws, api: str, target: str) -> None:
        for route in aws.apigateway.get_routes(ApiId=api).get("Items", []):
            if route["RouteKey"] == ROUTE:
                aws.apigateway.update_route(
                    ApiId=api, RouteId=route.get("RouteId", ""), AuthorizationType="AWS_IAM", Target=target
                )
                return
        with ignore_errors("ConflictException"):  # it was made, and the answer lost
            aws.apigateway.create_route(ApiId=api, RouteKey=ROUTE, AuthorizationType="AWS_IAM", Target=target)


def _target(integration: IntegrationTypeDef) -> str:
    return f"integrations/{integration.get('IntegrationId', '')}"


def address_of(aws: Aws, name: str, stack: str) -> str | None:
    """The URL of a stack's API that is called with ``?message_id=ID``; None where there is none."""
    with translate_errors(f"looking for HTTP API {name}"):
        return next((f"{api['ApiEndpoint']}{ROUTE.split()[1]}" for api in _named(aws, name, stack)), None)


def _named(aws: Aws, name: str, stack: str) -> list[ApiTypeDef]:
    """The APIs of a name and a stack, the oldest first; other tags are the user's, and may have been others."""
    pages = aws.apigateway.get_paginator("get_apis").paginate()
    called = [api for page in pages for api in page["Items"] if api.get("Name") == name]
    own = [api for api in called if api.get("Tags", {}).get(OWNER) == stack]
    return sorted(own, key=lambda api: (api.get("CreatedDate", datetime.max.replace(tzinfo=UTC)), api.get("ApiId", "")))
