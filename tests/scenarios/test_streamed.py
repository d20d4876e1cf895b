"""What streams into a stack is what a folder ingests: the same events, views, reports and statuses."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from due_cli.events import Envelope
from due_cli.events.model import Json
from due_cli.sql import files
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.governed import key_in
from tests.aws_emulator.ses import TYPES
from tests.commands import write_lines
from tests.events.samples import SHAPES
from tests.queries.cases import CASES
from tests.queries.data import files_with_duplicates, week
from tests.queries.filing import filed
from tests.scenarios.commands import Commands

SET, PROJECT = "marketing", "Shop"
# A stream says itself when it received what does not say it, and under which hour it is filed.
_OF_ARRIVAL = frozenset(("arrival_timestamp", "ingest_timestamp"))
_FIELD = ("unsubscribeLinkTag", "unsubscribelinktag")  # Athena has the names of struct fields in lower case
Rows = list[dict[str, Any]]


@pytest.fixture
def filled(emulator: AwsEmulator, commands: Commands) -> Commands:
    """The same records, streamed into an encrypted stack hour by hour and ingested into a folder."""
    records = [*_every_kind(), *(one for part in files_with_duplicates(7, week(7)) for one in part)]
    key = key_in(emulator)
    emulator.client("sesv2").create_configuration_set(ConfigurationSetName=SET)
    done(commands, "setup", "--yes", "--kms-key", key, "--status-days", "3650", "--pinpoint-project-name", PROJECT)
    done(commands, "attach-config-set", SET, "--via", "firehose", "--tracking", "on")
    project = emulator.client("pinpoint").get_apps()["ApplicationsResponse"]["Item"][0]["Id"]
    for hour, arrived in _by_hour(records):
        with emulator.at(hour.replace(tzinfo=UTC).timestamp() + 1):
            _stream(emulator, project, arrived)
    write_lines(commands.home / "records.json", records)
    done(commands, "setup", "--local", "folder", "--status-days", "3650")
    done(commands, "ingest", "records.json", "--local", "folder")
    return commands


def done(commands: Commands, *words: str, unknown: bool = False) -> str:
    """What a command that succeeds prints; it may find some of what it looks for ``unknown``."""
    ended = commands.due(*words)
    assert ended.code in ((0, 4) if unknown else (0,)), (words, ended.err)
    return ended.out


@pytest.mark.slow
def test_both_say_the_same(emulator: AwsEmulator, filled: Commands) -> None:
    # Deliveries of one event that differ are a row each in the stack, and one row in the folder, which has merged them.
    streamed, _ = _both(filled, "query", "SELECT * FROM all_events")
    merged = _with_versions(streamed)
    assert 0 < len(merged) < len(streamed) / 20
    for name in ("all_events", *files.names("views")):
        streamed, ingested = _both(filled, "query", f"SELECT * FROM {name}")
        assert {row["event_id"] for row in streamed} == {row["event_id"] for row in ingested}, name
        alike = [row for row in ingested if row["event_id"] not in merged]
        assert _distinct(alike) - _distinct(streamed) == set(), name
        assert alike, name
    for case in {case.report: case for case in CASES}.values():
        streamed, ingested = _both(filled, *case.words)
        assert streamed == ingested, str(case)
    known = sorted({identity for row in _both(filled, "query", _MESSAGES)[1] for identity in row.values()})
    assert len(known) > 400
    for start in range(0, len(known), 100):
        streamed, ingested = _both(filled, "status", *known[start : start + 100], unknown=True)
        # Beside a stack there may be older history: it asks the events of a message whose beginning it does not know.
        assert [{**item, "from": "either"} for item in streamed] == [{**item, "from": "either"} for item in ingested]
    failed = [line for line in done(filled, "failed", "list", "--stack", "due", "-o", "json").splitlines() if line]
    assert failed == ["[]"]
    assert emulator.iam.denied == []


_MESSAGES = """
SELECT DISTINCT COALESCE(facets.email_channel.mail_event.mail.message_id, element_at(attributes, 'message_id')) AS id
FROM all_events
WHERE COALESCE(facets.email_channel.mail_event.mail.message_id, element_at(attributes, 'message_id')) IS NOT NULL
"""


def _both(commands: Commands, *words: str, unknown: bool = False) -> tuple[Rows, Rows]:
    """What a stack and a folder print."""
    streamed: Rows = json.loads(done(commands, *words, "--stack", "due", "-o", "json", unknown=unknown))
    ingested: Rows = json.loads(done(commands, *words, "--local", "folder", "-o", "json", unknown=unknown))
    return streamed, ingested


def _with_versions(rows: Rows) -> set[str]:
    """The events that have several rows with different content."""
    versions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        versions[row["event_id"]] |= _distinct([row])
    return {event for event, texts in versions.items() if len(texts) > 1}


def _distinct(rows: Rows) -> set[str]:
    """The rows but for their arrival; the same event twice is there once."""
    bare = ({key: row[key] for key in row if key not in _OF_ARRIVAL} for row in rows)
    return {json.dumps(row, sort_keys=True).replace(*_FIELD) for row in bare}


def _every_kind() -> Iterator[Json]:
    return (sample.build() for sample in SHAPES if sample.envelope == Envelope())


def _by_hour(records: Iterable[Json]) -> list[tuple[datetime, list[Json]]]:
    """Records by the hour under which a folder files them."""
    hours: dict[datetime, list[Json]] = defaultdict(list)
    for record in records:
        hours[min(event.hour for event in filed([record]))].append(record)
    return sorted(hours.items())


def _stream(emulator: AwsEmulator, project: str, records: list[Json]) -> None:
    """Puts records into the stream as their services do."""
    objects = [record for record in records if isinstance(record, dict)]
    mail = [one for one in objects if isinstance(one.get("mail"), dict) and one.get("eventType") in TYPES]
    app = [one for one in objects if "event_type" in one]
    assert emulator.ses.publish(SET, *mail) == len(mail)
    assert emulator.pinpoint.publish(project, *app) == len(app)
    emulator.firehose.put("due-events", *(one for one in records if one not in mail and one not in app))
