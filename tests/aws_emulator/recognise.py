"""Which operation of which service an HTTP request is, by botocore's own models of the services."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import RpcV2CBORParser

from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Request

_SESSION = botocore.session.get_session()
# The name that a request is signed for, where it is not the name of the service's model.
_SIGNED_AS = {
    "monitoring": "cloudwatch",
    "mobiletargeting": "pinpoint",
    "sms-voice": "pinpoint-sms-voice-v2",
    "social-messaging": "socialmessaging",
    "tagging": "resourcegroupstaggingapi",
}
_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_DASH = "_dash_"  # in Pinpoint's paths; a group of a pattern cannot have it in its name
_RPC = re.compile(r"/service/[^/]+/operation/(\w+)$")


@cache
def model(service: str) -> ServiceModel:
    """botocore's model of a service."""
    return _SESSION.get_service_model(service)


def recognised(request: Request) -> Call | None:
    """The call that a signed request makes; None for anything else (an unsigned request, an invoke URL)."""
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    if not scope:
        return None
    key, region, signed = scope.groups()
    service = _service(signed, request.path)
    try:
        found = _operation(model(service), request)
    except botocore.exceptions.UnknownServiceError:
        return None
    if found is None:
        return None
    operation, parameters = found
    protocol = _protocol(service, request)
    call = Call(service, operation.name, parameters, region, key, request.method, request.path, protocol)
    if call.name == "s3:DeleteObjects":
        call.extra["versions"] = b"<VersionId>" in request.body
    return call


def _protocol(service: str, request: Request) -> str:
    """What the client speaks: botocore picks one of those that a service has."""
    if _RPC.search(request.path):
        return "smithy-rpc-v2-cbor"
    if request.headers.get("x-amz-target"):
        return "json"
    protocol = str(model(service).metadata["protocol"])
    return "query" if protocol in ("smithy-rpc-v2-cbor", "json") else protocol


def _service(signed: str, path: str) -> str:
    if signed == "ses" and path.startswith("/v2/"):
        return "sesv2"
    if signed == "apigateway" and path.startswith("/v2/"):
        return "apigatewayv2"
    return _SIGNED_AS.get(signed, signed)


def _operation(service: ServiceModel, request: Request) -> tuple[OperationModel, dict[str, Any]] | None:
    rpc = _RPC.search(request.path)
    if rpc:
        return service.operation_model(rpc.group(1)), _from_cbor(request.body)
    target = request.headers.get("x-amz-target")
    if target:
        return service.operation_model(target.rsplit(".", 1)[1]), json.loads(request.body or b"{}")
    if request.body.startswith((b"Action=", b"Version=")) and request.method == "POST":
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        name = form.pop("Action", "")
        return (service.operation_model(name), form) if name in service.operation_names else None
    return _rest(service, request)


def _from_cbor(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    parser = RpcV2CBORParser()
    found: dict[str, Any] = parser.parse_data_item(io.BufferedReader(io.BytesIO(body)))
    return found


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], dict[str, str], OperationModel]]:
    routes = []
    found = model(service)
    for name in found.operation_names:
        operation = found.operation_model(name)
        if operation.deprecated:
            continue  # S3 has two of a kind behind one path
        path, _, query = operation.http["requestUri"].partition("?")
        literal = dict(parse_qsl(query, keep_blank_values=True))
        pattern = re.sub(r"\\\{([\w\\-]+)(\\\+)?\\\}", _group, re.escape(path.rstrip("/") or "/"))
        routes.append((operation.http["method"], re.compile(f"{pattern}/?$"), literal, operation))
    return routes


def _group(match: re.Match[str]) -> str:
    name = match.group(1).replace("\\-", _DASH)
    whole = match.group(2) or name.endswith("arn")  # an ARN may have slashes, and the path is decoded
    return f"(?P<{name}>.+)" if whole else f"(?P<{name}>[^/]+)"


def _rest(service: ServiceModel, request: Request) -> tuple[OperationModel, dict[str, Any]] | None:
    """The operation whose path matches and of which most is there: S3 tells many apart by query and header alone."""
    best: tuple[int, OperationModel, dict[str, Any]] | None = None
    for method, pattern, literal, operation in _routes(service.service_name):
        match = pattern.match(request.path) if method == request.method else None
        if match is None or any(request.argument(key) is None for key in literal):
            continue
        if any(value and request.argument(key) != value for key, value in literal.items()):
            continue
        labels = {key.replace(_DASH, "-"): value for key, value in match.groupdict().items() if value is not None}
        found = _outside_body(operation, request, labels)
        if found is None:
            continue
        parameters, required = found
        score = 100 * len(literal) + 10 * required - len(labels)
        if best is None or score > best[0]:
            best = (score, operation, parameters)
    if best is None:
        return None
    _, operation, parameters = best
    return operation, {**parameters, **_body(operation, request)}


def _outside_body(
    operation: OperationModel, request: Request, labels: dict[str, str]
) -> tuple[dict[str, Any], int] | None:
    """The parameters in path, query and headers, and how many are required; None if a required one is missing."""
    shape = operation.input_shape
    parameters: dict[str, Any] = {}
    required = 0
    for name, member in (shape.members if shape else {}).items():
        where, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri":
            value = labels.get(wire)
        elif where == "querystring":
            value = request.argument(wire)
        elif where == "header":
            value = request.headers.get(wire.lower())
        else:
            continue
        if value is not None:
            parameters[name] = value
        if shape and name in shape.required_members and where != "uri":
            if value is None:
                return None
            required += 1
    return parameters, required


def _bucket_tags(body: bytes) -> list[dict[str, str]]:
    """The tags that a bucket is to be created with; S3 takes XML."""
    tags = [one for one in ElementTree.fromstring(body).iter() if one.tag.endswith("}Tag")] if body else []
    return [{part.tag.rpartition("}")[2]: part.text or "" for part in tag} for tag in tags]


def _body(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The parameters in a JSON body, under the names of the model."""
    shape = operation.input_shape
    if operation.name == "CreateBucket":
        return {"CreateBucketConfiguration": {"Tags": _bucket_tags(request.body)}}
    if shape is None or request.body.lstrip()[:1] != b"{":
        return {}
    try:
        document = json.loads(request.body)
    except ValueError:
        return {}
    payload = shape.serialization.get("payload")
    if payload:
        return {payload: document}
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    return {names.get(key, key): value for key, value in document.items()}
