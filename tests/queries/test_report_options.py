"""The options of a report: what is typed is a value and never SQL, and what cannot be one is refused in one line."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from due_cli.sql.parameters import literal, period, subtract_duration
from tests.commands import Due
from tests.queries.filing import ingested
from tests.queries.raw import Mail, Text, at, pinpoint, ses, sms

NASTY = (
    "o'hara@example.com",
    "'; DROP VIEW email_send; --@example.com",
    "x' OR '1'='1",
    '"quoted"@example.com',
    "100%@example.com",
    "%(address)s",
    "a;b@example.com",
    "back\\slash\\'@example.com",
    "new\nline\ttab\r@example.com",
    ":until $address ? {0}",
    "/* -- */",
    "ünï.日本🎉@example.com",
    " spaces @example.com ",
    "a=b=c",
    "null",
)
_DAY = ("--since", "2026-06-01", "--until", "2026-06-02")


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each text an email to it and an SMS message, both tagged with it."""
    records = []
    for number, text in enumerate(NASTY):
        mail = Mail(f"m-{number}", at("2026-06-01T10:00"), (text,), f"subject {number}", context={"nasty": text})
        records.append(pinpoint(mail, "send"))
        records.append(sms(Text(f"t-{number}", context={"nasty": text}), "TEXT_QUEUED", mail.sent, (number + 1) / 1e5))
    odd = Mail("odd", at("2026-06-01T11:00"), tags={'it\'s; \\ "odd" %': "yes"})
    return ingested(tmp_path_factory.mktemp("nasty"), [*records, ses(odd, "send")])


@pytest.mark.parametrize(("number", "text"), list(enumerate(NASTY)), ids=list(map(repr, NASTY)))
def test_value_is_compared_as_it_is(due: Due, nasty: Path, number: int, text: str) -> None:
    place = (*_DAY, "--local", str(nasty))
    rows = due.rows("report", "subject-lines", f"--address={text}", *place)
    assert [row["email_subject"] for row in rows] == [f"subject {number}"]
    assert due.rows("report", "send-count-by-tag", "--tag", f"nasty={text}", *place) == [{"sends": 1}]
    # A thousandth of a cent for the first, two for the second: each text has a price of its own.
    cost = {"cost_in_millicents": number + 1.0, "sends": 1}
    assert due.rows("report", "sms-cost-by-tag", "--tag", f"nasty={text}", *place) == [cost]


def test_key_is_compared_as_it_is(due: Due, nasty: Path) -> None:
    words = ("report", "send-count-by-tag", "--tag", 'it\'s; \\ "odd" %=yes', *_DAY, "--local", str(nasty))
    assert due.rows(*words) == [{"sends": 1}]


def test_address_ignores_case_of_every_script(due: Due, nasty: Path) -> None:
    words = ("report", "subject-lines", "--address", "ÜNÏ.日本🎉@EXAMPLE.com", *_DAY, "--local", str(nasty))
    assert len(due.rows(*words)) == 1


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_literal_says_what_it_was_made_of(text: str) -> None:
    statement = sqlglot.parse_one(f"SELECT {literal(text)}", read="trino")
    (found,) = statement.find_all(exp.Literal)
    assert found.name == text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("bounce-rate --since doomsday", "--since: 'doomsday' is neither a time nor a duration"),
        ("bounce-rate --since 30x", "--since: '30x' is neither"),
        ("bounce-rate --since -5d", "--since: '-5d' is neither"),
        ("bounce-rate --since 2026-02-30", "--since: '2026-02-30' is neither"),
        ("bounce-rate --since 0001-01-01T00:00+05:00", "--since: '0001-01-01T00:00+05:00' is neither"),
        ("bounce-rate --since 99999y", "--since: '99999y' reaches before the year 1"),
        ("bounce-rate --until tomorrow", "--until: 'tomorrow' is neither"),
        ("bounce-rate --since 2026-05-02 --until 2026-05-01", "the period ends before it begins"),
        ("bounce-rate --since 2026-05-01 --until 2026-05-01", "the period ends before it begins"),
        ("send-count-by-tag --tag mycustomerid", "--tag: 'mycustomerid' is not KEY=VALUE"),
        ("send-count-by-tag --tag =4", "--tag: '=4' is not KEY=VALUE"),
        ("sms-cost-by-tag --tag id\udcff=4", "--tag: 'id\\udcff=4' is not UTF-8 text"),
        ("subject-lines --address \udcff@x", "--address: '\\udcff@x' is not UTF-8 text"),
        ("address-engagement --min-sends -1", "--min-sends: '-1' is not a whole number"),
        ("address-engagement --min-sends 99999999999999999999", "--min-sends: '99999999999999999999' is not a whole"),
        ("address-engagement --known-for soon", "--known-for: 'soon' is not a duration"),
        ("address-engagement --known-for 2026-01-01", "--known-for: '2026-01-01' is not a duration"),
    ],
)
def test_bad_value_is_refused_in_one_line(due: Due, nasty: Path, words: str, says: str) -> None:
    ran = due("report", *words.split(" "), "--local", str(nasty)).failed(2)
    assert ran.out == ""
    problem, *hint = ran.err.splitlines()
    assert problem.startswith(f"due: {says}")
    assert len(hint) <= 1


