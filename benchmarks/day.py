"""A report on one day reads that day's files, and not much more."""

from __future__ import annotations

from functools import partial

from benchmarks import dataset
from benchmarks.asking import QUESTIONS, bytes_read, ours
from benchmarks.measure import MEGABYTE, Detail, Found, Row, at_most
from benchmarks.setting import Setting, count, say
from due_cli.local.state import open_state

_LIMIT = 1.5


def measured(setting: Setting) -> Found:
    """Bytes read by each report on the last day of a month, against the size of that day's files."""
    folder = dataset.folder_of(setting, setting.sizes.events, 1)
    with open_state(folder) as state:
        files = state.data_files(dataset.last_hour() - 24, dataset.last_hour())
    whole = sum(file.bytes for file in files)
    say(f"asking of {len(files)} files of {whole / MEGABYTE:.0f} MB")
    read = {question.name: bytes_read(partial(ours, folder, question, "1d")) for question in QUESTIONS}
    worst = max(read, key=lambda name: read[name])
    size = f"1 of 30 days, {count(dataset.rows_of(folder))} events"
    reference = f"{whole / MEGABYTE:.1f} MB (the day's files)"
    row = Row(
        f"a one-day report, bytes read; the worst, {worst}",
        size,
        f"{read[worst] / MEGABYTE:.1f} MB",
        reference,
        *at_most(read[worst] / whole, _LIMIT),
    )
    lines = [(name, f"{each / MEGABYTE:.1f} MB", f"{each / whole:.2f}") for name, each in read.items()]
    return Found([row], [Detail(f"One-day reports ({size}):", ("report", "bytes read", "ratio"), lines)])
