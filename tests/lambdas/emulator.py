"""A server before moto's: it counts calls, injects faults, and answers what moto does not."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.lambdas.partiql import call_of

Body = dict[str, Any]


class Reply(NamedTuple):
    """What the server answers to a JSON call."""

    status: int
    body: Body


# Answers a call instead of the service, or lets it pass with None.
Fault = Callable[[Body], Reply | None]


def refusal(code: str, status: int = 400) -> Reply:
    """An error as AWS's JSON services spell it."""
    return Reply(status, {"__type": f"com.amazonaws#{code}", "message": "injected"})


class FunctionsEmulator:
    """``url`` is the endpoint; ``calls`` what was called; ``faults`` by operation; ``put`` what the stream took.

    ``dynamodb`` is the endpoint of a DynamoDB that knows PartiQL, in the place of moto's.
    """

    def __init__(self, upstream: str, *, dynamodb: str | None = None) -> None:
        self.calls: list[str] = []
        self.faults: dict[str, Fault] = {}
        self.put: list[bytes] = []
        self._upstream = upstream.removeprefix("http://")
        self._dynamodb = (dynamodb or upstream).removeprefix("http://")
        self._knows_partiql = dynamodb is not None
        self._lock = threading.Lock()
        self._local = threading.local()
        emulator = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: apart, each answer waits for the other side's system

            def _serve(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = emulator.serve(self.command, self.path, dict(self.headers), data)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815  the names that the server calls

            def finish(self) -> None:
                super().finish()
                emulator.hang_up()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()

    def hang_up(self) -> None:
        """Ends this thread's connections to the services."""
        for connection in self._connections().values():
            connection.close()

    def counted(self) -> Counter[str]:
        """The calls by operation."""
        return Counter(self.calls)

    def serve(self, method: str, path: str, headers: dict[str, str], data: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answers one request."""
        target = headers.get("X-Amz-Target", "")
        operation = target.rpartition(".")[2] or f"{method} {path}"
        self.calls.append(operation)
        if not target:
            fault = self.faults.get(method)
            refused = fault({"path": path}) if fault else None
            return (refused.status, {}, b"") if refused else self._forward(method, path, headers, data)
        body = json.loads(data)
        fault = self.faults.get(operation)
        reply = fault(body) if fault else None
        if reply is None and not self._knows_partiql and operation == "BatchGetItem" and _has_a_long_key(body):
            reply = refusal("ValidationException")  # moto takes keys of any length
        if reply is None and operation == "PutRecordBatch":
            reply = self.take(body)
        if reply is None and operation == "BatchExecuteStatement" and not self._knows_partiql:
            reply = self._statements(headers, body)
        if reply is None:
            return self._forward(method, path, headers, data)
        return reply.status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(reply.body).encode()

    def take(self, body: Body, failing: Callable[[int], bool] = lambda index: False) -> Reply:
        """The stream takes what PutRecordBatch brings within its limits, but for those that fail."""
        records = [base64.b64decode(record["Data"]) for record in body["Records"]]
        if len(records) > 500 or sum(map(len, records)) > 4 * 2**20 or max(map(len, records)) > 1000 * 1024:
            return refusal("InvalidArgumentException")
        failed = [failing(index) for index in range(len(records))]
        self.put += [data for data, fails in zip(records, failed, strict=True) if not fails]
        answers = [{"ErrorCode": "ServiceUnavailableException"} if fails else {"RecordId": "1"} for fails in failed]
        return Reply(200, {"FailedPutCount": sum(failed), "RequestResponses": answers})

    def json_call(self, headers: dict[str, str], operation: str, body: Body) -> Reply:
        """One call of DynamoDB's, as the client signed another."""
        changed = {**headers, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        status, _, answer = self._forward("POST", "/", changed, json.dumps(body).encode())
        return Reply(status, json.loads(answer))

    def _statements(self, headers: dict[str, str], body: Body) -> Reply:
        assert len(body["Statements"]) <= 25
        answers: list[Body] = []
        for statement in body["Statements"]:
            operation, call, code = call_of(statement)
            with self._lock:  # moto looks at the condition first and writes then
                reply = self.json_call(headers, operation, call)
            if reply.status == 200:
                answers.append({"TableName": call["TableName"]})
            elif "ConditionalCheckFailed" in reply.body["__type"]:
                answers.append({"Error": {"Code": code, "Message": "the condition failed"}})
            else:
                answers.append({"Error": {"Code": "ValidationError", "Message": str(reply.body)}})
        return Reply(200, {"Responses": answers})

    def _forward(
        self, method: str, path: str, headers: dict[str, str], data: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        upstream = self._dynamodb if headers.get("X-Amz-Target", "").startswith("DynamoDB") else self._upstream
        connections = self._connections()
        connection = connections.get(upstream)
        if connection is None:
            connection = connections[upstream] = http.client.HTTPConnection(upstream)
        kept = {name: value for name, value in headers.items() if name.lower() not in ("content-length", "expect")}
        connection.request(method, path, data, kept)
        response = connection.getresponse()
        answer = response.read()
        names = ("content-type", "etag", "x-amzn-errortype", "location")
        return response.status, {k: v for k, v in response.getheaders() if k.lower() in names}, answer

    def _connections(self) -> dict[str, http.client.HTTPConnection]:
        """Those of this thread, by service."""
        found: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        return found


def _has_a_long_key(body: Body) -> bool:
    keys = (key for wanted in body["RequestItems"].values() for key in wanted["Keys"])
    return any(len(value["S"].encode()) > 2048 for key in keys for value in key.values())
