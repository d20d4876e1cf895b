"""Work side by side that ends together: once it is interrupted, nothing more is begun and nothing waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

from due_cli.core.errors import DueError

_ENDING: ContextVar[threading.Event | None] = ContextVar("ending", default=None)


class EndedError(DueError):
    """The work that a pause was part of was interrupted or has failed."""


@contextmanager
def interruptible_pool(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of ``at_once`` threads. Whatever leaves the block by an error ends what they do at its next pause.

    Python tells the main thread alone of Ctrl-C: a thread that waits for AWS would go on for minutes, and then do what
    nobody wants any more.
    """
    ending = threading.Event()
    with ThreadPoolExecutor(at_once, initializer=_ENDING.set, initargs=(ending,)) as pool:
        try:
            yield pool
        except BaseException:
            ending.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def pause(seconds: float) -> None:
    """Waits; raises :class:`EndedError` as soon as the work that it is part of has ended."""
    ending = _ENDING.get()
    if (ending or threading.Event()).wait(seconds):
        raise EndedError("interrupted", "run the same command again")
