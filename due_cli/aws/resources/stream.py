"""The delivery stream: DirectPut, encrypted, records through the transform, to Parquet by the table's schema.

Facts: Firehose developer guide, "Converting input record format" (a buffer of at least 64 MB), "Custom prefixes"
(``YYYY`` is the year of the week), "Data transformation"; design, traps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.pool import pause
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.services.cloudwatch import Metric, read_metrics
from due_cli.aws.tags import TAGS, Tags, managed_tags, tags_from_list
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import (
        DataFormatConversionConfigurationTypeDef,
        DeliveryStreamEncryptionConfigurationInputTypeDef,
        TagTypeDef,
    )

LEAST_BUFFER_MB = 64
_HOURLY = "!{timestamp:yyyy/MM/dd/HH}/"
# The transform's own buffer: small enough that its answer, which is larger than what it was sent, stays under 6 MB.
_TRANSFORM_SECONDS = 60
_TRANSFORM_BUFFER = {"BufferSizeInMBs": "1", "BufferIntervalInSeconds": str(_TRANSFORM_SECONDS), "NumberOfRetries": "3"}
_ENCRYPTED = ("ENABLED", "ENABLING")
_STATUS = "DeliveryStreamStatus"
_FAILED = ("CREATING_FAILED", "DELETING_FAILED")  # these stay: such a stream can but be deleted (API reference)
_DELIVERY_SECONDS = 60  # to transform and to store
_MOST_SECONDS = 1_800.0  # Firehose takes minutes to make a stream and to remove one


@dataclass(frozen=True, slots=True)
class DeliveryStream:
    """Into ``bucket_arn`` under ``events`` and ``errors``, by the schema of ``database.table``, with ``role_arn``.

    Before it is removed it has ``drain_seconds`` to deliver what it holds.
    """

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
    log_group: str
    log_stream: str
    kms_key: str | None
    tags: Tags
    drain_seconds: int = 0
    kind: str = "delivery stream"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "RoleARN": self.role_arn,
            "BucketARN": self.bucket_arn,
            "Prefix": self.events + _HOURLY,
            "ErrorOutputPrefix": self._error_prefix(),
            "BufferingHints": {"SizeInMBs": self.buffer_mb, "IntervalInSeconds": self.buffer_seconds},
            "Transform": self._transform(),
            "Schema": f"{self.database}.{self.table}",
            "SchemaRoleARN": self.role_arn,
            "InputFormat": "HiveJsonSerDe",
            "OutputFormat": "ParquetSerDe SNAPPY",
            "Logging": (True, self.log_group, self.log_stream),
            "Encryption": self.kms_key or "AWS_OWNED_CMK",
            _STATUS: "ACTIVE",
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for delivery stream {self.name}"), ignore_errors("ResourceNotFoundException"):
            stream = aws.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
            settings = _settings(stream["DeliveryStreamDescription"])  # type: ignore[arg-type]  # read as plain dicts
            tags = tags_from_list(aws.firehose.list_tags_for_delivery_stream(DeliveryStreamName=self.name)["Tags"])
            return {**settings, TAGS: managed_tags(tags, self.tags)}
        return None

    def create(self, aws: Aws) -> None:
        """Makes it and waits until it takes records; its role may be too young to be assumed for some seconds."""
        with translate_errors(f"creating delivery stream {self.name}"):
            with ignore_errors("ResourceInUseException"):
                retry_transient(
                    lambda: aws.firehose.create_delivery_stream(
                        DeliveryStreamName=self.name,
                        DeliveryStreamType="DirectPut",
                        DeliveryStreamEncryptionConfigurationInput=self._key(),
                        ExtendedS3DestinationConfiguration=self._destination(),
                        Tags=self._tags(),
                    )
                )
            wait_until(lambda: self._is_active(aws), f"stream {self.name}", _MOST_SECONDS)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets its destination whole: an update of the transform alone would replace all of the processing."""
        if _STATUS in changed and not self._lives(aws):
            self.delete(aws)
            self.create(aws)
            return
        with translate_errors(f"updating delivery stream {self.name}"):
            if "Encryption" in changed:
                self._encrypt(aws)
            if TAGS in changed:
                aws.firehose.tag_delivery_stream(DeliveryStreamName=self.name, Tags=self._tags())
            if changed - {"Encryption", TAGS}:
                retry_transient(lambda: self._put_destination(aws))

    def delete(self, aws: Aws) -> None:
        """Removes it and waits until it is gone, with all that it holds still (API reference, DeleteDeliveryStream)."""
        with translate_errors(f"deleting delivery stream {self.name}"):
            if self._description(aws).get(_STATUS) == "ACTIVE":
                pause(self.drain_seconds)
            wait_until(lambda: self._is_gone(aws), f"the end of stream {self.name}", _MOST_SECONDS)

    def drained(self, aws: Aws) -> DeliveryStream:
        """The same with time to deliver what it holds; without, where no record came in since yesterday."""
        incoming = Metric("AWS/Firehose", "IncomingRecords", ("DeliveryStreamName", self.name), "Sum")
        day, hour = timedelta(days=1), timedelta(hours=1)
        if not any(read_metrics(aws, {"incoming": incoming}, day, hour)["incoming"]):
            return self
        return replace(self, drain_seconds=_TRANSFORM_SECONDS + self.buffer_seconds + _DELIVERY_SECONDS)

    def _lives(self, aws: Aws) -> bool:
        """Whether it is there to stay; one that is being made is waited for."""
        status = self._description(aws).get(_STATUS)
        if status == "CREATING":
            wait_until(lambda: self._is_active(aws), f"stream {self.name}", _MOST_SECONDS)
            return True
        return status not in ("DELETING", *_FAILED, None)

    def _is_active(self, aws: Aws) -> bool:
        found = self._description(aws)
        if found.get(_STATUS) in _FAILED:
            why = found.get("FailureDescription", {}).get("Details", "Firehose gives no reason")
            raise RefusedError(f"the delivery stream {self.name} was not made: {why}", "due setup again makes it anew")
        return bool(found.get(_STATUS) == "ACTIVE")

    def _is_gone(self, aws: Aws) -> bool:
        status = self._description(aws).get(_STATUS)
        if status not in ("DELETING", None):
            with ignore_errors(
                "ResourceInUseException", "ResourceNotFoundException"
            ):  # it is still being made, or gone
                aws.firehose.delete_delivery_stream(DeliveryStreamName=self.name)
        return status is None

    def _put_destination(self, aws: Aws) -> None:
        """By the version that it has now: where only the answer was lost, that is another than before."""
        description = self._description(aws)
        aws.firehose.update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId=description["VersionId"],
            DestinationId=description["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=self._destination(),
        )

    def _encrypt(self, aws: Aws) -> None:
        retry_transient(
            lambda: aws.firehose.start_delivery_stream_encryption(
                DeliveryStreamName=self.name, DeliveryStreamEncryptionConfigurationInput=self._key()
            )
        )
        wait_until(lambda: self._is_encrypted(aws), f"the encryption of stream {self.name}", _MOST_SECONDS)

    def _is_encrypted(self, aws: Aws) -> bool:
        found = self._description(aws).get("DeliveryStreamEncryptionConfiguration", {})
        if found.get("Status") == "ENABLING_FAILED":
            why = found.get("FailureDescription", {}).get("Details", "Firehose gives no reason")
            raise RefusedError(f"the delivery stream {self.name} was not encrypted: {why}")
        return bool(found.get("Status") != "ENABLING")

    def _key(self) -> DeliveryStreamEncryptionConfigurationInputTypeDef:
        if self.kms_key:
            return {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": self.kms_key}
        return {"KeyType": "AWS_OWNED_CMK"}

    def _tags(self) -> list[TagTypeDef]:
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]

    def _description(self, aws: Aws) -> dict[str, Any]:
        """What Firehose says of it; nothing where there is none."""
        with ignore_errors("ResourceNotFoundException"):
            found = aws.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
            return {**found["DeliveryStreamDescription"]}
        return {}

    def _error_prefix(self) -> str:
        return f"{self.errors}!{{firehose:error-output-type}}/{_HOURLY}"

    def _destination(self) -> Any:  # a configuration and an update of it, which have two types of one shape
        return {
            "RoleARN": self.role_arn,
            "BucketARN": self.bucket_arn,
            "Prefix": self.events + _HOURLY,
            "ErrorOutputPrefix": self._error_prefix(),
            "BufferingHints": {"SizeInMBs": self.buffer_mb, "IntervalInSeconds": self.buffer_seconds},
            "CompressionFormat": "UNCOMPRESSED",  # Parquet compresses itself
            "CloudWatchLoggingOptions": {
                "Enabled": True,
                "LogGroupName": self.log_group,
                "LogStreamName": self.log_stream,
            },
            "ProcessingConfiguration": self._processing(),
            "DataFormatConversionConfiguration": self._conversion(),
        }

    def _transform(self) -> dict[str, str]:
        return {"LambdaArn": f"{self.function_arn}:$LATEST", "RoleArn": self.role_arn, **_TRANSFORM_BUFFER}

    def _processing(self) -> dict[str, object]:
        listed = [{"ParameterName": name, "ParameterValue": value} for name, value in self._transform().items()]
        return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]}

    def _conversion(self) -> DataFormatConversionConfigurationTypeDef:
        return {
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
        }


