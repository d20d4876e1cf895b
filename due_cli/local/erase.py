"""``due erase`` in a folder: everything that names a person, in the events, the state and what repairs set aside.

One commit decides, as with an ingest: until then the rewritten files count for nothing, and after it the next writer
finishes what a killed erasure has left to do. Files that due did not write are replaced after the commit, one by one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Certificate
from due_cli.erase.certificate import ChangedFile, ErasureRequest, Findings, certificate
from due_cli.erase.content import SealedError, names_person
from due_cli.erase.person import Eraser
from due_cli.erase.rows import ErasedRow, Row, message_ids
from due_cli.ingest.batch import encode_status, key_of
from due_cli.local import data_files, erased_files, facts, pages
from due_cli.local.adopted_files import original_paths
from due_cli.local.folder import Folder, file_error
from due_cli.local.parquet import StagedFile
from due_cli.local.state import DataFile, FailedRecord, State, View, open_for_writing, open_state
from due_cli.local.statuses import statuses_of_own_events
from due_cli.local.unread import unread_paths

_THREADS = 2
_GROUP_BYTES = 16 * 1024 * 1024
_WITHOUT = frozenset(("event_id",))  # a column of due's that holds digests
_LARGE_RECORD, _OVERLAP = 64 * 1024 * 1024, 4 * 1024
_STATUSES_AT_A_TIME = 20_000
_NOT_REACHED = (
    "events that come after this, and exports that are ingested again",
    "backups and copies of the folder, and what its disk keeps of deleted files",
    "what Amazon SES, End User Messaging and the senders of the mails have stored themselves",
)
_UNKNOWN_DIGEST = b""  # of a row that was changed: any later delivery is compared with it
_NO_BATCH = 0


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What names the person, before anything is changed."""

    files: list[tuple[str, DataFile | None]] = field(default_factory=list)  # None: not written by due
    statuses: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    sealed: int = 0
    views: list[View] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    translations: list[str] = field(default_factory=list)
    originals: list[Path] = field(default_factory=list)  # of files that due compact --adopted wrote anew
    facts: list[Path] = field(default_factory=list)  # computed from events, and computed again when they are missing
    set_aside: int = 0  # files of an earlier repair, which cannot be searched
    unread: list[str] = field(default_factory=list)


def erase(folder: Folder, request: ErasureRequest, progress: Progress, *, planned: bool) -> Certificate:
    """Erase a person, or find what would be erased; the certificate says what was searched, found and changed."""
    started = datetime.now(UTC)
    eraser = Eraser(request.person, request.mode, os.urandom(32), subjects=request.subjects)
    if planned:
        with open_state(folder) as state, folder.reader_lock():
            findings, found = _search(folder, state, eraser, progress)
            for path, own in found.files:
                if (examined := erased_files.examine_file(folder.root / path, eraser)) is not None:
                    _add_file(findings, folder, path, own, examined)
            findings.others["statuses"] = len(found.statuses)
    else:
        with open_for_writing(folder, progress) as state:
            data_files.clean_up(folder, state)
            findings, found = _search(folder, state, eraser, progress)
            _Erasure(folder, state, eraser, findings, progress).run(found)
    return certificate(request, findings, str(folder.root), started, planned=planned)


def _add_file(
    findings: Findings,
    folder: Folder,
    path: str,
    own: DataFile | None,
    erased: erased_files.ErasedFile,
    after: str | None = None,
) -> None:
    findings.files.append(
        ChangedFile(
            path=path,
            rows_naming=erased.naming,
            rows_removed=erased.removed,
            rows_left=erased.rows,
            written_by_due=own is not None,
            sha256_before=erased_files.digest(folder.root / path),
            sha256_after=after,
        )
    )
    findings.rows_with_subject += erased.with_subject


