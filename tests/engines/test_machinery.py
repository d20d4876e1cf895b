"""What the engines need is found or named, and a server never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines import fetch, java, servers

_ROOT = Path(__file__).parents[2]
_NEW_JAVA = f"echo 'openjdk version \"{java.LEAST}.0.1\"' >&2"
_SERVER = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
_STARTER = """\
import pathlib, sys, time
from tests.engines.servers import kept
with kept([sys.executable, "-c", sys.argv[1]], pathlib.Path("log"), pathlib.Path.cwd()):
    time.sleep(600)
"""


def _java(place: Path, version: str) -> Path:
    program = place / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-01' >&2\n")
    program.chmod(0o755)
    return program


def test_java_is_found_behind_an_older_one_on_the_path(tmp_path: Path) -> None:
    old = _java(tmp_path / "old", "17.0.9")
    _java(tmp_path / "jvm" / "ancient", "1.8.0_392")
    new = _java(tmp_path / "jvm" / "new", "25.0.3")
    path = {"PATH": f"{old.parent}:{os.environ['PATH']}"}
    assert java.find(path, (f"{tmp_path}/jvm/*",)) == new
    assert java.find({**path, "JAVA_HOME": str(new.parents[1])}, ()) == new


def test_java_that_is_missing_is_named(tmp_path: Path) -> None:
    old = _java(tmp_path / "old", "23.0.1")
    with pytest.raises(java.MissingError, match=r"Java 24 or later is missing \(.*java is 23\).*JAVA_HOME"):
        java.find({"PATH": str(old.parent)}, ())


def test_maven_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DUE_ENGINES_CACHE", str(tmp_path / "cache"))
    with pytest.raises(java.MissingError, match="Maven is missing"):
        fetch.trino()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_fetch_begins_again_after_one_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    (cache / "partial-left").mkdir(parents=True)
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nfor word in "$@"; do case $word in -DoutputDirectory=*) p=${word#*=};; esac; done\n'
        'mkdir -p "$p" && echo jar > "$p/one.jar"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DUE_ENGINES_CACHE", str(cache))
    place = fetch.dynamodb()
    assert [path.name for path in place.iterdir()] == ["one.jar"]
    program.unlink()
    assert fetch.dynamodb() == place  # is there, so Maven is not asked
    assert sorted(path.name for path in cache.iterdir()) == [place.name, "lock"]


@pytest.mark.parametrize(
    ("maven", "says"),
    [
        (None, "test-engines: Maven is missing (no mvn on the path)"),
        ("echo '[ERROR] Could not transfer artifact'; exit 1", "test-engines: Maven could not fetch "),
    ],
)
def test_fetch_says_in_its_first_line_what_is_wrong_and_fails(tmp_path: Path, maven: str | None, says: str) -> None:
    for program in ("mvn", "java"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        if program == "java" or maven:
            (tmp_path / "bin" / program).write_text(f"#!/bin/sh\n{maven if program == 'mvn' else _NEW_JAVA}\n")
            (tmp_path / "bin" / program).chmod(0o755)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engines.fetch"],
        cwd=_ROOT,
        env={"PATH": str(tmp_path / "bin"), "DUE_ENGINES_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    (line, *more) = [line for line in ran.stderr.splitlines() if line.startswith(("test-engines", "[ERROR]"))]
    assert line.startswith(says)
    assert len(more) <= 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_interrupted_run_leaves_no_java(tmp_path: Path) -> None:
    """As Ctrl-C does it: everything that the terminal runs is told."""
    place = tmp_path / "run"
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(place), "tests/engines/test_as_json.py"]
    with (tmp_path / "said").open("wb") as said:
        run = subprocess.Popen(
            [sys.executable, *words], cwd=_ROOT, stdout=said, start_new_session=True, preexec_fn=_hear_interrupts
        )
    _until(lambda: any("TrinoServer" in command for command in _commands(place)))
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(60) == pytest.ExitCode.INTERRUPTED
    assert _commands(place) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_ends_with_who_started_it(tmp_path: Path, number: signal.Signals) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTER, _SERVER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stderr=subprocess.DEVNULL,
        preexec_fn=_hear_interrupts,
    )
    server = int(_waited_for(tmp_path / "pid"))
    starter.send_signal(number)
    starter.wait(20)
    assert _gone(server)


def test_server_is_stopped_at_the_end(tmp_path: Path) -> None:
    with servers.kept([sys.executable, "-c", _SERVER], tmp_path / "log", tmp_path):
        server = int(_waited_for(tmp_path / "pid"))
        assert not _gone(server, patience=0)
    assert _gone(server, patience=0.5)


def _hear_interrupts() -> None:
    """What a shell runs in the background is deaf to Ctrl-C, and so is all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _waited_for(path: Path) -> str:
    _until(lambda: path.exists() and path.read_text() != "")
    return path.read_text()


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def _commands(place: Path) -> list[str]:
    """The command line of every process that works in a folder."""
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(place) in line]


def _gone(process: int, patience: float = 15) -> bool:
    """Whether a process is not there any more, or soon is not."""
    end = time.monotonic() + patience
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
