"""Every test has a home, a working folder and an environment of its own."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.commands import Due

settings.register_profile(
    "due",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("due")
# A shell has what it runs in the background ignore Ctrl-C, and every process begun from there: tests are about it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks first: they take longest, and where tests run side by side the quick ones fill what is left."""
    items.sort(key=lambda item: "stacks" not in item.path.parts)


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's machine reaches a test, and nothing of a test reaches it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "DUE_LOCAL", "DUE_OUTPUT", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


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
