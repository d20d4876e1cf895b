"""Rows of the table, and how their figures are measured."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1_000_000
_SAMPLES_A_SECOND = 20
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``met`` is None where there is no limit."""

    what: str
    size: str
    ours: str
    reference: str
    ratio: str
    limit: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """A table of figures behind a line of the main one."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Results:
    """The rows and details of a section."""

    rows: Sequence[Row]
    details: Sequence[Detail] = field(default=())


def at_most(ratio: float, limit: float, spelled: str | None = None) -> tuple[str, str, bool]:
    """The last three cells of a row whose ratio must not be greater than a limit."""
    return f"{ratio:.2f}", spelled or f"≤ {limit:.2f}", ratio <= limit


def at_least(ratio: float, limit: float, spelled: str | None = None) -> tuple[str, str, bool]:
    """The last three cells of a row whose ratio must not be less than a limit."""
    return f"{ratio:.3f}", spelled or f"≥ {limit:.2f}", ratio >= limit


def seconds_of(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(works: Sequence[Callable[[], object]], times: int) -> list[float]:
    """The median time of each of several works, taken in turns so that a busy machine is busy for all of them."""
    times_of: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for place, work in enumerate(works):
            times_of[place].append(seconds_of(work))
    return [statistics.median(one) for one in times_of]


def due_command() -> list[str]:
    """The installed ``due`` of this interpreter's environment."""
    script = Path(sys.executable).with_name("due")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "due_cli"]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs a process to its end and returns its standard output; raises RuntimeError where it fails."""
    completed = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if completed.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {completed.returncode}: {completed.stderr.strip()}")
    return completed.stdout


@dataclass(slots=True)
class Peak:
    """The greatest sum of the resident memory of a process and all below it, in bytes."""

    bytes: int = 0


@contextmanager
def sampled(process: int, peak: Peak) -> Iterator[None]:
    """Samples ``/proc`` while this lasts; shared pages count once for each process, so the sum is an upper bound."""
    finished = threading.Event()

    def sample() -> None:
        while not finished.wait(1 / _SAMPLES_A_SECOND):
            peak.bytes = max(peak.bytes, sum(_resident(each) for each in _tree(process)))

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


def run_sampled(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[float, Peak, str]:
    """Runs a process to its end: seconds, peak memory of its tree, standard output."""
    peak = Peak()
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:
        with sampled(child.pid, peak):
            output, errors = child.communicate()
        seconds = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {errors.strip()}")
    return seconds, peak, output


def _tree(process: int) -> list[int]:
    processes = [process]
    for each in processes:
        try:
            threads = list(Path(f"/proc/{each}/task").iterdir())
            processes += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return processes


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
