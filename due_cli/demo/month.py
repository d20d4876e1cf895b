"""One month of the shop, written as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from due_cli.demo import flaws
from due_cli.demo.builder import MonthBuilder
from due_cli.demo.clock import Clock
from due_cli.demo.files import Outbox, write_files
from due_cli.demo.rare import highlights, rare
from due_cli.demo.shop import ARRIVALS, CLEARANCE, ORDER_TAG, SCENARIO, customers
from due_cli.demo.traffic import app_visits, ordinary

DEFAULT_RECORDS = 55_000
LEAST_RECORDS = 5_000
_DUPLICATES_SHARE = 0.003
# The records that a month of any size has (letters, one of everything, flaws), those that a month of scale 1 has
# besides, and the share of these that is left to the app's visits, which fill the month to its number.
_FIXED_RECORDS = 2_700
_SCALED_RECORDS = 48_000
_VISITS_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Month:
    """The files that were written, their numbers of records, and the messages in them that are worth a look.

    ``records`` counts everything; of these, ``duplicates`` repeat another, ``ignored`` are tests of the services and
    ``unreadable`` cannot become rows. ``tag`` is KEY=VALUE as ``--tag`` takes it. At ``incident`` a campaign began that
    went to a list which nobody had kept up: every ninth address bounced.
    """

    files: tuple[Path, ...]
    since: datetime
    until: datetime
    incident: datetime
    records: int
    duplicates: int
    ignored: int
    unreadable: int
    interesting_message: str
    bounced_message: str
    sms_message: str
    tag: str
    address: str
    campaign_id: str

    @property
    def kept(self) -> int:
        """The records that become rows."""
        return self.records - self.duplicates - self.ignored - self.unreadable


def write_month(
    folder: Path,
    until: datetime,
    *,
    seed: int = 20,
    records: int = DEFAULT_RECORDS,
    progress: Callable[[int], None] | None = None,
) -> Month:
    """Write the thirty days before ``until`` under ``folder``: exactly ``records`` records in a few dozen files.

    Nothing happens after ``until``. The same ``seed``, ``until`` and ``records`` give the same bytes. ``progress``
    is called now and then with the number of records so far, and at last with that of all.

    Raises :class:`ValueError` where ``until`` has no time zone or ``records`` are too few for one of everything.
    """
    month = _builder(until, seed, records, progress)
    ordinary(month)
    rare(month)
    messages = highlights(month)
    ignored, unreadable = flaws.service_tests(month), flaws.unreadable(month)
    duplicates = round(records * _DUPLICATES_SHARE)
    app_visits(month, records - duplicates)
    flaws.repeat(month, duplicates)
    files = write_files(folder, month.outbox.routes)
    if progress is not None:
        progress(month.outbox.count)
    return Month(
        files=files,
        since=until - timedelta(days=30),
        until=until,
        incident=datetime.fromtimestamp(month.clock.on_day(CLEARANCE.day, CLEARANCE.hour) / 1000, UTC),
        records=month.outbox.count,
        duplicates=duplicates,
        ignored=ignored,
        unreadable=unreadable,
        tag="=".join(*ORDER_TAG.items()),
        campaign_id=ARRIVALS.id,
        **messages,
    )


def _builder(until: datetime, seed: int, records: int, progress: Callable[[int], None] | None) -> MonthBuilder:
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    if records < LEAST_RECORDS:
        raise ValueError(f"a month has at least {LEAST_RECORDS} records")
    rng = Random(seed)
    clock = Clock(rng, until)
    scale = (records - _FIXED_RECORDS) / _SCALED_RECORDS * (1 - _VISITS_SHARE)
    everyone = customers(rng, round(SCENARIO["customers"]["number"] * scale))
    return MonthBuilder(rng, clock, everyone, Outbox(rng, clock.until, progress), scale)
