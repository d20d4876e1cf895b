"""``make test-floors``: the fast tests on the lowest versions that pyproject.toml allows, and on the newest.

The lowest versions are tried on the oldest Python that ``due`` supports and this machine has, the newest on the newest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
_RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}


def interpreters() -> tuple[Path, Path]:
    """The oldest and the newest Python of this machine that ``requires-python`` allows; those of pyenv too."""
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    folders = [str(folder) for folder in sorted(Path.home().glob(".pyenv/versions/*/bin"))]
    search = {**os.environ, "PATH": os.pathsep.join([*folders, os.environ["PATH"]])}
    arguments = ["python", "list", required, "--only-installed", "--all-versions", "--output-format", "json"]
    listed = subprocess.run([UV, *arguments], env=search, capture_output=True, check=True).stdout
    known = [one for one in json.loads(listed) if one["implementation"] == "cpython" and one["variant"] == "default"]
    oldest, newest = min(known, key=_version), max(known, key=_version)
    return Path(oldest["path"]), Path(newest["path"])


def _version(python: dict[str, Any]) -> tuple[int, ...]:
    return tuple(python["version_parts"][part] for part in ("major", "minor", "patch"))


def run_fast_tests(name: str, python: Path, arguments: list[str]) -> bool:
    """Make the environment ``.venv-NAME`` and run the fast tests in it; whether they passed."""
    environment = ROOT / f".venv-{name}"
    interpreter = environment / "bin" / "python"
    install = ["pip", "install", "--quiet", "--resolution", _RESOLUTIONS[name], "--editable", ".", "--group", "dev"]
    subprocess.run([UV, "venv", "--quiet", "--seed", "--clear", "--python", python, environment], check=True, cwd=ROOT)
    subprocess.run([UV, *install, "--python", interpreter], check=True, cwd=ROOT)
    version = subprocess.run([interpreter, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    sys.stdout.write(f"{version}, {name} versions of the dependencies\n")
    sys.stdout.flush()
    tests = ["-m", "pytest", "-n", "auto", "--dist", "worksteal", "-m", "not slow", *arguments]
    return subprocess.run([interpreter, *tests], check=False, cwd=ROOT).returncode == 0


def main(arguments: list[str]) -> int:
    """Run both; 1 where a test failed. ``arguments`` go to pytest."""
    oldest, newest = interpreters()
    passed = [run_fast_tests("lowest", oldest, arguments), run_fast_tests("newest", newest, arguments)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
