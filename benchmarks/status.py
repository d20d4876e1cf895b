"""``due status`` of one message among millions: how much longer it takes than to start."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from json import dumps, loads
from pathlib import Path

from benchmarks import pinpoint_records, ses_records
from benchmarks.measure import Found, Row, due_command, medians, run
from benchmarks.setting import AS_OF, Setting, count, say
from due_cli.core.progress import Silent
from due_cli.events import Envelope, Status, merged, rows_of, status_of
from due_cli.ingest.stored import encoded
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.state import SQL, open_state
from due_cli.sql import files

_TIMES = 15
_LIMIT_MS = 50
_FOR_EVER = 36_500  # days; made-up messages must not expire while they lie in the cache
_SAMPLES = 500
_TOLD = 2_000_000


def measured(setting: Setting) -> Found:
    """Whole processes in turns: ``due status`` of another message each time, and ``due --version``."""
    messages = setting.sizes.messages
    folder = _store(setting, messages)
    environment, due = setting.environment(), due_command()
    chance = random.Random(5)

    def look_up() -> str:
        number = chance.randrange(messages)
        return run([*due, "status", _message_id(number), "--local", str(folder.root), "-o", "json"], environment)

    if '"status":' not in look_up() or "not_found" in look_up():
        raise RuntimeError("a message of the store was not found")
    say(f"looking up {_TIMES} messages")
    works: list[Callable[[], object]] = [look_up, partial(run, [*due, "--version"], environment)]
    ours, reference = medians(works, _TIMES)
    beyond = (ours - reference) * 1000
    row = Row(
        "`due status` of one message",
        f"{count(messages)} messages, median of {_TIMES}",
        f"{ours * 1000:.0f} ms",
        f"{reference * 1000:.0f} ms (`due --version`)",
        f"{beyond:+.0f} ms",
        f"≤ +{_LIMIT_MS} ms",
        beyond <= _LIMIT_MS,
    )
    return Found([row])


def _store(setting: Setting, messages: int) -> Folder:
    """A folder whose status store knows so many messages."""
    code = [Path(__file__), Path(ses_records.__file__), Path(pinpoint_records.__file__)]
    schema = files.statements(SQL)["schema"]

    def make(path: Path) -> None:
        folder = Folder(path)
        set_up(folder, "due_eventdb", _FOR_EVER, Silent())
        with open_state(folder, write=True) as state, state.transaction():
            state.run_many("set_status", _rows(messages))

    return Folder(setting.made_once(f"status-{messages}", [*code, schema], make))


def _rows(messages: int) -> Iterator[tuple[str, bytes]]:
    """Ids in the store's order with bodies that repeat: a body does not tell whose it is."""
    bodies = [encoded(status) for status in _samples()]
    for number in range(messages):
        if number and number % _TOLD == 0:
            say(f"  {count(number)} messages")
        yield _message_id(number), bodies[number * 7919 % len(bodies)]


def _samples() -> Iterator[Status]:
    """The statuses of made-up messages, through the normaliser."""
    chance = random.Random(6)
    sent = int(AS_OF.replace(tzinfo=UTC).timestamp() * 1000)
    for number in range(_SAMPLES):
        source = pinpoint_records if number % 3 == 0 else ses_records
        found: Status | None = None
        for _, record in source.message(chance, sent):
            for row in rows_of(loads(dumps(record)), Envelope()).rows:  # a record is taken apart; its parts are shared
                status = status_of(row)
                found = merged(found, status) if found and status else status or found
        if found:
            yield found


def _message_id(number: int) -> str:
    return f"0100{number:012x}-{number * 2654435761 % 2**32:08x}-8c7b-4904-dd36-1e810e768c7b-000000"
