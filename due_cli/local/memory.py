"""Memory that a process has freed and still holds."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa

_ARENA_MAX, _ARENAS = -8, 2  # M_ARENA_MAX (mallopt(3))


def share_heaps() -> None:
    """Have threads that start from now on share few heaps, and Arrow too: each would keep for itself what it freed."""
    pa.set_memory_pool(pa.system_memory_pool())
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
