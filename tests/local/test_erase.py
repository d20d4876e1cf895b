"""A person who is erased is nowhere in a folder any more, and everything else is as it was."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from due_cli.core.progress import Silent
from due_cli.erase.certificate import ErasureRequest
from due_cli.local.erase import erase as erase_person
from due_cli.local.folder import Folder
from tests.commands import Due, write_lines
from tests.erase.oracle import multiset, names, places_that_name, row_names
from tests.events.records import ses_bounce, ses_delivery, ses_send, sms_event, whatsapp_status, whatsapp_statuses
from tests.events.samples import SHAPES
from tests.local.conftest import NewDatabase
from tests.local.database import Row, content, ingest, rows, state, statuses, unaccounted
from tests.local.test_kill import killed

MARIA, NUMBER = "maria@b.co", "+4915112345678"
PEOPLE = [MARIA, NUMBER]
LOOKALIKES = ["anna.maria@b.co", "maria@b.co.uk", "+49151123456789"]


def spellings(person: str) -> list[str]:
    """A person as texts may name them."""
    token = base64.urlsafe_b64encode(f'{{"to": "{person.upper()}"}}'.encode()).decode().rstrip("=")
    return [
        person,
        person.upper(),
        f"Maria Brown <{person}>",
        f"smtp; 550 5.1.1 <{person}>: no such user",
        f"https://shop.example/u?e={quote(person)}&x=1",
        f"https://shop.example/t/{token}/open",
        json.dumps({"contact": {"address": person}}).replace("@", "\\u0040"),
        f"x {person}, and {LOOKALIKES[0]}",
    ]


def planted(record: Any, person: str, chooser: random.Random) -> Any:
    """A record in some of whose texts a person is named."""
    record = copy.deepcopy(record)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, dict | list):
                walk(item)
            elif isinstance(item, str):
                places.append((value, key))

    walk(record)
    for container, key in chooser.sample(places, min(len(places), 2)):
        container[key] = chooser.choice(spellings(person))
    return record


def family_records(chooser: random.Random, person: str) -> list[Any]:
    """Records of every kind, a third of which name the person somewhere; some cannot be read for it."""
    built: list[Any] = []
    for sample in chooser.sample(SHAPES, 8):
        record = sample.build()
        built.append(record)
        built += [planted(record, person, chooser), planted(record, chooser.choice(LOOKALIKES), chooser)]
    inner = gzip.compress(json.dumps({"broken": person}).encode())
    failures = [{"broken": person}, {"raw": base64.b64encode(inner).decode()}, {"other": LOOKALIKES[0]}]
    return [*built, *failures]


@pytest.fixture
def two(new_database: NewDatabase) -> Path:
    """A folder with a mail to one person, one to two, and a bounce of one of them."""
    return new_database()


def mail(*recipients: str, message: str, subject: str = "Hello") -> dict[str, Any]:
    """The send of a mail."""
    record = ses_send()
    mail = record["mail"]
    assert isinstance(mail, dict)
    mail |= {"messageId": message, "destination": list(recipients)}
    mail["headers"] = [{"name": "To", "value": ", ".join(recipients)}, {"name": "Subject", "value": subject}]
    mail["commonHeaders"] = {"from": ["shop@x.org"], "to": list(recipients), "subject": subject}
    return record


def bounce(of: str, *recipients: str, message: str) -> dict[str, Any]:
    """The bounce of one recipient's mail."""
    record = ses_bounce()
    assert isinstance(record["mail"], dict) and isinstance(record["bounce"], dict)
    record["mail"] |= {"messageId": message, "destination": list(recipients)}
    record["mail"].pop("headers", None)
    record["mail"].pop("commonHeaders", None)
    answer = f"smtp; 550 5.1.1 <{of}>: no such user"
    record["bounce"]["bouncedRecipients"] = [{"emailAddress": of, "diagnosticCode": answer}]
    return record


def erase(due: Due, database: Path, person: str, *words: str) -> Row:
    """Erase a person; returns the certificate."""
    certificate = due("erase", person, *words, "--local", str(database), "-o", "json").done().json
    assert isinstance(certificate, dict)
    return certificate


