"""Firehose's own work on moto's streams: what it refuses, what it buffers, and its deliveries."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from moto.firehose.models import firehose_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.delivery import Delivery, Record, deliver
from tests.aws_emulator.lake_formation import REFUSAL, LakeFormation
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.server import REGION, Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_MOST_RECORDS = 500
_MOST_BYTES = 4 * 1024 * 1024
_MOST_RECORD = 1000 * 1024
_TAGS_A_PAGE = 2  # AWS does not say; two make it matter
_BUFFER_SECONDS = range(901)  # of a Lambda processor (guide, "Understand data transformation flow")
_RETRIES = range(301)
# What AWS leaves out of a description: defaults (terraform-provider-aws, flattenParquetSerDe and flattenProcessors).
_PROCESSOR_DEFAULTS = {"NumberOfRetries": "3", "BufferIntervalInSeconds": "60", "BufferSizeInMBs": "1"}
_SNAPPY = {"Compression": "SNAPPY"}


@dataclass
class Unwilling:
    """What the stream does not take although the call succeeds."""

    records: int = 0  # so many of the next records fail inside PutRecordBatch


class Firehose:
    """Delivery streams that take records and deliver them when a test says so."""

    def __init__(self, core: Core, lake_formation: LakeFormation) -> None:
        self.core = core
        self._lake_formation = lake_formation
        self.unwilling = Unwilling()
        self.keys_disabled: set[str] = set()  # the streams whose keys are disabled
        self.creating = 0  # how many answers of DescribeDeliveryStream still say CREATING after a stream is made
        # Records that a stream takes in a second of the clock, whoever puts them (API reference, PutRecord); None: any.
        self.quota: int | None = None
        self._taken: dict[str, tuple[int, int]] = {}  # by stream: a second, and the records taken in it
        self.deliveries: list[Delivery] = []
        self._buffers: dict[str, list[Record]] = defaultdict(list)
        self._young: dict[str, int] = {}
        self._lock = threading.Lock()
        core.handlers["firehose:CreateDeliveryStream"] = self._create
        core.handlers["firehose:UpdateDestination"] = self._update
        core.handlers["firehose:DeleteDeliveryStream"] = self._delete
        core.handlers["firehose:ListTagsForDeliveryStream"] = self._tags
        core.handlers["firehose:PutRecord"] = self._put
        core.handlers["firehose:PutRecordBatch"] = self._put
        core.watchers.append(self._describe)

    def buffered(self, stream: str, region: str = REGION) -> int:
        """How many records wait to be delivered."""
        return len(self._buffers[arn("firehose", region, f"deliverystream/{stream}")])

    def held(self, stream: str, region: str = REGION) -> list[Record]:
        """The records that wait to be delivered."""
        return list(self._buffers[arn("firehose", region, f"deliverystream/{stream}")])

    def put(self, stream: str, *records: Any, region: str = REGION) -> None:
        """Puts records (objects, text or bytes) into a stream, from nowhere and by nobody."""
        where = arn("firehose", region, f"deliverystream/{stream}")
        for one in records:
            raw = one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one) + "\n").encode()
            self._take(where, raw)

    def flush(self, stream: str | None = None, region: str = REGION) -> list[Delivery]:
        """Delivers what is buffered, until nothing is: a transform may put records back."""
        done: list[Delivery] = []
        for name, made in list(firehose_backends[ACCOUNT][region].delivery_streams.items()):
            if stream not in (None, name):
                continue
            for _ in range(20):
                with self._lock:
                    records, self._buffers[made.delivery_stream_arn] = self._buffers[made.delivery_stream_arn], []
                if not records:
                    break
                found = deliver(self.core, made, records, region)
                done.append(found)
                with self._lock:
                    self._buffers[made.delivery_stream_arn] += found.kept
                if found.kept:
                    break
        self.deliveries += done
        return done

    def _has_room(self, stream: str) -> bool:
        """Whether the stream takes one more record in this second."""
        second, count = self._taken.get(stream, (0, 0))
        return self.quota is None or second != int(self.core.clock.now()) or count < self.quota

    def _take(self, stream: str, data: bytes) -> str:
        now = int(self.core.clock.now())
        second, count = self._taken.get(stream, (0, 0))
        self._taken[stream] = (now, count + 1 if second == now else 1)
        number = f"{uuid.uuid4().int:039d}{len(self._buffers[stream]):013d}"
        with self._lock:
            self._buffers[stream].append(Record(number, data, int(self.core.clock.now() * 1000)))
        return number

    def _put(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        name = given["DeliveryStreamName"]
        if name not in firehose_backends[ACCOUNT][call.region].delivery_streams:
            words = f"Firehose {name} under account {ACCOUNT} not found."
            raise RefusedError("ResourceNotFoundException", words)
        stream = arn("firehose", call.region, f"deliverystream/{name}")
        records = [base64.b64decode(one["Data"]) for one in given.get("Records") or [given["Record"]]]
        if len(records) > _MOST_RECORDS or sum(map(len, records)) > _MOST_BYTES:
            raise RefusedError("InvalidArgumentException", "Records size exceeds 4 MB or 500 records limit")
        if any(len(one) > _MOST_RECORD for one in records):
            raise RefusedError("InvalidArgumentException", "Member must have length less than or equal to 1024000")
        if call.operation == "PutRecord" and not self._has_room(stream):
            raise RefusedError("ServiceUnavailableException", "Slow down.", 503)
        if call.operation == "PutRecord":
            return Answer.of({"RecordId": self._take(stream, records[0]), "Encrypted": True})
        answers: list[dict[str, str]] = []
        failed = 0
        for one in records:
            if self.unwilling.records > 0:
                self.unwilling.records -= 1
                failed += 1
                answers.append({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
            elif not self._has_room(stream):
                failed += 1
                answers.append({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
            else:
                answers.append({"RecordId": self._take(stream, one)})
        return Answer.of({"FailedPutCount": failed, "Encrypted": True, "RequestResponses": answers})

    def _create(self, call: Call, _: Request) -> None:
        config = call.parameters.get("ExtendedS3DestinationConfiguration")
        if not config:
            return
        name = call.parameters["DeliveryStreamName"]
        if name in firehose_backends[ACCOUNT][call.region].delivery_streams:
            return  # moto says that it is there
        self._check(call, config, config)
        self._young[name] = self.creating

    def _update(self, call: Call, _: Request) -> None:
        change = call.parameters.get("ExtendedS3DestinationUpdate")
        stream = firehose_backends[ACCOUNT][call.region].delivery_streams.get(call.parameters["DeliveryStreamName"])
        if change and stream:
            held: Any = stream.destinations[0].get("ExtendedS3", {})
            self._check(call, change, {**held, **change})

    def _delete(self, call: Call, _: Request) -> Answer | None:
        """A stream whose grant on its key cannot be retired stays, unless its deletion is forced (API reference)."""
        name = call.parameters["DeliveryStreamName"]
        stream = firehose_backends[ACCOUNT][call.region].delivery_streams.get(name)
        if stream and name in self.keys_disabled and not call.parameters.get("AllowForceDelete"):
            stream.delivery_stream_status = "DELETING_FAILED"
            return Answer.of({})
        self.keys_disabled.discard(name)
        return None

    def _tags(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        limit = min(given.get("Limit", _TAGS_A_PAGE), _TAGS_A_PAGE)
        backend = firehose_backends[ACCOUNT][call.region]
        if given["DeliveryStreamName"] not in backend.delivery_streams:
            raise RefusedError("ResourceNotFoundException", f"Firehose {given['DeliveryStreamName']} not found.")
        first = given.get("ExclusiveStartTagKey", "")
        return Answer.of(backend.list_tags_for_delivery_stream(given["DeliveryStreamName"], first, limit))

    def _check(self, call: Call, given: dict[str, Any], whole: dict[str, Any]) -> None:
        """What Firehose says of a destination: roles it cannot assume yet, and settings that do not go together."""
        source = arn("firehose", call.region, f"deliverystream/{call.parameters['DeliveryStreamName']}")
        conversion = whole.get("DataFormatConversionConfiguration") or {}
        schema_role = (conversion.get("SchemaConfiguration") or {}).get("RoleARN")
        for role in dict.fromkeys(one for one in (given.get("RoleARN"), schema_role) if one):
            if not self.core.iam.assumable(role, "firehose", source):
                words = f"Firehose is unable to assume role {role}. Please check the role provided."
                raise RefusedError("InvalidArgumentException", words)
        schema = conversion.get("SchemaConfiguration") or {}
        table = (schema.get("DatabaseName", ""), schema.get("TableName", ""))
        if schema_role and not self._lake_formation.grants(schema_role, *table):
            words = "Access was denied when calling Glue. Please ensure that the role specified in the data format "
            words += (
                f"conversion configuration has the necessary permissions. {REFUSAL.format(table[1])} (Service: AWSGlue)"
            )
            raise RefusedError("InvalidArgumentException", words)
        size = (whole.get("BufferingHints") or {}).get("SizeInMBs", 5)
        if conversion.get("Enabled", bool(conversion)):
            if size < 64:
                words = "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled."
                raise RefusedError("InvalidArgumentException", words)
            if whole.get("CompressionFormat", "UNCOMPRESSED") != "UNCOMPRESSED":
                words = "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled."
                raise RefusedError("InvalidArgumentException", words)
        if "!{" in (whole.get("Prefix") or "") and not whole.get("ErrorOutputPrefix"):
            raise RefusedError("InvalidArgumentException", "ErrorOutputPrefix must be given if Prefix has expressions.")
        for name, value in _parameters(whole).items():
            allowed = {"BufferIntervalInSeconds": _BUFFER_SECONDS, "NumberOfRetries": _RETRIES}.get(name)
            if allowed and int(value) not in allowed:
                words = f"Value for {name} must be between {allowed[0]} and {allowed[-1]}"
                raise RefusedError("InvalidArgumentException", words)
        errors = whole.get("ErrorOutputPrefix") or ""
        if "!{" in errors and "!{firehose:error-output-type}" not in errors:
            words = "ErrorOutputPrefix must contain !{firehose:error-output-type} if it has expressions."
            raise RefusedError("InvalidArgumentException", words)

    def _describe(self, call: Call, _: Request, answer: Answer) -> None:
        """What moto leaves out of a stream's description, without what AWS leaves out of it."""
        name = call.parameters.get("DeliveryStreamName", "")
        if call.name == "firehose:DeleteDeliveryStream" and name not in self.keys_disabled:
            self._buffers.pop(arn("firehose", call.region, f"deliverystream/{name}"), None)
        if call.name != "firehose:DescribeDeliveryStream":
            return
        document = answer.json
        found = document["DeliveryStreamDescription"]
        left = self._young.get(found["DeliveryStreamName"], 0)
        if left:
            self._young[found["DeliveryStreamName"]] = left - 1
            found["DeliveryStreamStatus"] = "CREATING"
        for destination in found["Destinations"]:
            _leave_out_defaults(destination.get("ExtendedS3DestinationDescription", {}))
        encryption = found.get("DeliveryStreamEncryptionConfiguration")
        if encryption:
            encryption.setdefault("Status", "ENABLED")
        answer.body = json.dumps(document).encode()
        answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]


def _parameters(destination: Any) -> dict[str, str]:
    """The parameters of a destination's processors."""
    processors = (destination.get("ProcessingConfiguration") or {}).get("Processors", [])
    return {one["ParameterName"]: one["ParameterValue"] for each in processors for one in each.get("Parameters", [])}


def _leave_out_defaults(destination: Any) -> None:
    for processor in (destination.get("ProcessingConfiguration") or {}).get("Processors", []):
        named = ((one["ParameterName"], one["ParameterValue"]) for one in processor.get("Parameters", []))
        kept = [(name, value) for name, value in named if _PROCESSOR_DEFAULTS.get(name) != value]
        processor["Parameters"] = [{"ParameterName": name, "ParameterValue": value} for name, value in kept]
    conversion = destination.get("DataFormatConversionConfiguration") or {}
    serializer = conversion.get("OutputFormatConfiguration", {}).get("Serializer", {})
    if serializer.get("ParquetSerDe") == _SNAPPY:
        serializer["ParquetSerDe"] = {}
