"""One delivery of a stream: the transform, the conversion to Parquet, the objects and what could not be delivered."""

from __future__ import annotations

import base64
import io
import json
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from tests.aws_emulator.dependent import key_of
from tests.aws_emulator.hive import MismatchError, arrow_type, documents, in_lower_case, read
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import RefusedError

_MOST_RECORDS = 500
_MOST_BYTES = 3 * 1024 * 1024
_MOST_RETRIES = 300  # that a Lambda processor may have
_PATIENCE = 5  # so many of them are made: no test has the hours that all of them take
_MOST_ANSWER = 6 * 1024 * 1024
# What Firehose needs of its role, where it writes in parts and where it tries again (developer guide, "Grant Firehose
# access to an Amazon S3 destination").
_ON_BUCKET = ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
_ON_OBJECTS = ("PutObject", "GetObject", "AbortMultipartUpload")
_EXPRESSION = re.compile(r"!\{([^:}]+):([^}]+)\}")
_JAVA_TIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


@dataclass
class Record:
    """What was put into a stream."""

    number: str
    data: bytes
    arrived: int  # epoch milliseconds


@dataclass
class Delivery:
    """What became of a stream's buffer."""

    stream: str
    taken: int
    dropped: int = 0
    objects: list[str] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    kept: list[Record] = field(default_factory=list)  # could not be written: Firehose goes on trying
    logged: list[tuple[str, str]] = field(default_factory=list)  # codes and messages of what went wrong


@dataclass
class _Work:
    core: Core
    stream: Any
    config: dict[str, Any]
    region: str
    done: Delivery

    def client(self, service: str) -> Any:
        return self.core.as_role(self.config["RoleARN"], service, self.region)


def deliver(core: Core, stream: Any, records: list[Record], region: str) -> Delivery:
    """Delivers records to the extended S3 destination of a stream of moto's."""
    done = Delivery(stream.delivery_stream_name, len(records))
    work = _Work(core, stream, stream.destinations[0]["ExtendedS3"], region, done)
    good, failures = _transformed(work, records)
    try:
        converted = work.config.get("DataFormatConversionConfiguration") or {}
        if good and converted.get("Enabled", bool(converted)):
            good = _convert(work, converted, good, failures)
        elif good:
            _write(work, _key(work, good, ""), b"".join(one.data for one in good))
        for kind in ("processing-failed", "format-conversion-failed"):
            _write_failures(work, kind, [one for each, one in failures if each == kind], records)
    except (ClientError, RefusedError) as error:
        # As in AWS: what cannot be written stays in the stream, which tries again, for a day
        done.logged.append(("Delivery.Failed", str(error)))
        done.kept = records
    _log(work)
    return done


def _log(work: _Work) -> None:
    """What went wrong, in the log that the stream has; without the group, or the right to it, it is lost."""
    logging = work.config.get("CloudWatchLoggingOptions") or {}
    if not logging.get("Enabled") or not work.done.logged:
        return
    where = {"logGroupName": logging["LogGroupName"], "logStreamName": logging["LogStreamName"]}
    moment = int(work.core.clock.now() * 1000)
    lines = [json.dumps({"errorCode": code, "message": words}) for code, words in work.done.logged]
    with suppress(ClientError):
        work.client("logs").put_log_events(
            **where, logEvents=[{"timestamp": moment, "message": line} for line in lines]
        )


def _transformed(work: _Work, records: list[Record]) -> tuple[list[Record], list[tuple[str, dict[str, Any]]]]:
    """The records as the transform gave them back, and those that it failed."""
    settings = work.config.get("ProcessingConfiguration") or {}
    processors = [one for one in settings.get("Processors", []) if one["Type"] == "Lambda"]
    if not settings.get("Enabled", bool(processors)) or not processors:
        return records, []
    given = {one["ParameterName"]: one["ParameterValue"] for one in processors[0]["Parameters"]}
    limit = min(_MOST_BYTES, int(float(given.get("BufferSizeInMBs", 1)) * 1024 * 1024))
    tries = 1 + int(given.get("NumberOfRetries", 3))
    good: list[Record] = []
    failures: list[tuple[str, dict[str, Any]]] = []
    for batch in _batches(records, limit):
        found = _invoked(work, given["LambdaArn"], batch, tries)
        for record in batch:
            result, data, error = found[record.number]
            if result == "Ok":
                good.append(Record(record.number, data, record.arrived))
            elif result == "Dropped":
                work.done.dropped += 1
            else:
                failures.append(("processing-failed", _failure(work, record, given["LambdaArn"], error, tries)))
    return good, failures


