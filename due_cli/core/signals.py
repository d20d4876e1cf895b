"""Signals that end a command, answered where nothing is left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

END_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Ctrl-C and SIGTERM are answered at the end of the block; a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread answers signals
        return
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in END_SIGNALS}

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def defer(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        restore()

    for number in END_SIGNALS:
        signal.signal(number, defer)
    try:
        yield
    finally:
        restore()
        for answered in received:
            signal.raise_signal(answered)
