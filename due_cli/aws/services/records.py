"""Records put to a delivery stream: several calls side by side, what is refused again, in bounded memory.

An answer of 200 may refuse any of its records (Amazon Data Firehose API reference, PutRecordBatch), so each record is
put until the stream has it. A record whose answer is lost is put twice; its ``event_id`` makes that harmless.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from botocore import exceptions

from due_cli.aws.client import Aws
from due_cli.aws.errors import code_of, explained
from due_cli.aws.pipeline.stream_limits import Sendable, calls
from due_cli.aws.pool import interruptible_pool, pause
from due_cli.core.errors import DueError

if TYPE_CHECKING:
    from mypy_boto3_firehose import FirehoseClient

_AT_ONCE = 6  # calls, each of 4 MiB at most
_ATTEMPTS = 12  # of a call in a row that brought nothing in
_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 8.0
# What passes: more than the stream takes in a second, or trouble on its side.
_PASSING = frozenset(
    "ThrottlingException Throttling LimitExceededException TooManyRequestsException RequestLimitExceeded "
    "ServiceUnavailableException ServiceUnavailable InternalFailure InternalError InternalServerError "
    "RequestTimeout RequestTimeoutException".split()
)
_SERVER_ERROR = 500
_NO_ANSWER = (exceptions.ConnectionError, exceptions.HTTPClientError)  # neither is a kind of the other
_R = TypeVar("_R", bound=Sendable)


def put(aws: Aws, stream: str, records: Iterable[_R]) -> Generator[list[_R]]:
    """Puts records of at most 1,000 KiB and yields them in order, call by call, once the stream has acknowledged them.

    A record without data is not put: it is a mark that comes out when everything before it is in. Raises
    :class:`DueError` where the stream takes no more after many attempts, :class:`RefusedError` where it never will.
    """
    way = _Way(aws.firehose_once, stream)
    under_way: deque[tuple[Future[None], list[_R]]] = deque()
    with interruptible_pool(_AT_ONCE) as pool:
        for call in calls(records):
            under_way.append((pool.submit(way.put, call), call))
            while under_way and (len(under_way) > _AT_ONCE or under_way[0][0].done()):
                yield _acknowledged(*under_way.popleft())
        while under_way:
            yield _acknowledged(*under_way.popleft())


def _acknowledged(future: Future[None], call: list[_R]) -> list[_R]:
    future.result()
    return call


class _Way:
    """The way to one stream, for calls side by side."""

    def __init__(self, client: FirehoseClient, stream: str) -> None:
        self._client, self._stream = client, stream
        self._led_there = threading.Event()

    def put(self, call: list[_R]) -> None:
        """Puts the records of a call until none is refused; ends at its next pause once nobody waits for it."""
        waiting = [record for record in call if record.data]
        fruitless, seconds = 0, _FIRST_SECONDS
        while waiting:
            refused, code = self._refused(waiting)
            if len(refused) < len(waiting):
                fruitless, seconds = 0, _FIRST_SECONDS
            waiting = refused
            if not waiting:
                return
            fruitless += 1
            if fruitless == _ATTEMPTS:
                raise DueError(
                    f"the stream {self._stream} takes no more records ({code}), after {_ATTEMPTS} attempts",
                    "run the same command again; due doctor looks at the stream",
                )
            pause(seconds * random.uniform(0.5, 1))  # noqa: S311  not for secrets: calls side by side should not meet
            seconds = min(2 * seconds, _LONGEST_SECONDS)

    def _refused(self, records: list[_R]) -> tuple[list[_R], str]:
        """One call: the records that it did not bring in, and why."""
        try:
            with explained(f"putting records to the stream {self._stream}"):
                answer = self._client.put_record_batch(
                    DeliveryStreamName=self._stream, Records=[{"Data": record.data} for record in records]
                )
        except DueError as error:
            if not self._passes(error.__cause__):
                raise
            return records, error.message
        self._led_there.set()
        answers = answer["RequestResponses"]
        refused = [record for record, one in zip(records, answers, strict=True) if one.get("ErrorCode")]
        return refused, ", ".join(sorted({one["ErrorCode"] for one in answers if one.get("ErrorCode")}))

    def _passes(self, error: BaseException | None) -> bool:
        if isinstance(error, exceptions.ClientError):
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return code_of(error) in _PASSING or status >= _SERVER_ERROR
        if isinstance(error, exceptions.EndpointConnectionError):  # a service that is not in this region looks like it
            return self._led_there.is_set()
        return isinstance(error, _NO_ANSWER)
