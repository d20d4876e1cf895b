"""Amazon S3: objects listed, read in bounded memory, written and deleted; which hours of events have any."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ConnectionError as ConnectionFailedError
from botocore.exceptions import HTTPClientError, IncompleteReadError, ResponseStreamingError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.pipeline.partitions import hour_text
from due_cli.aws.pool import interruptible_pool, pause
from due_cli.core.errors import DueError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

PAGE_KEYS = 1000  # of a listing
PART_BYTES = 4 * 2**20  # of one GetObject of read_parts
# botocore repeats a call, but not the reading of its response.
_CONNECTION_ERRORS = (HTTPClientError, ConnectionFailedError, IncompleteReadError, ResponseStreamingError)
_SMALL_BYTES = 1024 * 1024  # objects up to this size are fetched ahead, concurrently
_FETCHED_AHEAD, _AT_ONCE = 16, 8
_BUFFER_BYTES = 256 * 1024
_HOUR_DEPTH = 4  # year, month, day, hour
_HIDDEN = (".", "_")  # beginnings of names that Athena reads over
_MISSING = ("NoSuchKey", "404")
_EXISTING = ("PreconditionFailed", "412")
_CONFLICTING = ("ConditionalRequestConflict", "409")
_CHANGED = (*_EXISTING, *_CONFLICTING)
_CONFLICT_ATTEMPTS, _CONFLICT_SECONDS = 10, 0.5


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """An object of a listing; ``etag`` is of its content at that time."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """A version of an object: the latest, or one that was replaced or deleted."""

    key: str
    version_id: str
    is_latest: bool
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class ObjectContent:
    """An object opened for reading; ``etag`` is of what is read."""

    summary: ObjectSummary
    etag: str
    stream: io.BufferedReader


@dataclass(frozen=True, slots=True)
class PrefixSummary:
    """Objects under a prefix: how many, and when the newest was written; ``more`` where not all were counted."""

    count: int = 0
    newest: datetime | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What lies under ``events/``: hours, and the keys that are in none, as far as they were listed.

    ``foreign`` has of each hour the first key that is not one of the stack's own objects.
    """

    hours: frozenset[str]
    foreign: Mapping[str, str]
    outside: tuple[str, ...]


def list_objects(aws: Aws, bucket: str, prefix: str) -> Iterator[ObjectSummary]:
    """Every object under a prefix in the order of their keys; none where there is no such bucket."""
    for page in _pages(aws, bucket, prefix, ""):
        yield from _summaries(page)


def list_folder(aws: Aws, bucket: str, prefix: str) -> tuple[list[str], list[ObjectSummary]]:
    """The folders right under a prefix (``errors/status/``), and the objects that are in none of them."""
    folders: list[str] = []
    objects: list[ObjectSummary] = []
    for page in _pages(aws, bucket, prefix, "/"):
        folders += [folder["Prefix"] for folder in page.get("CommonPrefixes", []) if "Prefix" in folder]
        objects += _summaries(page)
    return folders, objects


def summarize_prefix(aws: Aws, bucket: str, prefix: str, most: int = 10_000) -> PrefixSummary:
    """What lies under a prefix, counted up to ``most`` objects."""
    count, newest = 0, None
    for summary in list_objects(aws, bucket, prefix):
        if count == most:
            return PrefixSummary(count, newest, more=True)
        count += 1
        newest = max(newest or summary.modified, summary.modified)
    return PrefixSummary(count, newest)


def open_objects(aws: Aws, bucket: str, summaries: Iterable[ObjectSummary]) -> Iterator[ObjectContent]:
    """Each object that still exists, in order: small ones fetched ahead concurrently, large ones streamed."""
    ahead: deque[tuple[ObjectSummary, Future[ObjectContent | None] | None]] = deque()

    def first() -> ObjectContent | None:
        summary, future = ahead.popleft()
        return future.result() if future else open_object(aws, bucket, summary)

    with interruptible_pool(_AT_ONCE) as pool:
        for summary in summaries:
            is_small = summary.size <= _SMALL_BYTES
            ahead.append((summary, pool.submit(_fetch, aws, bucket, summary) if is_small else None))
            if len(ahead) > _FETCHED_AHEAD and (content := first()):
                yield content
        while ahead:
            if content := first():
                yield content


