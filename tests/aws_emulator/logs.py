"""CloudWatch's logs as they are searched, their keys, and the metrics that metric filters make of them.

Every stream of a group is searched in one order, oldest first, and in pages of 1 MB: moto gives one stream after the
other, as many events as are asked for, and every event to a pattern of "any of these". Of metric filters moto keeps
several of one name, those of groups that do not exist, and it never applies them.
"""

from __future__ import annotations

import json
import operator
import re
from collections import defaultdict
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.policies import trusts
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

# CloudWatch Logs API reference, "FilterLogEvents".
_MOST_EVENTS = 10_000
_MOST_BYTES = 1024 * 1024
_ANY_OF = re.compile(r'\?"([^"]+)"')  # user guide, "Match terms in unstructured log events"
# User guide, "Filter pattern syntax for JSON log events": one condition on one property.
_CONDITION = re.compile(r'\{\s*\$\.([\w.]+)\s*(>=|<=|>|<|=)\s*("[^"]*"|-?[\d.]+)\s*\}')
_COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "=": operator.eq}
_A_PAGE = 50  # API reference, "DescribeMetricFilters"


class Logs:
    """Searches the log groups of moto, and has the metric filters."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._metric_filters: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)  # by region and group
        core.handlers["logs:FilterLogEvents"] = self._filter
        core.handlers["logs:PutMetricFilter"] = self._put_metric_filter
        core.handlers["logs:DescribeMetricFilters"] = self._describe_metric_filters
        core.watchers.append(self._watch)
        core.handlers["logs:CreateLogGroup"] = self._check_key
        core.handlers["logs:AssociateKmsKey"] = self._associate
        core.handlers["logs:DisassociateKmsKey"] = self._associate

    def _put_metric_filter(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        group = given["logGroupName"]
        if group not in logs_backends[ACCOUNT][call.region].groups:
            raise RefusedError("ResourceNotFoundException", "The specified log group does not exist.")
        if not _CONDITION.fullmatch(given["filterPattern"]):
            raise RefusedError("InvalidParameterException", "Invalid metric filter pattern")
        self._metric_filters[call.region, group][given["filterName"]] = {**given, "creationTime": 0}
        return Answer.of({})

    def _describe_metric_filters(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        if given["logGroupName"] not in logs_backends[ACCOUNT][call.region].groups:
            raise RefusedError("ResourceNotFoundException", "The specified log group does not exist.")
        own = self._metric_filters[call.region, given["logGroupName"]]
        named = [own[name] for name in sorted(own) if name.startswith(given.get("filterNamePrefix", ""))]
        begin = int(given.get("nextToken", 0))
        end = begin + given.get("limit", _A_PAGE)
        more = {"nextToken": str(end)} if end < len(named) else {}
        return Answer.of({"metricFilters": named[begin:end], **more})

    def _watch(self, call: Call, _: Request, __: Answer) -> None:
        """Filters go with their group; each line that one matches becomes a value of its metric."""
        if call.name == "logs:DeleteLogGroup":
            self._metric_filters.pop((call.region, call.parameters["logGroupName"]), None)
        if call.name != "logs:PutLogEvents":
            return
        for one in self._metric_filters[call.region, call.parameters["logGroupName"]].values():
            for event in call.parameters["logEvents"]:
                for change in one["metricTransformations"]:
                    value = matched(one["filterPattern"], event["message"], change["metricValue"])
                    if value is not None:
                        self._put_value(call.region, change, value)

    def _put_value(self, region: str, change: dict[str, Any], value: float) -> None:
        data = [
            {
                "MetricName": change["metricName"],
                "Value": value,
                "Timestamp": datetime.now(UTC).replace(tzinfo=None),
                "Dimensions": [],
            }
        ]
        with self._core.moto_alone:
            cloudwatch_backends[ACCOUNT][region].put_metric_data(change["metricNamespace"], data)

    def _check_key(self, call: Call, _: Request) -> None:
        """CloudWatch Logs uses a key as itself, for the log group that it names: the key's own policy must let it."""
        key, group = call.parameters.get("kmsKeyId"), call.parameters["logGroupName"]
        if not key:
            return
        context = {"kms:EncryptionContext:aws:logs:arn": arn("logs", call.region, f"log-group:{group}")}
        policy = kms_backends[ACCOUNT][call.region].get_key_policy(key.rpartition("/")[2])
        if not trusts(policy, f"logs.{call.region}.amazonaws.com", context):
            words = f"The specified KMS key does not exist or is not allowed to be used with Arn '{context}'"
            raise RefusedError("InvalidParameterException", words)

    def _associate(self, call: Call, request: Request) -> Answer:
        """The key of a log group, which moto takes on creation alone."""
        self._check_key(call, request)
        group = logs_backends[ACCOUNT][call.region].groups[call.parameters["logGroupName"]]
        group.kms_key_id = call.parameters.get("kmsKeyId")
        return Answer.of({})

    def _filter(self, call: Call, _: Request) -> Answer | None:
        given = call.parameters
        group = logs_backends[ACCOUNT][call.region].groups.get(given.get("logGroupName", ""))
        if group is None:
            return None  # moto refuses it
        pattern = given.get("filterPattern", "")
        terms = _ANY_OF.findall(pattern)
        wanted = (given.get("startTime", 0), given.get("endTime", 0), "" if terms else pattern)
        with self._core.moto_alone:
            events: list[dict[str, Any]] = [
                event
                for stream in group.streams.values()
                for event in stream.filter_log_events(*wanted)
                if not terms or any(term in event["message"] for term in terms)
            ]
        events.sort(key=lambda event: (event["timestamp"], event["ingestionTime"]))
        begin = int(given.get("nextToken", 0))
        page = events[begin : begin + given.get("limit", _MOST_EVENTS)]
        sizes = accumulate(len(event["message"].encode()) for event in page)
        page = page[: max(1, sum(size <= _MOST_BYTES for size in sizes))]
        end = begin + len(page)
        return Answer.of({"events": page, **({"nextToken": str(end)} if end < len(events) else {})})


def matched(pattern: str, line: str, value: str) -> float | None:
    """The value that a line gives to a metric; None where the pattern does not match it."""
    condition = _CONDITION.fullmatch(pattern)
    try:
        document = json.loads(line)
    except ValueError:
        return None
    if condition is None:
        return None
    path, compare, expected = condition.groups()
    found = _at(document, path)
    if expected.startswith('"'):
        holds = isinstance(found, str) and fnmatchcase(found, expected.strip('"'))
    else:
        holds = isinstance(found, int | float) and _COMPARE[compare](found, float(expected))
    number = _at(document, value.removeprefix("$.")) if value.startswith("$.") else float(value)
    return float(number) if holds and isinstance(number, int | float) else None


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document
