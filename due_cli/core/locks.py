"""The locks of a local folder: one writer at a time, and no file removed that a reader may have listed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """The lock for oneself alone: waits for another holder, after calling ``waiting`` to say so."""
    descriptor = _locked(path, waiting)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """The lock beside others who share it; nothing where the folder may only be read and has no lock."""
    descriptor = _opened(path)
    try:
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody shares the lock now; while this lasts, nobody does."""
    descriptor = _opened(path)
    try:
        yield descriptor is not None and _taken_at_once(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(path: Path, waiting: Callable[[], None] | None) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _taken_at_once(descriptor):
                if waiting:
                    waiting()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the holder took the folder down: its lock is no lock any more


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _opened(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            return os.open(path, flags, 0o644)
        except OSError:
            continue
    return None


def _taken_at_once(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
