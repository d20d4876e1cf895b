"""The guide's nine reference queries and its template for custom events run as they are printed there.

They count what they count: a message that was opened twice is two sends in some of them. The reports of ``due report``
are what the guide describes; these are for who has them in a notebook.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from due_cli.events.model import Json, Record
from tests.commands import Due
from tests.queries.filing import call, ingested
from tests.queries.raw import Mail, Text, iso, pinpoint, pinpoint_sms, ses, sms

GUIDE = Path(__file__).parent / "guide"
QUERIES = sorted(path.stem for path in GUIDE.glob("*.sql") if path.stem != "custom-view")
_MINUTE, _HOUR = 60_000, 3_600_000
_NOW = int(time.time()) // 3600 * _HOUR  # the hour that began last
_TO = "example_address@example.com"
_SPRING = {"campaign_id": "spring"}


def _ago(days: int, minutes: float = 0) -> int:
    """So many minutes into the hour that began so many days ago."""
    return _NOW - days * 24 * _HOUR + round(minutes * _MINUTE)


def _custom(attributes: Record) -> Record:
    return {
        "event_type": "custom_event_name",
        "event_timestamp": _ago(1) + 123,
        "arrival_timestamp": _ago(1) + 456,
        "application": {"app_id": "app-9"},
        "client": {"client_id": "endpoint-9"},
        "awsAccountId": "317167123431",
        "attributes": attributes,
    }


_OPENED = Mail("opened", _ago(2, 1), (_TO,), "Sale", _SPRING)
_IGNORED = Mail("ignored", _ago(3, 2), (_TO, "other@example.com"), "Sale")
_BOUNCED = Mail("bounced", _ago(4, 3), ("bob@example.com", "cyd@example.com"), "Other", {"mycustomerid": "4"})
_CONTEXT = Mail("context", _ago(5, 4), ("dan@example.com",), None, context={"mycustomerid": "4"})
_OLD = [Mail(f"old-{number}", _ago(120, number), ("old@example.com",), "Old", _SPRING) for number in range(11)]
_RECORDS: list[Json] = [
    pinpoint_sms(Text("t1", tags=_SPRING), "BUFFERED", _ago(2), 645.0),
    pinpoint_sms(Text("t2", context={"mycustomerid": "4"}), "BUFFERED", _ago(3), 100.5),
    sms(Text("t3", context={"mycustomerid": "4"}), "TEXT_QUEUED", _ago(3), 0.002),
    pinpoint_sms(Text("t4", context='{"mycustomerid'), "BUFFERED", _ago(4), 50.0),
    pinpoint_sms(Text("t5", context={"mycustomerid": "4"}), "BUFFERED", _ago(31), 1000.0),
    {
        "event_type": "_campaign.send",
        "event_timestamp": _ago(2),
        "arrival_timestamp": _ago(2),
        "attributes": dict(_SPRING),
    },
    pinpoint(_OPENED, "send"),
    pinpoint(_OPENED, "open", _ago(2, 10)),
    pinpoint(_OPENED, "open", _ago(2, 20)),
    pinpoint(_OPENED, "click", _ago(2, 21)),
    pinpoint(_OPENED, "unsubscribe", _ago(2, 22)),
    ses(_IGNORED, "send"),
    ses(_BOUNCED, "send"),
    ses(_BOUNCED, "hardbounce", _ago(4, 5)),
    ses(_BOUNCED, "complaint", _ago(4, 6), people=("bob@example.com",)),
    pinpoint(_CONTEXT, "send"),
    *(pinpoint(mail, "send") for mail in _OLD),
    *(pinpoint(mail, "delivered", mail.sent + _MINUTE) for mail in _OLD),
    pinpoint(_OLD[0], "open", _ago(119)),
    _custom({"MyCustomEventAttribute1": "one", "MyCustomEventAttribute2": "two"}),
    _custom({"other": "x"}),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives; the order of rows counts where the query says one."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    ordered: bool = False


def _hour(days: int) -> str:
    return iso(_ago(days))


ANSWERS: dict[str, Callable[[], Answer]] = {
    "sms-cost": lambda: Answer(
        ["campaign", "cost_in_millicents", "sends"],
        [("spring", 645.0, 1), ("No Campaign", 100.5 + 200.0 + 50.0, 3)],
    ),
    "sms-cost-by-tag": lambda: Answer(["_col0"], [(300.5,)]),
    "subject-lines": lambda: Answer(
        ["WhenSent", "EmailSubject", "DidOpen"],
        [
            (iso(_OPENED.sent), "Sale", 1),
            (iso(_OPENED.sent), "Sale", 1),  # two opens
            (iso(_IGNORED.sent), "Sale", 0),
        ],
        ordered=True,
    ),
    "subject-engagement": lambda: Answer(
        ["subject", "sends", "NumOpens", "NumClicks", "NumUnsubs"],
        [("Sale", 2, 2, 1, 1), ("Other", 1, 0, 0, 0), (None, 1, 0, 0, 0)],
    ),
    "send-count-by-tag": lambda: Answer(["_col0"], [(2,)]),
    "address-engagement": lambda: Answer(
        ["to_address", "num_sends", "max_delivered_timestamp", "min_delivered_timestamp", "last_engagement"],
        # Never clicked, so the greatest of its last open and its last click is NULL.
        [("old@example.com", 11, iso(_OLD[-1].sent + _MINUTE), iso(_OLD[0].sent + _MINUTE), None)],
    ),
    "campaign-engagement": lambda: Answer(
        ["pinpoint_campaign_id", "NumSends", "NumOpens", "NumClicks", "NumHardBounces", "NumSoftBounces", "NumUnsubs"],
        [("spring", 12, 3, 1, 0, 0, 1)],  # all of history
    ),
    "bounce-rate": lambda: Answer(
        ["time_window", "total_sends", "total_hardbounces", "total_complaints", "bounce_rate", "complaint_rate"],
        [
            (_hour(2), 1, 0, 0, 0.0, 0.0),
            (_hour(3), 1, 0, 0, 0.0, 0.0),
            (_hour(4), 2, 2, 2, 1.0, 1.0),  # one send for each bounced recipient
            (_hour(5), 1, 0, 0, 0.0, 0.0),
        ],
        ordered=True,
    ),
    "engagement-rate": lambda: Answer(
        "time_window total_sends total_opens total_clicks total_unsubs open_rate click_rate unsub_rate".split(),
        [
            (_hour(2), 2, 2, 2, 2, 1.0, 1.0, 1.0),  # one send for each open
            *((_hour(days), 1, 0, 0, 0, 0.0, 0.0, 0.0) for days in (3, 4, 5)),
        ],
        ordered=True,
    ),
}


@pytest.fixture(scope="module")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events of the last days, as the queries ask for them."""
    return ingested(tmp_path_factory.mktemp("recent"), _RECORDS)


