"""A longer history costs a report nothing: it opens the files of its period."""

from __future__ import annotations

from functools import partial

from benchmarks import dataset
from benchmarks.asking import QUESTIONS, ours
from benchmarks.measure import Detail, Found, Row, at_most, medians
from benchmarks.setting import Setting, count, say

_SINCE = "26d"  # with what a report reads before its period this lies within one month's files
_TIMES = 5
_LIMIT = 1.2


def measured(setting: Setting) -> Found:
    """All nine on the same period, in one month of history and in several; the month's files are the same."""
    months = setting.sizes.months
    whole = dataset.folder_of(setting, setting.sizes.history, months)
    month = dataset.last_month_of(setting, whole, setting.sizes.history)
    taken: dict[str, list[float]] = {}
    for question in QUESTIONS:
        say(f"asking {question.name}")
        works = [partial(ours, folder, question, _SINCE) for folder in (whole, month)]
        if works[0]() != works[1]():
            raise RuntimeError(f"{question.name} answers differently where there is more history")
        taken[question.name] = medians(works, _TIMES)
    ours_took, reference = (sum(each[place] for each in taken.values()) for place in range(2))
    larger, smaller = (count(dataset.rows_of(folder)) for folder in (whole, month))
    row = Row(
        f"nine reports on the same {_SINCE.rstrip('d')} days, time",
        f"{larger} events in {months} months",
        f"{ours_took:.2f} s",
        f"{reference:.2f} s ({smaller} events in 1 month)",
        *at_most(ours_took / reference, _LIMIT),
    )
    lines = [(name, f"{one:.3f} s", f"{other:.3f} s", f"{one / other:.2f}") for name, (one, other) in taken.items()]
    columns = ("report", f"{larger} events", f"{smaller} events", "ratio")
    return Found([row], [Detail(f"The same period in more history (median of {_TIMES}):", columns, lines)])
