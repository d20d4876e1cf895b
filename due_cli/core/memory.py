"""Memory that a process has freed and still holds."""

from __future__ import annotations

import ctypes
import sys


def release_free_memory() -> None:
    """Give what was freed back to the system, where the C library is one that keeps it otherwise (glibc).

    It gives back by itself only what is free at the end of its heap. Lines that were buffered by the ten thousand lie
    between what stays, so that after a few buffers most of the process would be free memory that nobody else can have.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
