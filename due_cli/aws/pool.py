"""Concurrent work that ends with its caller: once interrupted, it starts nothing more and waits for nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

from due_cli.core.errors import DueError

_HAS_ENDED: ContextVar[threading.Event | None] = ContextVar("has_ended", default=None)


class EndedError(DueError):
    """The work that a pause belongs to was interrupted or has failed."""


@contextmanager
def interruptible_pool(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of ``at_once`` threads. An error that leaves the block ends their work at its next :func:`pause`.

    Python raises Ctrl-C in the main thread alone: a thread that waits for AWS would go on for minutes, and then make
    a change that nobody wants any more.
    """
    has_ended = threading.Event()
    with ThreadPoolExecutor(at_once, initializer=_HAS_ENDED.set, initargs=(has_ended,)) as pool:
        try:
            yield pool
        except BaseException:
            has_ended.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def pause(seconds: float) -> None:
    """Sleeps; raises :class:`EndedError` as soon as the work that it belongs to has ended."""
    has_ended = _HAS_ENDED.get()
    if (has_ended or threading.Event()).wait(seconds):
        raise EndedError("interrupted", "run the same command again")
