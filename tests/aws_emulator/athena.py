"""The Athena API: workgroups, and queries that are executed for real by an engine."""

from __future__ import annotations

import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from tests.aws_emulator import athena_values as values
from tests.aws_emulator.athena_sql import bound, is_utility
from tests.aws_emulator.calls import Call
from tests.aws_emulator.ddl import changed
from tests.aws_emulator.engine import Catalog, DuckDb, Engine, FailedError, Result
from tests.aws_emulator.needs import arn
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request
from tests.aws_emulator.workgroups import Workgroups

_MOST_ROWS = 1000
_MOST_AGE_MINUTES = 10_080
# What Athena needs of who asks, where a result is written in parts (user guide, "Access to workgroups and databases").
_PARTS = ("AbortMultipartUpload", "ListMultipartUploadParts")
# The same guide, "Access to databases and tables": the database default must be open to who asks for anything.
_DEFAULT = ("GetDatabase", "GetDatabases")


@dataclass
class Query:
    """A query execution."""

    number: str
    sql: str
    group: str
    database: str
    output: str
    call: Call
    state: str = "QUEUED"
    reason: str | None = None
    result: Result | None = None
    submitted: float = field(default_factory=time.time)
    completed: float | None = None
    reused: str | None = None  # where the result of the earlier run lies
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def file(self) -> str:
        """Where its result lies."""
        return self.reused or f"{self.output.rstrip('/')}/{self.number}.{'txt' if self.is_utility else 'csv'}"

    @property
    def is_utility(self) -> bool:
        """Whether the statement is DDL or SHOW, whose result is a text file without a header."""
        return is_utility(self.sql)


