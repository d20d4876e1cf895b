"""The delivery stream: DirectPut, encrypted, records through the transform, to Parquet by the table's schema.

Facts: Firehose developer guide, "Converting input record format" (a buffer of at least 64 MB), "Custom prefixes"
(``YYYY`` is the year of the week), "Data transformation"; design, traps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from due_cli.aws.clients import Aws
from due_cli.aws.errors import explained, passing_over
from due_cli.aws.patience import patiently, waited
from due_cli.aws.resources.tags import TAGS, Tags, counting, of_list
from due_cli.deploy.resource import Settings

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import (
        DataFormatConversionConfigurationTypeDef,
        DeliveryStreamEncryptionConfigurationInputTypeDef,
        TagTypeDef,
    )

LEAST_BUFFER_MB = 64
_HOURLY = "!{timestamp:yyyy/MM/dd/HH}/"
# The transform's own buffer: small enough that its answer, which is larger than what it was sent, stays under 6 MB.
_TRANSFORM_BUFFER = {"BufferSizeInMBs": "1", "BufferIntervalInSeconds": "60", "NumberOfRetries": "3"}
_ENCRYPTED = ("ENABLED", "ENABLING")


@dataclass(frozen=True, slots=True)
class DeliveryStream:
    """Into ``bucket_arn`` under ``events`` and ``errors``, by the schema of ``database.table``, with ``role_arn``."""

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
    kind: str = "delivery stream"

    def wanted(self) -> Settings:
        """How it should be."""
        return {
            "RoleARN": self.role_arn,
            "BucketARN": self.bucket_arn,
            "Prefix": self.events + _HOURLY,
            "ErrorOutputPrefix": self._error_prefix(),
            "BufferingHints": {"SizeInMBs": self.buffer_mb, "IntervalInSeconds": self.buffer_seconds},
            "Transform": self._transform(),
            "Schema": f"{self.database}.{self.table}",
            "InputFormat": "HiveJsonSerDe",
            "OutputFormat": "ParquetSerDe SNAPPY",
            "LogGroup": self.log_group,
            "Encryption": self.kms_key or "AWS_OWNED_CMK",
            TAGS: dict(self.tags),
        }

    def found(self, aws: Aws) -> Settings | None:
        """How it is."""
        with explained(f"looking for delivery stream {self.name}"), passing_over("ResourceNotFoundException"):
            stream = aws.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
            settings = _settings(stream["DeliveryStreamDescription"])  # type: ignore[arg-type]  # read as plain dicts
            tags = of_list(aws.firehose.list_tags_for_delivery_stream(DeliveryStreamName=self.name)["Tags"])
            return {**settings, TAGS: counting(tags, self.tags)}
        return None

    def create(self, aws: Aws) -> None:
        """Makes it and waits until it takes records; its role may be too young to be assumed for some seconds."""
        with explained(f"creating delivery stream {self.name}"):
            with passing_over("ResourceInUseException"):
                patiently(
                    lambda: aws.firehose.create_delivery_stream(
                        DeliveryStreamName=self.name,
                        DeliveryStreamType="DirectPut",
                        DeliveryStreamEncryptionConfigurationInput=self._key(),
                        ExtendedS3DestinationConfiguration=self._destination(),
                        Tags=self._tags(),
                    )
                )
            waited(lambda: self._description(aws).get("DeliveryStreamStatus") == "ACTIVE", f"stream {self.name}")

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets its destination whole: an update of the transform alone would replace all of the processing."""
        with explained(f"updating delivery stream {self.name}"):
            if "Encryption" in changed:
                self._encrypt(aws)
            if TAGS in changed:
                aws.firehose.tag_delivery_stream(DeliveryStreamName=self.name, Tags=self._tags())
            if changed - {"Encryption", TAGS}:
                description = self._description(aws)
                patiently(
                    lambda: aws.firehose.update_destination(
                        DeliveryStreamName=self.name,
                        CurrentDeliveryStreamVersionId=description["VersionId"],
                        DestinationId=description["Destinations"][0]["DestinationId"],
                        ExtendedS3DestinationUpdate=self._destination(),
                    )
                )

    def delete(self, aws: Aws) -> None:
        """Removes it and waits until it is gone; what it has buffered is delivered first by Firehose."""
        with explained(f"deleting delivery stream {self.name}"), passing_over("ResourceNotFoundException"):
            patiently(lambda: aws.firehose.delete_delivery_stream(DeliveryStreamName=self.name))
            waited(lambda: self.found(aws) is None, f"the end of stream {self.name}")

    def _encrypt(self, aws: Aws) -> None:
        patiently(
            lambda: aws.firehose.start_delivery_stream_encryption(
                DeliveryStreamName=self.name, DeliveryStreamEncryptionConfigurationInput=self._key()
            )
        )

    def _key(self) -> DeliveryStreamEncryptionConfigurationInputTypeDef:
        if self.kms_key:
            return {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": self.kms_key}
        return {"KeyType": "AWS_OWNED_CMK"}

    def _tags(self) -> list[TagTypeDef]:
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]

    def _description(self, aws: Aws) -> dict[str, Any]:
        found = aws.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
        return {**found["DeliveryStreamDescription"]}

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
    return {
        "RoleARN": destination.get("RoleARN"),
        "BucketARN": destination.get("BucketARN"),
        "Prefix": destination.get("Prefix"),
        "ErrorOutputPrefix": destination.get("ErrorOutputPrefix"),
        "BufferingHints": destination.get("BufferingHints"),
        "Transform": _transform(destination.get("ProcessingConfiguration", {})),
        "Schema": f"{schema.get('DatabaseName')}.{schema.get('TableName')}" if conversion.get("Enabled") else None,
        "InputFormat": next(iter(deserializer), None),
        "OutputFormat": " ".join(f"{name} {options.get('Compression')}" for name, options in serializer.items()),
        "LogGroup": destination.get("CloudWatchLoggingOptions", {}).get("LogGroupName"),
        "Encryption": _encryption(encryption),
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
