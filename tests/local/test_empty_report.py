"""A report on sends that has no rows says so where no Send events came."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Due, write_lines
from tests.events.records import HAPPENED, iso, ses_bounce, ses_notification, ses_send, sms_event
from tests.local.database import ingest

PERIOD = ("--since", iso(HAPPENED - 3_600_000), "--until", iso(HAPPENED + 3_600_000))


@pytest.mark.parametrize("report", ["bounce-rate", "engagement-rate", "subject-engagement", "address-engagement"])
def test_identity_notifications_alone_have_no_sends(due: Due, database: Path, tmp_path: Path, report: str) -> None:
    notifications = [ses_notification(kind) for kind in ("Bounce", "Complaint", "Delivery")]
    ingest(due, database, write_lines(tmp_path / "feedback.json", notifications))
    ran = due("report", report, *PERIOD, "--local", str(database)).done()
    assert ran.out == ""
    assert "no Send events" in ran.err


@pytest.mark.parametrize("report", ["bounce-rate", "campaign-engagement"])
def test_events_of_messages_sent_before_the_period(due: Due, database: Path, tmp_path: Path, report: str) -> None:
    before = ses_send(mail={"timestamp": iso(HAPPENED - 10 * 3_600_000)})
    ingest(due, database, write_lines(tmp_path / "mail.json", [before, ses_bounce()]))
    ran = due("report", report, *PERIOD, "--local", str(database)).done()
    assert (ran.out, "no message was sent in the period" in ran.err) == ("", True)
    earlier = ("--since", iso(HAPPENED - 11 * 3_600_000), *PERIOD[2:])
    assert due("report", report, *earlier, "--local", str(database)).done().out != ""


def test_a_period_without_email_events_is_just_empty(due: Due, database: Path, tmp_path: Path) -> None:
    ingest(due, database, write_lines(tmp_path / "texts.json", [sms_event(), ses_send()]))
    for period in (PERIOD, ("--since", "1h")):
        ran = due("report", "campaign-engagement", *period, "--local", str(database)).done()
        assert "no Send events" not in ran.err and "no message was sent" not in ran.err
