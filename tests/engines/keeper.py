"""Keeps a server running for exactly as long as the process that started this one.

``python keeper.py PROGRAM …`` with a pipe as standard input: the pipe closes when its other end is gone, however that
process ended (also by a signal that it cannot catch), and then the server is stopped. It runs in a session of its own,
so that Ctrl-C in a terminal reaches whoever started it and not the server.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

_GRACE = 10.0  # seconds to stop before it is killed
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def _die_with_parent() -> None:
    """On Linux the server goes too if this process is killed outright."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_GRACE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(words: list[str]) -> int:
    """Runs the server until standard input ends or it stops by itself; returns its exit code."""
    on_linux = sys.platform == "linux"
    server = subprocess.Popen(words, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent if on_linux else None)

    def watched() -> None:
        code = server.wait()
        os._exit(code if code >= 0 else 128 - code)  # the read below cannot be interrupted

    def asked_to_end(*_: object) -> None:
        _stop(server)
        os._exit(0)

    signal.signal(signal.SIGTERM, asked_to_end)
    threading.Thread(target=watched, daemon=True).start()
    sys.stdin.buffer.read()
    _stop(server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
