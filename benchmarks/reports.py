"""The nine reports: on a month against the guide's SQL, on one day of it, and on a month of a longer history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks import dataset
from benchmarks.bench_run import BenchRun, grouped, log
from benchmarks.measure import MEGABYTE, Detail, Results, Row, at_most, medians
from benchmarks.questions import QUESTIONS, Question, bytes_read, guide_query, report_rows, rewritten_guide_query
from due_cli.local.folder import Folder
from due_cli.local.state import open_state

_TIMES, _HISTORY_TIMES = 3, 5
_DAY_LIMIT, _HISTORY_LIMIT = 1.5, 1.2
_HISTORY_SINCE = "26d"  # with what a report reads before its period this lies within one month's files
_COLUMNS = ("report", "ours", "guide's SQL", "guide's SQL with due's rewrites")


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Seconds and bytes of due's report, of the guide's SQL, and of that with due's rewrites."""

    name: str
    seconds: tuple[float, ...]
    bytes: tuple[int, ...]


def measure(bench: BenchRun) -> Results:
    """Bytes read and time of all nine, against the guide's SQL on the same files."""
    folder = dataset.folder_of(bench, bench.sizes.events, 1)
    figures = [_figures(folder, question) for question in QUESTIONS]
    size = f"{grouped(dataset.rows_of(folder))} events, 30 days"
    read = [sum(each.bytes[place] for each in figures) for place in range(3)]
    times = [sum(each.seconds[place] for each in figures) for place in range(3)]
    megabytes, seconds = ([_megabytes(each) for each in read], [f"{each:.1f} s" for each in times])
    rows = [
        _row("nine reports, bytes read", size, megabytes, 0, at_most(read[0] / read[1], 1 / 3)),
        _row("nine reports, time", size, seconds, 0, at_most(times[0] / times[1], 1 / 4)),
        _row("guide's SQL with due's rewrites, bytes read", size, megabytes, 2, (f"{read[2] / read[1]:.2f}", "", None)),
        _row("guide's SQL with due's rewrites, time", size, seconds, 2, (f"{times[2] / times[1]:.2f}", "", None)),
    ]
    title = f"Each report (median of {_TIMES}, {size}):"
    return Results(rows, [Detail(title, _COLUMNS, [_line(each) for each in figures])])


def measure_day(bench: BenchRun) -> Results:
    """Bytes read by each report on the last day of a month, against the size of that day's files."""
    folder = dataset.folder_of(bench, bench.sizes.events, 1)
    with open_state(folder) as state:
        files = state.data_files(dataset.last_hour() - 24, dataset.last_hour())
    whole = sum(file.bytes for file in files)
    log(f"reporting on {len(files)} files of {whole / MEGABYTE:.0f} MB")
    read = {question.name: bytes_read(partial(report_rows, folder, question, "1d")) for question in QUESTIONS}
    worst = max(read, key=lambda name: read[name])
    size = f"1 of 30 days, {grouped(dataset.rows_of(folder))} events"
    reference = f"{whole / MEGABYTE:.1f} MB (the day's files)"
    ratio = at_most(read[worst] / whole, _DAY_LIMIT)
    what = f"a one-day report, bytes read; the worst, {worst}"
    row = Row(what, size, f"{read[worst] / MEGABYTE:.1f} MB", reference, *ratio)
    lines = [(name, f"{each / MEGABYTE:.1f} MB", f"{each / whole:.2f}") for name, each in read.items()]
    return Results([row], [Detail(f"One-day reports ({size}):", ("report", "bytes read", "ratio"), lines)])


def measure_history(bench: BenchRun) -> Results:
    """All nine on the same period, in one month of history and in several; the month's files are the same."""
    months = bench.sizes.months
    whole = dataset.folder_of(bench, bench.sizes.history, months)
    month = dataset.last_month_of(bench, whole, bench.sizes.history)
    times: dict[str, list[float]] = {}
    for question in QUESTIONS:
        log(f"reporting {question.name}")
        works = [partial(report_rows, folder, question, _HISTORY_SINCE) for folder in (whole, month)]
        if works[0]() != works[1]():
            raise RuntimeError(f"{question.name} answers differently where there is more history")
        times[question.name] = medians(works, _HISTORY_TIMES)
    ours, reference = (sum(each[place] for each in times.values()) for place in range(2))
    larger, smaller = (grouped(dataset.rows_of(folder)) for folder in (whole, month))
    row = Row(
        f"nine reports on the same {_HISTORY_SINCE.rstrip('d')} days, time",
        f"{larger} events in {months} months",
        f"{ours:.2f} s",
        f"{reference:.2f} s ({smaller} events in 1 month)",
        *at_most(ours / reference, _HISTORY_LIMIT),
    )
    lines = [(name, f"{one:.3f} s", f"{other:.3f} s", f"{one / other:.2f}") for name, (one, other) in times.items()]
    columns = ("report", f"{larger} events", f"{smaller} events", "ratio")
    title = f"The same period in more history (median of {_HISTORY_TIMES}):"
    return Results([row], [Detail(title, columns, lines)])


def _figures(folder: Folder, question: Question) -> ReportFigures:
    log(f"reporting {question.name}")
    works = (
        partial(report_rows, folder, question),
        guide_query(folder, question),
        rewritten_guide_query(folder, question),
    )
    read = tuple(bytes_read(work) for work in works)  # and what is read twice comes from memory for all three
    return ReportFigures(question.name, tuple(medians(works, _TIMES)), read)


def _row(what: str, size: str, figures: list[str], which: int, verdict: tuple[str, str, bool | None]) -> Row:
    return Row(what, size, figures[which], f"{figures[1]} (guide's SQL)", *verdict)


def _line(figures: ReportFigures) -> tuple[str, ...]:
    cells = (f"{time:.2f} s, {_megabytes(read)}" for time, read in zip(figures.seconds, figures.bytes, strict=True))
    return (figures.name, *cells)


def _megabytes(read: int) -> str:
    return f"{read / MEGABYTE:,.0f} MB"
