"""Blocks normalised side by side, in order, by as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from due_cli.ingest.batch import Batch, Block, normalised
from due_cli.ingest.inputs import Broken, Endless, Piece

_ALONE_BLOCKS = 6  # so few blocks are done sooner than processes start
_MOST_PROCESSES = 4
_LARGE_BYTES = 8 * 1024 * 1024  # a block of one huge piece is not copied to another process

Normalised = tuple[Block, Batch] | Endless | Broken


def batches(pieces: Iterable[Piece]) -> Iterator[Normalised]:
    """Each piece in order, blocks with what they became; at most a few blocks are under way at once."""
    iterator = iter(pieces)
    yield from _alone(iterator, _ALONE_BLOCKS)
    following = next(iterator, None)
    if following is None:
        return
    processes = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as pool:
        waiting: deque[tuple[Piece, Future[Batch] | None]] = deque()
        for piece in _chained(following, iterator):
            small = isinstance(piece, Block) and len(piece.data) <= _LARGE_BYTES
            waiting.append((piece, pool.submit(normalised, piece) if small else None))  # type: ignore[arg-type]
            if len(waiting) > 2 * processes:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())


def _alone(iterator: Iterator[Piece], most: int) -> Iterator[Normalised]:
    for _ in range(most):
        piece = next(iterator, None)
        if piece is None:
            return
        yield _result(piece, None)


def _chained(first: Piece, others: Iterator[Piece]) -> Iterator[Piece]:
    yield first
    yield from others


def _result(piece: Piece, future: Future[Batch] | None) -> Normalised:
    if not isinstance(piece, Block):
        return piece
    return piece, future.result() if future else normalised(piece)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
