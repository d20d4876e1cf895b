"""Memory that a process has freed and still holds, where the C library is glibc; elsewhere nothing is done."""

from __future__ import annotations

import ctypes
import sys

_ARENA_MAX, _ARENAS = -8, 2  # M_ARENA_MAX (mallopt(3))


def share_arenas() -> None:
    """Have threads that start from now on share few heaps: each would keep for itself what it has freed."""
    if sys.platform == "linux" and (option := getattr(ctypes.CDLL(None), "mallopt", None)):
        option(_ARENA_MAX, _ARENAS)


def release_free_memory() -> None:
    """Give what was freed back to the system.

    The library gives back by itself only what is free at the end of a heap. Lines that were buffered by the ten
    thousand lie between what stays, so that after a few buffers most of the process would be free memory that nobody
    else can have.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
