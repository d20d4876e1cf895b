"""Progress on a terminal: a bar, a count and a rate on standard error; silent anywhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from due_cli.core.progress import Progress, Silent
from due_cli.core.settings import Settings
from due_cli.render import note

if TYPE_CHECKING:
    from rich.progress import Progress as Bars


def progress(settings: Settings) -> Progress:
    """The progress display of a command: a bar on a terminal, unless it is quiet."""
    if settings.quiet or not sys.stderr.isatty():
        return _NotesOnly(settings)
    return _Bar(settings)


class _NotesOnly(Silent):
    """Notes only, for output to a file."""

    def __init__(self, settings: Settings) -> None:
        self._quiet = settings.quiet

    def note(self, text: str) -> None:
        note(text)

    def aside(self, text: str) -> None:
        if not self._quiet:
            note(text)


class _Bar:
    """One bar at a time."""

    def __init__(self, settings: Settings) -> None:
        self._color = settings.color
        self._bars: Bars | None = None
        self._count = 0

    def note(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(text, highlight=False, markup=False)
        else:
            note(text)

    def aside(self, text: str) -> None:
        self.note(text)

    def start(self, what: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.finish()
        self._count = 0
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            *([] if total is None else [TextColumn("{task.percentage:>3.0f}%")]),
            TextColumn("{task.fields[counted]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True, no_color=not self._color, highlight=False),
            refresh_per_second=8,
            transient=True,
        )
        self._bars.start()
        self._task = self._bars.add_task(what, total=total, counted="")

    def advance(self, done: int, *, count: int = 0) -> None:
        if self._bars is None:
            return
        self._count += count
        elapsed = self._bars.tasks[0].elapsed or 0
        counted = f"{self._count:,} records  {self._count / elapsed:,.0f}/s" if self._count and elapsed else ""
        self._bars.update(self._task, advance=done, counted=counted)

    def finish(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
