"""The HTTP API of message statuses: ``GET /call`` on stage ``$default``, with IAM authorization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.retry import wait_until
from due_cli.aws.tags import STACK_TAG, TAGS, Tags, managed_tags

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2.type_defs import ApiTypeDef, IntegrationTypeDef

ROUTE = "GET /call"
STAGE = "$default"  # a stage of another name would be part of the path
_PAYLOAD = "2.0"
_AUTHORIZATION: Final = "AWS_IAM"
_ROUTE_SETTINGS = frozenset(("Route", "AuthorizationType", "Integration", "Integrations", "OtherRoutes"))


@dataclass(frozen=True, kw_only=True)
class HttpApi(TaggedResource):
    """It calls one function; its id is AWS's, so it is found by its name and the stack's tag.

    Its ARN is ``arn_prefix`` and its id. The API is the stack's alone: other routes, which may let anybody in, are
    deleted, and so are other APIs of its name and tag, which a repeated call whose answer was lost has created.
    """

    kind = "HTTP API"
    not_found = ignore_errors("NotFoundException")
    name: str
    arn_prefix: str
    function_arn: str

    def _settings(self) -> list[Setting]:
        """None has a ``write``: some are set by one call and others by several, see :meth:`update`."""
        return [
            Setting("Route", ROUTE),
            Setting("AuthorizationType", _AUTHORIZATION),
            Setting("Integration", self.function_arn),
            Setting("Integrations", 1),
            Setting("OtherRoutes", []),
            Setting("Stage", STAGE),
            self._tag_setting(),
            Setting("StageTags", dict(self.tags)),
            Setting("Surplus", []),
        ]

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Set the named settings; APIs that are surplus are deleted."""
        with self._translate_errors(f"updating {self.kind} {self.name}"):
            api_id, *surplus = [api.get("ApiId", "") for api in self._own(aws)]
            for one in surplus:
                self._delete_api(aws, one)
            if changed & _ROUTE_SETTINGS:
                self._put_route(aws, api_id)
            if "Stage" in changed:
                with ignore_errors("ConflictException"):
                    aws.apigateway.create_stage(ApiId=api_id, StageName=STAGE, AutoDeploy=True, Tags=dict(self.tags))
            elif "StageTags" in changed:
                self._tag(aws, f"{api_id}/stages/{STAGE}")
            if TAGS in changed:
                self._tag(aws, api_id)

    def _describe(self, aws: Aws) -> Any:
        """The settings as they are, and all its tags; None if it does not exist."""
        if not (own := self._own(aws)):
            return None
        api_id, *surplus = [api.get("ApiId", "") for api in own]
        routes = aws.apigateway.get_routes(ApiId=api_id).get("Items", [])
        integrations = aws.apigateway.get_integrations(ApiId=api_id).get("Items", [])
        stages = aws.apigateway.get_stages(ApiId=api_id).get("Items", [])
        route: Any = next((one for one in routes if one["RouteKey"] == ROUTE), {})
        stage: Any = next((one for one in stages if one["StageName"] == STAGE), {})
        called = [one for one in integrations if self._calls_function(one) and _target(one) == route.get("Target")]
        return {
            "Route": route.get("RouteKey"),
            "AuthorizationType": route.get("AuthorizationType"),
            "Integration": self.function_arn if called else None,
            "Integrations": len(integrations),
            "OtherRoutes": sorted(one["RouteKey"] for one in routes if one["RouteKey"] != ROUTE),
            "Stage": stage.get("StageName"),
            "Tags": own[0].get("Tags", {}),
            "StageTags": managed_tags(stage.get("Tags", {}), self.tags) if stage else None,
            "Surplus": surplus,
        }

    def _create(self, aws: Aws) -> None:
        if not self._own(aws):
            aws.apigateway.create_api(Name=self.name, ProtocolType="HTTP", Tags=dict(self.tags))
            wait_until(lambda: bool(self._own(aws)), f"the API {self.name}")

    def _delete(self, aws: Aws) -> None:
        for api in self._own(aws):
            self._delete_api(aws, api.get("ApiId", ""))

    def _own(self, aws: Aws) -> list[ApiTypeDef]:
        return _named(aws, self.name, self.tags[STACK_TAG])

    def _delete_api(self, aws: Aws, api_id: str) -> None:
        with self.not_found:
            aws.apigateway.delete_api(ApiId=api_id)

    def _put_route(self, aws: Aws, api_id: str) -> None:
        """Let the route call the function by one integration, and delete other integrations and routes."""
        target = self._integration(aws, api_id)
        routes = aws.apigateway.get_routes(ApiId=api_id).get("Items", [])
        route_id = next((route.get("RouteId", "") for route in routes if route["RouteKey"] == ROUTE), None)
        if route_id is not None:
            aws.apigateway.update_route(ApiId=api_id, RouteId=route_id, AuthorizationType=_AUTHORIZATION, Target=target)
        else:
            with ignore_errors("ConflictException"):  # it was created, and the answer lost
                aws.apigateway.create_route(
                    ApiId=api_id, RouteKey=ROUTE, AuthorizationType=_AUTHORIZATION, Target=target
                )
        for route in routes:
            if route["RouteKey"] != ROUTE:
                with self.not_found:
                    aws.apigateway.delete_route(ApiId=api_id, RouteId=route.get("RouteId", ""))
        for integration in aws.apigateway.get_integrations(ApiId=api_id).get("Items", []):
            if _target(integration) != target:
                with self.not_found:
                    aws.apigateway.delete_integration(ApiId=api_id, IntegrationId=integration.get("IntegrationId", ""))

    def _integration(self, aws: Aws, api_id: str) -> str:
        """The target of an integration that calls the function, created if there is none."""
        for integration in aws.apigateway.get_integrations(ApiId=api_id).get("Items", []):
            if self._calls_function(integration):
                return _target(integration)
        return _target(
            aws.apigateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=self.function_arn,
                PayloadFormatVersion=_PAYLOAD,
            )
        )

    def _calls_function(self, integration: IntegrationTypeDef) -> bool:
        """Whether it calls the function in the format that the function reads."""
        is_own = integration.get("IntegrationUri") == self.function_arn
        return is_own and integration.get("PayloadFormatVersion") == _PAYLOAD

    def _read_tags(self, _: Aws, description: Any) -> Tags:
        tags: Tags = description["Tags"]
        return tags

    def _write_tags(self, aws: Aws) -> None:
        """Nothing: :meth:`update` tags the API with its id."""

    def _tag(self, aws: Aws, resource: str) -> None:
        aws.apigateway.tag_resource(ResourceArn=f"{self.arn_prefix}{resource}", Tags=dict(self.tags))


def _target(integration: Any) -> str:
    return f"integrations/{integration.get('IntegrationId', '')}"


def status_url(aws: Aws, name: str, stack: str) -> str | None:
    """The URL of a stack's API, which is called with ``?message_id=ID``; None if there is none."""
    with translate_errors(f"looking for HTTP API {name}"):
        return next((f"{api['ApiEndpoint']}{ROUTE.split()[1]}" for api in _named(aws, name, stack)), None)


def _named(aws: Aws, name: str, stack: str) -> list[ApiTypeDef]:
    """The APIs of a name and a stack, the oldest first; other tags are the user's, and may have been others."""
    pages = aws.apigateway.get_paginator("get_apis").paginate()
    called = [api for page in pages for api in page.get("Items", []) if api.get("Name") == name]
    own = [api for api in called if api.get("Tags", {}).get(STACK_TAG) == stack]
    return sorted(own, key=lambda api: (api.get("CreatedDate", datetime.max.replace(tzinfo=UTC)), api.get("ApiId", "")))
