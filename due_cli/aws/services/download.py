"""Large objects of S3, read in parts: memory stays small, and a connection that breaks costs one part."""

from __future__ import annotations

import time
from collections.abc import Iterator

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError, IncompleteReadError, ResponseStreamingError

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained, ignore_errors

PART_BYTES = 4 * 2**20
_TRIES = 4
_FIRST_SECONDS = 0.5
# botocore makes a call again, but not the reading of its answer.
_BROKEN = (HTTPClientError, NoConnectionError, IncompleteReadError, ResponseStreamingError)


def parts(aws: Aws, bucket: str, key: str) -> Iterator[bytes]:
    """The bytes of an object, ``PART_BYTES`` at a time; nothing for an empty one.

    A connection that is kept open while a reader pauses is closed by S3, so each part is a call of its own.
    """
    at, size = 0, 1
    while at < size:
        part = b""
        with explained(f"reading s3://{bucket}/{key} (s3:GetObject)"), ignore_errors("InvalidRange"):
            part, size = _part(aws, bucket, key, at)
        if not part:  # no first byte: the object is empty
            return
        yield part
        at += len(part)


def _part(aws: Aws, bucket: str, key: str, at: int) -> tuple[bytes, int]:
    """The part from a byte on, and the size of the whole."""
    for again in range(_TRIES):
        try:
            answer = aws.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={at}-{at + PART_BYTES - 1}")
            return answer["Body"].read(), int(answer["ContentRange"].rpartition("/")[2])
        except _BROKEN:
            if again == _TRIES - 1:
                raise
            time.sleep(_FIRST_SECONDS * 2**again)
    raise AssertionError("unreachable")
