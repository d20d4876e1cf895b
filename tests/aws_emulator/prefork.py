"""Processes that begin with boto3 imported: forked from one that has imported it and nothing of due's.

Importing boto3 and reading its models takes half a second of a processor; a fork of who has done it takes none.
Run as a script, in an interpreter without site-packages, this is the process that forks.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import importlib.util
import io
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What boto3 needs; everything else that is installed beside it stays out of sight.
_LIBRARIES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
_SERVICES = ("dynamodb", "firehose", "glue", "s3")  # whose models the functions read


class Forked:
    """A process that runs a script with boto3 beside it; much as ``subprocess.Popen``."""

    def __init__(
        self, script: Path, *arguments: str, environment: Mapping[str, str], folder: Path, stderr: int | None = None
    ) -> None:
        read, given = os.pipe()
        taken, written = os.pipe()
        ended, telling = os.pipe()
        self.stdin = io.FileIO(given, "w")
        self.stdout = io.FileIO(taken)
        self._ended = io.FileIO(ended)
        asked = {"arguments": [str(script), *arguments], "environment": dict(environment), "folder": str(folder)}
        try:
            handed = [read, written, written if stderr is None else stderr, telling]
            self.pid = _Template.of_this_process().fork(asked, handed)
        finally:
            for number in (read, written, telling):
                os.close(number)

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, or minus the signal that ended it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ended, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise TimeoutError(f"process {self.pid} has not ended after {seconds} seconds")
        return int(self._ended.read())

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ended, selectors.EVENT_READ)
            if not selector.select(0):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Closes its pipes."""
        for pipe in (self.stdin, self.stdout, self._ended):
            pipe.close()


class _Template:
    """The process that forks, as its parent sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._libraries = Path(tempfile.mkdtemp(prefix="emulator-boto3-"))
        for name in _LIBRARIES:
            spec = importlib.util.find_spec(name)
            if spec and spec.origin:
                origin = Path(spec.origin)
                source = origin.parent if origin.name == "__init__.py" else origin
                (self._libraries / source.name).symlink_to(source)
        self._socket, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(self._libraries)],
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                cwd="/",
                start_new_session=True,  # a Ctrl-C is not for it
            )
        atexit.register(self._end)

    @classmethod
    @functools.cache
    def of_this_process(cls) -> _Template:
        """Started when it is first needed."""
        return cls()

    def fork(self, asked: dict[str, Any], handed: list[int]) -> int:
        """The number of a new process, which has the handed files as input, output, errors, and to tell its end."""
        with self._lock:
            message = json.dumps(asked).encode() + b"\n"
            self._socket.sendall(message[socket.send_fds(self._socket, [message], handed) :])
            return int(self._socket.recv(100))

    def _end(self) -> None:
        self._socket.close()
        self._process.wait(10)
        shutil.rmtree(self._libraries, ignore_errors=True)


def _serve(libraries: str) -> None:
    """Forks a process for each message that comes over standard input, until there are no more."""
    sys.path.insert(0, libraries)
    read_models_once()
    boto3 = importlib.import_module("boto3")
    for service in _SERVICES:
        boto3.Session("none", "none", region_name="us-east-1").client(service)
    asking = socket.socket(fileno=os.dup(0))
    telling: dict[int, int] = {}  # by process, the file that hears of its end

    def reap(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                with contextlib.suppress(BrokenPipeError):  # nobody wants to know
                    os.write(telling[found[0]], str(os.waitstatus_to_exitcode(found[1])).encode())
                os.close(telling.pop(found[0]))

    signal.signal(signal.SIGCHLD, reap)
    while True:
        message, files, _, _ = socket.recv_fds(asking, 65_536, 4)
        while message and not message.endswith(b"\n"):
            message += asking.recv(65_536)
        if not message:
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # it may end before it is written down
        pid = os.fork()
        if pid == 0:
            _become(json.loads(message), files, [asking.fileno(), *telling.values()])
        telling[pid] = files[3]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        for number in files[:3]:
            os.close(number)
        asking.send(str(pid).encode())


def read_models_once(*, changed: str = "") -> None:
    """Has botocore read each file of its models once in this process; each session by itself reads them anew.

    ``changed`` is a service whose model its clients change, where somebody else in the process needs it as it is.
    """
    loader = importlib.import_module("botocore.loaders").JSONFileLoader
    anew = loader().load_file
    once = functools.cache(anew)
    apart = f"{os.sep}{changed}{os.sep}"
    loader.load_file = staticmethod(lambda file_path: (anew if apart in file_path else once)(file_path))


def _become(asked: dict[str, Any], files: list[int], others: list[int]) -> None:
    """Runs a script in a process of its own, and ends it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    for number in range(3):
        os.dup2(files[number], number)
    for number in (*files, *others):
        os.close(number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    os.chdir(asked["folder"])
    sys.argv = asked["arguments"]
    code = 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
