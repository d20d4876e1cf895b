"""How much memory a command and the processes that it starts need at most."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_INTERVAL = 0.02  # seconds between samples


def peak_memory(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a command; returns the most resident memory of its processes together in bytes, and its standard output."""
    peak = 0
    ended = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:

        def sample() -> None:
            nonlocal peak
            while not ended.wait(_INTERVAL):
                peak = max(peak, sum(map(_resident, _started(child.pid))))

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        output, errors = child.communicate()
        ended.set()
        sampler.join()
    assert child.returncode == 0, errors
    return peak, output


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


def _resident(process: int) -> int:
    """The resident memory of a process; 0 where it has ended."""
    sizes = [int(line.split()[1]) for line in _read(process, "status").splitlines() if line.startswith("VmRSS:")]
    return sizes[0] * 1024 if sizes else 0


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text(errors="replace")
    except OSError:  # it has ended
        return ""