@pytest.mark.parametrize("mode", ["erase", pytest.param("pseudonymise", marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_nothing_names_the_person_any_more_and_the_rest_is_as_it_was(
    due: Due, database: Path, tmp_path: Path, seed: int, mode: str
) -> None:
    chooser = random.Random(seed)
    person = chooser.choice(PEOPLE)
    ingest(due, database, write_lines(tmp_path / "in.jsonl", family_records(chooser, person)))
    adopt(database, tmp_path)
    before = rows(due, database)
    named = [row for row in before if row_names(row, person)]
    assert named and places_that_name(database, person)
    failed = dict(state(database, "SELECT id, content FROM failed_part"))

    certificate = erase(due, database, person, "--mode", mode, "--yes")

    assert places_that_name(database, person) == []
    after = rows(due, database)
    assert certificate["rows"]["naming"] == len(named)
    assert len(after) == len(before) - certificate["rows"]["removed"]
    others = multiset([row for row in before if not row_names(row, person)])
    left = multiset(after)
    assert {row: count for row, count in others.items() if left.get(row, 0) < count} == {}
    assert sum(left.values()) - sum(others.values()) == certificate["rows"]["changed"]
    kept = {identity for (identity,) in state(database, "SELECT id FROM failed")}
    assert kept == {identity for identity, raw in failed.items() if not names(raw, person)}
    assert unaccounted(database) == {str(path.relative_to(database)) for path in adopted_files(database)}
    checks = due("doctor", "--local", str(database), "-o", "json").json
    assert {check["check"] for check in checks if check["outcome"] == "problem"} <= {"failed records"}
    assert erase(due, database, person, "--yes")["rows"]["naming"] == 0


def adopt(database: Path, tmp_path: Path) -> None:
    """Copy the rows of a file to an hour, under a name that is not due's."""
    for file in sorted((database / "events").rglob("due-*.parquet"))[:3]:
        table = pq.read_table(file, partitioning=None)
        hour = database / "events" / "/".join(file.relative_to(database / "events").parts[:3]) / "07"
        hour.mkdir(exist_ok=True)
        columns = [name for name in table.column_names if name != "ingest_timestamp"]
        noted = table.select(columns).replace_schema_metadata({"first": f"<{MARIA}>"})
        pq.write_table(noted, hour / f"part-{file.name[4:8]}.parquet", compression="zstd")


def adopted_files(database: Path) -> list[Path]:
    """The files that due did not write."""
    return list((database / "events").rglob("part-*.parquet"))


def test_a_row_about_one_person_goes_and_from_others_the_address(due: Due, database: Path, tmp_path: Path) -> None:
    records = [
        mail(MARIA, message="m1"),
        mail(MARIA, "bob@b.co", message="m2", subject=f"For {MARIA}"),
        bounce(MARIA, MARIA, "bob@b.co", message="m2"),
        bounce("bob@b.co", MARIA, "bob@b.co", message="m2"),
        mail("bob@b.co", message="m3"),
    ]
    ingest(due, database, write_lines(tmp_path / "in.jsonl", records))
    untouched = [row for row in rows(due, database) if not row_names(row, MARIA)]
    certificate = erase(due, database, MARIA, "--yes")
    assert certificate["rows"] == {"naming": 4, "removed": 2, "changed": 2}
    assert certificate["rows_with_subject"] == 1
    by_message: dict[str, list[tuple[str, Row]]] = {}
    for row in rows(due, database):
        event = row["facets"]["email_channel"]["mail_event"]
        by_message.setdefault(event["mail"]["message_id"], []).append((row["event_type"], event))
    assert set(by_message) == {"m2", "m3"}
    sent, bounced = sorted(by_message["m2"], reverse=True)[0][1], sorted(by_message["m2"])[0][1]
    assert sent["mail"]["destination"] == bounced["mail"]["destination"] == ["bob@b.co"]
    assert sent["mail"]["common_headers"] == {"from": "shop@x.org", "to": ["bob@b.co"], "subject": "For erased"}
    assert {header["value"] for header in sent["mail"]["headers"]} == {"erased, bob@b.co", "For erased"}
    assert [one["email_address"] for one in bounced["bounce"]["bounced_recipients"]] == ["bob@b.co"]
    assert [row for row in rows(due, database) if not row_names(row, "erased")][-1:] and untouched
    stored = statuses(database)
    assert set(stored) == {"m2", "m3"}
    assert stored["m2"].earliest["destination"][1] == "bob@b.co"


def test_ids_of_events_do_not_tell_the_address(due: Due, database: Path, tmp_path: Path) -> None:
    """An id is a digest of the recipients too: whoever knows the rest could test an address."""
    records = [mail(MARIA, message="m1"), mail(MARIA, "bob@b.co", message="m2")]
    ingest(due, database, write_lines(tmp_path / "in.jsonl", records))
    before = {row["event_id"] for row in rows(due, database)}
    erase(due, database, MARIA, "--mode", "pseudonymise", "--yes")
    assert before.isdisjoint(row["event_id"] for row in rows(due, database))
    everything = b"".join(path.read_bytes() for path in database.rglob("*") if path.is_file())
    assert [one for one in before if one.encode() in everything] == []


def test_subjects_stay_unless_asked(due: Due, new_database: NewDatabase, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", [mail(MARIA, "bob@b.co", message="m2", subject="Dear Maria")])
    for words, subject in (((), "Dear Maria"), (("--subjects",), None)):
        database = new_database()
        ingest(due, database, source)
        said = due("erase", MARIA, "--yes", *words, "--local", str(database)).done().out
        (row,) = rows(due, database)
        mail_of_row = row["facets"]["email_channel"]["mail_event"]["mail"]
        assert mail_of_row["common_headers"]["subject"] == subject
        assert ("Dear Maria" in str(mail_of_row["headers"])) == (subject is not None)
        assert ("--subjects clears it" in said) == (subject is not None)


def test_reports_are_the_same_under_a_pseudonym(due: Due, database: Path, tmp_path: Path) -> None:
    records = [mail(MARIA, "bob@b.co", message="m1"), bounce(MARIA, MARIA, "bob@b.co", message="m1"), ses_delivery()]
    records += [mail(MARIA, message=f"n{number}") for number in range(12)]
    ingest(due, database, write_lines(tmp_path / "in.jsonl", records))
    before = content(due, database)
    engagement = ("report", "address-engagement", "--since", "2000-01-01", "--min-sends", "1", "--local", str(database))
    addresses = [row["num_sends"] for row in due.rows(*engagement)]
    erase(due, database, MARIA, "--mode", "pseudonymise", "--yes")
    after = content(due, database)
    assert after.reports == before.reports
    assert sorted(row["num_sends"] for row in due.rows(*engagement)) == sorted(addresses)
    assert {message: status.times for message, status in after.statuses.items()} == {
        message: status.times for message, status in before.statuses.items()
    }


def test_caches_views_and_what_was_set_aside(due: Due, database: Path, tmp_path: Path) -> None:
    at = ("--local", str(database))
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail("bob@b.co", message="m3")]))
    due("query", f"CREATE OR REPLACE VIEW hers AS SELECT * FROM all_events WHERE event_type = '{MARIA}'", *at).done()
    hidden = database / "events/2026/01/01/00" / "hers.json"
    hidden.parent.mkdir(parents=True)
    hidden.write_text(json.dumps({"to": MARIA}))
    facts = database / ".due/facts/day.parquet"
    facts.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"recipient": [MARIA]}), facts)
    (database / "broken").mkdir()
    (database / "broken" / "due-1.parquet").write_bytes(b"unreadable")
    with closing(sqlite3.connect(database / ".due/state.sqlite")) as connection:
        connection.execute("INSERT INTO translation VALUES ('k', ?)", (f"-- {MARIA}",))
        connection.execute("INSERT INTO foreign_file VALUES (?, 1, 1, 'x')", (f"events/{MARIA}/x.json",))
        connection.commit()
    certificate = erase(due, database, MARIA, "--yes")
    assert certificate["others"]["views"] == 1
    assert certificate["others"]["cached_entries"] >= 2
    assert "hers.json" in certificate["not_reached"][0]
    assert not (database / "broken").exists() and not facts.exists()
    hidden.unlink()
    assert places_that_name(database, MARIA) == []


