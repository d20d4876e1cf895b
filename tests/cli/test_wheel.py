"""The built wheel, installed elsewhere, has everything it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, installed into a folder of its own."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    target = place / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    with zipfile.ZipFile(wheel) as archive:
        (place / "names").write_text("\n".join(archive.namelist()))
    return place


@pytest.mark.slow
def test_every_query_is_in_the_wheel_and_nothing_else_of_the_checkout(installed: Path) -> None:
    names = set((installed / "names").read_text().splitlines())
    queries = {f"due_cli/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "queries").rglob("*.sql")}
    assert len(queries) > 25
    assert queries <= names
    assert not {name for name in names if name.startswith(("tests/", "benchmarks/"))}


@pytest.mark.slow
def test_the_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed / "installed"), "HOME": str(tmp_path)}
    where = [sys.executable, "-c", "import due_cli.sql.files as f; print(f.__file__); print(f.folder())"]
    found = subprocess.run(where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert all(line.startswith(str(installed / "installed")) for line in found.splitlines())
    demo = [sys.executable, "-m", "due_cli", "demo"]
    ran = subprocess.run(demo, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "total_hardbounces" in ran.stdout
    assert not (tmp_path / ".config").exists(), "the demo leaves the recorded target alone"
