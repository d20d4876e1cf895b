"""What calls need because of what they are made on: the key that a bucket, a table or the catalog is encrypted with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.firehose.models import firehose_backends
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, PARTITION
from tests.aws_emulator.policies import Need

# DynamoDB developer guide, "Encryption at rest: usage notes": the least that choosing a key of one's own needs.
_CHOOSING = (
    "Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant"
)
# S3 user guide, "Required permissions" of SSE-KMS; an upload in parts reads what it has written.
_OBJECTS = {
    "PutObject": "GenerateDataKey",
    "CopyObject": "GenerateDataKey",
    "CreateMultipartUpload": "GenerateDataKey",
    "UploadPart": "GenerateDataKey Decrypt",
    "CompleteMultipartUpload": "Decrypt",
    "GetObject": "Decrypt",
}


def keys_needed(call: Call) -> list[Need]:
    """The rights on keys that a call needs."""
    make = _SERVICES.get(call.service)
    return make(call) if make else []


def key_of(bucket: str) -> str | None:
    """The key of the user's that a bucket encrypts with."""
    found = s3_backends[ACCOUNT][PARTITION].buckets.get(bucket)
    rule: Any = (found.encryption or {}).get("Rule", {}) if found else {}
    default = (rule[0] if isinstance(rule, list) else rule).get("ApplyServerSideEncryptionByDefault", {})
    key = default.get("KMSMasterKeyID")
    return str(key) if key else None


def _needs(words: str, key: str | None) -> list[Need]:
    return [Need(f"kms:{word}", (key,)) for word in words.split()] if key else []


def _s3(call: Call) -> list[Need]:
    words = _OBJECTS.get(call.operation)
    return _needs(words, key_of(call.parameters["Bucket"])) if words else []


def _dynamodb(call: Call) -> list[Need]:
    given = call.parameters
    chosen = (given.get("SSESpecification") or {}).get("KMSMasterKeyId")
    if chosen:
        return _needs(_CHOOSING, chosen)
    if call.operation not in ("GetItem", "PutItem", "UpdateItem", "BatchGetItem", "BatchExecuteStatement"):
        return []
    names = [given["TableName"]] if "TableName" in given else list(given.get("RequestItems", {}))
    names += [one["Statement"].split('"')[1] for one in given.get("Statements", [])]
    tables = dynamodb_backends[ACCOUNT][call.region].tables
    held = [tables[name].sse_specification or {} for name in dict.fromkeys(names) if name in tables]
    return [need for one in held if one.get("Enabled") for need in _needs("Decrypt", one["KMSMasterKeyId"])]


def _firehose(call: Call) -> list[Need]:
    """Firehose grants itself the key of a stream (API reference, StartDeliveryStreamEncryption), and whoever puts
    records into it needs the key too (notice of AWS, since 2026-04-20)."""
    given = call.parameters.get("DeliveryStreamEncryptionConfigurationInput") or {}
    if call.operation not in ("PutRecord", "PutRecordBatch"):
        return _needs("CreateGrant", given.get("KeyARN"))
    stream = firehose_backends[ACCOUNT][call.region].delivery_streams.get(call.parameters["DeliveryStreamName"])
    encryption = (stream.delivery_stream_encryption_configuration if stream else None) or {}
    return _needs("GenerateDataKey Decrypt", encryption.get("KeyARN"))


def _lambda(call: Call) -> list[Need]:
    """Choosing a key for a function's environment (Lambda developer guide, "Securing environment variables")."""
    return _needs("Encrypt CreateGrant", call.parameters.get("KMSKeyArn"))


def _glue(call: Call) -> list[Need]:
    """Every caller of an encrypted catalog (Athena user guide, "Access to encrypted metadata")."""
    settings = glue_backends[ACCOUNT][call.region].get_data_catalog_encryption_settings(None)
    at_rest = settings["DataCatalogEncryptionSettings"]["EncryptionAtRest"]
    if at_rest["CatalogEncryptionMode"] != "SSE-KMS" or "CatalogEncryption" in call.operation:
        return []
    return _needs("Decrypt Encrypt GenerateDataKey", at_rest["SseAwsKmsKeyId"])


_SERVICES: dict[str, Callable[[Call], list[Need]]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "firehose": _firehose,
    "glue": _glue,
    "lambda": _lambda,
}
