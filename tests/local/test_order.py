"""Whatever the order, the repetition, the packaging and the number of ingests: the database is the same."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.events.model import Json
from tests.commands import Due
from tests.events import wrapping
from tests.events.records import (
    RECEIVED,
    pinpoint_app,
    pinpoint_campaign,
    pinpoint_email,
    pinpoint_sms,
    ses_bounce,
    ses_complaint,
    ses_delivery,
    ses_notification,
    ses_open,
    ses_send,
    ses_unsubscribe_click,
    sms_event,
    sms_inbound,
    whatsapp_status,
    whatsapp_statuses,
)
from tests.local.conftest import NewDatabase
from tests.local.database import Content, content, ingest
from tests.sampling import costly

HOUR = 3_600_000


# Each is one delivery; the second group holds several versions of the same events.
SINGLE: tuple[Json, ...] = (
    ses_send(),
    ses_open(),
    ses_unsubscribe_click(),
    pinpoint_email("_email.send"),
    pinpoint_email("_email.hardbounce"),
    pinpoint_sms("_SMS.BUFFERED"),
    pinpoint_sms("_SMS.SUCCESS"),
    pinpoint_campaign("_campaign.send"),
    pinpoint_app("_session.stop"),
    sms_event("TEXT_PENDING"),
    sms_event("TEXT_DELIVERED"),
    wrapping.sns(sms_inbound("STOP")),
    whatsapp_statuses(whatsapp_status("sent"), whatsapp_status("delivered"), whatsapp_status("read")),
)
VERSIONS: tuple[Json, ...] = (
    ses_bounce(),
    ses_notification("Bounce"),
    wrapping.received(ses_bounce(), RECEIVED),
    wrapping.received(ses_bounce(), RECEIVED + 5 * HOUR),
    ses_complaint(),
    ses_notification("Complaint"),
    wrapping.received(ses_notification("Complaint"), RECEIVED - 2 * HOUR),
    ses_delivery(),
    ses_notification("Delivery"),
)
DELIVERIES = (*SINGLE, *VERSIONS)

# Wrappers that say nothing of the record inside.
PLAIN: dict[str, Callable[[Json], Json]] = {
    "as it is": lambda value: value,
    "arrays": wrapping.in_arrays,
    "text": wrapping.in_text,
    "SQS": wrapping.sqs,
}


def _lines(values: Sequence[Json]) -> bytes:
    return b"".join(wrapping.encoded(value) + b"\n" for value in values)


def _concatenated(values: Sequence[Json]) -> bytes:
    """Objects one after the other; text has no end that shows, and goes into an array."""
    return b"".join(wrapping.encoded([value] if isinstance(value, str) else value) for value in values)


def _gzip_of_members(values: Sequence[Json]) -> bytes:
    return b"".join(gzip.compress(_lines([value])) for value in values)


PACKAGINGS: dict[str, Callable[[Sequence[Json]], bytes]] = {
    "lines": _lines,
    "CRLF without an end": lambda values: b"\r\n".join(map(wrapping.encoded, values)),
    "concatenated": _concatenated,
    "array": lambda values: json.dumps(list(values)).encode(),
    "pretty": lambda values: "\n".join(json.dumps(value, indent=2) for value in values).encode(),
    "gzip": lambda values: gzip.compress(_lines(values)),
    "gzip of members": _gzip_of_members,
}


@dataclass(frozen=True)
class Parcel:
    """A file: which deliveries are in it, each in which wrapper, and how they are packed."""

    deliveries: tuple[tuple[int, str], ...]
    packaging: str

    def write(self, path: Path) -> Path:
        """The file itself."""
        values = [PLAIN[wrapper](json.loads(json.dumps(DELIVERIES[index]))) for index, wrapper in self.deliveries]
        path.write_bytes(PACKAGINGS[self.packaging](values))
        return path


Plan = list[list[Parcel]]  # ingests of parcels

WRAPPERS = st.sampled_from(sorted(PLAIN))
PACKED = st.sampled_from(sorted(PACKAGINGS))
AGAIN = st.booleans()


@st.composite
def plans(draw: st.DrawFn, chosen: Sequence[tuple[int, str]]) -> Plan:
    """A way to hand in the chosen deliveries: any order, with repetitions, in several files and ingests."""
    wrapped = list(draw(st.permutations(chosen)))
    wrapped += draw(st.lists(st.sampled_from(chosen), max_size=3))
    plan: Plan = [[]]
    while wrapped:
        size = draw(st.integers(1, len(wrapped)))
        plan[-1].append(Parcel(tuple(wrapped[:size]), draw(PACKED)))
        wrapped = wrapped[size:]
        again = draw(AGAIN)
        if wrapped and again:
            plan.append([])
    return plan


@st.composite
def two_plans(draw: st.DrawFn) -> tuple[Plan, Plan]:
    """Two ways to hand in the same deliveries, with versions of one event among them.

    A delivery keeps its wrapper, because some wrappers know more than the record: a queue its account and region.
    """
    versions = st.integers(len(SINGLE), len(DELIVERIES) - 1)
    chosen = draw(st.sets(st.integers(0, len(SINGLE) - 1), max_size=4)) | draw(st.sets(versions, min_size=2))
    wrapped = [(index, draw(WRAPPERS)) for index in sorted(chosen)]
    return draw(plans(wrapped)), draw(plans(wrapped))


def _handed_in(due: Due, database: Path, plan: Plan) -> Content:
    rows = 0
    for number, parcels in enumerate(plan):
        place = database.parent / f"{database.name}-{number}"
        place.mkdir()
        for index, parcel in enumerate(parcels):
            parcel.write(place / f"{index}.json")
        summary = ingest(due, database, place)
        assert summary["records"] == sum(len(parcel.deliveries) for parcel in parcels)
        assert summary["failed"] == 0
        rows += summary["rows"]
        shutil.rmtree(place)
    found = content(due, database)
    assert len(found.rows) == rows
    assert len({row["event_id"] for row in found.rows}) == rows
    return found


@given(two=two_plans())
@costly(0.15)
def test_any_way_to_hand_in_the_same_records_gives_the_same_database(
    due: Due, new_database: NewDatabase, two: tuple[Plan, Plan]
) -> None:
    first, second = (_handed_in(due, new_database(), plan) for plan in two)
    assert first.rows == second.rows
    assert first.statuses == second.statuses
    assert first.reports == second.reports


def test_the_versions_are_of_the_same_events(due: Due, database: Path, tmp_path: Path) -> None:
    """Else the test above would show nothing of versions."""
    everything = Parcel(tuple((len(SINGLE) + index, "as it is") for index in range(len(VERSIONS))), "lines")
    summary = ingest(due, database, everything.write(tmp_path / "versions.json"))
    assert (summary["kept"], summary["duplicates"], summary["rows"]) == (3, len(VERSIONS) - 3, 3)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["poor first", "full first"])
@pytest.mark.parametrize("same_ingest", [True, False], ids=["one ingest", "two ingests"])
def test_the_fuller_version_of_an_event_stays(
    due: Due, database: Path, tmp_path: Path, order: tuple[int, int], same_ingest: bool
) -> None:
    """The event publishing of a bounce has the message's tags, the notification has not."""
    records = (ses_notification("Bounce"), ses_bounce(mail={"tags": {"purpose": ["receipt"], "long": ["x" * 200]}}))
    paths = []
    for number, index in enumerate(order):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_bytes(_lines([records[index]]))
    if same_ingest:
        ingest(due, database, *paths)
    else:
        for path in paths:
            ingest(due, database, path)
    (row,) = due.rows("query", "SELECT attributes FROM all_events", "--local", str(database))
    assert row["attributes"]["purpose"] == "receipt"
