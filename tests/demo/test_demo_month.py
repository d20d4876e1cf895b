"""The synthetic month: its numbers are those of the normaliser, and every event that due can read occurs."""

from __future__ import annotations

import inspect
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from due_cli.demo import DEFAULT_RECORDS, Month, write_month
from due_cli.events import Row, Status, merge, status_of
from tests.demo.reading import UNTIL, MonthRows, normalise

EVENT_TYPES = {
    "pinpoint": {
        *(
            f"_email.{kind}"
            for kind in "send delivered rejected hardbounce softbounce complaint open click unsubscribe "
            "rendering_failure".split()
        ),
        *("_SMS.BUFFERED", "_SMS.SUCCESS", "_SMS.FAILURE", "_SMS.OPTOUT", "_campaign.send", "_journey.send"),
        *("_session.start", "_session.stop", "purchase", "cart_left"),
    },
    "ses": {
        *(
            f"_email.{kind}"
            for kind in "send delivered rejected hardbounce softbounce complaint open click unsubscribe "
            "rendering_failure delivery_delay subscription".split()
        ),
        "_ses.inbox_placement",
    },
    "sms": {
        *(f"_SMS.{kind}" for kind in "BUFFERED SUCCESS READ FAILURE OPTOUT INBOUND".split()),
        *(
            f"_VOICE.{kind}"
            for kind in "INITIATED RINGING ANSWERED COMPLETED BUSY NO_ANSWER FAILED TTL_EXPIRED SPAM "
            "PROTECT_BLOCKED".split()
        ),
        *("_sms.registration_status_change", "_sms.number_reputation_changed"),
    },
    "whatsapp": {
        *(f"_WHATSAPP.{kind}" for kind in "ACCEPTED SENT DELIVERED READ FAILED DELETED WARNING INBOUND".split()),
        "_whatsapp.flow_status_change",
    },
}


def counts_of(month: Month) -> dict[str, int]:
    return {
        "records": month.records,
        "kept": month.kept,
        "duplicates": month.duplicates,
        "ignored": month.ignored,
        "failed": month.unreadable,
    }


def test_the_counts_are_those_of_the_normaliser(month: Month, result: MonthRows) -> None:
    assert result.counts == counts_of(month)
    assert month.records == 9_000
    assert month.duplicates == 27


def test_the_counts_are_right_for_another_seed_and_time(tmp_path: Path) -> None:
    until = datetime(2027, 1, 4, 17, 23, 5, tzinfo=UTC)
    written = write_month(tmp_path, until, seed=4, records=5_000)
    result = normalise(written)
    assert result.counts == counts_of(written)
    assert written.records == 5_000
    assert latest(result.rows) <= until.timestamp() * 1000


def contents(folder: Path, seed: int) -> dict[str, bytes]:
    written = write_month(folder, UNTIL, seed=seed, records=5_000)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in written.files}


def test_one_seed_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    first = contents(tmp_path / "first", 20)
    assert contents(tmp_path / "second", 20) == first
    assert contents(tmp_path / "other", 21) != first


def test_the_month_names_its_files(month: Month) -> None:
    folder = month.files[0].parents[1]
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == list(month.files)
    assert 24 < len(month.files) < 100


def test_a_month_is_large_by_default() -> None:
    assert inspect.signature(write_month).parameters["records"].default == DEFAULT_RECORDS
    assert DEFAULT_RECORDS >= 50_000


def test_progress_is_reported(tmp_path: Path) -> None:
    reported: list[int] = []
    write_month(tmp_path, UNTIL, records=5_500, progress=reported.append)
    assert reported == [1000, 2000, 3000, 4000, 5000, 5500]


def test_every_event_type_occurs_from_every_source(result: MonthRows) -> None:
    types = defaultdict(set)
    for row in result.rows:
        types[row["source"]].add(row["event_type"])
    assert types == EVENT_TYPES


def test_every_type_of_an_end_user_messaging_record_occurs(result: MonthRows) -> None:
    kinds = Counter(row["details"]["eventType"].partition("_")[0] for row in result.rows if is_message(row))
    own = {row["details"]["eventType"] for row in result.rows if is_message(row)}
    assert {kind: len([one for one in own if one.startswith(f"{kind}_")]) for kind in kinds} == {
        "TEXT": 14,
        "MEDIA": 16,
        "RCS": 8,
        "VOICE": 10,
    }


def is_message(row: Row) -> bool:
    return row["source"] == "sms" and row["event_type"].startswith(("_SMS", "_VOICE")) and "eventType" in row["details"]


def latest(rows: list[Row]) -> int:
    return max(max(row["occurred_at"], row["event_timestamp"], row["arrival_timestamp"]) for row in rows)


