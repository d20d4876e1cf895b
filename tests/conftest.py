"""Every test has a home, a working folder and an environment of its own; slow ones run with ``make test-all``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.commands import Due
from tests.mutants import MUTANTS

if TYPE_CHECKING:
    from tests.aws_emulator.aws import AwsEmulator

_EXAMPLES = {"fast": 25, "thorough": 150}
for _name, _number in _EXAMPLES.items():
    settings.register_profile(
        _name,
        max_examples=_number,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile("fast")  # before tests are imported, which take shares of it; --hypothesis-profile overrules it
# A shell has what it runs in the background ignore Ctrl-C, and nohup a hangup, and so does every process begun from
# there: tests are about both.
for _signal, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)

_LONGEST_FIRST = ("scenarios", "local", "aws", "lambdas")  # the quick ones fill what is left at the end
_SLOW = pytest.StashKey[int]()  # how many slow tests are left out
_BEGUN = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    """Begins to count."""
    config.stash[_SLOW] = 0
    config.stash[_BEGUN] = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the rooms with the longest tests first."""
    rooms = {name: rank for rank, name in enumerate(_LONGEST_FIRST)}
    tests = Path(__file__).parent
    items.sort(key=lambda item: rooms.get(item.path.relative_to(tests).parts[0], len(rooms)))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Counts the slow tests that are left out."""
    for item in items:
        item.config.stash[_SLOW] += item.get_closest_marker("slow") is not None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells pytest-xdist's controller the count, where this is one of its workers."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow"] = session.config.stash[_SLOW]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes the count of a worker; each has collected all tests."""
    node.config.stash[_SLOW] = getattr(node, "workeroutput", {}).get("slow", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says how many tests ran, how long, and what a run of all adds."""
    ended = sum(len(terminalreporter.stats.get(outcome, ())) for outcome in ("passed", "failed", "error", "xfailed"))
    if slow := config.stash[_SLOW]:
        seconds, used = time.monotonic() - config.stash[_BEGUN], os.times()
        processor = used.user + used.system + used.children_user + used.children_system
        terminalreporter.write_line(
            f"{ended} tests ran in {seconds:.0f} s ({processor:.0f} s of processor time). "
            f"make test-all adds {slow} slow tests, those on Trino and DynamoDB Local, and {len(MUTANTS)} mutants"
        )


@pytest.fixture(scope="session")
def _unused_places() -> list[Path]:
    """Places that a test had and left empty: most tests write nothing, and folders take longer than many of them."""
    return []


@pytest.fixture(autouse=True)
def _own_environment(
    _unused_places: list[Path], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Keeps what is of the developer's machine from a test, and what is of a test from it."""
    place = _unused_places.pop() if _unused_places else tmp_path_factory.mktemp("own")
    home, work = place / "home", place / "work"
    for folder in (home, work):
        folder.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "DUE_LOCAL", "DUE_OUTPUT", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(work)
    yield
    with suppress(OSError):
        if not any(home.iterdir()) and not any(work.iterdir()):
            _unused_places.append(place)


@pytest.fixture(autouse=True)
def _no_fault_unmet(_own_environment: None) -> Iterator[None]:
    """Fails a test whose faults nothing met: it did not test what it says."""
    yield
    if faults := sys.modules.get("tests.aws_emulator.faults"):
        assert faults.forget_unmet() == [], "faults that no call met"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEmulator]:
    """An AWS account with nothing in it; what a test changes of its environment ends with it."""
    from tests.aws_emulator.fixture import emulated  # moto takes a second to import

    with emulated(monkeypatch) as account:
        yield account


@pytest.fixture
def due(capfdbinary: pytest.CaptureFixture[bytes]) -> Due:
    """The command line, called in this process."""
    return Due(capfdbinary)


@pytest.fixture
def folder(due: Due, tmp_path: Path) -> Path:
    """A local database that is set up and empty."""
    place = tmp_path / "database"
    due("setup", "--local", str(place)).done()
    return place