def _settings(description: dict[str, Any]) -> Settings:
    destination = description["Destinations"][0].get("ExtendedS3DestinationDescription", {})
    conversion = destination.get("DataFormatConversionConfiguration", {})
    schema = conversion.get("SchemaConfiguration", {})
    deserializer = conversion.get("InputFormatConfiguration", {}).get("Deserializer", {})
    serializer = conversion.get("OutputFormatConfiguration", {}).get("Serializer", {})
    encryption = description.get("DeliveryStreamEncryptionConfiguration", {})
    logging = destination.get("CloudWatchLoggingOptions", {})
    return {
        "RoleARN": destination.get("RoleARN"),
        "BucketARN": destination.get("BucketARN"),
        "Prefix": destination.get("Prefix"),
        "ErrorOutputPrefix": destination.get("ErrorOutputPrefix"),
        "BufferingHints": destination.get("BufferingHints"),
        "Transform": _transform(destination.get("ProcessingConfiguration", {})),
        "Schema": f"{schema.get('DatabaseName')}.{schema.get('TableName')}" if conversion.get("Enabled") else None,
        "SchemaRoleARN": schema.get("RoleARN"),
        "InputFormat": next(iter(deserializer), None),
        "OutputFormat": " ".join(f"{name} {options.get('Compression')}" for name, options in serializer.items()),
        "Logging": tuple(logging.get(key) for key in ("Enabled", "LogGroupName", "LogStreamName")),
        "Encryption": _encryption(encryption),
        _STATUS: description.get(_STATUS),
    }


def _transform(processing: dict[str, Any]) -> dict[str, str] | None:
    if not processing.get("Enabled"):
        return None
    parameters = [one for processor in processing.get("Processors", []) for one in processor.get("Parameters", [])]
    return {one["ParameterName"]: one["ParameterValue"] for one in parameters}


def _encryption(found: dict[str, Any]) -> object:
    if found.get("Status", "ENABLED" if found else None) not in _ENCRYPTED:
        return None
    return found.get("KeyARN") or found.get("KeyType")