def _batches(records: list[Record], limit: int) -> list[list[Record]]:
    batches: list[list[Record]] = []
    size = 0
    for one in records:
        encoded = len(one.data)
        if not batches or len(batches[-1]) >= _MOST_RECORDS or size + encoded > limit:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += encoded
    return batches


_Found = dict[str, tuple[str, bytes, tuple[str, str]]]


def _invoked(work: _Work, function: str, batch: list[Record], tries: int) -> _Found:
    """What the function said of each record: its result, its data and, if it failed, the error."""
    event = {
        "invocationId": str(uuid.uuid4()),
        "deliveryStreamArn": work.stream.delivery_stream_arn,
        "region": work.region,
        "records": [
            {
                "recordId": one.number,
                "approximateArrivalTimestamp": one.arrived,
                "data": base64.b64encode(one.data).decode(),
            }
            for one in batch
        ],
    }
    error = ("Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result.")
    name = function.removesuffix(":$LATEST")
    which = {"FunctionName": name} | ({"Qualifier": "$LATEST"} if name != function else {})
    for _ in range(min(tries, _PATIENCE)):
        try:
            client = work.client("lambda")
            client.get_function_configuration(**which)
            answer = client.invoke(**which, Payload=json.dumps(event).encode())
        except ClientError as refused:
            work.done.logged.append(("Lambda.InvokeAccessDenied", str(refused)))
            error = ("Lambda.InvokeAccessDenied", "Access was denied. Ensure that the access policy allows access.")
            continue
        payload = answer["Payload"].read()
        if not answer.get("FunctionError"):
            return _checked(payload, batch)
        work.done.logged.append(error)  # guide, "Monitor Amazon Data Firehose using CloudWatch Logs"
    return {one.number: ("ProcessingFailed", b"", error) for one in batch}


def _checked(payload: bytes, batch: list[Record]) -> _Found:
    """The function's answer by Firehose's rules: every id once, a known result, data in base64, 6 MB in all."""

    def all_failed(code: str, words: str) -> _Found:
        return {one.number: ("ProcessingFailed", b"", (code, words)) for one in batch}

    if len(payload) > _MOST_ANSWER:
        return all_failed("Lambda.FunctionError", "The answer is larger than 6 MB.")
    try:
        records = json.loads(payload)["records"]
        numbers = [one["recordId"] for one in records]
    except (ValueError, KeyError, TypeError):
        return all_failed("Lambda.JsonProcessingException", "The answer could not be parsed.")
    if len(set(numbers)) != len(numbers):
        return all_failed("Lambda.DuplicatedRecordId", "Multiple records were returned with the same record ID.")
    if set(numbers) != {one.number for one in batch}:
        return all_failed("Lambda.MissingRecordId", "One or more record Ids were not returned.")
    found: _Found = {}
    for one in records:
        failed = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
        try:
            data = base64.b64decode(one.get("data") or "", validate=True)
        except ValueError:
            one, data = {**one, "result": "ProcessingFailed"}, b""
        if one.get("result") not in ("Ok", "Dropped", "ProcessingFailed"):
            failed = ("Lambda.InvalidResult", f"{one.get('result')} is no status of a record")
            one = {**one, "result": "ProcessingFailed"}
        found[one["recordId"]] = (one["result"], data, failed)
    return found


def _failure(work: _Work, record: Record, function: str, error: tuple[str, str], tries: int) -> dict[str, Any]:
    final = error[0] in ("Lambda.FunctionError", "Lambda.InvokeAccessDenied")
    return {
        "attemptsMade": tries if final else 1,
        "arrivalTimestamp": record.arrived,
        "errorCode": error[0],
        "errorMessage": error[1],
        "attemptEndingTimestamp": int(work.core.clock.now() * 1000),
        "rawData": base64.b64encode(record.data).decode(),
        "lambdaArn": function,
    }


