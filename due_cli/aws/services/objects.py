"""Objects of a bucket: listed by pages, read in bounded memory, written and deleted."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained, ignore_errors
from due_cli.aws.pool import interruptible_pool

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_SMALL_BYTES = 1024 * 1024  # objects up to this size are fetched ahead, side by side
_AHEAD, _AT_ONCE = 16, 8
_BUFFER_BYTES = 256 * 1024
_GONE = ("NoSuchKey", "404")
_CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a listing; ``etag`` is of its content as it was listed."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """An object opened for reading; ``etag`` is of what is read."""

    found: Found
    etag: str
    stream: io.BufferedReader


def listed(aws: Aws, bucket: str, prefix: str) -> Iterator[Found]:
    """Every object under a prefix in the order of their keys; none where there is no such bucket."""
    for page in _pages(aws, bucket, prefix, ""):
        yield from _found(page)


def level(aws: Aws, bucket: str, prefix: str) -> tuple[list[str], list[Found]]:
    """The folders right under a prefix (``errors/status/``), and the objects that are in none of them."""
    folders: list[str] = []
    loose: list[Found] = []
    for page in _pages(aws, bucket, prefix, "/"):
        folders += [one["Prefix"] for one in page.get("CommonPrefixes", []) if "Prefix" in one]
        loose += _found(page)
    return folders, loose


def contents(aws: Aws, bucket: str, objects: Iterable[Found]) -> Iterator[Content]:
    """Each object that is still there, in order: small ones fetched ahead side by side, large ones as they come."""
    ahead: deque[tuple[Found, Future[Content | None] | None]] = deque()

    def first() -> Content | None:
        found, future = ahead.popleft()
        return future.result() if future else opened(aws, bucket, found)

    with interruptible_pool(_AT_ONCE) as pool:
        for found in objects:
            ahead.append((found, pool.submit(_fetched, aws, bucket, found) if found.size <= _SMALL_BYTES else None))
            if len(ahead) > _AHEAD and (content := first()):
                yield content
        while ahead:
            if content := first():
                yield content


def opened(aws: Aws, bucket: str, found: Found) -> Content | None:
    """An object to be read as it comes; None where it is gone."""
    doing = f"reading s3://{bucket}/{found.key}"
    with explained(doing), ignore_errors(*_GONE):
        answer = aws.s3.get_object(Bucket=bucket, Key=found.key)
        return Content(found, answer["ETag"], io.BufferedReader(_Body(answer["Body"], doing), _BUFFER_BYTES))
    return None


def read(aws: Aws, bucket: str, key: str) -> bytes:
    """The whole content of an object. Raises where it is gone."""
    doing = f"reading s3://{bucket}/{key}"
    with explained(doing):
        return aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def written(aws: Aws, bucket: str, key: str, body: IO[bytes]) -> None:
    """Writes an object of any size, in parts where it is large."""
    with explained(f"writing s3://{bucket}/{key}"):
        aws.s3.upload_fileobj(body, bucket, key)


def replaced(aws: Aws, bucket: str, key: str, etag: str, body: IO[bytes]) -> bool:
    """Gives an object another content, unless what it has is not that of ``etag`` any more; whether it did."""
    with explained(f"writing s3://{bucket}/{key}"), ignore_errors(*_CHANGED, *_GONE):
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag)
        return True
    return False


def deleted(aws: Aws, bucket: str, key: str) -> None:
    """Deletes an object; nothing where it is gone."""
    with explained(f"deleting s3://{bucket}/{key}"), ignore_errors(*_GONE):
        aws.s3.delete_object(Bucket=bucket, Key=key)


def _pages(aws: Aws, bucket: str, prefix: str, delimiter: str) -> Iterator[ListObjectsV2OutputTypeDef]:
    with explained(f"listing s3://{bucket}/{prefix}"), ignore_errors("NoSuchBucket"):
        yield from aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)


def _found(page: ListObjectsV2OutputTypeDef) -> Iterator[Found]:
    for one in page.get("Contents", []):
        yield Found(one.get("Key", ""), one.get("Size", 0), one.get("ETag", ""), one["LastModified"])


def _fetched(aws: Aws, bucket: str, found: Found) -> Content | None:
    content = opened(aws, bucket, found)
    if content is None:
        return None
    with content.stream as stream:
        return Content(found, content.etag, io.BufferedReader(io.BytesIO(stream.read())))


class _Body(io.RawIOBase):
    """A body as it comes from S3; what goes wrong on the way is explained like any other call."""

    def __init__(self, body: StreamingBody, doing: str) -> None:
        self._body, self._doing = body, doing

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]  # what BufferedReader gives
        with explained(self._doing):
            data = self._body.read(len(into))
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
