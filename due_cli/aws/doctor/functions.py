"""The functions: what went wrong in the last day, and whether they had to wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from due_cli.aws.client import Aws
from due_cli.aws.doctor.context import RECENTLY, SHOWN, DoctorContext, Examined, quoted
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.services.cloudwatch import LogLine, Metric, read_log, read_metrics
from due_cli.core.results import Check, counted

FUNCTIONS = ("transform", "partition", "status-api")
# What Lambda writes of a function that raised, was ended, or could not be started (Lambda developer guide, "Python
# function errors", "Task timed out"; filter syntax: CloudWatch Logs user guide, "Match terms in unstructured events").
_PATTERN = '?"[ERROR]" ?"Task timed out" ?"Runtime exited"'
_ERROR = re.compile(r"\[ERROR\]\s*([^\r\n]+)|(Task timed out after [\d.]+ seconds|Runtime exited[^\r\n]*)")
_HOUR = timedelta(hours=1)


def functions(patient: DoctorContext) -> Examined:
    """Each function's errors in the last day, quoted from its log, and the calls of it that were throttled."""
    since = datetime.now(UTC) - RECENTLY
    throttled = read_metrics(
        patient.aws,
        {f"f{n}": _throttles(patient, name) for n, name in enumerate(FUNCTIONS)},
        RECENTLY,
        _HOUR,
    )
    fine = True
    for number, name in enumerate(FUNCTIONS):
        found = [*_errors(patient, name, since), *_throttled(patient, name, sum(throttled[f"f{number}"]))]
        fine = fine and not found
        yield from found
    if fine:
        yield Check("functions", "ok", f"{counted(len(FUNCTIONS), 'function')} without an error in the last day")


def _errors(patient: DoctorContext, name: str, since: datetime) -> Iterator[Check]:
    function = patient.names.function(name)
    if fault := _function_fault(patient.aws, function):
        yield Check("functions", "problem", f"{function}: {fault}", patient.setup)
    group = patient.names.log_group(name)
    lines = read_log(patient.aws, group, since, _PATTERN)
    found = quoted(_said(lines.newest), more=lines.more)
    for text in found[:SHOWN]:
        tail = patient.aws_command(f"logs tail {group} --since 1d --filter-pattern '\"[ERROR]\"'")
        yield Check("functions", "problem", f"{function} failed {text}", _mend(text, patient) or tail)
    if len(found) > SHOWN:
        tail = patient.aws_command(f"logs tail {group} --since 1d")
        yield Check("functions", "problem", f"{function}: {counted(len(found) - SHOWN, 'other error')}", tail)


def _said(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The first line of each error: its type and what it says."""
    for line in lines:
        match = _ERROR.search(line.text)
        if match:
            yield LogLine(line.at, match[1] or match[2])


def _mend(text: str, patient: DoctorContext) -> str | None:
    """Rights and code that are not as setup makes them are what most errors come from."""
    words = ("AccessDenied", "not authorized", "ImportModuleError", "EnvironmentVariableError")
    return patient.setup if any(word in text for word in words) else None


def _throttled(patient: DoctorContext, name: str, count: float) -> Iterator[Check]:
    if count:
        function = patient.names.function(name)
        reserved = patient.stack.options.transform_concurrency if name == "transform" else None
        more = patient.command(f"setup --transform-concurrency {(reserved or 0) * 2}")
        limit = patient.aws_command("lambda get-account-settings")
        text = f"{function} was throttled {count:,.0f} times in the last day; what waited was tried again"
        yield Check("functions", "warning", text, more if reserved else limit)


def _throttles(patient: DoctorContext, name: str) -> Metric:
    return Metric("AWS/Lambda", "Throttles", ("FunctionName", patient.names.function(name)), "Sum")


def _function_fault(aws: Aws, function: str) -> str | None:
    """Why Lambda would not run a function as it is configured; None where it would."""
    with translate_errors(f"looking at function {function}"), ignore_errors("ResourceNotFoundException"):
        configuration = aws.lambda_.get_function_configuration(FunctionName=function)
        if configuration.get("State", "Active") == "Failed":
            return f"it cannot run: {configuration.get('StateReason', 'no reason given')}"
        if configuration.get("LastUpdateStatus") == "Failed":
            return f"its last update failed: {configuration.get('LastUpdateStatusReason', 'no reason given')}"
    return None
