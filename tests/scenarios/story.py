"""A stack from nothing to nothing: ``make story`` shows it to whoever watches, and a test runs the same.

The commands are due's own, as processes; the account is the emulator's, and what happens there between them is said.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from due_cli.events.model import Record
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone
from tests.queries.raw import Mail, Text, pinpoint, pinpoint_sms, ses

SETS = ("marketing", "receipts")
LETTER = "0100019ab6a4d2c0-letter-014-000000"
READER = "reader.14@example.com"
EXPORT = "pinpoint-export.json"
LAST_YEAR = "last-year.json"
_LETTERS = 120  # an hour
_READERS = 30
_TEXTS = 40
_MINUTE, _HOUR = 60_000, 3_600_000
_YEAR = 365 * 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, without the program's name."""

    words: tuple[str, ...]

    @property
    def typed(self) -> str:
        """The line as it is typed."""
        return f"due {shlex.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens in the account meanwhile."""

    told: str
    happens: Callable[[AwsEmulator], None]


def story(now: datetime, home: Path) -> Iterator[Command | Happening]:
    """Every step in its order; ``now`` is when the third of three hours of sending begins, to the hour."""
    start = int(now.timestamp()) * 1000
    yield Happening("An account with two SES configuration sets; Amazon Pinpoint's support has ended.", _prepare)
    yield from _typed("setup --plan", "setup --yes", f"attach-config-set {SETS[0]} --tracking on")
    yield from _typed(f"attach-config-set {SETS[1]} --tracking on")
    letters = [record for hour in (2, 1, 0) for record in _letters(start - hour * _HOUR, (2 - hour) * _LETTERS)]
    told = f"The sets send {3 * _LETTERS} letters in three hours, whose {len(letters):,} events reach the stream."
    yield Happening(told, lambda emulator: _send(emulator, letters))
    exported = _exported(start)
    (home / EXPORT).write_text("".join(json.dumps(record) + "\n" for record in exported))
    yield from _typed(f"ingest {EXPORT}")
    archived = [
        record for hour in range(3) for record in _letters(start - _YEAR + hour * _HOUR, 1000 + hour * _LETTERS)
    ]
    (home / LAST_YEAR).write_text("".join(json.dumps(record) + "\n" for _, record in archived))
    yield Happening(
        f"An export has {len(archived):,} events of a year ago: they are filed under their own hours.", _wait
    )
    yield from _typed(f"ingest {LAST_YEAR}", "report bounce-rate --since 366d --until 364d")
    yield Happening("The stream delivers what it holds.", AwsEmulator.flush)
    yield from _typed(
        "report bounce-rate --since 3h",
        "report engagement-rate --since 3h",
        "report subject-engagement",
        f"report subject-lines --address {READER}",
        "report send-count-by-tag --tag kind=letter",
        "report address-engagement --min-sends 20 --known-for 1h",
        "report campaign-engagement",
        "report sms-cost",
        "report sms-cost-by-tag --tag customer=7",
        f"status {LETTER} text-3",
        "doctor --send-test",
        "teardown --yes --delete-data",
    )


@contextmanager
def delivering(emulator: AwsEmulator) -> Iterator[None]:
    """A stream that delivers by itself, as soon as it has something."""
    over = threading.Event()

    def deliver() -> None:
        while not over.wait(0.5):
            emulator.flush()

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def this_hour() -> datetime:
    """The hour that it is."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _typed(*lines: str) -> list[Command]:
    return [Command(tuple(shlex.split(line))) for line in lines]


def _prepare(emulator: AwsEmulator) -> None:
    emulator.pinpoint.gone = Gone.FORBIDDEN
    for name in SETS:
        emulator.client("sesv2").create_configuration_set(ConfigurationSetName=name)


def _wait(emulator: AwsEmulator) -> None:
    emulator.functions.settle()


def _send(emulator: AwsEmulator, letters: list[tuple[int, Record]]) -> None:
    """Publishes each event at its time and delivers once an hour, as a stream's buffer would."""
    hours = defaultdict(list)
    for happened, record in letters:
        hours[happened // _HOUR].append(record)
    for hour, records in sorted(hours.items()):
        with emulator.at(hour * _HOUR / 1000 + 1):
            for number, name in enumerate(SETS):
                emulator.ses.publish(name, *records[number :: len(SETS)])


def _letters(hour: int, first: int) -> Iterator[tuple[int, Record]]:
    """The events of an hour's letters, all of them in that hour, with when they happened."""
    for number in range(first, first + _LETTERS):
        sent = hour + (number - first) * 1000
        mail = Mail(
            f"0100019ab6a4d2c0-letter-{number:03d}-000000",
            sent,
            (f"reader.{number % _READERS}@example.com",),
            ("Your November letter", "Three things to read")[number % 3 == 0],
            {"kind": "letter"},
        )
        for kind, minutes in _happenings(number):
            happened = sent + minutes * _MINUTE
            yield happened, ses(mail, kind, happened)


def _happenings(number: int) -> Iterator[tuple[str, int]]:
    """What becomes of a letter, and how many minutes after its send; the same at every call."""
    yield "send", 0
    if number % 60 == 59:
        yield "hardbounce", 1
        return
    yield "delivered", 1
    yield from (("open", minutes) for minutes in range(5, 5 + number % 3))
    if number % 7 == 0:
        yield "click", 12
    if number % 50 == 0:
        yield "unsubscribe", 20
    if number == 2 * _LETTERS:
        yield "complaint", 25


def _exported(hour: int) -> list[Record]:
    """What Pinpoint's stream left in a file: a campaign's mail and texts with prices."""
    campaign = {"campaign_id": "spring", "treatment_id": "0"}
    found = []
    for number in range(_TEXTS):
        mail = Mail(
            f"campaign-{number}", hour + number, (f"reader.{number % 5}@example.com",), "Spring is here", campaign
        )
        found += [pinpoint(mail, "send"), pinpoint(mail, "delivered", hour + number + 900)]
        if number % 4 == 0:
            found.append(pinpoint(mail, "open", hour + number + 2000))
        text = Text(f"text-{number}", tags=campaign, context={"customer": str(number % 10)})
        found.append(pinpoint_sms(text, "BUFFERED", hour + number, 645.0, "PENDING"))
        found.append(pinpoint_sms(text, "SUCCESS", hour + number + 1500, 645.0))
    return found


def main() -> int:
    """Shows the story on standard output; 1 where a command fails."""
    emulator = AwsEmulator()
    emulator.start()
    try:
        with tempfile.TemporaryDirectory(prefix="due-story-") as folder:
            environment = {**os.environ, **emulator.environment(), "HOME": folder}
            for step in story(this_hour(), Path(folder)):
                if isinstance(step, Happening):
                    _say(f"# {step.told}")
                    step.happens(emulator)
                    continue
                _say(f"$ {step.typed}")
                with delivering(emulator) if "--send-test" in step.words else nullcontext():
                    code = subprocess.call([sys.executable, "-m", "due_cli", *step.words], env=environment, cwd=folder)
                if code:
                    return 1
    finally:
        emulator.stop()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
