"""``due erase`` on a stack: every object of its bucket, every version of one, and every item of its status table.

Everything is searched first. Then statuses are changed, while the events that tell which ids change are as they were,
and then objects, each by one call: so an erasure that was cut off is repeated, and goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from due_cli.aws.erase.statuses import erase_statuses, named_statuses
from due_cli.aws.ingest.failed_entries import read_entries, remove_entries
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services import s3
from due_cli.aws.services.s3 import ObjectVersion
from due_cli.aws.stack.names import ERRORS, RESULTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Certificate
from due_cli.core.settings import state_folder
from due_cli.erase.certificate import ChangedFile, ErasureRequest, Findings, certificate
from due_cli.erase.content import SealedError, names_person
from due_cli.erase.person import Eraser, Person
from due_cli.local import erased_files, pages
from due_cli.local.folder import PARQUET_MAGIC

_AT_ONCE = 4
_KEY_BYTES = 32
_NOT_REACHED = (
    "events in the stream's buffer, which are stored within 15 minutes: run the same command again after that",
    "events that come after this, and exports that are ingested again",
    "Athena's history of queries (45 days), and views whose definition names the person",
    "backups and copies of the bucket, and the restore points of the status table",
    "what Amazon SES, End User Messaging and the senders of the mails have stored themselves",
)


@dataclass(kw_only=True)
class _FoundObjects:
    """What names the person, before anything is changed."""

    events: list[ObjectVersion] = field(default_factory=list)
    failed: list[ObjectVersion] = field(default_factory=list)
    results: list[ObjectVersion] = field(default_factory=list)
    old: list[ObjectVersion] = field(default_factory=list)  # versions that were replaced or deleted
    others: list[ObjectVersion] = field(default_factory=list)  # objects that due does not know
    sealed: list[ObjectVersion] = field(default_factory=list)
    event_ids: set[str] = field(default_factory=set)  # of the person's events


@dataclass(frozen=True, kw_only=True)
class _Searched:
    """Whether an object names the person (None: it cannot be told), its rows, and the ids of the person's events."""

    is_named: bool | None
    is_parquet: bool = False
    rows: int = 0
    event_ids: frozenset[str] = frozenset()


def erase(stack: Stack, request: ErasureRequest, progress: Progress, *, planned: bool) -> Certificate:
    """Erase a person, or find what would be erased; the certificate says what was searched, found and changed."""
    started = datetime.now(UTC)
    with _key(stack, planned=planned) as key:
        eraser = Eraser(request.person, request.mode, key, subjects=request.subjects)
        findings = _erase(stack, eraser, progress, planned=planned)
    return certificate(request, findings, f"stack {stack.names.stack}", started, planned=planned)


def _erase(stack: Stack, eraser: Eraser, progress: Progress, *, planned: bool) -> Findings:
    findings, found = _search(stack, eraser, progress)
    if planned:
        for version in found.events:
            with _downloaded(stack, version) as path:
                if examined := erased_files.examine_file(path, eraser):
                    _add_file(findings, version, path, examined)
    else:
        erase_statuses(stack, eraser, found.event_ids)
        _erase_objects(stack, eraser, findings, found, progress)
    return findings


@contextmanager
def _key(stack: Stack, *, planned: bool) -> Iterator[bytes]:
    """The key of pseudonyms, that of an erasure that was cut off if there was one; forgotten when this ends well."""
    if planned:
        yield os.urandom(_KEY_BYTES)
        return
    names = stack.names
    path = state_folder(os.environ) / "erase" / f"{names.account}-{names.region}-{names.stack}.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    if path.stat().st_size != _KEY_BYTES:
        path.write_bytes(os.urandom(_KEY_BYTES))
    key = path.read_bytes()
    yield key
    path.unlink()


def _search(stack: Stack, eraser: Eraser, progress: Progress) -> tuple[Findings, _FoundObjects]:
    findings, found = Findings(not_reached=list(_NOT_REACHED)), _FoundObjects()
    versions = list(s3.list_versions(stack.aws, stack.names.bucket))
    progress.start("Searching objects", sum(version.size for version in versions))
    rows = 0

    def search(version: ObjectVersion) -> _Searched:
        with _downloaded(stack, version) as path:
            return _search_object(path, version, eraser)

    with interruptible_pool(_AT_ONCE) as pool:
        for version, searched in zip(versions, pool.map(search, versions), strict=True):
            progress.advance(version.size)
            rows += searched.rows
            if searched.is_named:
                _kind_of(stack, version, searched, found).append(version)
                found.event_ids |= searched.event_ids
            elif searched.is_named is None:
                found.sealed.append(version)
    progress.finish()
    statuses, named = named_statuses(stack, eraser)
    findings.searched = {
        "objects": len(versions),
        "bytes": sum(version.size for version in versions),
        "rows": rows,
        "statuses": statuses,
    }
    findings.others = {
        "statuses": named,
        "objects_of_failed_records": len(found.failed),
        "query_results": len(found.results),
        "old_versions": len(found.old),
    }
    if found.sealed:
        keys = ", ".join(version.key for version in found.sealed)
        findings.not_reached.insert(0, f"objects that cannot be read: {keys}")
    if found.others:
        keys = ", ".join(version.key for version in found.others)
        findings.not_reached.insert(0, f"objects that due did not write and that name the person: {keys}")
    return findings, found


