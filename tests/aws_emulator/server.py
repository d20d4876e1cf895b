"""The emulator: one HTTP server that recognises each call, answers what moto lacks, and passes the rest on to moto."""

from __future__ import annotations

import functools
import io
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3  # noqa: TID251  # the tests of the emulator are a client of it
from botocore.config import Config
from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.aws_emulator import limits
from tests.aws_emulator.calls import Call, Journal
from tests.aws_emulator.clock import Clock
from tests.aws_emulator.connections import left_open
from tests.aws_emulator.dependent import keys_needed
from tests.aws_emulator.faults import OWN_KEY, Faults
from tests.aws_emulator.iam import Identities
from tests.aws_emulator.policies import Need
from tests.aws_emulator.prefork import read_models_once
from tests.aws_emulator.recognise import recognised
from tests.aws_emulator.wire import Answer, RefusedError, Request

REGION = "us-east-1"
_LONGEST_SECONDS = 60
_BOTO = boto3.Session()  # one for all: it reads each service's model once
_BOTO_LOCK = threading.Lock()
Handler = Callable[[Call, Request], Answer | None]


read_models_once(changed="s3")
# moto looks for the methods of a class for each request.
responses.method_names_from_class = functools.cache(method_names_from_class)  # type: ignore[attr-defined]


class _Moto(DomainDispatcherApplication):
    """moto's services, by host; moto itself looks through its folders for the one of each request."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._found: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The service that a host is of, remembered."""
        if host not in self._found:
            self._found[host] = super().get_backend_for_host(host)
        return self._found[host]


_MOTO = _Moto()  # one for all: what it holds is no state of an account's


class Core:
    """The server without the services of its own: these register what they answer and what they want to see."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.faults = Faults()
        self.clock = Clock()
        self.iam = Identities()
        self.iam.dependent.append(keys_needed)
        self.handlers: dict[str, Handler] = {}  # by service:Operation, or by service alone
        self.preparing: list[Callable[[Call], None]] = []  # before its caller's rights are looked at
        self.watchers: list[Callable[[Call, Request, Answer], None]] = []  # after a call succeeded
        self.unsigned: list[Callable[[Request], Answer | None]] = []  # requests that are no call of an API
        self._asked = 0  # requests that are not answered yet
        self._answered = threading.Condition()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self.moto_alone = threading.RLock()  # moto looks first and writes then; S3 asks for functions as it writes
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What ``AWS_ENDPOINT_URL`` is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment in which a process talks to the emulator as the account's root."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **more,
        }

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def wait(self) -> None:
        """Returns when everything asked is answered: also what somebody asked who was killed before it was read."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while left_open(self._server.server_port):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        with self._answered:
            assert self._answered.wait_for(lambda: self._asked == 0, timeout=_LONGEST_SECONDS)

    def client(self, service: str, key: str = OWN_KEY, region: str = REGION) -> Any:
        """A boto3 client of the emulator, without retries; kept for the next time."""
        with _BOTO_LOCK:
            found = self._clients.get((service, key, region))
            if found is None:
                config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
                found = _BOTO.client(  # type: ignore[call-overload]
                    service,
                    endpoint_url=self.url,
                    region_name=region,
                    aws_access_key_id=key,
                    aws_secret_access_key="testing",
                    config=config,
                )
                self._clients[service, key, region] = found
        return found

    def as_role(self, role: str, service: str, region: str = REGION, by: str = "service") -> Any:
        """A client that calls in a role, as a service of AWS does."""
        return self.client(service, self.iam.session(role, by).access_key, region)

    def documented(self, principal: str, by: str, *needs: Need) -> None:
        """Refuses what a service is documented to need of who lets it work, whether or not it comes to the call."""
        for need in needs:
            service, action = need.action.split(":")
            self.iam.demand(Call(service, action, {}, principal=principal, by=by), need)

    def _application(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length if not environ.get("wsgi.input_terminated") else -1)
        if len(body) < length:  # whoever asked was killed meanwhile: AWS does not act on half a request
            start("400 Bad Request", [])
            return []
        request = Request.from_environ(environ, body)
        with self._asking():
            answer = self._answer(request, environ)
        start(f"{answer.status} {'OK' if answer.status < 400 else 'Refused'}", answer.headers)
        return [answer.body]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._answered:
            self._asked += 1
        try:
            yield
        finally:
            with self._answered:
                self._asked -= 1
                self._answered.notify_all()

    def _answer(self, request: Request, environ: dict[str, Any]) -> Answer:
        call = recognised(request)
        if call is None:
            found = next((answer for handle in self.unsigned if (answer := handle(request))), None)
            if found is None and "AWS4-HMAC-SHA256" in request.headers.get("authorization", ""):
                words = f"the emulator knows no call that is {request.method} {request.path}"
                return RefusedError("EmulatorError", words, 501).answer("", "json")
            return found or self._pass_on(environ, request.body)
        call.principal, call.by = self.iam.who(call.access_key)
        self.journal.add(call)
        try:
            answer = self._handled(call, request, environ)
            self.faults.after(call)
        except RefusedError as refusal:
            call.error = refusal.code
            answer = refusal.answer(call.service, call.protocol)
        except Exception:
            call.error = "EmulatorError"
            words = f"the emulator failed: {traceback.format_exc()}"
            answer = RefusedError("EmulatorError", words, 501).answer(call.service, call.protocol)
        call.status = answer.status
        return answer

    def _handled(self, call: Call, request: Request, environ: dict[str, Any]) -> Answer:
        self.faults.before(call)
        if call.by == "function" or "due/" in request.headers.get("user-agent", ""):
            limits.check(call)
        for prepare in self.preparing:
            prepare(call)
        self.iam.check(call)
        handler = self.handlers.get(call.name) or self.handlers.get(call.service)
        answer = self.faults.answered(call) or (handler(call, request) if handler else None)
        if answer is None:
            answer = self._pass_on(environ, request.body)
        if answer.status < 400:
            for watch in self.watchers:
                watch(call, request, answer)
        else:
            call.error = next((value for name, value in answer.headers if name.lower() == "x-amzn-errortype"), "moto")
        return answer

    def _pass_on(self, environ: dict[str, Any], body: bytes) -> Answer:
        """moto's answer."""
        given = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        given.pop("HTTP_TRANSFER_ENCODING", None)
        answer = Answer()

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
            answer.status, answer.headers = int(status.split()[0]), headers
            return lambda _: None

        with self.moto_alone:
            parts = _MOTO(given, start)
            try:
                answer.body = b"".join(parts)
            finally:
                if hasattr(parts, "close"):
                    parts.close()
        return answer


class _Handler(MotoRequestHandler):
    """Without a line on standard error for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""
