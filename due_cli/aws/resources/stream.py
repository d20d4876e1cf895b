"""The delivery stream: DirectPut, encrypted, records through the transform, to Parquet by the table's schema.

Facts: Firehose developer guide, "Converting input record format" (a buffer of at least 64 MB), "Custom prefixes"
(``YYYY`` is the year of the week), "Data transformation".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.pool import pause
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.retry import wait_until
from due_cli.aws.services.cloudwatch import Metric, read_metrics
from due_cli.aws.tags import Tags, tag_list, tags_from_list
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import DeliveryStreamEncryptionConfigurationInputTypeDef

_HOURLY = "!{timestamp:yyyy/MM/dd/HH}/"
# Of a batch that the transform failed or was not started for, before Firehose puts it under ``errors/``: the most that
# it takes (its default is 3, which a busy minute of Lambda uses up).
RETRIES = 300
# The transform's own buffer: small enough that its answer, which is larger than what it was sent, stays under 6 MB.
TRANSFORM_BUFFER_MB = 1
_STATUS = "DeliveryStreamStatus"
# What a description may leave out because it is the default (API reference, ProcessorParameter, ParquetSerDe,
# BufferingHints with format conversion); the Terraform provider met it (flattenParquetSerDe).
_PROCESSOR_DEFAULTS = {"NumberOfRetries": "3", "BufferIntervalInSeconds": "60", "BufferSizeInMBs": "1"}
_BUFFERING_DEFAULTS = {"SizeInMBs": 128, "IntervalInSeconds": 300}
_COMPRESSION_DEFAULT = "SNAPPY"
_FAILED = ("CREATING_FAILED", "DELETING_FAILED")  # a stream stays so, and can only be deleted (API reference)
_DELIVERY_SECONDS = 60  # to transform and to store
_SETTLING_LOOKS = 15  # at a stream after its deletion by force, until its status must have changed
_LONGEST_SECONDS = 1_800.0  # Firehose takes minutes to create a stream and to delete one


@dataclass(frozen=True, kw_only=True)
class DeliveryStream(TaggedResource):
    """Into ``bucket_arn`` under ``events`` and ``errors``, by the schema of ``database.table``, with ``role_arn``.

    Before it is deleted it has ``drain_seconds`` to deliver the records that it holds.
    """

    kind = "delivery stream"
    already_exists = ignore_errors("ResourceInUseException")
    name: str
    role_arn: str
    bucket_arn: str
    events: str
    errors: str
    function_arn: str
    database: str
    table: str
    region: str
    buffer_mb: int
    buffer_seconds: int
    transform_buffer_seconds: int
    log_group: str
    log_stream: str
    kms_key: str | None
    drain_seconds: int = 0

    def _settings(self) -> list[Setting]:
        put = self._put_destination
        error_prefix = f"{self.errors}!{{firehose:error-output-type}}/{_HOURLY}"
        buffering = {"SizeInMBs": self.buffer_mb, "IntervalInSeconds": self.buffer_seconds}
        encryption = self.kms_key or "AWS_OWNED_CMK"
        return [
            Setting("Destination.RoleARN", self.role_arn, write=put),
            Setting("Destination.BucketARN", self.bucket_arn, write=put),
            Setting("Destination.Prefix", self.events + _HOURLY, write=put),
            Setting("Destination.ErrorOutputPrefix", error_prefix, write=put),
            Setting("BufferingHints", buffering, read=_buffering, write=put),
            Setting("Transform", self._transform(), read=_transform, write=put),
            Setting("Schema", f"{self.database}.{self.table}", read=_schema, write=put),
            Setting("SchemaRoleARN", self.role_arn, read=_schema_role, write=put),
            Setting("InputFormat", "HiveJsonSerDe", read=_input_format, write=put),
            Setting("OutputFormat", "ParquetSerDe SNAPPY", read=_output_format, write=put),
            Setting("Logging", (True, self.log_group, self.log_stream), read=_logging, write=put),
            Setting("Encryption", encryption, read=_encryption, write=self._put_encryption),
            Setting(_STATUS, "ACTIVE", write=put),
            self._tag_setting(),
        ]

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Set the named settings; a stream that failed, or is being deleted, is created anew."""
        if _STATUS in changed and not self._is_usable(aws):
            self.delete(aws)
            self.create(aws)
        else:
            super().update(aws, changed)

    def drained(self, aws: Aws) -> DeliveryStream:
        """The same with time to deliver what it holds; without, if no record came in since yesterday."""
        incoming = Metric("AWS/Firehose", "IncomingRecords", ("DeliveryStreamName", self.name), "Sum")
        day, hour = timedelta(days=1), timedelta(hours=1)
        if not any(read_metrics(aws, {"incoming": incoming}, day, hour)["incoming"]):
            return self
        return replace(self, drain_seconds=self.transform_buffer_seconds + self.buffer_seconds + _DELIVERY_SECONDS)

    def _describe(self, aws: Aws) -> Any:
        """Its description, with its only destination as ``Destination``."""
        stream = aws.firehose.describe_delivery_stream(DeliveryStreamName=self.name)["DeliveryStreamDescription"]
        first: Any = next(iter(stream["Destinations"]), {})
        return {**stream, "Destination": first.get("ExtendedS3DestinationDescription", {})}

    def _create(self, aws: Aws) -> None:
        aws.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            DeliveryStreamType="DirectPut",
            DeliveryStreamEncryptionConfigurationInput=self._key(),
            ExtendedS3DestinationConfiguration=self._destination(),
            Tags=tag_list(self.tags),
        )

    def _wait_until_ready(self, aws: Aws) -> None:
        wait_until(partial(self._is_active, aws), f"stream {self.name}", _LONGEST_SECONDS)

    def _delete(self, aws: Aws) -> None:
        """Firehose loses what a stream holds (API reference, DeleteDeliveryStream), so it is drained before.

        A stream whose key cannot be used any more fails to be deleted; it is deleted by force then, once.
        """
        if self._current(aws).get(_STATUS) == "ACTIVE":
            pause(self.drain_seconds)
        failures: list[str] = []  # why it was not deleted, each time that it is looked at
        wait_until(partial(self._is_deleted, aws, failures), f"deletion of stream {self.name}", _LONGEST_SECONDS)

    def _current(self, aws: Aws) -> dict[str, Any]:
        """Its description; empty if it does not exist."""
        with self.not_found:
            description: dict[str, Any] = self._describe(aws)
            return description
        return {}

    def _is_usable(self, aws: Aws) -> bool:
        """Whether it exists and stays; one that is being created is waited for."""
        status = self._current(aws).get(_STATUS)
        if status == "CREATING":
            self._wait_until_ready(aws)
        return status not in ("DELETING", *_FAILED, None)

    def _is_active(self, aws: Aws) -> bool:
        stream = self._current(aws)
        if stream.get(_STATUS) in _FAILED:
            raise RefusedError(
                f"the delivery stream {self.name} was not created: {_failure(stream)}", "run due setup again"
            )
        return bool(stream.get(_STATUS) == "ACTIVE")

    def _is_deleted(self, aws: Aws, failures: list[str]) -> bool:
        stream = self._current(aws)
        status = stream.get(_STATUS)
        if status == "DELETING_FAILED":
            failures.append(_failure(stream))
            if len(failures) == 1:
                self._ask_to_delete(aws, by_force=True)
            elif len(failures) > _SETTLING_LOOKS:
                raise RefusedError(f"the delivery stream {self.name} was not deleted: {failures[-1]}")
        elif status not in ("DELETING", None):
            self._ask_to_delete(aws)
        return status is None

    def _ask_to_delete(self, aws: Aws, *, by_force: bool = False) -> None:
        with self.already_exists, self.not_found:  # it is still being created, or gone
            aws.firehose.delete_delivery_stream(DeliveryStreamName=self.name, AllowForceDelete=by_force)

    def _put_destination(self, aws: Aws) -> None:
        """Set its destination as a whole: an update of the transform alone would replace all of the processing.

        Its version is read anew: after a call whose answer was lost it is another one.
        """
        stream = self._current(aws)
        aws.firehose.update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=stream["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=self._destination(),
        )

    def _put_encryption(self, aws: Aws) -> None:
        aws.firehose.start_delivery_stream_encryption(
            DeliveryStreamName=self.name, DeliveryStreamEncryptionConfigurationInput=self._key()
        )
        wait_until(partial(self._is_encrypted, aws), f"encryption of stream {self.name}", _LONGEST_SECONDS)

    def _is_encrypted(self, aws: Aws) -> bool:
        encryption = self._current(aws).get("DeliveryStreamEncryptionConfiguration", {})
        if encryption.get("Status") == "ENABLING_FAILED":
            raise RefusedError(f"the delivery stream {self.name} was not encrypted: {_failure(encryption)}")
        return bool(encryption.get("Status") != "ENABLING")

    def _key(self) -> DeliveryStreamEncryptionConfigurationInputTypeDef:
        if self.kms_key:
            return {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": self.kms_key}
        return {"KeyType": "AWS_OWNED_CMK"}

    def _transform(self) -> dict[str, str]:
        return {
            "LambdaArn": f"{self.function_arn}:$LATEST",
            "RoleArn": self.role_arn,
            "BufferSizeInMBs": str(TRANSFORM_BUFFER_MB),
            "BufferIntervalInSeconds": str(self.transform_buffer_seconds),
            "NumberOfRetries": str(RETRIES),
        }

    def _destination(self) -> Any:  # a configuration and an update of it, which have two types of one shape
        transform = [{"ParameterName": name, "ParameterValue": value} for name, value in self._transform().items()]
        return {
            **self._structure()["Destination"],
            "BufferingHints": {"SizeInMBs": self.buffer_mb, "IntervalInSeconds": self.buffer_seconds},
            "CompressionFormat": "UNCOMPRESSED",  # Parquet compresses itself
            "CloudWatchLoggingOptions": {
                "Enabled": True,
                "LogGroupName": self.log_group,
                "LogStreamName": self.log_stream,
            },
            "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": transform}]},
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "SchemaConfiguration": {
                    "RoleARN": self.role_arn,
                    "DatabaseName": self.database,
                    "TableName": self.table,
                    "Region": self.region,
                    "VersionId": "LATEST",
                },
                "InputFormatConfiguration": {"Deserializer": {"HiveJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
            },
        }

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        """Its tags; Firehose has pages of them, and botocore no paginator."""
        tags: dict[str, str] = {}
        after: dict[str, Any] = {}
        while True:
            page = aws.firehose.list_tags_for_delivery_stream(DeliveryStreamName=self.name, **after)
            tags |= tags_from_list(page["Tags"])
            if not page["HasMoreTags"] or not page["Tags"]:
                return tags
            after = {"ExclusiveStartTagKey": page["Tags"][-1]["Key"]}

    def _write_tags(self, aws: Aws) -> None:
        aws.firehose.tag_delivery_stream(DeliveryStreamName=self.name, Tags=tag_list(self.tags))


