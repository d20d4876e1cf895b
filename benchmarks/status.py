"""``due status`` of one message among millions: how much longer it takes than to start."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from json import dumps, loads
from pathlib import Path

from benchmarks import records
from benchmarks.bench_run import AS_OF, BenchRun, grouped, log
from benchmarks.measure import Results, Row, due_command, medians, run
from due_cli.core.progress import Silent
from due_cli.events import Envelope, Status, merge, rows_of, status_of
from due_cli.ingest.batch import encode_status
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.state import SQL, open_state
from due_cli.sql import files

_TIMES = 15
_LIMIT_MS = 50
_STATUS_DAYS = 36_500  # days; synthetic messages must not expire while they lie in the cache
_SAMPLES = 500
_LOG_EVERY = 2_000_000


def measure(bench: BenchRun) -> Results:
    """Whole processes in turns: ``due status`` of another message each time, and ``due --version``."""
    messages = bench.sizes.messages
    folder = _store(bench, messages)
    environment, due = bench.environment(), due_command()
    rng = random.Random(5)

    def look_up() -> str:
        number = rng.randrange(messages)
        return run([*due, "status", _message_id(number), "--local", str(folder.root), "-o", "json"], environment)

    if '"status":' not in look_up() or "not_found" in look_up():
        raise RuntimeError("a message of the store was not found")
    log(f"looking up {_TIMES} messages")
    works: list[Callable[[], object]] = [look_up, partial(run, [*due, "--version"], environment)]
    ours, reference = medians(works, _TIMES)
    beyond = (ours - reference) * 1000
    row = Row(
        "`due status` of one message",
        f"{grouped(messages)} messages, median of {_TIMES}",
        f"{ours * 1000:.0f} ms",
        f"{reference * 1000:.0f} ms (`due --version`)",
        f"{beyond:+.0f} ms",
        f"≤ +{_LIMIT_MS} ms",
        beyond <= _LIMIT_MS,
    )
    return Results([row])


def _store(bench: BenchRun, messages: int) -> Folder:
    """A folder whose status store knows so many messages."""
    code = [Path(__file__), *records.sources()]
    schema = files.statements(SQL)["schema"]

    def write(path: Path) -> None:
        folder = Folder(path)
        set_up(folder, "due_eventdb", _STATUS_DAYS, Silent())
        with open_state(folder, write=True) as state, state.transaction():
            state.run_many("set_status", _rows(messages))

    return Folder(bench.cached(f"status-{messages}", [*code, schema], write))


def _rows(messages: int) -> Iterator[tuple[str, bytes]]:
    """Ids in the store's order with bodies that repeat: a body does not tell whose it is."""
    bodies = [encode_status(status) for status in _samples()]
    for number in range(messages):
        if number and number % _LOG_EVERY == 0:
            log(f"  {grouped(number)} messages")
        yield _message_id(number), bodies[number * 7919 % len(bodies)]


def _samples() -> Iterator[Status]:
    """The statuses of synthetic messages, through the normaliser."""
    rng = random.Random(6)
    sent = int(AS_OF.replace(tzinfo=UTC).timestamp() * 1000)
    for number in range(_SAMPLES):
        message = records.pinpoint_message if number % 3 == 0 else records.ses_message
        latest: Status | None = None
        for _, record in message(rng, sent):
            for row in rows_of(
                loads(dumps(record)), Envelope()
            ).rows:  # its parts are shared, and normalising modifies it
                status = status_of(row)
                latest = merge(latest, status) if latest and status else status or latest
        if latest:
            yield latest


def _message_id(number: int) -> str:
    return f"0100{number:012x}-{number * 2654435761 % 2**32:08x}-8c7b-4904-dd36-1e810e768c7b-000000"