def test_all_nine_are_here() -> None:
    assert sorted(ANSWERS) == QUERIES
    assert len(QUERIES) == 9


@pytest.mark.parametrize("name", QUERIES)
def test_reference_query_runs_as_it_is_printed(due: Due, recent: Path, name: str) -> None:
    found = due.rows("query", "-f", str(GUIDE / f"{name}.sql"), "--local", str(recent))
    answer = ANSWERS[name]()
    assert list(found[0]) == answer.columns
    rows = [tuple(row.values()) for row in found]
    assert (rows if answer.ordered else sorted(rows, key=str)) == (
        answer.rows if answer.ordered else sorted(answer.rows, key=str)
    )


def test_reference_query_runs_as_an_argument(due: Due, recent: Path) -> None:
    text = (GUIDE / "send-count-by-tag.sql").read_text("utf-8")
    assert due.rows("query", text + ";", "--local", str(recent)) == [{"_col0": 2}]


def test_template_makes_a_view_that_stays(due: Due, tmp_path: Path) -> None:
    database = ingested(tmp_path / "template", _RECORDS)
    ran = due("query", "-f", str(GUIDE / "custom-view.sql"), "--local", str(database)).done()
    assert "custom_view_name" in ran.err + ran.out
    call(tmp_path, "setup", "--local", str(database))  # again: it stays
    sql = "SELECT * FROM custom_view_name ORDER BY custom_attr_1"
    (first, second) = due.rows("query", sql, "--local", str(database))
    assert first == {
        "event_timestamp": iso(_ago(1)),  # whole seconds, as the template divides
        "arrival_timestamp": iso(_ago(1)),
        "application_id": "app-9",
        "endpoint_id": "endpoint-9",
        "aws_account_id": "317167123431",
        "custom_attr_1": "one",
        "custom_attr_2": "two",
        "ingest_timestamp": iso(_ago(1)),
    }
    assert (second["custom_attr_1"], second["custom_attr_2"]) == (None, None)


def test_pasted_view_is_replaced_and_dropped(due: Due, tmp_path: Path) -> None:
    database = ("--local", str(ingested(tmp_path / "pasted", _RECORDS)))
    due("query", "CREATE OR REPLACE VIEW sales AS SELECT subject FROM email_send", *database).done()
    due("query", "CREATE OR REPLACE VIEW Sales AS SELECT COUNT(*) AS n FROM email_send", *database).done()
    due("query", "CREATE VIEW more_sales AS SELECT n + 1 AS m FROM sales", *database).done()
    assert due.rows("query", "SELECT m FROM more_sales", *database) == [{"m": 16}]
    assert "COUNT(*)" in due("view", "show", "sales", *database).done().out
    due("query", "CREATE VIEW sales AS SELECT 1 AS one", *database).failed(2)
    due("query", "DROP VIEW sales", *database).failed(6)  # more_sales needs it
    due("query", "DROP VIEW more_sales", *database).done()
    due("query", "DROP VIEW sales", *database).done()
    due("query", "SELECT * FROM sales", *database).failed(6)
    due("query", "DROP VIEW sales", *database).failed(4)
    due("query", "DROP VIEW IF EXISTS sales", *database).done()


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE OR REPLACE VIEW broken AS SELECT nothing_like_it FROM email_send",
        "CREATE OR REPLACE VIEW broken AS SELECT * FROM broken",
        "CREATE OR REPLACE VIEW broken AS SELEC * FROM email_send",
        "CREATE OR REPLACE VIEW broken AS SELECT 1 AS one; SELECT 2",
    ],
)
def test_view_that_does_not_run_is_not_kept(due: Due, recent: Path, sql: str) -> None:
    due("query", sql, "--local", str(recent)).failed(6)
    assert "broken" not in due("view", "list", "--local", str(recent)).done().out


def test_the_table_cannot_become_a_view(due: Due, recent: Path) -> None:
    due("query", "CREATE OR REPLACE VIEW all_events AS SELECT 1 AS one", "--local", str(recent)).failed(2)
