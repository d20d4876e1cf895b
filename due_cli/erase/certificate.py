"""What an erasure was asked for, and the certificate that says what it searched, found and changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from due_cli import __version__
from due_cli.core.results import Certificate, counted, size_text
from due_cli.erase.person import Mode, Person, parse_person

_MOST_FILES_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class ErasureRequest:
    """What the operator typed: whom to erase, how, and whether the subject lines of their mails go too."""

    typed: str
    mode: Mode = Mode.ERASE
    subjects: bool = False

    @property
    def person(self) -> Person:
        """The person; raises :class:`UsageError` for what is neither an address nor a number."""
        return parse_person(self.typed)


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """A file of events that names the person; the digests are SHA-256, None where there is no file (yet)."""

    path: str
    rows_naming: int
    rows_removed: int
    rows_left: int
    written_by_due: bool
    sha256_before: str
    sha256_after: str | None = None


@dataclass(kw_only=True)
class Findings:
    """What was searched and found, as it is counted."""

    searched: dict[str, int] = field(default_factory=dict)
    files: list[ChangedFile] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)  # what else names the person, as plural nouns
    rows_with_subject: int = 0
    notes: list[str] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing names the person."""
        return not self.files and not any(self.others.values())


def certificate(
    request: ErasureRequest, findings: Findings, place: str, started: datetime, *, planned: bool
) -> Certificate:
    """The certificate of an erasure, or of one that is ``planned``."""
    rows = {
        "naming": sum(file.rows_naming for file in findings.files),
        "removed": sum(file.rows_removed for file in findings.files),
    }
    fields: dict[str, Any] = {
        "person": request.typed,
        "mode": request.mode.value,
        "subjects": request.subjects,
        "place": place,
        "planned": planned,
        "started": _time(started),
        "finished": _time(datetime.now(UTC)),
        "due": __version__,
        "searched": findings.searched,
        "rows": {**rows, "changed": rows["naming"] - rows["removed"]},
        "files": [asdict(file) for file in findings.files],
        "others": findings.others,
        "rows_with_subject": findings.rows_with_subject,
        "notes": findings.notes,
        "not_reached": findings.not_reached,
    }
    lines = list(_lines(request, findings, place, fields["rows"], planned=planned))
    return Certificate(fields, lines, found=not findings.is_empty)


def _lines(
    request: ErasureRequest, findings: Findings, place: str, rows: dict[str, int], *, planned: bool
) -> Iterator[str]:
    searched = [
        size_text(count) if what == "bytes" else f"{count:,} {what}" for what, count in findings.searched.items()
    ]
    yield f"Searched {', '.join(searched).replace('_', ' ')} of {place}"
    if findings.is_empty:
        yield f"Nothing names {request.typed}"
    to = "to " if planned else ""
    remove, change = ("remove", "change") if planned else ("removed", "changed")
    if findings.files:
        files = counted(len(findings.files), "file")
        became = f"{rows['removed']:,} {to}{remove}, {rows['changed']:,} {to}{change}"
        yield f"{counted(rows['naming'], 'row')} in {files}: {became}"
        yield from (f"  {_file_line(file, planned=planned)}" for file in findings.files[:_MOST_FILES_SHOWN])
        if len(findings.files) > _MOST_FILES_SHOWN:
            yield f"  {len(findings.files) - _MOST_FILES_SHOWN:,} more: -o json has all of them"
    if adopted := sum(not file.written_by_due for file in findings.files):
        yield f"{counted(adopted, 'file')} among them not written by due: {to}rewrit{'e' if planned else 'ten'} too"
    for what, count in findings.others.items():
        if count:
            yield f"{count:,} {what.replace('_', ' ')} {to}eras{'e' if planned else 'ed'}"
    if findings.rows_with_subject and not request.subjects:
        yield (
            f"{counted(findings.rows_with_subject, 'changed row')} with a subject line, which stays but for the "
            "address in it: --subjects clears it"
        )
    yield from findings.notes
    yield from (f"Not reached: {one}" for one in findings.not_reached)


def _file_line(file: ChangedFile, *, planned: bool) -> str:
    after = "" if planned else f" -> {file.sha256_after[:12] if file.sha256_after else 'removed'}"
    return f"{file.path}: {counted(file.rows_naming, 'row')}, SHA-256 {file.sha256_before[:12]}{after}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