class Athena:
    """Runs what StartQueryExecution is given, as who calls: Athena has no role of its own."""

    def __init__(self, core: Core, engine: Engine | None = None) -> None:
        self.core = core
        self.engine: Engine = engine or DuckDb()
        self.queries: dict[str, Query] = {}
        self.slow = 0.0  # seconds that each query takes before its engine starts
        self.groups = Workgroups(core)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="emulator-athena")
        self._tokens: dict[str, str] = {}
        for name, handler in (
            ("StartQueryExecution", self._start),
            ("GetQueryExecution", self._get),
            ("BatchGetQueryExecution", self._batch),
            ("ListQueryExecutions", self._list),
            ("GetQueryResults", self._results),
            ("StopQueryExecution", self._stop),
        ):
            core.handlers[f"athena:{name}"] = handler
        core.preparing.append(self._with_workgroup)

    def _with_workgroup(self, call: Call) -> None:
        """Whose a query is, which the call does not say: rights are those on its workgroup."""
        query = self.queries.get(call.parameters.get("QueryExecutionId", "")) if call.service == "athena" else None
        if query is not None:
            call.extra["WorkGroup"] = query.group

    def close(self) -> None:
        """Stops what runs."""
        for query in self.queries.values():
            query.cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        token = given.get("ClientRequestToken")
        if token in self._tokens:
            return Answer.of({"QueryExecutionId": self._tokens[token]})
        group = self.groups.named(call.region, given.get("WorkGroup", "primary"))
        held = group["Configuration"]
        output = (given.get("ResultConfiguration") or {}).get("OutputLocation")
        own = (held.get("ResultConfiguration") or {}).get("OutputLocation")
        output = own or output if held.get("EnforceWorkGroupConfiguration", True) else output or own
        if not output:
            words = "No output location provided. An output location is required either through the Workgroup result "
            raise RefusedError("InvalidRequestException", words + "configuration setting or as an API input.")
        by_age = (given.get("ResultReuseConfiguration") or {}).get("ResultReuseByAgeConfiguration") or {}
        if not 0 <= by_age.get("MaxAgeInMinutes", 0) <= _MOST_AGE_MINUTES:
            raise RefusedError("InvalidRequestException", "MaxAgeInMinutes must be between 0 and 10080")
        sql = bound(given["QueryString"], given.get("ExecutionParameters"))
        context = given.get("QueryExecutionContext") or {}
        number = str(uuid.uuid4())
        query = Query(number, sql, group["Name"], context.get("Database", "default"), output, call)
        self.queries[number] = query
        if token:
            self._tokens[token] = number
        if by_age.get("Enabled") and (earlier := self._reusable(query, by_age.get("MaxAgeInMinutes", 60))):
            query.state, query.completed, query.reused = "SUCCEEDED", time.time(), earlier.file
            query.result = replace(earlier.result, scanned=0) if earlier.result else None
            return Answer.of({"QueryExecutionId": number})
        self._pool.submit(self._run, query, held)
        return Answer.of({"QueryExecutionId": number})

    def _reusable(self, query: Query, minutes: int) -> Query | None:
        """The newest run of the same statement whose result is no older (user guide, "Reusing query results")."""
        since = time.time() - minutes * 60
        same = (
            one
            for one in self.queries.values()
            if (one.sql, one.group, one.database) == (query.sql, query.group, query.database)
            and (one.state, one.reused) == ("SUCCEEDED", None)
            and (one.completed or 0) >= since
        )
        return max(same, key=lambda one: one.completed or 0, default=None)

    def _run(self, query: Query, settings: dict[str, Any]) -> None:
        try:
            if query.cancelled.wait(self.slow):
                return
            query.state = "RUNNING"
            self._demand(query)
            result = self._executed(query)
            limit = settings.get("BytesScannedCutoffPerQuery")
            if query.cancelled.is_set():
                return
            query.result = result
            if limit and result.scanned > limit:
                query.reason = "Bytes scanned limit was exceeded"
                query.state = "CANCELLED"
                return
            self._write(query, result)
            query.state = "SUCCEEDED"
        except (FailedError, ClientError, RefusedError) as error:
            query.state, query.reason = "FAILED", str(error)
        except Exception as error:
            query.state, query.reason = "FAILED", f"GENERIC_INTERNAL_ERROR: {error!r}"
        finally:
            query.completed = time.time()

    def _demand(self, query: Query) -> None:
        """What Athena asks of the catalog as who calls, beside what the engine does."""
        region, database = query.call.region, query.database
        table = ("catalog", f"database/{database}", f"table/{database}/*")
        wanted = [("BatchGetPartition", table), *((one, ("catalog", "database/default")) for one in _DEFAULT)]
        needs = [Need(f"glue:{name}", tuple(arn("glue", region, one) for one in where)) for name, where in wanted]
        if named := query.call.parameters.get("QueryExecutionContext", {}).get("Catalog"):
            needs.append(Need("athena:GetDataCatalog", (arn("athena", region, f"datacatalog/{named}"),)))
        self.core.documented(query.call.principal, query.call.by, *needs)

    def _executed(self, query: Query) -> Result:
        key, region = query.call.access_key, query.call.region
        clients = [self.core.client(name, key, region) for name in ("glue", "s3")]
        catalog = Catalog(clients[0], clients[1], query.database, query.cancelled)
        return changed(query.sql, catalog, self.engine) or self.engine.execute(query.sql, catalog)

    def _write(self, query: Query, result: Result) -> None:
        s3 = self.core.client("s3", query.call.access_key, query.call.region)
        bucket, key = _place(query)
        lines = ["\t".join(values.text(one) or "" for one in row) + "\n" for row in result.rows]
        body = "".join(lines).encode() if query.is_utility else values.csv(result)
        s3.get_bucket_location(Bucket=bucket)
        where = f"arn:aws:s3:::{bucket}"
        parts = [Need(f"s3:{action}", (f"{where}/{key}",)) for action in _PARTS]
        needs = [Need("s3:ListBucketMultipartUploads", (where,)), *parts]
        self.core.documented(query.call.principal, query.call.by, *needs)
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        s3.put_object(Bucket=bucket, Key=f"{key}.metadata", Body=json.dumps(values.columns(result)).encode())

    def _found(self, call: Call) -> Query:
        number = call.parameters["QueryExecutionId"]
        if number not in self.queries:
            raise RefusedError("InvalidRequestException", f"QueryExecution {number} was not found")
        return self.queries[number]

    def _get(self, call: Call, _: Request) -> Answer:
        return Answer.of({"QueryExecution": _described(self._found(call))})

    def _batch(self, call: Call, _: Request) -> Answer:
        wanted = call.parameters["QueryExecutionIds"]
        found = [_described(self.queries[one]) for one in wanted if one in self.queries]
        return Answer.of({"QueryExecutions": found, "UnprocessedQueryExecutionIds": []})

    def _list(self, call: Call, _: Request) -> Answer:
        group = call.parameters.get("WorkGroup", "primary")
        found = [one.number for one in self.queries.values() if one.group == group]
        return Answer.of({"QueryExecutionIds": found[::-1]})

    def _stop(self, call: Call, _: Request) -> Answer:
        query = self._found(call)
        if query.state in ("QUEUED", "RUNNING"):
            query.cancelled.set()
            query.state, query.reason, query.completed = "CANCELLED", "Query cancelled by user", time.time()
        return Answer.of({})

    def _results(self, call: Call, _: Request) -> Answer:
        query = self._found(call)
        if query.state != "SUCCEEDED" or query.result is None:
            words = f"Query has not yet finished. Current state: {query.state}"
            if query.state in ("FAILED", "CANCELLED"):
                words = f"Query did not finish successfully. Final query state: {query.state}"
            raise RefusedError("InvalidRequestException", words)
        # The results lie in S3, and who asks reads them there
        bucket, key = _place(query)
        self.core.client("s3", call.access_key, call.region).head_object(Bucket=bucket, Key=key)
        result = query.result
        header = [] if query.is_utility else [values.row(result.columns)]
        start = int(call.parameters.get("NextToken") or 0)
        size = min(int(call.parameters.get("MaxResults") or _MOST_ROWS), _MOST_ROWS)
        shift = len(header)
        rows = header if start == 0 else []
        rows = rows + [values.row(one) for one in result.rows[max(0, start - shift) : start - shift + size]]
        more = {"NextToken": str(start + size)} if start + size < len(result.rows) + shift else {}
        metadata = {"ColumnInfo": values.columns(result)}
        return Answer.of({"UpdateCount": 0, "ResultSet": {"Rows": rows, "ResultSetMetadata": metadata}, **more})


def _place(query: Query) -> tuple[str, str]:
    bucket, _, key = query.file.removeprefix("s3://").partition("/")
    return bucket, key


def _described(query: Query) -> dict[str, Any]:
    spent = int(((query.completed or time.time()) - query.submitted) * 1000)
    status: dict[str, Any] = {"State": query.state, "SubmissionDateTime": query.submitted}
    if query.completed:
        status["CompletionDateTime"] = query.completed
    if query.reason:
        status["StateChangeReason"] = query.reason
    if query.state == "FAILED":
        status["AthenaError"] = {"ErrorCategory": 2, "ErrorType": 1000, "ErrorMessage": query.reason}
    return {
        "QueryExecutionId": query.number,
        "Query": query.sql,
        "StatementType": "DDL" if query.is_utility else "DML",
        "ResultConfiguration": {"OutputLocation": query.file},
        "QueryExecutionContext": {"Database": query.database, "Catalog": "awsdatacatalog"},
        "Status": status,
        "Statistics": {
            "EngineExecutionTimeInMillis": spent,
            "DataScannedInBytes": query.result.scanned if query.result else 0,
            "TotalExecutionTimeInMillis": spent,
            "QueryQueueTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": query.reused is not None},
        },
        "WorkGroup": query.group,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
    }
