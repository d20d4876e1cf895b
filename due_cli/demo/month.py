"""One month of the shop, written as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from due_cli.demo import flaws
from due_cli.demo.clock import Clock
from due_cli.demo.outbox import Outbox
from due_cli.demo.people import people
from due_cli.demo.rare import highlights, rare
from due_cli.demo.routes import write_files
from due_cli.demo.scene import Scene
from due_cli.demo.shop import ARRIVALS, CUSTOMERS, TAG_NAME, TAG_VALUE
from due_cli.demo.traffic import app_visits, ordinary

DEFAULT_RECORDS = 55_000
LEAST_RECORDS = 5_000
_DUPLICATES = 0.003
# The records that a month of any size has (letters, one of everything, flaws), those that a month of scale 1 has
# besides, and the share of these that is left to the app's visits, which fill the month to its number.
_FIXED = 2_700
_ORDINARY = 48_000
_VISITS = 0.06


@dataclass(frozen=True, slots=True)
class Month:
    """What was written, and what in it is worth a look.

    ``records`` counts everything; of these, ``duplicates`` repeat another, ``ignored`` are pings of the services and
    ``unreadable`` cannot become rows. ``tag`` is KEY=VALUE as ``--tag`` takes it.
    """

    files: tuple[Path, ...]
    since: datetime
    until: datetime
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
    hears now and then how many records are made, and at last of all of them.

    Raises :class:`ValueError` where ``until`` has no time zone or ``records`` are too few for one of everything.
    """
    scene = _scene(until, seed, records, progress)
    ordinary(scene)
    rare(scene)
    found = highlights(scene)
    ignored, unreadable = flaws.pings(scene), flaws.unreadable(scene)
    duplicates = round(records * _DUPLICATES)
    app_visits(scene, records - duplicates)
    flaws.repeat(scene, duplicates)
    files = write_files(folder, scene.outbox.parcels)
    if progress is not None:
        progress(scene.outbox.count)
    return Month(
        files=files,
        since=until - timedelta(days=30),
        until=until,
        records=scene.outbox.count,
        duplicates=duplicates,
        ignored=ignored,
        unreadable=unreadable,
        interesting_message=found.interesting,
        bounced_message=found.bounced,
        sms_message=found.text,
        tag=f"{TAG_NAME}={TAG_VALUE}",
        address=found.address,
        campaign_id=ARRIVALS.id,
    )


def _scene(until: datetime, seed: int, records: int, progress: Callable[[int], None] | None) -> Scene:
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    if records < LEAST_RECORDS:
        raise ValueError(f"a month has at least {LEAST_RECORDS} records")
    rng = Random(seed)
    clock = Clock(rng, until)
    scale = (records - _FIXED) / _ORDINARY * (1 - _VISITS)
    return Scene(rng, clock, people(rng, round(CUSTOMERS * scale)), Outbox(rng, clock.until, progress), scale)
