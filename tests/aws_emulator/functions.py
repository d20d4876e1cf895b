"""Lambda's invocations: a function's stored zip in processes of its own, in its own role."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from moto.awslambda.models import lambda_backends
from moto.s3 import notifications

from tests.aws_emulator.calls import Call
from tests.aws_emulator.containers import Container, Containers, TimedOutError
from tests.aws_emulator.grants import DENIED, Grants
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.policies import Need, trusts
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_MOST_BYTES = 6 * 1024 * 1024
_ASYNC_TRIES = 3


@dataclass(frozen=True)
class Invocation:
    """One run of a function."""

    function: str
    event: Any
    payload: bytes  # what the caller gets
    error: bool
    log: tuple[str, ...]

    @property
    def answer(self) -> Any:
        """The payload as JSON."""
        return json.loads(self.payload or b"null")


class Functions:
    """Runs the functions of moto's Lambda, for callers, for S3's notifications and for the other services."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.invocations: list[Invocation] = []
        self.limit = 1_000  # executions at a time, of an account
        self._place = Path(tempfile.mkdtemp(prefix="emulator-functions-"))
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="emulator-async")
        self._waiting: list[Future[None]] = []
        self._lock = threading.Lock()
        self._containers = Containers()
        core.handlers["lambda:Invoke"] = self._invoke
        core.handlers["lambda:PutFunctionEventInvokeConfig"] = self._check_destination
        core.handlers["lambda:AddPermission"] = self._check_permission
        core.handlers["lambda:GetAccountSettings"] = self._settings
        core.watchers.append(self._without_tags)
        core.watchers.append(self._set_architecture)
        self._grants = Grants(core.iam, self.function)
        core.watchers.append(self._grants.watch)
        core.handlers["s3:PutBucketNotificationConfiguration"] = self._check_notifications
        self._moto_invokes = notifications._invoke_awslambda
        notifications._invoke_awslambda = self._from_s3

    def close(self) -> None:
        """Ends what still runs and takes the folders away."""
        notifications._invoke_awslambda = self._moto_invokes
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._containers.close()
        shutil.rmtree(self._place, ignore_errors=True)

    def settle(self) -> None:
        """Waits until every asynchronous invocation is over."""
        while True:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            for each in waiting:
                each.result()

    def cool(self) -> None:
        """Ends the containers that wait: the next invocations find nothing that was kept."""
        self._containers.close()

    def logs(self, function: str) -> list[str]:
        """Everything that a function wrote."""
        return [line for one in self.invocations if one.function == function for line in one.log]

    def run(self, function: Any, event: Any) -> Invocation:
        """Runs a function of moto's once."""
        number = uuid.uuid4().hex
        answer = self._place / f"{number}.json"
        stream = f"{self.core.clock.now():.0f}/[$LATEST]{number}"
        if not self._grants.allow(function):
            payload = _failure("KMSAccessDeniedException", DENIED)["error"].encode()
            refused = Invocation(function.function_name, event, payload, error=True, log=())
            self.invocations.append(refused)
            return refused
        asked = {"event": event, "answer": str(answer), "environment": self._of_invocation(number, stream)}
        try:
            log = self._contained(function, asked)
            found = json.loads(answer.read_text()) if answer.exists() else _failure("Runtime.ExitError", "exited")
        except TimedOutError as error:
            words_ = f"{number} Task timed out after {function.timeout}.00 seconds"
            log, found = [*error.args[0], words_], _failure("Sandbox.Timedout", words_)
        answer.unlink(missing_ok=True)
        if len(found.get("answer", "")) > _MOST_BYTES:
            words_ = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            found = _failure("Function.ResponseSizeTooLarge", words_)
        payload = found.get("answer", found.get("error", "null")).encode()
        invocation = Invocation(function.function_name, event, payload, "error" in found, tuple(log))
        self.invocations.append(invocation)
        self._keep_log(function, stream, log)
        return invocation

    def _contained(self, function: Any, asked: dict[str, Any]) -> list[str]:
        """Runs an invocation in a container of the function's, a new one if none is idle; what it logged."""
        code, environment = self._code(function), self._environment(function)
        key = (code, function.handler, *sorted(environment.items()))
        container = self._containers.idle(key)
        if container is None:
            container = Container(code, function.handler, environment)
        log, lives = container.run(asked, float(function.timeout))
        if lives:
            self._containers.give_back(key, container)
        return log

    def _settings(self, call: Call, request: Request) -> Answer:
        made = [
            function.reserved_concurrency or 0 for function in lambda_backends[ACCOUNT][call.region].list_functions()
        ]
        limit = {"ConcurrentExecutions": self.limit, "UnreservedConcurrentExecutions": self.limit - sum(made)}
        return Answer.of({"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(made)}})

    def _invoke(self, call: Call, request: Request) -> Answer:
        function = self.function(call.parameters["FunctionName"], call.region)
        if function.reserved_concurrency == 0:
            raise RefusedError("TooManyRequestsException", "Rate Exceeded.", 429)
        kind = call.parameters.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return Answer(204)
        event = json.loads(request.body or b"{}")
        if kind == "Event":
            self.later(function, event)
            return Answer(202)
        ran = self.run(function, event)
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST")]
        if ran.error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        tail = "\n".join(ran.log)[-4096:]
        return Answer(200, [*headers, ("X-Amz-Log-Result", base64.b64encode(tail.encode()).decode())], ran.payload)

    def _check_destination(self, call: Call, _: Request) -> None:
        """Lambda takes an on-failure destination only if the function may write to it (developer guide)."""
        function = self.function(call.parameters["FunctionName"], call.region)
        where = (call.parameters.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination", "")
        if ":s3:::" not in where:
            return
        place = f"{where}/aws/lambda/async/{function.function_name}/event"
        for need in (Need("s3:PutObject", (place,)), Need("s3:ListBucket", (where,))):
            if not self.core.iam.permits(function.role, need):
                words = f"The function's execution role does not have permissions to call {need.action} on {where}"
                raise RefusedError("InvalidParameterValueException", words)
        function.event_invoke_config.clear()  # of several moto tells the first

    def _check_permission(self, call: Call, _: Request) -> None:
        """A function's policy has one statement of an id (API reference, AddPermission), which moto overlooks."""
        number = call.parameters["StatementId"]
        policy = self.function(call.parameters["FunctionName"], call.region).policy
        if policy and any(one.get("Sid") == number for one in policy.statements):
            words = f"The statement id ({number}) provided already exists. Please provide a new statement id, or remove"
            raise RefusedError("ResourceConflictException", f"{words} the existing statement.", 409)

    def _set_architecture(self, call: Call, _: Request, __: Answer) -> None:
        """UpdateFunctionCode sets a function's architecture, which moto forgets."""
        if call.name == "lambda:UpdateFunctionCode" and (given := call.parameters.get("Architectures")):
            self.function(call.parameters["FunctionName"], call.region).architectures = given

    def _without_tags(self, call: Call, _: Request, answer: Answer) -> None:
        """Lambda tells the tags of a function those alone who may list them (API reference, GetFunction)."""
        if call.name != "lambda:GetFunction":
            return
        document = answer.json
        where = document["Configuration"]["FunctionArn"]
        try:
            self.core.iam.demand(call, Need("lambda:ListTags", (where,)))
        except RefusedError as refusal:
            del document["Tags"]
            document["TagsError"] = {"ErrorCode": refusal.code, "Message": refusal.message}
            answer.body = json.dumps(document).encode()
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]

    def function(self, name: str, region: str) -> Any:
        """A function of moto's by name or ARN."""
        backend = lambda_backends[ACCOUNT][region]
        plain = name.split(":function:")[-1].split(":")[0]
        with self.core.moto_alone:
            found = next((one for one in backend.list_functions() if one.function_name == plain), None)
        if found is None:
            raise RefusedError("ResourceNotFoundException", f"Function not found: {name}", 404)
        return found

    def permits(self, function: Any, service: str, source: str) -> bool:
        """Whether a function's own policy lets a service invoke it on behalf of a resource."""
        context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}
        return trusts({"Statement": function.policy.statements}, f"{service}.amazonaws.com", context)

    def later(self, function: Any, event: Any) -> None:
        """Invokes a function asynchronously: tried three times, then handed to where its failures go."""
        with self._lock:
            self._waiting.append(self._pool.submit(self._tried, function, event))

    def _tried(self, function: Any, event: Any) -> None:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        tries = 1 + int(config.get("MaximumRetryAttempts", _ASYNC_TRIES - 1))
        ran = None
        for _ in range(tries):
            ran = self.run(function, event)
            if not ran.error:
                return
        destination = (config.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
        if not destination or ran is None:
            return
        context = {"condition": "RetriesExhausted", "approximateInvokeCount": tries}
        body = json.dumps({"requestContext": context, "requestPayload": event, "responsePayload": ran.answer})
        if ":sqs:" in destination:
            url = f"{self.core.url}/{ACCOUNT}/{destination.rsplit(':', 1)[-1]}"
            client = self.core.as_role(function.role, "sqs", function.region)
            client.send_message(QueueUrl=url, MessageBody=body)
        elif ":s3:::" in destination:
            key = f"aws/lambda/async/{function.function_name}/{uuid.uuid4()}"
            client = self.core.as_role(function.role, "s3", function.region)
            client.put_object(Bucket=destination.rsplit(":", 1)[-1], Key=key, Body=body.encode())

    def _from_s3(self, account_id: str, event_body: Any, fn_arn: str, region_name: str) -> None:
        """S3's notification of an object, in the place of moto's own."""
        event = json.loads(event_body) if isinstance(event_body, str) else event_body
        about = event["Records"][0]["s3"]["object"]
        about["key"] = about["key"].replace("%2F", "/")  # S3 encodes a key but for its slashes
        try:
            function = self.function(fn_arn, region_name)
        except RefusedError:
            return
        if self.permits(function, "s3", f"arn:aws:s3:::{event['Records'][0]['s3']['bucket']['name']}"):
            self.later(function, event)

    def _check_notifications(self, call: Call, request: Request) -> None:
        """S3 takes a notification only if it could make it, and no two of one event for the same key."""
        taken: list[tuple[str, str]] = []
        for where, events, prefix in _rules(request.body):
            source = f"arn:aws:s3:::{call.parameters['Bucket']}"
            try:
                function = self.function(where, call.region)
            except RefusedError:
                function = None
            if function is None or not self.permits(function, "s3", source):
                raise RefusedError("InvalidArgument", "Unable to validate the following destination configurations")
            for event in events:
                if any(_overlap(event, prefix, *one) for one in taken):
                    words = (
                        "Configurations overlap. Configurations on the same bucket cannot share a common event type."
                    )
                    raise RefusedError("InvalidArgument", words)
                taken.append((event, prefix))

    def _code(self, function: Any) -> Path:
        """The function's zip, unpacked; by its hash, so that new code is a new folder."""
        folder = self._place / str(function.code_sha_256).replace("/", "_").replace("=", "")
        with self._lock:
            if not folder.exists():
                with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                    archive.extractall(folder)
        return folder

    def _of_invocation(self, number: str, stream: str) -> dict[str, str]:
        return {"AWS_LAMBDA_LOG_STREAM_NAME": stream, "EMULATOR_REQUEST_ID": number}

    def _environment(self, function: Any) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "AWS_ENDPOINT_URL": self.core.url,
            "AWS_ACCESS_KEY_ID": self.core.iam.session(function.role, "function").access_key,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "testing",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "LAMBDA_TASK_ROOT": str(self._code(function)),
            "EMULATOR_FUNCTION_ARN": function.function_arn,
            "EMULATOR_TIMEOUT": str(function.timeout),
            **(function.environment_vars or {}),
        }

    def _keep_log(self, function: Any, stream: str, lines: list[str]) -> None:
        """The lines go to CloudWatch as the function: without the group, or the right to it, they are lost."""
        moment = int(self.core.clock.now() * 1000)
        client = self.core.as_role(function.role, "logs", function.region)
        said = [*lines, f"REPORT RequestId: {stream.rpartition(']')[2]}"]  # Lambda's own last line, of every call
        events = [{"timestamp": moment, "message": line} for line in said if line]
        group = function.logs_group_name
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
            client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        except client.exceptions.ClientError:
            return


def _failure(kind: str, words: str) -> dict[str, str]:
    return {"error": json.dumps({"errorType": kind, "errorMessage": words})}


def _rules(body: bytes) -> Iterator[tuple[str, list[str], str]]:
    """The function, the events and the prefix of each notification that a bucket is to have."""
    root = ElementTree.fromstring(body)
    space = root.tag.partition("}")[0] + "}" if "}" in root.tag else ""
    for rule in root.iter(f"{space}CloudFunctionConfiguration"):
        filters = {
            (one.findtext(f"{space}Name") or "").lower(): one.findtext(f"{space}Value") or ""
            for one in rule.iter(f"{space}FilterRule")
        }
        events = [one.text or "" for one in rule.iter(f"{space}Event")]
        yield rule.findtext(f"{space}CloudFunction") or "", events, filters.get("prefix", "")


def _overlap(event: str, prefix: str, other: str, held: str) -> bool:
    same = other.startswith(event.removesuffix("*")) or event.startswith(other.removesuffix("*"))
    return same and (held.startswith(prefix) or prefix.startswith(held))
