"""What an answer may lack: every member that its model does not require and whose value is empty, or the default.

AWS's services differ in what they leave out, and may leave out more tomorrow. It is left out of botocore's parsed
answers, where all protocols have one form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.model import OperationModel, Shape

# By structure and member: the values that the services' documentation calls defaults.
DEFAULTS = {
    ("BufferingHints", "IntervalInSeconds"): 300,
    ("BufferingHints", "SizeInMBs"): 128,  # with format conversion
    ("DataFormatConversionConfiguration", "Enabled"): True,
    ("DeliveryStreamEncryptionConfiguration", "KeyType"): "AWS_OWNED_CMK",
    ("ExtendedS3DestinationDescription", "CompressionFormat"): "UNCOMPRESSED",
    ("ExtendedS3DestinationDescription", "S3BackupMode"): "Disabled",
    ("FunctionConfiguration", "MemorySize"): 128,
    ("FunctionConfiguration", "PackageType"): "Zip",
    ("FunctionConfiguration", "State"): "Active",
    ("FunctionConfiguration", "Timeout"): 3,
    ("FunctionConfiguration", "LastUpdateStatus"): "Successful",
    ("FunctionEventInvokeConfig", "MaximumRetryAttempts"): 2,
    ("LifecycleRuleFilter", "Prefix"): "",
    ("MetricAlarm", "ActionsEnabled"): True,
    ("MetricAlarm", "Threshold"): 0.0,
    ("MetricAlarm", "TreatMissingData"): "missing",
    ("MetricDataQuery", "ReturnData"): True,
    ("ParquetSerDe", "Compression"): "SNAPPY",
    ("Role", "Path"): "/",
    ("SchemaConfiguration", "VersionId"): "LATEST",
    ("WorkGroup", "State"): "ENABLED",
    ("WorkGroupConfiguration", "EnforceWorkGroupConfiguration"): True,
}


def without_optional(shape: Shape, value: Any) -> Any:
    """A parsed answer without what it may lack."""
    if value is None:
        return None
    if shape.type_name == "structure":
        members: Any = shape.members  # type: ignore[attr-defined]  # of a structure
        required = shape.required_members
        kept = {key: without_optional(members[key], one) if key in members else one for key, one in value.items()}
        return {
            key: one
            for key, one in kept.items()
            if key in required or key not in members or not _may_lack(shape.name, key, members[key].type_name, one)
        }
    if shape.type_name == "list":
        return [without_optional(shape.member, one) for one in value]  # type: ignore[attr-defined]
    return value


@contextmanager
def omitting(client: Any) -> Iterator[list[tuple[str, str]]]:
    """Leave out of a client's answers what they may lack; gives the operations and members that lacked something."""
    omitted: list[tuple[str, str]] = []

    def leave_out(parsed: Any, model: OperationModel, **_: object) -> None:
        if model.output_shape is None or "Error" in parsed:
            return
        metadata = parsed.pop("ResponseMetadata", {})
        kept = without_optional(model.output_shape, parsed)
        omitted.extend((model.name, path) for path in _missing(parsed, kept, ""))
        parsed.clear()
        parsed.update(kept, ResponseMetadata=metadata)

    event = "after-call"
    handler: Callable[..., None] = leave_out
    client.meta.events.register(event, handler)
    try:
        yield omitted
    finally:
        client.meta.events.unregister(event, handler)


def _may_lack(structure: str, member: str, kind: str, value: Any) -> bool:
    """An empty structure says that it is there; an empty list, map or text says nothing."""
    is_empty = value is None or value is False or (kind in ("list", "map", "string") and not value)
    return is_empty or ((structure, member) in DEFAULTS and DEFAULTS[structure, member] == value)


def _missing(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict):
        for key, value in before.items():
            if isinstance(after, dict) and key in after:
                yield from _missing(value, after[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}".lstrip(".")
    elif isinstance(before, list):
        for one, other in zip(before, after, strict=True):
            yield from _missing(one, other, path)
