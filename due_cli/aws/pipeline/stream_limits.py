"""Records put to a stream within its limits.

Bounds: Amazon Data Firehose API reference, PutRecordBatch: 500 records and 4 MiB a call, 1,000 KiB a record, and an
answer of 200 in which any record may have failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from due_cli.aws.pipeline.environment import Deadline

_MAX_RECORD = 1000 * 1024
_RECORDS_A_CALL = 500
_BYTES_A_CALL = 4 * 1024 * 1024
_ATTEMPTS = 8


class PackedRows(NamedTuple):
    """Rows in one record of the stream; ``owners`` are the numbers of the records that the rows are of."""

    data: bytes
    owners: frozenset[int]


def pack_rows(lines: Iterable[tuple[int, bytes]]) -> tuple[list[PackedRows], set[int]]:
    """Numbered lines in as few records as they need, and the owners of lines that are too large for one."""
    packed: list[PackedRows] = []
    too_large: set[int] = set()
    data: list[bytes] = []
    owners: set[int] = set()
    size = 0
    for owner, line in lines:
        if len(line) > _MAX_RECORD:
            too_large.add(owner)
            continue
        if size + len(line) > _MAX_RECORD:
            packed.append(PackedRows(b"".join(data), frozenset(owners)))
            data, owners, size = [], set(), 0
        data.append(line)
        owners.add(owner)
        size += len(line)
    if data:
        packed.append(PackedRows(b"".join(data), frozenset(owners)))
    return packed, too_large


def put(
    client: Any, stream: str, packed: list[PackedRows], deadline: Deadline
) -> tuple[list[PackedRows], Counter[str]]:
    """Put records to the stream with bounded retries; return those that it refused, and error codes by count."""
    codes: Counter[str] = Counter()
    for attempt in range(_ATTEMPTS):
        packed = [record for call in _calls(packed) for record in _refused(client, stream, call, codes)]
        if not packed or not deadline.pause(attempt + 1):
            break
    return packed, codes


def _refused(client: Any, stream: str, call: list[PackedRows], codes: Counter[str]) -> list[PackedRows]:
    try:
        answer = client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": record.data} for record in call])
    except ClientError as error:
        codes[str(error.response["Error"]["Code"])] += 1
        return call
    except BotoCoreError as error:
        codes[type(error).__name__] += 1
        return call
    errors = [response.get("ErrorCode") for response in answer["RequestResponses"]]
    codes.update(filter(None, errors))
    return [record for record, error in zip(call, errors, strict=True) if error]


def _calls(records: Iterable[PackedRows]) -> Iterator[list[PackedRows]]:
    """Records in as few calls as they need, in order."""
    call: list[PackedRows] = []
    size = 0
    for record in records:
        if call and (len(call) == _RECORDS_A_CALL or size + len(record.data) > _BYTES_A_CALL):
            yield call
            call, size = [], 0
        call.append(record)
        size += len(record.data)
    if call:
        yield call
