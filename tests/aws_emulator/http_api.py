"""Invoke URLs of HTTP APIs: the route, its IAM authorization, and the function with payload format 2.0."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from typing import Any
from urllib.parse import quote

from moto.apigatewayv2.models import apigatewayv2_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.functions import Functions
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_PREFIX = "/_api/"
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d+)/([^/]+)/execute-api/aws4_request,\s*"
    r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)"
)
_STAGE = re.compile(r"/apis/(\w+)/stages/(.+)$")
_ENDPOINT = re.compile(r'("apiEndpoint": ?")https://(\w+)\.execute-api\.[^"]*"')


class HttpApis:
    """HTTP APIs under ``EMULATOR/_api/API_ID/…``, which stands for ``https://API_ID.execute-api.REGION…/…``."""

    def __init__(self, core: Core, functions: Functions) -> None:
        self.core = core
        self.functions = functions
        core.unsigned.append(self._handle)
        core.watchers.append(self._own_address)
        core.handlers["apigatewayv2:TagResource"] = self._tag_stage
        core.handlers["apigatewayv2:CreateRoute"] = self._check_route

    def url(self, api: str, path: str = "") -> str:
        """Where the emulator serves a path of an API."""
        return f"{self.core.url}{_PREFIX}{api}{path}"

    def _own_address(self, call: Call, _: Request, answer: Answer) -> None:
        """An API's endpoint is the emulator, and not an address of AWS."""
        if call.service == "apigatewayv2" and b"apiEndpoint" in answer.body:
            text = _ENDPOINT.sub(lambda found: f'{found[1]}{self.url(found[2])}"', answer.body.decode())
            answer.body = text.encode()
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]

    def _tag_stage(self, call: Call, _: Request) -> Answer | None:
        """Tags of a stage, of which moto knows those alone that it was made with."""
        found = _STAGE.search(call.parameters["ResourceArn"])
        if found is None:
            return None
        stage = apigatewayv2_backends[ACCOUNT][call.region].apis[found[1]].stages[found[2]]
        stage.tags = {**stage.tags, **call.parameters["Tags"]}
        return Answer.of({}, 201)

    def _check_route(self, call: Call, _: Request) -> None:
        """An API has one route of a key, which moto does not look at."""
        key = call.parameters["RouteKey"]
        api = apigatewayv2_backends[ACCOUNT][call.region].apis.get(call.parameters["ApiId"])
        if api and any(route.route_key == key for route in api.routes.values()):
            raise RefusedError("ConflictException", f"Route with key {key} already exists for this API", 409)

    def _handle(self, request: Request) -> Answer | None:
        host = re.match(r"(\w+)\.execute-api\.", request.headers.get("host", ""))
        if host:
            return self._served(host.group(1), request.path, request)
        if not request.path.startswith(_PREFIX):
            return None
        api, _, rest = request.path.removeprefix(_PREFIX).partition("/")
        return self._served(api, f"/{rest}", request)

    def _served(self, number: str, path: str, request: Request) -> Answer:
        region, api = next(
            (
                (region, backend.apis[number])
                for region, backend in list(apigatewayv2_backends[ACCOUNT].items())
                if number in backend.apis
            ),
            ("", None),
        )
        route = _route(api, f"{request.method} {path}") if api else None
        stage = next((one for one in api.stages.values() if one.name == "$default"), None) if api else None
        if api is None or route is None or stage is None:
            return Answer.of({"message": "Not Found"}, 404)
        principal = "nobody"
        if route.authorization_type == "AWS_IAM":
            signer = self._signer(request)
            source = arn("execute-api", region, f"{number}/$default/{request.method}{path}")
            if signer is None or not self._may(signer, source, request):
                return Answer.of({"message": "Forbidden"}, 403)
            principal = signer
        return self._integrated(api, route, region, path, request, principal)

    def _signer(self, request: Request) -> str | None:
        """Who signed; None if nobody did, or the signature is not of this request."""
        found = _SIGNED.match(request.headers.get("authorization", ""))
        if not found:
            return None
        key, day, region, names, signature = found.groups()
        secret = self._secret(key)
        headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names.split(";"))
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(request.query))
        digest = request.headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
        path = quote(quote(request.path, safe="/-_.~"), safe="/-_.~")
        canonical = "\n".join([request.method, path, query, headers, names, digest])
        scope = f"{day}/{region}/execute-api/aws4_request"
        moment = request.headers.get("x-amz-date", "")
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signing = f"AWS4{secret}".encode()
        for word in (day, region, "execute-api", "aws4_request", text):
            signing = hmac.digest(signing, word.encode(), "sha256")
        return self.core.iam.who(key)[0] if hmac.compare_digest(signing.hex(), signature) else None

    def _secret(self, key: str) -> str:
        user = self.core.iam.backend.get_user_from_access_key_id(key)
        if user is None:
            return "testing"
        keys = self.core.iam.backend.list_access_keys(user.name)
        return next(str(one.secret_access_key) for one in keys if one.access_key_id == key)

    def _may(self, principal: str, source: str, request: Request) -> bool:
        call = Call("execute-api", "Invoke", {}, principal=principal, method=request.method, path=request.path)
        try:
            self.core.iam.demand(call, Need("execute-api:Invoke", (source,)))
        except RefusedError:
            return False
        return True

    def _integrated(self, api: Any, route: Any, region: str, path: str, request: Request, principal: str) -> Answer:
        integration = api.integrations[route.target.rsplit("/", 1)[-1]]
        uri = integration.integration_uri
        name = uri.split("/functions/")[-1].removesuffix("/invocations")
        source = arn("execute-api", region, f"{api.api_id}/$default{path}")
        method = arn("execute-api", region, f"{api.api_id}/$default/{request.method}{path}")
        try:
            function = self.functions.function(name, region)
        except RefusedError:
            return Answer.of({"message": "Internal Server Error"}, 500)
        if not any(self.functions.permits(function, "apigateway", one) for one in (source, method)):
            return Answer.of({"message": "Internal Server Error"}, 500)
        if integration.payload_format_version != "2.0":
            raise NotImplementedError("payload format 1.0")
        ran = self.functions.run(function, _event(api, route, path, request, principal))
        if ran.error:
            return Answer.of({"message": "Internal Server Error"}, 500)
        return _answer(ran.answer)