def _convert(
    work: _Work, settings: dict[str, Any], records: list[Record], failures: list[tuple[str, dict[str, Any]]]
) -> list[Record]:
    """The records as one Parquet object by the table's schema; those that are not of it fail by themselves."""
    schema = settings["SchemaConfiguration"]
    is_openx = "OpenXJsonSerDe" in settings["InputFormatConfiguration"]["Deserializer"]
    glue = work.core.as_role(schema["RoleARN"], "glue", work.region)
    where = {"DatabaseName": schema["DatabaseName"]}
    table = glue.get_table(**where, Name=schema["TableName"])["Table"]
    for call in (glue.get_table_versions, glue.get_table_version):
        try:
            call(**where, TableName=schema["TableName"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                raise
    columns = table["StorageDescriptor"]["Columns"]
    kind = pa.struct([pa.field(one["Name"].lower(), arrow_type(one["Type"])) for one in columns])
    rows: list[dict[str, Any]] = []
    good: list[Record] = []
    for record in records:
        try:
            found = [read(in_lower_case(one) if is_openx else one, kind) for one in documents(record.data)]
        except (MismatchError, ValueError) as error:
            failures.append(("format-conversion-failed", _unconverted(work, record, schema, str(error))))
            continue
        rows += found
        good.append(record)
    if rows:
        target = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(kind)), target, compression="snappy")
        _write(work, _key(work, good, ".parquet"), target.getvalue())
    return good


def _unconverted(work: _Work, record: Record, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {
        "attemptsMade": 1,
        "arrivalTimestamp": record.arrived,
        "lastErrorCode": "DataFormatConversion.ParseError",
        "lastErrorMessage": f"Encountered malformed JSON. {words}",
        "attemptEndingTimestamp": int(work.core.clock.now() * 1000),
        "rawData": base64.b64encode(record.data).decode(),
        "sequenceNumber": record.number,
        "subSequenceNumber": None,
        "dataCatalogTable": {
            "catalogId": None,
            "databaseName": schema["DatabaseName"],
            "tableName": schema["TableName"],
            "region": work.region,
            "versionId": schema.get("VersionId", "LATEST"),
            "catalogArn": None,
        },
    }


def _write_failures(work: _Work, kind: str, lines: list[dict[str, Any]], records: list[Record]) -> None:
    if lines:
        prefix = work.config.get("ErrorOutputPrefix") or f"{kind}/"
        key = _named(work, prefix, min(one.arrived for one in records), "", kind)
        _write(work, key, "".join(json.dumps(line) + "\n" for line in lines).encode())
        work.done.failed += lines


def _key(work: _Work, records: list[Record], ending: str) -> str:
    """Filed under the arrival of the oldest record of the object."""
    return _named(work, work.config.get("Prefix") or "", min(one.arrived for one in records), ending, "")


def _named(work: _Work, prefix: str, arrived: int, ending: str, kind: str) -> str:
    moment = datetime.fromtimestamp(arrived / 1000, UTC)
    if "!{" not in prefix:
        prefix += "!{timestamp:yyyy/MM/dd/HH}/"

    def value(match: re.Match[str]) -> str:
        space, what = match.groups()
        if space == "timestamp":
            return re.sub(r"[A-Za-z]+", lambda word: moment.strftime(_java(word.group(), moment)), what)
        return kind if what == "error-output-type" else uuid.uuid4().hex[:11]

    version = work.stream.version_id
    name = f"{work.stream.delivery_stream_name}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{ending}"
    return _EXPRESSION.sub(value, prefix) + name


def _java(word: str, moment: datetime) -> str:
    """A word of Java's time format; YYYY is the year of the week, which has its own ideas at New Year."""
    return f"{moment.isocalendar().year}" if word == "YYYY" else _JAVA_TIME[word]


def _write(work: _Work, key: str, body: bytes) -> None:
    where = work.config["BucketARN"]
    bucket = where.rsplit(":", 1)[-1]
    needs = [Need(f"s3:{action}", (where,)) for action in _ON_BUCKET]
    needs += [Need(f"s3:{action}", (f"{where}/{key}",)) for action in _ON_OBJECTS]
    if held := key_of(bucket):
        needs.append(Need("kms:Decrypt", (held,)))
    work.core.documented(work.config["RoleARN"], "service", *needs)
    work.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    work.done.objects.append(key)
