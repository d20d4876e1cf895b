"""Blocks normalised side by side, in order, by as many processes as there are cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from due_cli.core.errors import DueError
from due_cli.ingest.batch import Batch, Block
from due_cli.ingest.inputs import Chunk, InputError, OversizedRecord

_ALONE_BYTES = 6 * 1024 * 1024  # so little is done sooner than processes start
_MOST_PROCESSES = 4
_GARBAGE = 100_000  # objects; records hold no cycles, and looking for them cost a tenth of the time
_ENDING = (signal.SIGINT, signal.SIGTERM)
_LARGE_BYTES = 8 * 1024 * 1024  # a block of one huge piece is not copied to another process

_Result = TypeVar("_Result")
Worked = tuple[Block, _Result] | OversizedRecord | InputError
Normalised = Worked[Batch]


def batches(pieces: Iterable[Chunk], work: Callable[[Block], _Result]) -> Generator[Worked[_Result]]:
    """Each piece in order, blocks with what ``work`` made of them; at most a few blocks are under way at once.

    ``work`` goes to other processes by its name. Raises :class:`DueError` where a process ends before its work is done.
    """
    iterator = iter(pieces)
    yield from _alone(iterator, work)
    following = next(iterator, None)
    if following is None:
        return
    processes = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    with _pool(processes) as pool:
        waiting: deque[tuple[Chunk, Future[_Result] | None]] = deque()
        for piece in _chained(following, iterator):
            waiting.append((piece, _submitted(pool, piece, work)))
            if len(waiting) > 2 * processes:
                yield _result(*waiting.popleft(), work)
        while waiting:
            yield _result(*waiting.popleft(), work)


def _alone(iterator: Iterator[Chunk], work: Callable[[Block], _Result]) -> Iterator[Worked[_Result]]:
    done = 0
    while done < _ALONE_BYTES:
        piece = next(iterator, None)
        if piece is None:
            return
        done += 0 if isinstance(piece, InputError) else len(piece.data)
        yield _result(piece, None, work)


def _chained(first: Chunk, others: Iterator[Chunk]) -> Iterator[Chunk]:
    yield first
    yield from others


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """The processes; when this is left early, work that has not begun is dropped."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    try:
        yield pool
    except BrokenProcessPool:
        raise DueError(
            "a process that read records was ended by the system (short of memory?)", "run the same command again"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, piece: Chunk, work: Callable[[Block], _Result]) -> Future[_Result] | None:
    if not isinstance(piece, Block) or len(piece.data) > _LARGE_BYTES:
        return None
    with _undisturbed():  # the first call starts the processes
        return pool.submit(work, piece)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals that end due do so after the block: a process that is left in the midst of its start says a traceback.

    The mask alone would not do, since any other thread may be given a signal. The processes inherit it: Ctrl-C, which
    reaches all of a terminal's processes, is this one's to answer.
    """
    held: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: held.append(number)) for number in _ENDING}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for late in held:
            signal.raise_signal(late)


def _result(piece: Chunk, future: Future[_Result] | None, work: Callable[[Block], _Result]) -> Worked[_Result]:
    if not isinstance(piece, Block):
        return piece
    return piece, future.result() if future else work(piece)


def _begin() -> None:
    """The first thing that a process does."""
    os.setpgrp()  # one that a signal to all ends while it hands its result over leaves the pool waiting for the rest
    gc.set_threshold(_GARBAGE)
    _end_with_parent()


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
