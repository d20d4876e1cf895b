"""``due ingest`` into a stack against sinks: services that wait as long as AWS does, and do nothing.

So what is counted is the processors' time of due's own processes, beside that of the same ingest into a folder, and the
calls that it makes.
"""

from __future__ import annotations

import json
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.bench_run import FULL, BenchRun, grouped, log, remove
from benchmarks.measure import MEGABYTE, Results, Row, at_most, due_command, run, run_sampled
from due_cli.aws.stack.options import OPTIONS_VARIABLE

_DELAY = 0.02  # seconds a call
_MOST_PROCESSOR, _MOST_CALLS = 1.25, 0.01
_MEMORY_LIMIT = 512 * MEGABYTE
_STATUS_TABLE = "DynamoDB_20120810"
_STATUS_DAYS = 36_500  # so that every status is written, whenever this runs
_ACCOUNT = "123456789012"
_XML = "application/xml"


class _Sinks(ThreadingHTTPServer):
    """STS, Lambda's configuration of the stack, S3, Glue and DynamoDB, as far as an ingest calls them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.calls: Counter[str] = Counter()
        self.partitions: dict[str, str] = {}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    """The shortest answers that are true of empty services."""

    protocol_version = "HTTP/1.1"
    server: _Sinks

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """The configuration of the transform, which holds the options of the stack."""
        variables = {OPTIONS_VARIABLE: json.dumps({"status_days": _STATUS_DAYS})}
        self._answer("lambda", {"FunctionName": "due-transform", "Environment": {"Variables": variables}})

    def do_PUT(self) -> None:
        """An object."""
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        self._body()
        self._answer("s3", None)

    def do_POST(self) -> None:
        """A call of any other service."""
        body = self._body()
        target = self.headers.get("X-Amz-Target", "")
        service, _, operation = target.partition(".")
        if not target:
            identity = f"<Arn>arn:aws:iam::{_ACCOUNT}:root</Arn><UserId>1</UserId><Account>{_ACCOUNT}</Account>"
            result = f"<GetCallerIdentityResult>{identity}</GetCallerIdentityResult>"
            self._answer("sts", f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>")
        elif service == _STATUS_TABLE:
            count = body.count(b'"Statement":')
            known: dict[str, object] = {"Responses": {}, "UnprocessedKeys": {}}
            written: dict[str, object] = {"Responses": [{"TableName": "due-message-status"}] * count}
            self._answer(service, known if operation == "BatchGetItem" else written)
        else:
            self._answer(service, self._glue(operation, json.loads(body)))

    def _glue(self, operation: str, call: dict[str, Any]) -> dict[str, object]:
        if operation == "GetTable":
            return {"Table": {"Name": "all_events", "StorageDescriptor": {"Location": "s3://x/"}}}
        with self.server.lock:
            if operation == "BatchCreatePartition":
                created = call["PartitionInputList"]
                self.server.partitions |= {one["Values"][0]: one["StorageDescriptor"]["Location"] for one in created}
                return {"Errors": []}
            hours = (one["Values"][0] for one in call["PartitionsToGet"])
            places = {hour: self.server.partitions[hour] for hour in hours if hour in self.server.partitions}
        known = [{"Values": [hour], "StorageDescriptor": {"Location": place}} for hour, place in places.items()]
        return {"Partitions": known, "UnprocessedKeys": []}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, service: str, content: dict[str, object] | str | None) -> None:
        """Answers after the delay, and counts the call."""
        with self.server.lock:
            self.server.calls[service] += 1
        time.sleep(_DELAY)
        body = content if isinstance(content, str) else "" if content is None else json.dumps(content)
        self.send_response(200)
        self.send_header("Content-Type", _XML if body.startswith("<") or not body else "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


def measure(bench: BenchRun) -> Results:
    """The same file of SES records ingested into a folder and into a stack."""
    source = records.file_of(bench, "ses")
    place = bench.scratch("aws-ingest")
    folder, environment = place / "folder", {**bench.environment(), "HOME": str(place)}
    run([*due_command(), "setup", "--local", str(folder)], environment)
    log("ingesting into a folder")
    before = _processor_seconds()
    run_sampled([*due_command(), "ingest", str(source), "--local", str(folder)], environment)
    theirs = _processor_seconds() - before
    log(f"ingesting into a stack, {_DELAY * 1000:.0f} ms a call")
    with _sinks() as sinks:
        own = {**environment, **_credentials(sinks.url)}
        before = _processor_seconds()
        seconds, peak, output = run_sampled(
            [*due_command(), "ingest", str(source), "--stack", "due", "-o", "json"], own
        )
        ours = _processor_seconds() - before
    _check(json.loads(output), sinks, bench.sizes.records, source)
    remove(place)
    count = bench.sizes.records
    size = f"{grouped(count)} records, {_DELAY * 1000:.0f} ms a call"
    calls = {name: number for name, number in sinks.calls.items() if name != _STATUS_TABLE}
    of_each = ", ".join(f"{grouped(number)} {name}" for name, number in sorted(sinks.calls.items()))
    ratio = sum(calls.values()) / count
    to_stream = any("irehose" in name for name in sinks.calls)
    used = f"{peak.bytes / MEGABYTE:.0f} MB"
    return Results(
        [
            Row(
                "ingest on AWS, processor's time",
                size,
                f"{ours:.1f} s ({seconds:.1f} s in all)",
                f"{theirs:.1f} s (into a folder)",
                *at_most(ours / theirs, _MOST_PROCESSOR),
            ),
            Row(
                "ingest on AWS, calls an event beside the status table's",
                of_each,
                f"{ratio:.4f}",
                "",
                "",
                f"≤ {_MOST_CALLS:.2f}, none to the stream",
                # A small input has an object an hour all the same: the limit is on one of full size.
                (ratio <= _MOST_CALLS and not to_stream) if count >= FULL.records else None,
            ),
            Row("ingest on AWS, peak memory", size, used, "512 MB", *at_most(peak.bytes / _MEMORY_LIMIT, 1)),
        ]
    )


def _check(summary: dict[str, int], sinks: _Sinks, expected: int, source: Path) -> None:
    """A fast ingest that loses records would not be one."""
    kept = summary["kept"] + summary["duplicates"]
    if summary["records"] != expected or kept != expected or len(sinks.partitions) > sinks.calls["s3"]:
        raise RuntimeError(f"due ingest was given {expected} records of {source} and reported {summary}")


def _credentials(url: str) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    return {**keys, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}


def _processor_seconds() -> float:
    """Of the processes that were waited for, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _sinks() -> Iterator[_Sinks]:
    with _Sinks() as sinks:
        threading.Thread(target=sinks.serve_forever, daemon=True).start()
        yield sinks
        sinks.shutdown()