class _Erasure:
    """The erasure of one person; the caller holds the writer lock."""

    def __init__(self, folder: Folder, state: State, eraser: Eraser, findings: Findings, progress: Progress) -> None:
        self._folder, self._state, self._eraser = folder, state, eraser
        self._findings, self._progress = findings, progress
        self._messages: set[str] = set()
        self._seen: list[tuple[bytes, bytes | None]] = []  # keys of events before and after; None: not there any more
        self._staged: list[StagedFile] = []
        self._replaced = False  # whether files that due did not write are to be replaced

    def run(self, found: _Found) -> None:
        """Rewrite files, change the state in one commit, and remove what was replaced."""
        files = [
            (path, own)
            for path, own in found.files
            if erased_files.names_person(self._folder.root / path, self._eraser)
        ]
        self._progress.start("Rewriting files", len(files))
        for path, own in files:
            self._rewrite(path, own)
            self._progress.advance(1)
        self._progress.finish()
        self._state.begin()
        try:
            self._change_state(found, [own.path for _, own in files if own])
            with self._folder.without_readers(self._note_waiting):
                facts.remove_all(self._folder)  # before the events change; the next ingest stores them anew
                self._state.commit()
                data_files.finish_erasure(self._folder, self._state)
                data_files.remove_replaced(self._folder, self._state)
        except BaseException:
            self._state.rollback()
            raise
        finally:
            data_files.clear_staging(self._folder, self._state)
        for original in found.originals:
            original.unlink()
        shutil.rmtree(self._folder.broken, ignore_errors=True)
        self._state.forget()

    def _note_waiting(self) -> None:
        self._progress.note(f"waiting for queries on {self._folder.root} to end")

    def _rewrite(self, path: str, own: DataFile | None) -> None:
        source = self._folder.root / path
        if own is not None:
            final = source.with_name(self._folder.new_file(own.span).name)
            target = self._folder.staging / final.name
        else:
            final, target = source, self._folder.replacements / path
            target.parent.mkdir(parents=True, exist_ok=True)
            self._replaced = True
        erased = erased_files.rewrite_file(source, target, self._eraser, self._on_own_row if own else _ignore)
        if erased.rows and erased_files.names_person(target, self._eraser):
            raise DueError(f"a bug in due: {path} would still name the person; nothing was changed")
        after = erased_files.digest(target) if erased.rows else None
        _add_file(self._findings, self._folder, path, own, erased, after)
        if own is None and not erased.rows:
            target.touch()  # in place of a file that goes
        elif own is not None and erased.rows:
            self._staged.append(StagedFile(target, final, own.span, erased.rows))

    def _on_own_row(self, row: Row, erased: ErasedRow) -> None:
        self._messages.update((*message_ids(row), *message_ids(erased.row or {})))
        if row.get("event_id") is None or row.get("occurred_at") is None:
            return  # of a file that due did not write, and compacted
        before = key_of(row["event_id"], row["occurred_at"])
        after = None if erased.row is None else key_of(erased.row["event_id"], row["occurred_at"])
        self._seen.append((before, after))

    def _change_state(self, found: _Found, replaced: list[str]) -> None:
        """Everything that the commit changes; it is not made yet."""
        state = self._state
        data_files.publish(self._folder, state, self._staged)
        for path in replaced:
            state.run("retire_file", path)
        for before, after in self._seen:
            row = state.rows("seen", before).fetchone()
            state.run("delete_seen", before)
            state.run("delete_lost", before)
            if row and after is not None:
                state.run("set_seen", after, _UNKNOWN_DIGEST, row[1], _NO_BATCH)
        self._change_statuses(found.statuses)
        for identity in found.failed:
            state.run("delete_failed", identity)
            state.run("delete_failed_parts", identity)
        for view in found.views:
            text = self._eraser.text
            state.run("set_view", view.name, text(view.sql), text(view.translated), " ".join(view.depends_on))
        state.run_many("delete_foreign_file", [(path,) for path in found.shapes])
        state.run_many("delete_translation", [(key,) for key in found.translations])
        if self._replaced:
            data_files.promise_replacements(self._folder, state)

    def _change_statuses(self, named: list[str]) -> None:
        """Replace the statuses of the person's messages by those that the events give that are left."""
        messages = sorted({*named, *self._messages})
        recomputed = statuses_of_own_events(self._folder, self._state, messages)
        changed = 0
        for message in messages:
            before = self._state.one("status", message)
            status = recomputed.get(message)
            after = None if status is None else encode_status(status)
            if before == after:
                continue
            if after is None:
                self._state.run("delete_status", message)
            else:
                self._state.run("set_status", message, after)
            changed += 1
        self._findings.others["statuses"] = changed