def _search_object(path: Path, version: ObjectVersion, eraser: Eraser) -> _Searched:
    person = eraser.person
    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    try:
        if not is_parquet:
            is_named = person.is_named_in(version.key) or names_person(path.read_bytes(), person)
            return _Searched(is_named=is_named)
        rows = erased_files.count_rows(path)
        changes = list(erased_files.changed_rows(path, eraser)) if pages.may_contain(path, person.candidates) else []
        event_ids = {row.get("event_id") for row, erased in changes if erased.row is None or erased.is_new_event}
        ids = frozenset(event_id for event_id in event_ids if isinstance(event_id, str))
        return _Searched(is_named=bool(changes), is_parquet=True, rows=rows, event_ids=ids)
    except (SealedError, OSError, ValueError):  # Arrow's errors are either
        return _Searched(is_named=None)


def _kind_of(stack: Stack, version: ObjectVersion, searched: _Searched, found: _FoundObjects) -> list[ObjectVersion]:
    if not version.is_latest:
        return found.old
    if version.key.startswith((ERRORS, stack.names.failed_events)):
        return found.failed
    if version.key.startswith(RESULTS):
        return found.results
    return found.events if searched.is_parquet else found.others


def _erase_objects(stack: Stack, eraser: Eraser, findings: Findings, found: _FoundObjects, progress: Progress) -> None:
    aws, bucket = stack.aws, stack.names.bucket
    progress.start("Rewriting objects", len(found.events))
    for version in found.events:
        _rewrite(stack, version, eraser, findings)
        progress.advance(1)
    progress.finish()
    for version in found.failed:
        _erase_failed(stack, version, eraser, progress)
    for version in found.results:
        s3.delete_object(aws, bucket, version.key)
    changed = {version.key for version in (*found.events, *found.failed, *found.results)}
    old = {(version.key, version.version_id) for version in found.old}
    for version in s3.list_versions(aws, bucket):
        if not version.is_latest and (version.key in changed or (version.key, version.version_id) in old):
            s3.delete_version(aws, bucket, version.key, version.version_id)


def _rewrite(stack: Stack, version: ObjectVersion, eraser: Eraser, findings: Findings) -> None:
    """Put an object without the person in the place of one that names them; a query sees either of them."""
    aws, bucket = stack.aws, stack.names.bucket
    with _downloaded(stack, version) as path:
        target = path.with_suffix(".new")
        try:
            erased = erased_files.rewrite_file(path, target, eraser, lambda _, __: None)
            if not erased.rows:
                _add_file(findings, version, path, erased)
                s3.delete_object(aws, bucket, version.key)
                return
            if erased_files.names_person(target, eraser):
                raise DueError(f"a bug in due: {version.key} would still name the person; it was not changed")
            _add_file(findings, version, path, erased, erased_files.digest(target))
            with target.open("rb") as body:
                if not s3.replace_object(aws, bucket, version.key, version.etag, body):
                    raise DueError(f"s3://{bucket}/{version.key} was changed meanwhile", "run the same command again")
        finally:
            target.unlink(missing_ok=True)


def _erase_failed(stack: Stack, version: ObjectVersion, eraser: Eraser, progress: Progress) -> None:
    """Remove the failed records that name the person from an object, or the object where they cannot be told apart."""
    aws, bucket, person = stack.aws, stack.names.bucket, eraser.person
    summary = s3.ObjectSummary(version.key, version.size, version.etag, version.modified)
    content = s3.open_object(aws, bucket, summary)
    if content is None:
        return
    with content.stream:
        ids = {entry.id for entry in read_entries(content) if _names(entry.text, person) or _names(entry.raw, person)}
    if not ids or person.is_named_in(version.key) or not remove_entries(stack, summary, ids, progress):
        s3.delete_object(aws, bucket, version.key)


def _names(data: bytes | None, person: Person) -> bool:
    try:
        return data is not None and names_person(data, person)
    except SealedError:
        return False


def _add_file(
    findings: Findings,
    version: ObjectVersion,
    path: Path,
    erased: erased_files.ErasedFile,
    after: str | None = None,
) -> None:
    findings.files.append(
        ChangedFile(
            path=version.key,
            rows_naming=erased.naming,
            rows_removed=erased.removed,
            rows_left=erased.rows,
            written_by_due=erased_files.has_event_ids(path),
            sha256_before=erased_files.digest(path),
            sha256_after=after,
        )
    )
    findings.rows_with_subject += erased.with_subject


@contextmanager
def _downloaded(stack: Stack, version: ObjectVersion) -> Iterator[Path]:
    """The content of a version in a temporary file."""
    with tempfile.TemporaryDirectory(prefix="due-erase-") as folder:
        path = Path(folder) / "object"
        s3.download(stack.aws, stack.names.bucket, version, path)
        yield path