@pytest.mark.parametrize(
    "words", ["--since 30x", "--since=", "--until tomorrow", "--until=", "--since 2026-05-02 --until 2026-05-01"]
)
def test_bad_value_is_refused_where_the_statement_is_printed(due: Due, words: str) -> None:
    assert due("report", "bounce-rate", *words.split(), "--sql").failed(2).out == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("send-count-by-tag", "Missing option '--tag'"),
        ("subject-lines --address", "Option '--address' requires an argument"),
        ("address-engagement --min-sends ten", "'--min-sends': 'ten' is not a valid int"),
        ("address-engagement --min-sends 1.5", "'--min-sends': '1.5' is not a valid int"),
        ("bounce-rate --since=", "--since: '' is neither a time nor a duration"),
        ("bounce-rate --tag a=b", "No such option: --tag"),
        ("bounce-rate extra", "unexpected extra argument"),
        ("no-such-report", "No such command 'no-such-report'"),
    ],
)
def test_bad_option_is_refused(due: Due, nasty: Path, words: str, says: str) -> None:
    assert says in due("--local", str(nasty), "report", *words.split()).failed(2).err


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("0001-01-01", "9999-12-31T23:59:59.999999"),
        ("0001-01-01T00:30", "9999-12-31"),
        ("1900-01-01T00:00+14:00", "9999-12-31T23:30Z"),
    ],
)
def test_period_may_be_all_of_time(due: Due, nasty: Path, since: str, until: str) -> None:
    rows = due.rows("report", "engagement-rate", "--since", since, "--until", until, "--local", str(nasty))
    assert sum(row["total_sends"] for row in rows) == len(NASTY) + 1


def test_defaults_are_thirty_days_until_now(due: Due, tmp_path: Path) -> None:
    day, now = 86_400_000, int(time.time() * 1000)
    mails = [Mail(f"m{days}", now - days * day, subject=f"{days} days ago") for days in (0, 29, 31)]
    database = ingested(tmp_path / "recent", [ses(mail, "send") for mail in mails])
    words = ("report", "subject-lines", "--address", "dora@example.com", "--local", str(database))

    def subjects(*more: str) -> list[str]:
        return [row["email_subject"] for row in due.rows(*words, *more)]

    assert subjects() == ["0 days ago", "29 days ago"]
    assert subjects("--until", "2d") == ["29 days ago", "31 days ago"]  # the default counts back from until
    assert subjects("--since", "30d", "--until", "2d") == ["29 days ago"]
    assert subjects("--since", "1y", "--until", "30d") == ["31 days ago"]


def test_addresses_are_asked_about_for_half_a_year(due: Due, tmp_path: Path) -> None:
    day, now = 86_400_000, int(time.time() * 1000)
    records = []
    for name, first, count in (("ada", 100, 10), ("bob", 100, 9), ("cyd", 80, 10), ("dan", 190, 10)):
        for number in range(count):
            mail = Mail(f"{name}{number}", now - (first - number) * day, (f"{name}@example.com",))
            records += [ses(mail, "send"), ses(mail, "delivered", mail.sent + 1000)]
    database = ingested(tmp_path / "half", records)
    rows = due.rows("report", "address-engagement", "--local", str(database))
    # bob was sent nine, cyd is known for 80 days, and some of dan's are older than half a year.
    assert [(row["to_address"], row["num_sends"]) for row in rows] == [("ada@example.com", 10)]


_NOW = datetime(2026, 5, 31, 12, 34, 56, 789_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "moment"),
    [
        ("90min", "2026-05-31T11:04:56.789"),
        ("36h", "2026-05-30T00:34:56.789"),
        ("30d", "2026-05-01T12:34:56.789"),
        ("2w", "2026-05-17T12:34:56.789"),
        ("1mo", "2026-04-30T12:34:56.789"),  # April has no 31st
        ("3mo", "2026-02-28T12:34:56.789"),
        ("6mo", "2025-11-30T12:34:56.789"),
        ("27mo", "2024-02-29T12:34:56.789"),
        ("1Y", "2025-05-31T12:34:56.789"),
        (" 12 h ", "2026-05-31T00:34:56.789"),
    ],
)
def test_duration_counts_back(duration: str, moment: str) -> None:
    assert subtract_duration(_NOW.replace(tzinfo=None), duration, "--since") == datetime.fromisoformat(moment)


# 2026-05-31 is a Sunday.
@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("14d", "7d", "2026-05-17T12:34:56.789", "2026-05-24T12:34:56.789"),
        ("1d", "2026-05-02", "2026-05-01", "2026-05-02"),
        ("2d", "today", "2026-05-29", "2026-05-31"),
        ("yesterday", "now", "2026-05-30", "2026-05-31T12:34:56.789"),
        ("Sunday", None, "2026-05-31", "2026-05-31T12:34:56.789"),
        ("monday", None, "2026-05-25", "2026-05-31T12:34:56.789"),
        ("last-week", "this-week", "2026-05-18", "2026-05-25"),
        ("last-month", "this-month", "2026-04-01", "2026-05-01"),
        ("2025-12", "2026-01", "2025-12-01", "2026-01-01"),
    ],
)
def test_times_in_words(since: str, until: str | None, first: str, last: str) -> None:
    found = period(since, until, _NOW)
    assert (found.since, found.until) == (datetime.fromisoformat(first), datetime.fromisoformat(last))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=400)),
)
def test_period_is_the_whole_hours_around_what_was_asked(since: datetime, length: timedelta) -> None:
    until = since + length
    found = period(since.isoformat(), until.isoformat(), _NOW)
    assert found.since_hour <= since < found.since_hour + timedelta(hours=1)
    assert found.until_hour - timedelta(hours=1) < until <= found.until_hour
    assert not any(bound.minute or bound.second or bound.microsecond for bound in (found.since_hour, found.until_hour))