def test_nothing_is_later_than_until(result: MonthRows) -> None:
    end = UNTIL.timestamp() * 1000
    assert end - timedelta(days=1) / timedelta(milliseconds=1) < latest(result.rows) <= end


def test_only_letters_are_older_than_the_month(month: Month, result: MonthRows) -> None:
    since = month.since.timestamp() * 1000
    older = [row for row in result.rows if row["occurred_at"] < since]
    assert {row["event_type"] for row in older} == {"_email.send", "_email.delivered", "_email.open", "_email.click"}
    assert len({row["attributes"]["campaign_id"] for row in older}) == 1
    assert min(row["occurred_at"] for row in older) > (UNTIL - timedelta(days=155)).timestamp() * 1000


def status(rows: list[Row], message: str) -> Status:
    known: Status | None = None
    for update in filter(None, map(status_of, rows)):
        if update.message_id == message:
            known = update if known is None else merge(known, update)
    assert known is not None
    return known


def test_the_interesting_mail_was_delayed_delivered_opened_twice_and_clicked(month: Month, result: MonthRows) -> None:
    known = status(result.rows, month.interesting_message)
    assert sorted(known.times, key=lambda fact: known.times[fact]) == [
        *("send", "delivery_delay", "delivered", "open", "click"),
    ]
    opens = [
        row
        for row in result.rows
        if row["event_type"] == "_email.open" and mail_of(row)["message_id"] == month.interesting_message
    ]
    assert len(opens) == 2
    assert known.earliest["destination"][1] == month.address


def test_the_bounced_mail_bounced_softly_first(month: Month, result: MonthRows) -> None:
    known = status(result.rows, month.bounced_message)
    assert known.status == "hardbounce"
    assert known.times["send"] < known.times["softbounce"] < known.times["hardbounce"]


def test_the_text_was_blocked_by_the_carrier(month: Month, result: MonthRows) -> None:
    item = status(result.rows, month.sms_message).item()
    assert (item["status"], item["record_status"]) == ("failure", "CARRIER_BLOCKED")


def mail_of(row: Row) -> dict[str, Any]:
    facets: Any = row["facets"]
    mail: dict[str, Any] = facets["email_channel"]["mail_event"]["mail"]
    return mail


def of_type(rows: list[Row], event_type: str) -> list[Row]:
    return [row for row in rows if row["event_type"] == event_type]


def test_the_reports_on_texts_have_rows(month: Month, result: MonthRows) -> None:
    name, value = month.tag.split("=")
    texts = of_type(result.rows, "_SMS.BUFFERED")
    assert len([row for row in texts if "campaign_id" in row["attributes"]]) > 20
    assert len([row for row in texts if "campaign_id" not in row["attributes"]]) > 20
    contexts = [loaded(row["attributes"].get("customer_context", "")) for row in texts]
    assert len([one for one in contexts if isinstance(one, dict) and one.get(name) == value]) > 50


def loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def test_the_reports_on_mails_have_rows(month: Month, result: MonthRows) -> None:
    name, value = month.tag.split("=")
    sends = of_type(result.rows, "_email.send")
    tags: list[Any] = [
        {**(row.get("client_context") or {}).get("custom", {}), **row.get("attributes", {})}  # type: ignore[dict-item]
        for row in sends
    ]
    assert len([one for one in tags if one.get(name) == value]) > 100
    assert len({one.get("campaign_id") for one in tags}) >= 4
    assert len([one for one in tags if one.get("campaign_id") == month.campaign_id]) > 20
    assert len({one["treatment_id"] for one in tags if one.get("campaign_id") == month.campaign_id}) == 2
    since = month.since.timestamp() * 1000
    recent = [row for row in sends if row["occurred_at"] >= since and month.address in mail_of(row)["destination"]]
    assert len(recent) >= 3


def test_dozens_of_addresses_are_known_for_long(result: MonthRows) -> None:
    """The report asks for ten sends in six months and a first delivery three months ago."""
    sends: Counter[str] = Counter()
    first: dict[str, int] = {}
    for row in result.rows:
        if row["event_type"] == "_email.send":
            sends.update(mail_of(row)["destination"])
        elif row["event_type"] == "_email.delivered":
            for address in mail_of(row)["destination"]:
                first[address] = min(row["occurred_at"], first.get(address, row["occurred_at"]))
    long_ago = (UNTIL - timedelta(days=93)).timestamp() * 1000
    known = [address for address, number in sends.items() if number >= 10 and first.get(address, 1e15) < long_ago]
    assert len(known) >= 12


