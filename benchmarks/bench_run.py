"""The sizes of a run, and data that is written once and kept outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# Every synthetic event lies before this moment, and is the time of every report.
AS_OF = datetime(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; ``history`` is spread over ``months``, ``adopted`` are files."""

    events: int
    history: int
    months: int
    records: int
    messages: int
    adopted: int


FULL = Sizes(events=10_000_000, history=10_000_000, months=10, records=1_000_000, messages=10_000_000, adopted=20_000)
QUICK = Sizes(events=300_000, history=200_000, months=2, records=60_000, messages=200_000, adopted=1_000)


@dataclass(frozen=True, slots=True)
class BenchRun:
    """What every section of a run of the benchmarks gets."""

    cache: Path
    sizes: Sizes
    strict: bool = False

    def scratch(self, name: str) -> Path:
        """A new empty folder for a section."""
        place = self.cache / "scratch" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def environment(self) -> dict[str, str]:
        """A process's environment in which due finds no target of the user's, records none, and keeps its
        bytecode as an installed package does."""
        excluded = ("DUE_", "PYTHONDONTWRITEBYTECODE")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(excluded)}
        return {**inherited, "XDG_CONFIG_HOME": str(self.cache / "config")}

    def cached(self, name: str, sources: Sequence[str | bytes | Path], write: Callable[[Path], None]) -> Path:
        """The data of a name, written if it is missing or its ``sources`` (code, schema) have changed."""
        digest = hashlib.sha256()
        for part in sources:
            content = part.read_bytes() if isinstance(part, Path) else part
            digest.update(content.encode() if isinstance(content, str) else content)
        place = self.cache / f"{name}-{digest.hexdigest()[:12]}"
        if place.exists():
            return place
        self.cache.mkdir(parents=True, exist_ok=True)
        for old in self.cache.glob(f"{name}-*"):
            remove(old)
        new = place.with_name(f"{place.name}.partial")
        log(f"writing {name} (once)")
        write(new)
        new.replace(place)
        return place


def remove(path: Path) -> None:
    """Removes a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def log(text: str) -> None:
    """One line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def grouped(number: int) -> str:
    """A number with separators of thousands."""
    return f"{number:,}"
