"""Results as text: data to standard output, everything else to standard error. No other room prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TextIO

from due_cli.core.errors import DueError, ExitCode
from due_cli.core.results import (
    Checks,
    Done,
    FailedIngest,
    IngestSummary,
    Parts,
    Record,
    RefusedIngest,
    Result,
    Statuses,
    Table,
    Text,
    counted,
)
from due_cli.core.settings import Output, Settings
from due_cli.render import data

__all__ = ["emit", "error", "note"]

Complete = Callable[[str], str]  # a suggested command as one that runs as it stands
_WRITERS: dict[Output, Callable[[Result, TextIO], None]] = {
    Output.JSON: data.json_text,
    Output.CSV: data.csv_text,
    Output.MARKDOWN: data.markdown_text,
    Output.NDJSON: data.ndjson_text,
}


def emit(result: Result, settings: Settings, complete: Complete = str) -> ExitCode:
    """Write a result and return its exit code; ``complete`` makes the commands that it suggests run as they stand."""
    if isinstance(result, Parts):
        return _emit_parts(result, settings)
    if isinstance(result, Checks):
        result = Checks([replace(check, fix=check.fix and complete(check.fix)) for check in result.checks])
    if isinstance(result, Done):
        result = replace(result, lines=[complete(line) for line in result.lines])
    if isinstance(result, Text):
        _write_text(result)
    elif settings.output is Output.TABLE:
        _show(result, settings, sys.stdout)
    elif settings.to is not None:
        from due_cli.render.arrow import write_parquet

        count = write_parquet(data.table_of(result), settings.to)
        if not settings.quiet:
            note(f"wrote {counted(count, 'row')} to {settings.to}")
    else:
        _WRITERS[settings.output](result, sys.stdout)
    sys.stdout.flush()
    if isinstance(result, Table) and not settings.quiet and (hint := result.hint()):
        note(complete(hint))
    if isinstance(result, Statuses) and result.hint and not settings.quiet:
        note(complete(result.hint))
    _show_next_steps(result, settings, complete)
    return _exit_code(result)


def show_preview(result: Result, settings: Settings) -> None:
    """Show a result on standard error, before the command's own result."""
    if not settings.quiet:
        _show(result, settings, sys.stderr)


def _show(result: Result, settings: Settings, stream: TextIO) -> None:
    from due_cli.render import screen  # not needed for JSON, so programs do not wait for the import

    screen.show(result, settings, stream)


def note(text: str) -> None:
    """Write a line to standard error, if it can be written."""
    from due_cli.render.table import visible

    with suppress(OSError):
        print(visible(text), file=sys.stderr)  # noqa: T201  this module prints


def error(problem: DueError, complete: Complete = str) -> ExitCode:
    """Write what went wrong and what to do next to standard error."""
    note(f"due: {problem.message}")
    if problem.hint:
        hint = complete(problem.hint)
        note(f"  {hint}" if hint.endswith("?") else f"  try: {hint}")
    return problem.exit_code


def _emit_parts(parts: Parts, settings: Settings) -> ExitCode:
    """Write each part under its heading; for a program only the last part, so that the output is one document."""
    part: Result | None = None
    for heading, part in parts.parts:
        if settings.output is Output.TABLE:
            sys.stdout.write(f"\n{heading}\n")
            sys.stdout.flush()
            _show(part, settings, sys.stdout)
    if part is None:
        return ExitCode.DONE
    if settings.output is not Output.TABLE:
        return emit(part, settings)
    _show_next_steps(part, settings)
    return _exit_code(part)


def _write_text(result: Text) -> None:
    if isinstance(result.text, bytes):
        sys.stdout.buffer.write(result.text)
        if sys.stdout.isatty():
            sys.stdout.write("\n")
    else:
        sys.stdout.write(result.text.rstrip("\n") + "\n")


def _show_next_steps(result: Result, settings: Settings, complete: Complete = str) -> None:
    steps = result.next_steps if isinstance(result, (Table, Record, Done)) else ()
    if isinstance(result, IngestSummary) and result.failed:
        steps = ("due failed list",)
    if steps and not settings.quiet:
        note("next: " + "\n      ".join(map(complete, steps)))


def _exit_code(result: Result) -> ExitCode:
    if isinstance(result, Checks) and result.problems:
        return ExitCode.PROBLEMS
    if isinstance(result, Statuses) and any(line.item["status"] == "not_found" for line in result.timelines):
        return ExitCode.NOT_FOUND
    if isinstance(result, RefusedIngest):
        return ExitCode.REFUSED
    if isinstance(result, IngestSummary) and (result.problems or isinstance(result, FailedIngest)):
        return ExitCode.FAILED
    return ExitCode.DONE


def ask(question: str) -> bool | None:
    """Ask the person at the terminal a yes-or-no question; None if standard input is not a terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