def open_object(aws: Aws, bucket: str, summary: ObjectSummary) -> ObjectContent | None:
    """An object as a stream; None where it no longer exists."""
    doing = f"reading s3://{bucket}/{summary.key}"
    with translate_errors(doing), ignore_errors(*_MISSING):
        response = aws.s3.get_object(Bucket=bucket, Key=summary.key)
        return ObjectContent(
            summary, response["ETag"], io.BufferedReader(_Body(response["Body"], doing), _BUFFER_BYTES)
        )
    return None


def read_object(aws: Aws, bucket: str, key: str) -> bytes:
    """The whole content of an object. Raises where it does not exist."""
    with translate_errors(f"reading s3://{bucket}/{key}"):
        return aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def read_tail(aws: Aws, bucket: str, key: str, size: int) -> bytes | None:
    """The last bytes of an object, as many as there are; None where there is no such object."""
    doing = f"reading s3://{bucket}/{key} (s3:GetObject)"
    with translate_errors(doing), ignore_errors(*_MISSING):
        with ignore_errors("InvalidRange"):  # it is empty
            return aws.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{size}")["Body"].read()
        return b""
    return None


def written_at(aws: Aws, bucket: str, key: str) -> datetime | None:
    """When an object was written; None where there is no such object."""
    with translate_errors(f"looking at s3://{bucket}/{key} (s3:GetObject)"), ignore_errors(*_MISSING):
        return aws.s3.head_object(Bucket=bucket, Key=key)["LastModified"]
    return None


def read_parts(aws: Aws, bucket: str, key: str) -> Iterator[bytes]:
    """The bytes of an object, ``PART_BYTES`` at a time; nothing for an empty one.

    S3 closes a connection that is kept open while a reader pauses, so each part is a call of its own, and an
    interrupted connection costs one part.
    """
    at, size = 0, 1
    while at < size:
        part = b""
        with translate_errors(f"reading s3://{bucket}/{key} (s3:GetObject)"), ignore_errors("InvalidRange"):
            part, size = _read_part(aws, bucket, key, at)
        if not part:  # the object is empty: the range that begins at its first byte is invalid
            return
        yield part
        at += len(part)


def write_object(aws: Aws, bucket: str, key: str, body: IO[bytes]) -> None:
    """Write an object of any size, in parts where it is large."""
    with translate_errors(f"writing s3://{bucket}/{key}"):
        aws.s3.upload_fileobj(body, bucket, key)


def create_object(aws: Aws, bucket: str, key: str, path: Path) -> bool:
    """Write a file to an object, unless there is one of that key; return whether it was written."""
    doing = f"writing s3://{bucket}/{key}"
    for _ in range(_CONFLICT_ATTEMPTS):
        with translate_errors(doing), ignore_errors(*_CONFLICTING), path.open("rb") as body:
            with ignore_errors(*_EXISTING):
                aws.s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
                return True
            return False
        pause(_CONFLICT_SECONDS)  # another put of the same key is under way, and may fail
    raise DueError(f"{doing}: another process is writing it", "run the same command again")


def replace_object(aws: Aws, bucket: str, key: str, etag: str, body: IO[bytes]) -> bool:
    """Replace the content of an object, unless it has changed since it had ``etag``; return whether it was replaced."""
    with translate_errors(f"writing s3://{bucket}/{key}"), ignore_errors(*_CHANGED, *_MISSING):
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag)
        return True
    return False


def delete_object(aws: Aws, bucket: str, key: str) -> None:
    """Delete an object; do nothing where it does not exist."""
    with translate_errors(f"deleting s3://{bucket}/{key}"), ignore_errors(*_MISSING):
        aws.s3.delete_object(Bucket=bucket, Key=key)


def list_versions(aws: Aws, bucket: str) -> Iterator[ObjectVersion]:
    """Every version of every object, which is one each in a bucket that never was versioned."""
    with translate_errors(f"listing the versions in s3://{bucket} (s3:ListBucketVersions)"):
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                yield ObjectVersion(
                    one["Key"], one["VersionId"], one["IsLatest"], one["Size"], one["ETag"], one["LastModified"]
                )


