"""Amazon Data Firehose: a stream's state, and records put to it, concurrently and in bounded memory.

A response of 200 may refuse any of its records (Amazon Data Firehose API reference, PutRecordBatch), so each record is
put until the stream accepts it. A record whose response is lost is put twice; its ``event_id`` makes that harmless.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from botocore import exceptions

from due_cli.aws.client import Aws
from due_cli.aws.errors import DENIED_CODES, error_code, ignore_errors, translate_errors
from due_cli.aws.pipeline.stream_limits import Sendable, calls
from due_cli.aws.pool import interruptible_pool, pause
from due_cli.core.errors import DueError

if TYPE_CHECKING:
    from mypy_boto3_firehose import FirehoseClient

_AT_ONCE = 6  # calls, each of at most 4 MiB
_ATTEMPTS = 12  # calls in a row of which no record was accepted
_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 8.0
# More than the stream accepts in a second, or a fault on its side.
_TRANSIENT = frozenset(
    "ThrottlingException Throttling LimitExceededException TooManyRequestsException RequestLimitExceeded "
    "ServiceUnavailableException ServiceUnavailable InternalFailure InternalError InternalServerError "
    "RequestTimeout RequestTimeoutException".split()
)
_SERVER_ERROR = 500
_NO_RESPONSE = (exceptions.ConnectionError, exceptions.HTTPClientError)  # neither is a kind of the other
_R = TypeVar("_R", bound=Sendable)


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


def put_records(aws: Aws, stream: str, records: Iterable[_R]) -> Generator[list[_R]]:
    """Put records of at most 1,000 KiB and yield them in order, call by call, once the stream has accepted them.

    A record without data is not put: it is a mark that comes out once everything before it is accepted. Raises
    :class:`DueError` where the stream accepts nothing in many attempts, :class:`RefusedError` where it never will.
    """
    sender = _Sender(aws.firehose_without_retries, stream)
    pending: deque[tuple[Future[None], list[_R]]] = deque()
    with interruptible_pool(_AT_ONCE) as pool:
        for call in calls(records):
            pending.append((pool.submit(sender.put, call), call))
            while pending and (len(pending) > _AT_ONCE or pending[0][0].done()):
                yield _accepted(*pending.popleft())
        while pending:
            yield _accepted(*pending.popleft())


def _accepted(future: Future[None], call: list[_R]) -> list[_R]:
    future.result()
    return call


class _Sender:
    """The calls that put records to one stream, from several threads."""

    def __init__(self, client: FirehoseClient, stream: str) -> None:
        self._client, self._stream = client, stream
        self._has_responded = threading.Event()

    def put(self, call: list[_R]) -> None:
        """Put the records of a call until all are accepted; stop at its next pause where the caller has ended."""
        waiting = [record for record in call if record.data]
        failures, seconds = 0, _FIRST_SECONDS
        while waiting:
            refused, reason = self._put_once(waiting)
            if len(refused) < len(waiting):
                failures, seconds = 0, _FIRST_SECONDS
            waiting = refused
            if not waiting:
                return
            failures += 1
            if failures == _ATTEMPTS:
                raise DueError(
                    f"the stream {self._stream} takes no more records ({reason}), after {_ATTEMPTS} attempts",
                    "run the same command again; due doctor looks at the stream",
                )
            pause(seconds * random.uniform(0.5, 1))  # noqa: S311  jitter, so that concurrent calls do not collide
            seconds = min(2 * seconds, _LONGEST_SECONDS)

    def _put_once(self, records: list[_R]) -> tuple[list[_R], str]:
        """One call: the records that were not accepted, and why."""
        try:
            with translate_errors(f"putting records to the stream {self._stream}"):
                response = self._client.put_record_batch(
                    DeliveryStreamName=self._stream, Records=[{"Data": record.data} for record in records]
                )
        except DueError as error:
            if not self._is_transient(error.__cause__):
                raise
            return records, error.message
        self._has_responded.set()
        entries = response["RequestResponses"]
        refused = [record for record, entry in zip(records, entries, strict=True) if entry.get("ErrorCode")]
        return refused, ", ".join(sorted({entry["ErrorCode"] for entry in entries if entry.get("ErrorCode")}))

    def _is_transient(self, error: BaseException | None) -> bool:
        if isinstance(error, exceptions.ClientError):
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return error_code(error) in _TRANSIENT or status >= _SERVER_ERROR
        if isinstance(error, exceptions.EndpointConnectionError):  # the same error as in a region without Firehose
            return self._has_responded.is_set()
        return isinstance(error, _NO_RESPONSE)
