"""Checks of the functions: their errors of the last day, and throttled invocations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import LAST_DAY, MAX_LISTED, DoctorContext, group_lines
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.stream import RETRIES
from due_cli.aws.services.cloudwatch import LogLine, Metric, read_log, read_metrics
from due_cli.aws.stack.names import ERRORS, FUNCTIONS
from due_cli.core.results import Finding, counted

# What Lambda writes of a function that raised, was ended, or could not be started (Lambda developer guide, "Python
# function errors", "Task timed out"; filter syntax: CloudWatch Logs user guide, "Match terms in unstructured events").
_PATTERN = '?"[ERROR]" ?"Task timed out" ?"Runtime exited"'
_ERROR = re.compile(r"\[ERROR\]\s*([^\r\n]+)|(Task timed out after [\d.]+ seconds|Runtime exited[^\r\n]*)")
# Errors whose usual cause is a role or code that is not as setup makes it.
_FIXED_BY_SETUP = ("AccessDenied", "not authorized", "ImportModuleError", "EnvironmentVariableError")
_HOUR = timedelta(hours=1)
# What becomes of a throttled call (Firehose guide, "Handle failure in data transformation"; Lambda developer guide,
# "How Lambda handles errors and retries with asynchronous invocation"; API Gateway calls once).
_AFTER_THROTTLE = {
    "transform": f"Firehose tries a batch up to {RETRIES} times more, then keeps it under {ERRORS}",
    "partition": "Lambda tries a call for up to six hours, then keeps it in the bucket",
    "status-api": "the HTTP API answered with an error",
}


def functions(context: DoctorContext) -> Iterator[Finding]:
    """Each function's errors in the last day, quoted from its log, and its throttled invocations."""
    metrics = {
        f"f{number}": Metric("AWS/Lambda", "Throttles", ("FunctionName", context.names.function(name)), "Sum")
        for number, name in enumerate(FUNCTIONS)
    }
    throttled = read_metrics(context.aws, metrics, LAST_DAY, _HOUR)
    has_findings = False
    for number, name in enumerate(FUNCTIONS):
        for finding in (*_errors(context, name), *_throttled(context, name, sum(throttled[f"f{number}"]))):
            has_findings = True
            yield finding
    if not has_findings:
        yield "ok", f"{counted(len(FUNCTIONS), 'function')} without an error in the last day", None


def _errors(context: DoctorContext, name: str) -> Iterator[Finding]:
    function = context.names.function(name)
    if fault := _function_fault(context.aws, function):
        yield "problem", f"{function}: {fault}", context.setup
    group = context.names.log_group(name)
    lines = read_log(context.aws, group, datetime.now(UTC) - LAST_DAY, _PATTERN)
    errors = (LogLine(line.at, match[1] or match[2]) for line in lines.newest if (match := _ERROR.search(line.text)))
    texts = group_lines(errors, more=lines.more)
    tail = context.aws_command(f"logs tail {group} --since 1d")
    for text in texts[:MAX_LISTED]:
        tail_errors = context.aws_command(f"logs tail {group} --since 1d --filter-pattern '\"[ERROR]\"'")
        fix = context.setup if any(words in text for words in _FIXED_BY_SETUP) else tail_errors
        yield "problem", f"{function} failed {text}", fix
    if len(texts) > MAX_LISTED:
        yield "problem", f"{function}: {counted(len(texts) - MAX_LISTED, 'other error')}", tail


def _throttled(context: DoctorContext, name: str, count: float) -> Iterator[Finding]:
    if not count:
        return
    text = f"{context.names.function(name)} was throttled {count:,.0f} times in the last day"
    reserved = context.stack.options.transform_concurrency if name == "transform" else None
    raise_limit = context.names.command(f"setup --transform-concurrency {(reserved or 0) * 2}")
    show_limit = context.aws_command("lambda get-account-settings")
    yield "warning", f"{text}; {_AFTER_THROTTLE[name]}", raise_limit if reserved else show_limit


def _function_fault(aws: Aws, function: str) -> str | None:
    """Why Lambda would not run a function as it is configured; None where it would."""
    with translate_errors(f"looking at function {function}"), ignore_errors("ResourceNotFoundException"):
        configuration = aws.lambda_.get_function_configuration(FunctionName=function)
        if configuration.get("State", "Active") == "Failed":
            return f"it cannot run: {configuration.get('StateReason', 'no reason given')}"
        if configuration.get("LastUpdateStatus") == "Failed":
            return f"its last update failed: {configuration.get('LastUpdateStatusReason', 'no reason given')}"
    return None
