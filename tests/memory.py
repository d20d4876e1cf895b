"""How much memory a command and the processes that it starts need at most."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.02  # seconds between samples


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakMemory:
    """Resident memory of a command's processes in bytes.

    ``together`` is the most that was seen at one time; on a busy machine a sample may come late. ``peaks`` is the sum
    of what the kernel keeps as the peak of each process, which misses nothing and is more than they need at one time.
    """

    together: int
    peaks: int


def peak_memory(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[PeakMemory, str]:
    """Run a command; returns the most memory of its processes, and its standard output."""
    together, peaks = 0, dict[int, int]()
    ended = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:

        def sample() -> None:
            nonlocal together
            while not ended.wait(_INTERVAL):
                sizes = {process: _sizes(process) for process in _started(child.pid)}
                together = max(together, sum(now for now, _ in sizes.values()))
                peaks.update({process: peak for process, (_, peak) in sizes.items() if peak})

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        output, errors = child.communicate()
        ended.set()
        sampler.join()
    assert child.returncode == 0, errors
    return PeakMemory(together=together, peaks=sum(peaks.values())), output


def _started(root: int) -> list[int]:
    """A process and all below it, but for those between fork and exec: their memory is still their parent's."""
    processes, before_exec = [root], set()
    for process in processes:
        for child in _children(process):
            processes.append(child)
            if _read(child, "cmdline") == _read(process, "cmdline"):
                before_exec.add(child)
    return [process for process in processes if process not in before_exec]


def _children(process: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
    except OSError:  # it has ended
        return []
    return [int(child) for thread in threads for child in _read(process, f"task/{thread.name}/children").split()]


def _sizes(process: int) -> tuple[int, int]:
    """The resident memory of a process now, and at most so far; 0 where it has ended."""
    status = dict(line.split(":", 1) for line in _read(process, "status").splitlines() if ":" in line)
    now, peak = (int(status.get(name, "0").split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text(errors="replace")
    except OSError:  # it has ended
        return ""
