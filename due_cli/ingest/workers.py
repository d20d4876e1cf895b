"""Work on blocks side by side in processes, as many as there are cores; results come in order."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain
from types import ModuleType
from typing import TypeVar

from due_cli.core.errors import DueError
from due_cli.core.signals import signals_deferred
from due_cli.events.not_records import UnreadableFile
from due_cli.ingest.batch import Batch, Block
from due_cli.ingest.inputs import Chunk, InputError, OversizedRecord

_IN_PROCESS_BYTES = 6 * 1024 * 1024  # so little is done sooner than processes start
_MOST_PROCESSES = 4
GC_THRESHOLD = 100_000  # objects; records hold no cycles, and looking for them cost a tenth of the time
_LARGE_BYTES = 8 * 1024 * 1024  # a block of one huge record is not copied to another process

_Result = TypeVar("_Result")
ChunkResult = tuple[Block, _Result] | OversizedRecord | InputError | UnreadableFile
BatchResult = ChunkResult[Batch]


def process(chunks: Iterable[Chunk], work: Callable[[Block], _Result]) -> Generator[ChunkResult[_Result]]:
    """Each chunk in order, blocks with the result of ``work``; at most a few blocks are under way at once.

    ``work`` goes to other processes by its name. Raises :class:`DueError` where a process ends before its work is done.
    """
    iterator = iter(chunks)
    done = 0
    while done < _IN_PROCESS_BYTES:
        chunk = next(iterator, None)
        if chunk is None:
            return
        done += 0 if isinstance(chunk, InputError) else len(chunk.data)
        yield _result(chunk, None, work)
    following = next(iterator, None)
    if following is None:
        return
    processes = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    with _pool(processes) as pool:
        waiting: deque[tuple[Chunk, Future[_Result] | None]] = deque()
        for chunk in chain([following], iterator):
            waiting.append((chunk, _submit(pool, chunk, work)))
            if len(waiting) > 2 * processes:
                yield _result(*waiting.popleft(), work)
        while waiting:
            yield _result(*waiting.popleft(), work)


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """The processes; leaving it early drops work that has not begun."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_initialize)
    try:
        yield pool
    except BrokenProcessPool:
        raise DueError(
            "a process that read records was ended by the system (short of memory?)", "run the same command again"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, chunk: Chunk, work: Callable[[Block], _Result]) -> Future[_Result] | None:
    if not isinstance(chunk, Block) or len(chunk.data) > _LARGE_BYTES:
        return None
    with _starting_processes(), _without_main():  # the first call starts the processes
        return pool.submit(work, chunk)


@contextmanager
def _starting_processes() -> Iterator[None]:
    """Signals that end due do so after the block: a process that is ended while it starts prints a traceback.

    The mask alone would not do, since any other thread may be given a signal. The processes inherit it: Ctrl-C, which
    reaches all of a terminal's processes, is this one's to answer. Other threads than the main one get no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with signals_deferred():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes start without the program that started due: its script would run again in each of them."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _result(chunk: Chunk, future: Future[_Result] | None, work: Callable[[Block], _Result]) -> ChunkResult[_Result]:
    if not isinstance(chunk, Block):
        return chunk
    return chunk, future.result() if future else work(chunk)


def _initialize() -> None:
    """Prepare a worker process."""
    os.setpgrp()  # one that a signal to all ends while it hands its result over leaves the pool waiting for the rest
    gc.set_threshold(GC_THRESHOLD)
    _end_with_parent()


def _end_with_parent() -> None:
    """End this process with its parent: it would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
