"""Amazon Data Firehose: a stream's state, and what it writes about a record that failed."""

from __future__ import annotations

from collections.abc import Mapping

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED_CODES, ignore_errors, translate_errors


def stream_is_missing(aws: Aws, name: str) -> bool:
    """Whether there is no delivery stream of a name; one that the caller may not describe exists."""
    with translate_errors(f"looking for delivery stream {name}"), ignore_errors(*DENIED_CODES):
        try:
            aws.firehose.describe_delivery_stream(DeliveryStreamName=name)
        except aws.firehose.exceptions.ResourceNotFoundException:
            return True
    return False


def stream_status(aws: Aws, name: str) -> str | None:
    """A delivery stream's status, with the reason where it has one; None where there is no such stream."""
    with translate_errors(f"looking for delivery stream {name}"), ignore_errors("ResourceNotFoundException"):
        stream = aws.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        reason = stream.get("FailureDescription", {}).get("Details", "")
        return f"{stream['DeliveryStreamStatus']}{f' ({reason})' if reason else ''}"
    return None


def error_of(entry: Mapping[str, object]) -> tuple[str, str]:
    """The error code and message of an entry that Firehose wrote about a failed record, each empty if it has none."""
    keys = (("lastErrorCode", "ErrorCode", "errorCode"), ("lastErrorMessage", "ErrorMessage", "errorMessage"))
    values = ([text for key in spellings if isinstance(text := entry.get(key), str) and text] for spellings in keys)
    code, message = (" ".join(texts[0].split()) if texts else "" for texts in values)
    return code, message