def test_the_rates_are_those_of_a_decent_sender(month: Month, result: MonthRows) -> None:
    """Of the month's mails whose send is known: identity notifications tell nothing of sends and opens."""
    messages = defaultdict(set)
    sends = of_type(result.rows, "_email.send")
    since = month.since.timestamp() * 1000
    known = {mail_of(row)["message_id"] for row in sends if row["occurred_at"] >= since}
    for row in result.rows:
        if row["event_type"].startswith("_email.") and mail_of(row)["message_id"] in known:
            messages[row["event_type"]].add(mail_of(row)["message_id"])
    sent, delivered = len(messages["_email.send"]), len(messages["_email.delivered"])
    assert 0.94 < delivered / sent < 1
    assert 0.005 < len(messages["_email.hardbounce"]) / sent < 0.03
    assert len(messages["_email.complaint"]) / sent < 0.006
    assert 0.22 < len(messages["_email.open"]) / delivered < 0.42
    assert 0.02 < len(messages["_email.click"]) / delivered < 0.10


def test_one_campaign_bounced_and_was_complained_about(month: Month, result: MonthRows) -> None:
    """The incident that the README and the demo tell of: more than SES tolerates, in one hour of one day."""
    begin = month.incident.timestamp() * 1000
    sent = {
        mail_of(row)["message_id"]
        for row in of_type(result.rows, "_email.send")
        if begin <= row["occurred_at"] < begin + 3_600_000
    }
    assert len(sent) > 50
    for event_type, least in (("_email.hardbounce", 0.05), ("_email.complaint", 0.001)):
        concerned = {mail_of(row)["message_id"] for row in of_type(result.rows, event_type)}
        assert len(sent & concerned) / len(sent) > least, event_type


def test_one_recipient_has_a_long_history(month: Month, result: MonthRows) -> None:
    own = [
        row
        for row in result.rows
        if row["event_type"].startswith("_email") and month.address in mail_of(row).get("destination", ())
    ]
    sends = of_type(own, "_email.send")
    assert len(sends) > 20
    assert min(row["occurred_at"] for row in sends) < (UNTIL - timedelta(days=120)).timestamp() * 1000
    assert {row["event_type"] for row in own} >= {
        *("_email.delivered", "_email.open", "_email.click", "_email.softbounce", "_email.delivery_delay"),
    }


def test_there_is_more_by_day(result: MonthRows) -> None:
    hours = Counter(row["occurred_at"] // 3_600_000 % 24 for row in of_type(result.rows, "_session.start"))
    assert sum(hours[hour] for hour in range(8, 20)) > 3 * sum(hours[hour] for hour in (*range(7), 23))


def test_the_unreadable_records_are_so_for_different_reasons(month: Month, result: MonthRows) -> None:
    assert month.unreadable >= 12
    assert len(set(result.reasons)) == month.unreadable


def test_odd_records_occur(result: MonthRows) -> None:
    sends = of_type(result.rows, "_email.send")
    assert [row for row in sends if "subject" not in mail_of(row).get("common_headers", {})]
    assert [row for row in sends if "attributes" not in row]
    assert [row for row in sends if len(mail_of(row)["destination"]) > 1]
    contexts = {row["attributes"]["customer_context"] for row in result.rows if has_context(row)}
    assert [one for one in contexts if loaded(one) is None]
    assert [one for one in contexts if any(isinstance(value, dict) for value in as_object(one).values())]
    bounces: list[Any] = [row["facets"] for row in of_type(result.rows, "_email.hardbounce")]
    recipients = [one["email_channel"]["mail_event"]["bounce"]["bounced_recipients"] for one in bounces]
    assert [people for people in recipients if len(people) > 1]
    opens = [row for row in of_type(result.rows, "_email.open") if row["source"] == "pinpoint"]
    assert [row for row in opens if row["occurred_at"] - row["event_timestamp"] > 3 * 86_400_000]
    assert result.nulled > 0


def has_context(row: Row) -> bool:
    return "customer_context" in row.get("attributes", {})


def as_object(text: str) -> dict[str, Any]:
    value = loaded(text)
    return value if isinstance(value, dict) else {}


def test_people_are_of_the_ranges_reserved_for_examples(result: MonthRows) -> None:
    domains = ("@example.com", "@example.net", "@example.org")
    mails = [mail_of(row) for row in of_type(result.rows, "_email.send")]
    assert not [one for mail in mails for one in mail["destination"] if not one.endswith(domains)]
    numbers = {
        row["attributes"].get(key, "")
        for row in result.rows
        if row["event_type"].startswith(("_SMS", "_VOICE", "_WHATSAPP"))
        for key in ("destination_phone_number", "origination_phone_number")
    }
    assert not [one for one in numbers if one[-7:-2] != "55501" and one not in ("", "rcs-agent-example")]


def test_a_month_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    folder = tmp_path / "month"
    with pytest.raises(ValueError, match="time zone"):
        write_month(folder, UNTIL.replace(tzinfo=None))
    with pytest.raises(ValueError, match="at least"):
        write_month(folder, UNTIL, records=100)
    assert not folder.exists()