def download(aws: Aws, bucket: str, version: ObjectVersion, path: Path) -> None:
    """Write the content of a version to a file, and that of the latest version where it is that."""
    old = {} if version.is_latest else {"VersionId": version.version_id}
    with translate_errors(f"reading s3://{bucket}/{version.key} (s3:GetObject, s3:GetObjectVersion)"):
        aws.s3.download_file(bucket, version.key, str(path), ExtraArgs=old)


def delete_version(aws: Aws, bucket: str, key: str, version_id: str) -> None:
    """Delete a version of an object for good."""
    with translate_errors(f"deleting a version of s3://{bucket}/{key} (s3:DeleteObjectVersion)"):
        aws.s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)


def hours_with_objects(aws: Aws, bucket: str, prefix: str) -> set[str]:
    """Every hour that has an object, in the form of a partition's value (``2026-11-22 03:00:00``)."""
    return set(survey(aws, bucket, prefix).hours)


def survey(aws: Aws, bucket: str, prefix: str, is_own: Callable[[str], bool] = lambda _: True) -> Survey:
    """What lies under a prefix; ``is_own`` tells by its key whether an object is one of a stack's own.

    A page of a listing that ends within an hour is followed by one that begins after that hour, so an hour costs at
    most one call, whether it has ten objects or a million. One page is listed of each folder that is no year or month.
    """
    keys: list[str] = []
    with (
        translate_errors(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"),
        interruptible_pool(_AT_ONCE) as pool,
    ):
        folders = [prefix]
        others: list[str] = []
        for _ in range(_HOUR_DEPTH - 2):  # years, and their months
            levels = list(pool.map(partial(_level, aws, bucket), folders))
            keys += [key for _, names in levels for key in names]
            below = [folder for names, _ in levels for folder in names]
            folders = [folder for folder in below if _is_number(folder)]
            others += [folder for folder in below if not _is_number(folder)]
        parts = [
            _sorted_out(keys, is_own),
            *pool.map(lambda month: _sorted_out(_some_keys_of_each_hour(aws, bucket, month), is_own), folders),
            *pool.map(lambda folder: _sorted_out(_first_keys(aws, bucket, folder), is_own), others),
        ]
    return Survey(
        hours=frozenset(hour for part in parts for hour in part.hours),
        foreign={hour: key for part in parts for hour, key in part.foreign.items()},
        outside=tuple(key for part in parts for key in part.outside),
    )


def _sorted_out(keys: Iterable[str], is_own: Callable[[str], bool]) -> Survey:
    hours: set[str] = set()
    foreign: dict[str, str] = {}
    outside: list[str] = []
    for key in keys:
        name = key.rpartition("/")[2]
        hour = hour_text(key)
        if hour is not None:
            hours.add(hour)
            if hour not in foreign and not name.startswith(_HIDDEN) and name and not is_own(key):
                foreign[hour] = key
        elif name and not name.startswith(_HIDDEN):
            outside.append(key)
    return Survey(hours=frozenset(hours), foreign=foreign, outside=tuple(outside))


def _first_keys(aws: Aws, bucket: str, prefix: str) -> list[str]:
    page = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in page.get("Contents", [])]


def newest_object(aws: Aws, bucket: str, prefix: str, is_meant: Callable[[str], bool], hours: int) -> datetime | None:
    """When the newest object that is meant was written, of the newest hour that has one; ``is_meant`` takes its key.

    None where none of the newest ``hours`` that have objects has one.
    """
    with translate_errors(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"):
        for folder in islice(_newest_hours(aws, bucket, prefix, _HOUR_DEPTH), hours):
            written = [entry.modified for entry in list_objects(aws, bucket, folder) if is_meant(entry.key)]
            if written:
                return max(written)
    return None


def oldest_hour(aws: Aws, bucket: str, prefix: str) -> str | None:
    """The oldest hour that has a folder, in the form of a partition's value; None where there is none, or no bucket."""
    return _hour(aws, bucket, prefix, min)


def newest_hour(aws: Aws, bucket: str, prefix: str) -> str | None:
    """The newest hour that has a folder, in the form of a partition's value; None where there is none, or no bucket."""
    return _hour(aws, bucket, prefix, max)


def _hour(aws: Aws, bucket: str, prefix: str, choose: Callable[[list[str]], str]) -> str | None:
    with translate_errors(f"listing s3://{bucket}/{prefix} (s3:ListBucket)"), ignore_errors("NoSuchBucket"):
        folder = _hour_folder(aws, bucket, prefix, choose)
        return None if folder is None else hour_text(f"{folder}any")
    return None


def _pages(aws: Aws, bucket: str, prefix: str, delimiter: str) -> Iterator[ListObjectsV2OutputTypeDef]:
    with translate_errors(f"listing s3://{bucket}/{prefix}"), ignore_errors("NoSuchBucket"):
        yield from aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)