def test_what_an_earlier_release_left_in_unused_pages_goes_too(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail("bob@b.co", message="m3")]))
    with closing(sqlite3.connect(database / ".due/state.sqlite")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.executemany("INSERT INTO status VALUES (?, ?)", [(f"s{n}", f"<{MARIA}> {n}") for n in range(500)])
        connection.execute("DELETE FROM meta WHERE key = 'secure_delete'")
        connection.commit()
        connection.execute("DELETE FROM status WHERE message_id <> 'm3'")
        connection.commit()
    assert places_that_name(database, MARIA)
    erase(due, database, MARIA, "--yes")
    assert places_that_name(database, MARIA) == []


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 40])
def test_killed_at_any_moment_and_run_again_it_ends_the_same(
    due: Due, database: Path, tmp_path: Path, step: int
) -> None:
    records = [
        mail(MARIA, message="m1"),
        mail(MARIA, "bob@b.co", message="m2"),
        sms_event("TEXT_DELIVERED"),
        {"x": MARIA},
    ]
    ingest(due, database, write_lines(tmp_path / "in.jsonl", records))
    adopt(database, tmp_path)
    undisturbed = shutil.copytree(database, tmp_path / "undisturbed")
    erase(due, undisturbed, MARIA, "--yes")
    expected = sorted(row["event_type"] for row in rows(due, undisturbed))
    for image in killed(database, ["erase", MARIA, "--yes"], tmp_path / "images", step):
        whole = len(rows(due, image))
        assert whole in range(len(expected), len(rows(due, database)) + 1)
        erase(due, image, MARIA, "--yes")
        assert places_that_name(image, MARIA) == []
        assert sorted(row["event_type"] for row in rows(due, image)) == expected
        assert set(statuses(image)) == set(statuses(undisturbed))