def _search(folder: Folder, state: State, eraser: Eraser, progress: Progress) -> tuple[Findings, _Found]:
    """What names the person; files are those that may, as their rows are not read."""
    person = eraser.person
    findings = Findings(not_reached=list(_NOT_REACHED))
    own = {file.path: file for file in state.data_files()}
    adopted = [path for path, _ in state.foreign_files()]
    try:
        sizes = {path: (folder.root / path).stat().st_size for path in (*own, *adopted)}
    except OSError as error:
        raise file_error(error, folder.root) from None
    progress.start("Searching events", sum(sizes.values()))
    files = [
        *((path, own[path]) for path in _files(folder, list(own), sizes, eraser, progress, _WITHOUT)),
        *((path, None) for path in _files(folder, adopted, sizes, eraser, progress)),
    ]
    progress.finish()
    rows = sum(file.rows for file in own.values())
    rows += sum(pq.read_metadata(folder.root / path).num_rows for path in adopted)
    failed, sealed = _failed(state, eraser)
    found = _Found(
        files=files,
        statuses=list(_statuses(state, eraser)),
        failed=failed,
        sealed=sealed,
        views=[view for view in state.views().values() if person.is_named_in(f"{view.sql}\n{view.translated}")],
        shapes=[path for (path, *_) in state.rows("foreign_shapes").fetchall() if person.is_named_in(str(path))],
        translations=[key for key, sql in state.rows("translations").fetchall() if person.is_named_in(str(sql))],
        originals=[
            path
            for path in original_paths(folder, state)
            if pages.may_contain(path, person.candidates) and erased_files.names_person(path, eraser)
        ],
        facts=sorted(pages.files_that_may_contain(folder.facts.glob("*.parquet"), person.candidates)),
        set_aside=sum(path.is_file() for path in folder.broken.rglob("*")),
        unread=[path for path in unread_paths(folder) if _file_names_person(folder.root / path, eraser)],
    )
    findings.searched = {
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "rows": rows,
        "statuses": state.count("count_statuses"),
        "failed_records": state.count("count_failed"),
    }
    findings.others = {
        "statuses": 0,
        "failed_records": len(found.failed),
        "views": len(found.views),
        "cached_entries": len(found.shapes) + len(found.translations),
        "files_of_facts": len(found.facts),
        "files_in_broken": found.set_aside,
        "originals": len(found.originals),
    }
    if found.sealed:
        findings.not_reached.insert(
            0, f"{found.sealed:,} failed records that cannot be unpacked: due failed discard removes them"
        )
    if found.unread:
        findings.not_reached.insert(0, f"files that no query reads and that name the person: {', '.join(found.unread)}")
    return findings, found


def _files(
    folder: Folder,
    paths: list[str],
    sizes: dict[str, int],
    eraser: Eraser,
    progress: Progress,
    without: frozenset[str] = frozenset(),
) -> list[str]:
    """The files that may name the person; columns of the names ``without`` are not searched."""

    def search(group: list[str]) -> list[str]:
        places = (folder.root / path for path in group)
        try:
            found = pages.files_that_may_contain(places, eraser.person.candidates, without=without)
        except ValueError as error:
            raise DueError(str(error), folder.command("doctor")) from None
        return [path for path in group if folder.root / path in found]

    files: list[str] = []
    groups = list(_groups(paths, sizes))
    with ThreadPoolExecutor(_THREADS) as pool:
        for group, found in zip(groups, pool.map(search, groups), strict=True):
            files += found
            progress.advance(sum(sizes[path] for path in group))
    return files


def _groups(paths: list[str], sizes: dict[str, int]) -> Iterator[list[str]]:
    """Files of so many bytes that they are worth a search."""
    group: list[str] = []
    size = 0
    for path in paths:
        group.append(path)
        size += sizes[path]
        if size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _statuses(state: State, eraser: Eraser) -> Iterator[str]:
    """The messages whose stored statuses name the person."""
    cursor = state.rows("statuses")
    while rows := cursor.fetchmany(_STATUSES_AT_A_TIME):
        texts = pa.array([message.encode() + b"\n" + body for message, body in rows], pa.large_binary())
        for place in pc.indices_nonzero(pc.match_substring_regex(texts, eraser.person.candidates)).to_pylist():
            if eraser.person.is_named_in(texts[place].as_py().decode("utf-8", "surrogateescape")):
                yield str(rows[place][0])


def _failed(state: State, eraser: Eraser) -> tuple[list[str], int]:
    """The failed records that name the person, and how many cannot be searched whole."""
    named, sealed = [], 0
    for row in state.rows("failed").fetchall():
        record = FailedRecord(*row)
        about = f"{record.reason}\n{record.origin}\n"
        try:
            contents = _contents(state, record)
            if eraser.person.is_named_in(about) or any(names_person(one, eraser.person) for one in contents):
                named.append(record.id)
        except SealedError:
            sealed += 1
    return named, sealed


def _contents(state: State, record: FailedRecord) -> Iterator[bytes]:
    """The content of a failed record, one that is large in parts that overlap."""
    parts = (part for (part,) in state.rows("failed_parts", record.id))
    if record.bytes <= _LARGE_RECORD:
        yield b"".join(parts)
        return
    end = b""
    for part in parts:
        yield end + part
        end = part[-_OVERLAP:]


def _file_names_person(path: Path, eraser: Eraser) -> bool:
    try:
        return names_person(path.read_bytes(), eraser.person)
    except (OSError, SealedError):
        return False


def _ignore(_: Row, __: ErasedRow) -> None:
    pass
