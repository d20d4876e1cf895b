"""The nine reports over a month of events, against the guide's SQL on the same files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks import dataset
from benchmarks.asking import QUESTIONS, Question, bytes_read, ours, plain, rewritten
from benchmarks.measure import MEGABYTE, Detail, Found, Row, at_most, medians
from benchmarks.setting import Setting, count, say
from due_cli.local.folder import Folder

_TIMES = 3
_COLUMNS = ("report", "ours", "guide's SQL", "guide's SQL with due's rewrites")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: seconds and bytes of due's report, of the guide's SQL, and of that with due's rewrites."""

    name: str
    seconds: tuple[float, ...]
    bytes: tuple[int, ...]


def measured(setting: Setting) -> Found:
    """Bytes read and time of all nine."""
    folder = dataset.folder_of(setting, setting.sizes.events, 1)
    asked = [_asked(folder, question) for question in QUESTIONS]
    size = f"{count(dataset.rows_of(folder))} events, 30 days"
    read = [sum(one.bytes[place] for one in asked) for place in range(3)]
    took = [sum(one.seconds[place] for one in asked) for place in range(3)]
    megabytes, seconds = ([_megabytes(each) for each in read], [f"{each:.1f} s" for each in took])
    rows = [
        _row("nine reports, bytes read", size, megabytes, 0, at_most(read[0] / read[1], 1 / 3)),
        _row("nine reports, time", size, seconds, 0, at_most(took[0] / took[1], 1 / 4)),
        _row("guide's SQL with due's rewrites, bytes read", size, megabytes, 2, (f"{read[2] / read[1]:.2f}", "", None)),
        _row("guide's SQL with due's rewrites, time", size, seconds, 2, (f"{took[2] / took[1]:.2f}", "", None)),
    ]
    return Found(rows, [Detail(f"Each report (median of {_TIMES}, {size}):", _COLUMNS, [_line(one) for one in asked])])


def _asked(folder: Folder, question: Question) -> Asked:
    say(f"asking {question.name}")
    works = (partial(ours, folder, question), plain(folder, question), rewritten(folder, question))
    read = tuple(bytes_read(work) for work in works)  # and what is read twice comes from memory for all three
    return Asked(question.name, tuple(medians(works, _TIMES)), read)


def _row(what: str, size: str, figures: list[str], which: int, verdict: tuple[str, str, bool | None]) -> Row:
    return Row(what, size, figures[which], f"{figures[1]} (guide's SQL)", *verdict)


def _line(one: Asked) -> tuple[str, ...]:
    cells = (f"{took:.2f} s, {_megabytes(read)}" for took, read in zip(one.seconds, one.bytes, strict=True))
    return (one.name, *cells)


def _megabytes(read: int) -> str:
    return f"{read / MEGABYTE:,.0f} MB"
