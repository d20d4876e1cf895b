"""Files under ``events/`` that no query reads: Parquet in other folders than those of hours, JSON, compressed files."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from due_cli.core.results import counted
from due_cli.local.folder import PARQUET_MAGIC, Folder, first_bytes
from due_cli.local.state import State

INGESTED = "ingested"  # in the place of a schema's key: what the state remembers of such a file
_PARQUET = "Parquet file"
_HEAD_BYTES = 64
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")
_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*[\[{]")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFiles:
    """Files below one folder, which is relative to the database's: how many of each kind."""

    path: str
    kinds: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many files."""
        return sum(self.kinds.values())

    @property
    def text(self) -> str:
        """What they are, in words."""
        kinds = " and ".join(counted(count, kind) for kind, count in sorted(self.kinds.items()))
        where = " (queries read Parquet in events/YYYY/MM/DD/HH/)" if _PARQUET in self.kinds else ""
        return f"{self.path}: no query reads {kinds}{where}"


def ingest_command(folder: Folder, path: str = "events") -> str:
    """The command that takes in what is below a path and is not read where it is."""
    return f"due ingest {shlex.quote(str(folder.root / path))} --local {shlex.quote(str(folder.root))}"


def unread_files(folder: Folder, state: State) -> list[UnreadFiles]:
    """Such files that were not ingested as they are now, by the first folder below ``events/``."""
    ingested = {row[0]: row[1:3] for row in state.rows("foreign_shapes") if row[3] == INGESTED}
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, kind in _walk(folder):
        if path in ingested:
            status = (folder.root / path).stat()
            if ingested[path] == (status.st_size, status.st_mtime_ns):
                continue
        _, top, *below = path.split("/")
        kinds[f"events/{top}" if below else "events"][kind] += 1
    return [UnreadFiles(path=path, kinds=counts) for path, counts in sorted(kinds.items())]


def gone_files(folder: Folder, state: State) -> list[str]:
    """The files of other writers that queries read once and that are not there any more."""
    known = sorted(row[0] for row in state.rows("foreign_shapes") if row[3] != INGESTED)
    return [path for path in known if not os.path.lexists(folder.root / path)]


def unread_paths(folder: Folder) -> list[str]:
    """Such files, ingested or not, by their paths below the folder."""
    return sorted(path for path, _ in _walk(folder))


def remember_ingested(folder: Folder, state: State, files: list[str]) -> None:
    """Have the state remember that files under ``events/`` were ingested, as they are now."""
    rows = []
    for file in files:
        full = os.path.realpath(file)
        if full.startswith(f"{os.path.realpath(folder.events)}/"):
            status = os.stat(full)  # noqa: PTH116
            path = f"events/{os.path.relpath(full, os.path.realpath(folder.events))}"
            rows.append((path, status.st_size, status.st_mtime_ns, INGESTED))
    if rows:
        state.cache("set_foreign_shape", *rows)


def _walk(folder: Folder) -> Iterator[tuple[str, str]]:
    """The paths of such files, and their kinds."""
    read = {path for path, _ in folder.parquet_files()}
    root = str(folder.root)
    for parent, folders, names in os.walk(folder.events):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        below = os.path.relpath(parent, root)
        for name in names:
            path = f"{below}/{name}"
            if path not in read and not name.startswith((".", "_")) and (kind := _kind(f"{parent}/{name}")):
                yield path, kind


def _kind(path: str) -> str | None:
    """Whether a file is Parquet, JSON or compressed; None for another one."""
    head = first_bytes(path, _HEAD_BYTES)
    if head.startswith(PARQUET_MAGIC):
        return _PARQUET
    if head.startswith(_COMPRESSED):
        return "compressed file"
    return "JSON file" if _JSON.match(head) else None
