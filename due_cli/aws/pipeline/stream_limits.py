"""Rows put back to the stream: what a transform's answer has no room for.

Bounds: Amazon Data Firehose API reference, PutRecordBatch: 500 records and 4 MiB a call, 1,000 KiB a record, and an
answer of 200 in which any record may have failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from due_cli.aws.pipeline.environment import Deadline

MAX_RECORD = 1000 * 1024
_RECORDS_A_CALL = 500
_BYTES_A_CALL = 4 * 1024 * 1024
_ATTEMPTS = 8


class Sendable(Protocol):
    """What can be a record of a stream."""

    @property
    def data(self) -> bytes:
        """The record's bytes."""


_S = TypeVar("_S", bound=Sendable)


class Parcel(NamedTuple):
    """Rows that are one record of the stream, and the records (by their number) that the rows are of."""

    data: bytes
    owners: frozenset[int]


def parcels(lines: Iterable[tuple[int, bytes]]) -> tuple[list[Parcel], set[int]]:
    """Numbered lines packed into as few records as they need, and the owners of lines that fit into none."""
    packed: list[Parcel] = []
    too_large: set[int] = set()
    data: list[bytes] = []
    owners: set[int] = set()
    size = 0
    for owner, line in lines:
        if len(line) > MAX_RECORD:
            too_large.add(owner)
            continue
        if size + len(line) > MAX_RECORD:
            packed.append(Parcel(b"".join(data), frozenset(owners)))
            data, owners, size = [], set(), 0
        data.append(line)
        owners.add(owner)
        size += len(line)
    if data:
        packed.append(Parcel(b"".join(data), frozenset(owners)))
    return packed, too_large


def put(client: Any, stream: str, packed: list[Parcel], deadline: Deadline) -> tuple[list[Parcel], Counter[str]]:
    """Puts parcels to the stream, those that fail again, bounded; those it never took, and why attempts failed."""
    codes: Counter[str] = Counter()
    for attempt in range(_ATTEMPTS):
        packed = [parcel for call in calls(packed) for parcel in _refused(client, stream, call, codes)]
        if not packed or not deadline.pause(attempt + 1):
            break
    return packed, codes


def _refused(client: Any, stream: str, call: list[Parcel], codes: Counter[str]) -> list[Parcel]:
    try:
        answer = client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": parcel.data} for parcel in call])
    except ClientError as error:
        codes[str(error.response["Error"]["Code"])] += 1
        return call
    except BotoCoreError as error:
        codes[type(error).__name__] += 1
        return call
    answers = answer["RequestResponses"]
    codes.update(one["ErrorCode"] for one in answers if one.get("ErrorCode"))
    return [parcel for parcel, one in zip(call, answers, strict=True) if one.get("ErrorCode")]


def calls(packed: Iterable[_S]) -> Iterator[list[_S]]:
    """Records in as few calls as they need, in order."""
    call: list[_S] = []
    size = 0
    for parcel in packed:
        if call and (len(call) == _RECORDS_A_CALL or size + len(parcel.data) > _BYTES_A_CALL):
            yield call
            call, size = [], 0
        call.append(parcel)
        size += len(parcel.data)
    if call:
        yield call
