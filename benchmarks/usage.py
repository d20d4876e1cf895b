"""What a stack does for the guide's traffic, counted with the functions' own code.

The guide ("Cost") has a million messages a day and does not say what events they have. Here they are those of
``benchmarks.records``, as steady traffic: the size of an event, what it is billed as, and what the status table reads
and writes for it when the transform is called with a megabyte at a time.
"""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import records as synthetic
from due_cli.aws import prices
from due_cli.aws.pipeline.records import StreamRecord, read_stream_record
from due_cli.aws.pipeline.status_item import attributes
from due_cli.aws.pipeline.status_store import _KEYS_A_READ, _STATEMENTS_A_WRITE
from due_cli.aws.resources.stream import TRANSFORM_BUFFER_MB
from due_cli.aws.stack.options import Options
from due_cli.events.status import Status, merge, merge_by_message
from due_cli.events.status_codec import encode
from due_cli.sql import files
from due_cli.sql.files import TABLE
from tests.aws_emulator.hive import arrow_type
from tests.aws_emulator.hive import read as converted

MESSAGES_PER_DAY = 1_000_000
MEBIBYTE = 2**20
_MESSAGES = 1_500
_DAY_MS = 86_400_000
_START_MS = 1_793_000_000_000
_DAYS = Options().status_days


@dataclass(frozen=True, slots=True)
class Usage:
    """``events`` of a message, ``item`` the bytes of its status at last; all else is for one event on average.

    ``steps`` are what Firehose bills it as, ``stored`` its bytes of Parquet, ``reads`` and ``writes`` DynamoDB's units.
    """

    events: float
    item: float
    bytes: float
    steps: float
    stored: float
    reads: float
    writes: float
    calls: float


def measure_usage() -> Usage:
    """The traffic of some minutes."""
    payloads = list(_traffic(random.Random(11)))
    batches = [[_reading(payload) for payload in batch] for batch in _batches(payloads)]
    table = _Table()
    for readings in batches:
        table.add(status for reading in readings for status in reading.statuses)
    step = int(prices.of("firehose", "step_bytes"))
    lines = [line for readings in batches for reading in readings for line in reading.lines]
    events = len(payloads)
    return Usage(
        events / _MESSAGES,
        sum(map(_size, table.items.values())) / len(table.items),
        sum(map(len, payloads)) / events,
        sum(_units(len(payload), step) for payload in payloads) / events,
        _parquet_bytes(lines) / events,
        table.reads / events,
        table.writes / events,
        table.calls / events,
    )


def _traffic(rng: random.Random) -> Iterator[bytes]:
    """Records in the order of their time; what would come after the span comes from messages sent before it."""
    span = _DAY_MS * _MESSAGES // MESSAGES_PER_DAY
    timed = []
    for number in range(_MESSAGES):
        sent = _START_MS + span * number // _MESSAGES
        timed += [((at - _START_MS) % span, record) for at, record in synthetic.ses_message(rng, sent)]
    for _, record in sorted(timed, key=lambda each: each[0]):
        yield json.dumps(record).encode() + b"\n"


def _batches(payloads: Sequence[bytes]) -> Iterator[list[bytes]]:
    """As Firehose calls the transform."""
    most = TRANSFORM_BUFFER_MB * MEBIBYTE
    batch, size = list[bytes](), 0
    for payload in payloads:
        if size + len(payload) > most:
            yield batch
            batch, size = [], 0
        batch.append(payload)
        size += len(payload)
    yield batch


def _reading(payload: bytes) -> StreamRecord:
    return read_stream_record({"data": base64.b64encode(payload), "approximateArrivalTimestamp": _START_MS})


class _Table:
    """The status table, with the units and the calls that it took."""

    def __init__(self) -> None:
        self.items: dict[str, Status] = {}
        self.reads = self.writes = self.calls = 0

    def add(self, statuses: Iterable[Status]) -> None:
        """What :class:`due_cli.aws.pipeline.status_store.StatusStore` does with a batch."""
        changed = 0
        new = merge_by_message(statuses)
        for message, status in new.items():
            before = self.items.get(message)
            after = merge(before, status) if before else status
            self.reads += _units(_size(before) if before else 0, int(prices.of("dynamodb", "read_unit_bytes")))
            if before is None or encode(before) != encode(after):
                largest = max(_size(after), _size(before) if before else 0)
                self.writes += _units(largest, int(prices.of("dynamodb", "write_unit_bytes")))
                changed += 1
            self.items[message] = after
        self.calls += -(-len(new) // _KEYS_A_READ) + -(-changed // _STATEMENTS_A_WRITE)


def _size(status: Status) -> int:
    """Of its item: names and values."""
    pairs = attributes(status, _DAYS).items()
    return sum(len(name.encode()) + sum(len(str(text).encode()) for text in value.values()) for name, value in pairs)


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


def _parquet_bytes(lines: Sequence[bytes]) -> int:
    """Of rows in one object, as Firehose stores them."""
    columns = files.hive_columns(files.query("tables", TABLE).sql)
    kind = pa.struct([pa.field(name, arrow_type(text)) for name, text in columns])
    rows = [converted(json.loads(line), kind) for line in lines]
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(kind)), target, compression="snappy")
    return target.tell()
