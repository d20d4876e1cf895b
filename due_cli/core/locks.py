"""Locks on files, between processes: exclusive, shared, or exclusive only if that is possible at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive_lock(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock alone; wait for another holder, after calling ``on_wait``."""
    descriptor = _lock_exclusively(path, on_wait)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Hold the lock together with others; do nothing if the file does not exist and cannot be created."""
    descriptor = _open(path)
    try:
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def try_exclusive_lock(path: Path) -> Iterator[bool]:
    """Hold the lock alone if nobody else holds it now; yield whether it does."""
    descriptor = _open(path)
    try:
        yield descriptor is not None and _lock_now(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock_exclusively(path: Path, on_wait: Callable[[], None] | None) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _lock_now(descriptor):
                if on_wait:
                    on_wait()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_open_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the holder removed the file: its lock protects nothing any more


def _is_open_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            return os.open(path, flags, 0o644)
        except OSError:
            continue
    return None


def _lock_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