def test_it_waits_for_readers(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail(MARIA, message="m1")]))
    notes: list[str] = []

    class UntilNoted(Silent):
        def note(self, text: str) -> None:
            assert rows(due, database), "the reader still has its files"
            notes.append(text)
            reader.close()

    with ExitStack() as reader:
        reader.enter_context(Folder(database).reader_lock())
        erase_person(Folder(database), ErasureRequest(typed=MARIA), UntilNoted(), planned=False)
    assert notes == [f"waiting for queries on {database} to end"]
    assert places_that_name(database, MARIA) == []


def test_a_plan_changes_nothing_and_names_nobody_else(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail(MARIA, "bob@b.co", message="m1"), {"x": MARIA}]))
    before = {path: path.read_bytes() for path in database.rglob("*.parquet")}
    ran = due("erase", MARIA, "--plan", "--local", str(database)).done()
    assert "bob" not in ran.out + ran.err
    certificate = erase(due, database, MARIA, "--plan")
    assert "bob" not in json.dumps(certificate)
    assert certificate["planned"] and certificate["rows"] == {"naming": 1, "removed": 0, "changed": 1}
    assert certificate["others"]["failed_records"] == 1
    assert before == {path: path.read_bytes() for path in database.rglob("*.parquet")}


def test_without_a_terminal_it_needs_yes_or_plan(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail(MARIA, message="m1")]))
    assert "--yes" in due("erase", MARIA, "--local", str(database)).failed(2).err
    due("erase", "maria", "--yes", "--local", str(database)).failed(2)
    assert places_that_name(database, MARIA)


def test_a_broken_file_is_named_and_nothing_is_changed(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "in.jsonl", [mail(MARIA, message="m1")]))
    (file,) = (database / "events").rglob("due-*.parquet")
    whole = file.read_bytes()
    for broken in (b"PAR1 and no more", whole[:4] + b"\xff" * 2000 + whole[2004:]):
        file.write_bytes(broken)
        ran = due("erase", MARIA, "--yes", "--local", str(database)).failed(1)
        assert file.name in ran.err and "doctor" in ran.err and "bug" not in ran.err
    file.write_bytes(whole)
    assert erase(due, database, MARIA, "--yes")["rows"]["removed"] == 1


def test_nothing_found_is_done(due: Due, database: Path) -> None:
    assert f"Nothing names {MARIA}" in due("erase", MARIA, "--yes", "--local", str(database)).done().out


def test_a_number_goes_from_messages_to_phones(due: Due, database: Path, tmp_path: Path) -> None:
    hers = sms_event("TEXT_DELIVERED") | {"destinationPhoneNumber": NUMBER, "messageId": "hers"}
    whatsapp = whatsapp_status("sent") | {"recipient_id": NUMBER[1:]}
    ingest(
        due,
        database,
        write_lines(tmp_path / "in.jsonl", [hers, sms_event("TEXT_DELIVERED"), whatsapp_statuses(whatsapp)]),
    )
    certificate = erase(due, database, NUMBER, "--yes")
    assert certificate["rows"]["removed"] == 2
    assert len(rows(due, database)) == 1
    assert places_that_name(database, NUMBER) == []
