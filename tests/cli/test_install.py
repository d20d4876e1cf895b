"""Each documented way to install due gives a ``due`` that runs the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def pip_install(folder: Path) -> Path:
    """``pip install .`` in a new environment."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", ROOT], check=True)
    return folder / "venv" / "bin" / "due"


def pipx_install(folder: Path) -> Path:
    """``pipx install .`` into folders of its own."""
    places = {
        "PIPX_HOME": str(folder / "pipx"),
        "PIPX_BIN_DIR": str(folder / "bin"),
        "PIPX_MAN_DIR": str(folder / "man"),
    }
    command = [str(BIN / "pipx"), "install", "--quiet", "--python", sys.executable, str(ROOT)]
    subprocess.run(command, env={**os.environ, **places}, check=True)
    return folder / "bin" / "due"


def uv_tool_install(folder: Path) -> Path:
    """``uv tool install .`` into folders of its own."""
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    command = [str(BIN / "uv"), "tool", "install", "--quiet", "--python", sys.executable, str(ROOT)]
    subprocess.run(command, env={**os.environ, **places}, check=True)
    return folder / "bin" / "due"


@pytest.mark.slow
@pytest.mark.parametrize("install", [pip_install, pipx_install, uv_tool_install])
def test_an_installed_due_runs_the_demo(install: Callable[[Path], Path], tmp_path: Path) -> None:
    due = install(tmp_path)
    environment = {"HOME": str(tmp_path), "PATH": os.defpath}
    ran = subprocess.run([due, "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "total_hardbounces" in ran.stdout


def test_the_demo_installs_what_running_needs_and_no_tools(tmp_path: Path) -> None:
    def steps(target: str) -> str:
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, tmp_path)
        command = ["make", "-n", "--no-print-directory", target]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert "--group dev" in steps("test")
    demo = steps("demo")
    assert "pip install" in demo
    assert "--group" not in demo
    assert demo.splitlines()[-1] == ".venv/bin/due demo"