def _failure(description: Any) -> str:
    """Why a stream, or its encryption, failed."""
    reason: str = description.get("FailureDescription", {}).get("Details", "Firehose gives no reason")
    return reason


def _buffering(_: Aws, stream: Any) -> dict[str, int]:
    return {**_BUFFERING_DEFAULTS, **stream["Destination"].get("BufferingHints", {})}


def _transform(_: Aws, stream: Any) -> dict[str, str] | None:
    processing = stream["Destination"].get("ProcessingConfiguration", {})
    if not processing.get("Enabled"):
        return None
    processors = processing.get("Processors", [])
    parameters = [parameter for processor in processors for parameter in processor.get("Parameters", [])]
    current = {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in parameters}
    return {**_PROCESSOR_DEFAULTS, **current}


def _conversion(stream: Any) -> Any:
    return stream["Destination"].get("DataFormatConversionConfiguration", {})


def _schema(_: Aws, stream: Any) -> str | None:
    conversion = _conversion(stream)
    schema = conversion.get("SchemaConfiguration", {})
    return (
        f"{schema.get('DatabaseName')}.{schema.get('TableName')}"
        if conversion and conversion.get("Enabled", True)
        else None
    )


def _schema_role(_: Aws, stream: Any) -> object:
    return _conversion(stream).get("SchemaConfiguration", {}).get("RoleARN")


def _input_format(_: Aws, stream: Any) -> str | None:
    return next(iter(_conversion(stream).get("InputFormatConfiguration", {}).get("Deserializer", {})), None)


def _output_format(_: Aws, stream: Any) -> str:
    serializer = _conversion(stream).get("OutputFormatConfiguration", {}).get("Serializer", {})
    return " ".join(
        f"{name} {options.get('Compression', _COMPRESSION_DEFAULT)}" for name, options in serializer.items()
    )


def _logging(_: Aws, stream: Any) -> tuple[object, ...]:
    logging = stream["Destination"].get("CloudWatchLoggingOptions", {})
    return tuple(logging.get(key) for key in ("Enabled", "LogGroupName", "LogStreamName"))


def _encryption(_: Aws, stream: Any) -> object:
    encryption = stream.get("DeliveryStreamEncryptionConfiguration", {})
    if encryption.get("Status", "ENABLED" if encryption else None) not in ("ENABLED", "ENABLING"):
        return None
    return encryption.get("KeyARN") or encryption.get("KeyType", "AWS_OWNED_CMK")
