"""The sizes of a run, and the data that is made once and kept outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# Every made-up event lies before this moment, and every report is asked as of it.
AS_OF = datetime(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; ``history`` is spread over ``months``."""

    events: int
    history: int
    months: int
    records: int
    messages: int


FULL = Sizes(events=10_000_000, history=10_000_000, months=10, records=1_000_000, messages=10_000_000)
QUICK = Sizes(events=300_000, history=200_000, months=2, records=60_000, messages=200_000)


@dataclass(frozen=True, slots=True)
class Setting:
    """What every section is told."""

    cache: Path
    sizes: Sizes
    strict: bool = False

    def scratch(self, name: str) -> Path:
        """An empty folder of a section's own, made anew."""
        place = self.cache / "scratch" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def environment(self) -> dict[str, str]:
        """A process's environment in which due finds no target of the user's, records none, and keeps its
        bytecode as an installed package does."""
        unwanted = ("DUE_", "PYTHONDONTWRITEBYTECODE")
        cleaned = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
        return {**cleaned, "XDG_CONFIG_HOME": str(self.cache / "config")}

    def made_once(self, name: str, of: Sequence[str | bytes | Path], make: Callable[[Path], None]) -> Path:
        """The data of a name, made where it is not there or what it is made ``of`` (code, schema) has changed."""
        digest = hashlib.sha256()
        for part in of:
            content = part.read_bytes() if isinstance(part, Path) else part
            digest.update(content.encode() if isinstance(content, str) else content)
        place = self.cache / f"{name}-{digest.hexdigest()[:12]}"
        if place.exists():
            return place
        self.cache.mkdir(parents=True, exist_ok=True)
        for old in self.cache.glob(f"{name}-*"):
            remove(old)
        new = place.with_name(f"{place.name}.making")
        say(f"making {name} (once)")
        make(new)
        new.replace(place)
        return place


def remove(path: Path) -> None:
    """Removes a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def say(text: str) -> None:
    """One line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def count(number: int) -> str:
    """A number as a person reads it."""
    return f"{number:,}"
