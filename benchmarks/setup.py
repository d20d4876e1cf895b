"""``due setup`` of a whole stack, a process of its own, where every call of AWS takes its time.

AWS is the tests' emulator, an emulator on the same processors. So the same setup runs without the delay too: what it
takes then is work, and the rest is waiting.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.bench_run import BenchRun, grouped, log
from benchmarks.measure import Detail, Results, Row, at_most, due_command, run, seconds_of
from tests.aws_emulator.aws import AwsEmulator

_DELAY = 0.1  # seconds
_MOST_OF_CALLS, _MOST_AGAIN = 0.3, 0.5
_SETUP = ("setup", "--yes", "--no-pinpoint")
_TEARDOWN = ("teardown", "--yes", "--delete-data")
_COLUMNS = ("command", "time", "its processor's time", "calls")


@dataclass(frozen=True, slots=True)
class _CommandFigures:
    """What a command took: seconds, those of the processor in its own process, and the calls that were made for it,
    Athena's as its caller among them."""

    what: str
    seconds: float
    processor: float
    calls: int


def measure(bench: BenchRun) -> Results:
    """A setup of everything, one with nothing to change, and the teardown."""
    log("setting up without a delay")
    with _account(bench) as (emulator, environment):
        plan = run([*due_command(), "setup", "--plan", "--no-pinpoint", "-o", "json"], environment)
        at_once = _timed(emulator, environment, "setup", _SETUP)
    resources = len(json.loads(plan))
    log(f"setting up with {_DELAY * 1000:.0f} ms for every call")
    with _account(bench) as (emulator, environment):
        emulator.faults.delay = _DELAY
        timed = [
            _timed(emulator, environment, "setup", _SETUP),
            _timed(emulator, environment, "setup again, nothing to change", _SETUP),
            _timed(emulator, environment, "teardown", _TEARDOWN),
        ]
    first, again, _ = timed
    one_by_one = first.calls * _DELAY
    size = f"{resources} resources, {_DELAY * 1000:.0f} ms a call"
    rows = [
        Row(
            "`due setup --yes`",
            size,
            f"{first.seconds:.1f} s",
            f"{grouped(first.calls)} calls one by one: {one_by_one:.0f} s",
            *at_most(first.seconds / one_by_one, _MOST_OF_CALLS),
        ),
        Row(
            "`due setup --yes` again, nothing to change",
            size,
            f"{again.seconds:.1f} s",
            f"{first.seconds:.1f} s (the first)",
            *at_most(again.seconds / first.seconds, _MOST_AGAIN),
        ),
    ]
    lines = [_line("setup, calls without delay", at_once), *(_line(one.what, one) for one in timed)]
    title = f"A stack on AWS ({size}; the processors shared with the emulator):"
    return Results(rows, [Detail(title, _COLUMNS, lines)])


def _line(what: str, figures: _CommandFigures) -> tuple[str, ...]:
    return what, f"{figures.seconds:.1f} s", f"{figures.processor:.1f} s", grouped(figures.calls)


def _timed(emulator: AwsEmulator, environment: dict[str, str], what: str, words: tuple[str, ...]) -> _CommandFigures:
    emulator.journal.clear()
    before = _processor_seconds()
    seconds = seconds_of(partial(run, [*due_command(), *words], environment))
    return _CommandFigures(what, seconds, _processor_seconds() - before, len(emulator.journal))


def _processor_seconds() -> float:
    """Of the processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _account(bench: BenchRun) -> Iterator[tuple[AwsEmulator, dict[str, str]]]:
    """An empty account, and the environment of a process in it."""
    emulator = AwsEmulator()
    emulator.start()
    home = bench.scratch("setup")
    try:
        own = {name: value for name, value in bench.environment().items() if not name.startswith("AWS_")}
        yield emulator, {**own, **emulator.environment(), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    finally:
        emulator.stop()