def _summaries(page: ListObjectsV2OutputTypeDef) -> Iterator[ObjectSummary]:
    for entry in page.get("Contents", []):
        yield ObjectSummary(entry.get("Key", ""), entry.get("Size", 0), entry.get("ETag", ""), entry["LastModified"])


def _fetch(aws: Aws, bucket: str, summary: ObjectSummary) -> ObjectContent | None:
    content = open_object(aws, bucket, summary)
    if content is None:
        return None
    with content.stream as stream:
        return ObjectContent(summary, content.etag, io.BufferedReader(io.BytesIO(stream.read())))


@retry(
    retry=retry_if_exception_type(_CONNECTION_ERRORS),
    wait=wait_exponential(multiplier=0.5),
    stop=stop_after_attempt(4),
    sleep=pause,
    reraise=True,
)
def _read_part(aws: Aws, bucket: str, key: str, at: int) -> tuple[bytes, int]:
    """The part from a byte on, and the size of the whole object."""
    response = aws.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={at}-{at + PART_BYTES - 1}")
    return response["Body"].read(), int(response["ContentRange"].rpartition("/")[2])


def _hour_folder(aws: Aws, bucket: str, prefix: str, choose: Callable[[list[str]], str]) -> str | None:
    """The folder of the first or last hour: ``choose`` (min or max) picks the year, month, day and hour."""
    for _ in range(_HOUR_DEPTH):
        folders = _digit_folders(aws, bucket, prefix)
        if not folders:
            return None
        prefix = choose(folders)
    return prefix


def _newest_hours(aws: Aws, bucket: str, prefix: str, depth: int) -> Iterator[str]:
    """The folders of hours that have objects, the newest first; ``depth`` is how many levels they are below."""
    if depth == 0:
        yield prefix
        return
    for folder in sorted(_digit_folders(aws, bucket, prefix), reverse=True):
        yield from _newest_hours(aws, bucket, folder, depth - 1)


def _digit_folders(aws: Aws, bucket: str, prefix: str) -> list[str]:
    """The folders one level below a prefix whose names are digits."""
    return [folder for folder in _level(aws, bucket, prefix)[0] if _is_number(folder)]


def _level(aws: Aws, bucket: str, prefix: str) -> tuple[list[str], list[str]]:
    """The folders one level below a prefix, and the keys that are in none of them."""
    pages = list(aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"))
    folders = [folder.get("Prefix", "") for page in pages for folder in page.get("CommonPrefixes", [])]
    return folders, [entry.get("Key", "") for page in pages for entry in page.get("Contents", [])]


def _is_number(folder: str) -> bool:
    """Whether the name of a folder is digits."""
    return folder.rstrip("/").rpartition("/")[2].isdecimal()


def _some_keys_of_each_hour(aws: Aws, bucket: str, prefix: str) -> Iterator[str]:
    """Keys page by page; each page begins after the folder in which the one before it ended."""
    after = ""
    while True:
        page = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=after)
        keys = [entry["Key"] for entry in page.get("Contents", [])]
        yield from keys
        if not page.get("IsTruncated"):
            return
        # "0" is the character after "/", so every key of the folder comes before it
        after = f"{keys[-1].rpartition('/')[0]}0" if hour_text(keys[-1]) else keys[-1]


class _Body(io.RawIOBase):
    """The body of a response; errors while it is read are translated like those of a call."""

    def __init__(self, body: StreamingBody, doing: str) -> None:
        self._body, self._doing = body, doing

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        with translate_errors(self._doing):
            data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