def _route(api: Any, key: str) -> Any:
    routes = {one.route_key: one for one in api.routes.values()}
    return routes.get(key) or routes.get(f"ANY {key.split()[1]}") or routes.get("$default")


def _event(api: Any, route: Any, path: str, request: Request, principal: str) -> dict[str, Any]:
    query: dict[str, str] = {}
    for key, value in request.query:
        query[key] = f"{query[key]},{value}" if key in query else value
    http = {
        "method": request.method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": request.headers.get("user-agent", ""),
    }
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": api.api_id,
        "http": http,
        "requestId": str(uuid.uuid4()),
        "routeKey": route.route_key,
        "stage": "$default",
    }
    if route.authorization_type == "AWS_IAM":
        context["authorizer"] = {"iam": {"accountId": ACCOUNT, "userArn": principal}}
    event = {
        "version": "2.0",
        "routeKey": route.route_key,
        "rawPath": path,
        "rawQueryString": "&".join(f"{quote(key)}={quote(value)}" for key, value in request.query),
        "headers": {name: value for name, value in request.headers.items() if value},
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return {**event, "queryStringParameters": query} if query else event


def _answer(found: Any) -> Answer:
    """A function's answer; what has no status code is the body of a 200."""
    if not isinstance(found, dict) or "statusCode" not in found:
        return Answer.of(found)
    raw = str(found.get("body") or "")
    body = base64.b64decode(raw) if found.get("isBase64Encoded") else raw.encode()
    headers = {
        "content-type": "text/plain; charset=utf-8",
        **{k.lower(): v for k, v in found.get("headers", {}).items()},
    }
    return Answer(int(found["statusCode"]), [(name, str(value)) for name, value in headers.items()], body)
