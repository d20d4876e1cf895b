"""What is written where: formats, streams, exit codes, the global options."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.test_help import RECORD
from tests.commands import Due, process, write_lines

MESSAGE = "0100019a-example-000000"


@pytest.fixture
def filled(due: Due, folder: Path) -> Path:
    opened = {**RECORD, "eventType": "Open", "open": {"timestamp": "2026-11-15T12:00:00.001Z", "ipAddress": "1.2.3.4"}}
    tagged = {**RECORD, "mail": {**RECORD["mail"], "tags": {"a|b": ["x", "y"], "quote": ['"']}}}  # type: ignore[dict-item]
    due("ingest", str(write_lines(folder / "r.json", [tagged, opened]))).done()
    return folder


def test_json_is_one_array_with_the_sqls_columns(due: Due, filled: Path) -> None:
    sql = "SELECT event_timestamp, destination, message_tags, subject FROM email_send"
    assert due.query(sql) == [
        {
            "event_timestamp": "2026-11-15T11:35:12.649Z",
            "destination": ["a@b.example"],
            "message_tags": {"a|b": "x,y", "quote": '"'},
            "subject": None,
        }
    ]


def test_json_of_no_rows_is_an_empty_array(due: Due, filled: Path) -> None:
    assert due("query", "SELECT 1 AS one WHERE false", "-o", "json").done().out == "[]\n"


def test_csv_reads_back(due: Due, filled: Path) -> None:
    text = due("query", "SELECT message_id, message_tags, subject FROM email_send", "-o", "csv").done().out
    assert list(csv.reader(io.StringIO(text))) == [
        ["message_id", "message_tags", "subject"],
        [MESSAGE, '{"a|b": "x,y", "quote": "\\""}', ""],
    ]


def test_markdown_escapes_its_bars(due: Due, filled: Path) -> None:
    text = due("query", "SELECT message_tags FROM email_send", "--output=markdown").done().out
    assert text == '| message_tags |\n| --- |\n| {"a\\|b": "x,y", "quote": "\\""} |\n'


def test_global_options_work_before_and_after_the_command(due: Due, filled: Path, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "none")
    before = due("--output", "json", "--local", str(filled), "outputs").done()
    after = due("outputs", "--local", str(filled), "-o", "json").done()
    assert before.json == after.json
    assert "not an events database" in due("outputs", "--local", elsewhere).failed(3).err


def test_words_after_two_dashes_are_not_options(due: Due, filled: Path) -> None:
    assert "-o" in due("status", "--", "-o").failed(4).out


def test_environment_chooses_target_and_format(
    due: Due, filled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUE_OUTPUT", "json")
    assert due("query", "SELECT 1 AS one").done().json == [{"one": 1}]
    monkeypatch.setenv("DUE_LOCAL", str(tmp_path))
    due("outputs").failed(3)
    monkeypatch.setenv("DUE_OUTPUT", "yaml")
    assert "table, json, csv, markdown, ndjson or parquet" in due("outputs").failed(2).err


def test_due_toml_of_a_parent_comes_before_what_setup_recorded(
    due: Due, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    due("setup", "--local", str(other), "--database", "other_db").done()
    inner = tmp_path / "project" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "due.toml").write_text(f'local = "../{filled.name}"\n')
    assert due("outputs", "-o", "json").done().json["DatabaseName"] == "other_db"
    monkeypatch.chdir(inner)
    assert due("outputs", "-o", "json").done().json["DatabaseName"] == "due_eventdb"
    (tmp_path / "project" / "due.toml").write_text("local = 7\n")
    assert "due.toml" in due("outputs").failed(3).err
    (tmp_path / "project" / "due.toml").write_text('lokal = "../events"\n')
    ran = due("outputs").failed(3)
    assert "project/due.toml: unknown key lokal; known keys: local, stack, region, profile\n" in ran.err


def test_without_a_target_the_error_names_both_setups(due: Due) -> None:
    ran = due("report", "bounce-rate").failed(3)
    assert "due setup --local DIR" in ran.err
    assert "due setup (on AWS" in ran.err


def test_data_goes_to_standard_output_and_talk_to_standard_error(due: Due, filled: Path) -> None:
    ran = due("setup", "--local", str(filled)).done()
    assert "next:" in ran.err
    assert "next:" not in ran.out
    assert due("setup", "--local", str(filled), "--quiet").done().err == ""


def test_a_change_of_the_days_of_statuses_is_said(due: Due, folder: Path) -> None:
    words = ("setup", "--local", str(folder), "--status-days", "30")
    assert "Statuses are kept 30 days after the last event (were 90)\n" in due(*words).done().out
    assert "days" not in due(*words).done().out.replace(str(folder), "")


def test_status_is_an_array_in_the_order_asked(due: Due, filled: Path) -> None:
    ran = due("status", "unknown-1", MESSAGE, "unknown-2", "-o", "json").failed(4)
    assert [(item["message_id"], item["status"]) for item in ran.json] == [
        ("unknown-1", "not_found"),
        (MESSAGE, "open"),
        ("unknown-2", "not_found"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        f"<{MESSAGE}@eu-west-1.amazonses.com>",
        f'"{MESSAGE}"',
        f" '{MESSAGE}' ",
        f"`<{MESSAGE}@amazonses.com>`",
        MESSAGE[:9],
    ],
)
def test_a_message_id_is_found_as_it_is_copied(due: Due, filled: Path, given: str) -> None:
    assert [item["message_id"] for item in due("status", given, "-o", "json").done().json] == [MESSAGE]


def test_the_beginning_of_several_message_ids_is_refused(due: Due, filled: Path) -> None:
    other = {**RECORD, "mail": {**RECORD["mail"], "messageId": f"{MESSAGE}-2"}}  # type: ignore[dict-item]
    due("ingest", str(write_lines(filled / "other.json", [other]))).done()
    ran = due("status", MESSAGE[:9]).failed(2)
    assert f"several messages begin with {MESSAGE[:9]}" in ran.err and f"{MESSAGE}, {MESSAGE}-2" in ran.err
    assert [item["message_id"] for item in due("status", MESSAGE, "-o", "json").done().json] == [MESSAGE]


def test_a_status_on_a_screen_says_what_the_mail_was(due: Due, folder: Path) -> None:
    mail = {
        **RECORD["mail"],  # type: ignore[dict-item]
        "commonHeaders": {"subject": "Your order"},
        "tags": {"ses:configuration-set": ["shop"]},
    }
    at = RECORD["mail"]["timestamp"]  # type: ignore[index]
    delivery = {"timestamp": at, "smtpResponse": "250 2.0.0 OK 1234", "recipients": ["a@b.example"]}
    delivered = {**RECORD, "mail": mail, "eventType": "Delivery", "delivery": delivery}
    due("ingest", str(write_lines(folder / "r.json", [{**RECORD, "mail": mail}, delivered]))).done()
    out = due("status", MESSAGE).done().out
    for text in ("to a@b.example", "subject: Your order", "configuration set: shop", "answer: 250 2.0.0 OK 1234"):
        assert text in out
    (item,) = due("status", MESSAGE, "-o", "json").done().json
    assert "subject" not in item and item["complaint"] is None


def test_text_of_recipients_cannot_move_the_cursor(due: Due, folder: Path) -> None:
    mail = {**RECORD["mail"], "commonHeaders": {"subject": "\x1b[2Jgone\u202e"}}  # type: ignore[dict-item]
    due("ingest", str(write_lines(folder / "r.json", [{**RECORD, "mail": mail}]))).done()
    out = due("query", "SELECT subject FROM email_send").done().out
    assert "\x1b" not in out
    assert "gone" in out


def test_a_query_error_is_one_line_and_exit_code_6(due: Due, folder: Path) -> None:
    for sql in ("SELECT nothing FROM email_send", "SELEC 1", "SELECT 1; SELECT 2", "DELETE FROM all_events"):
        ran = due("query", sql).failed(6)
        assert 1 <= len(ran.err.splitlines()) <= 2, ran.err
        assert ran.err.startswith("due: ")


def test_debug_shows_the_traceback_and_nothing_else_does(due: Due, folder: Path) -> None:
    assert "Traceback" in due("query", "SELECT nothing FROM email_send", "--debug").err
    assert "Traceback" not in due("query", "SELECT nothing FROM email_send").err


def test_without_a_terminal_nothing_is_asked(folder: Path) -> None:
    ran = process("teardown").failed(2)
    assert "--yes" in ran.err
    assert (folder / ".due" / "state.sqlite").exists()


def test_a_reader_that_goes_away_is_no_error(filled: Path) -> None:
    import subprocess
    import sys

    sql = "SELECT x.n FROM UNNEST(sequence(1, 200000)) AS x (n)"
    command = f"{sys.executable} -m due_cli query '{sql}' -o csv | head -n 2"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert ran.stdout == "n\n1\n"
    assert ran.stderr == ""


def test_a_report_says_its_period_and_place_and_how_old_the_newest_events_are(due: Due, folder: Path) -> None:
    words = ("report", "bounce-rate", "--since", "2026-11-10T12:30Z", "--until", "2026-11-16")
    assert due(*words).done().err == (f"no rows\n2026-11-10 12:00 to 2026-11-16 00:00 UTC, {folder}\nno events yet\n")
    now = datetime.now(UTC)
    old = {**RECORD, "mail": {**RECORD["mail"], "timestamp": (now - timedelta(hours=9)).isoformat()}}  # type: ignore[dict-item]
    due("ingest", str(write_lines(folder / "r.json", [old]))).done()
    assert due(*words).err.endswith(" UTC, " + str(folder) + "\nnewest events 8 h ago\n")
    assert due(*words, "-o", "json", "--quiet").done().err == ""
    fresh = {**RECORD, "mail": {**RECORD["mail"], "timestamp": now.isoformat(), "messageId": "m2"}}  # type: ignore[dict-item]
    due("ingest", str(write_lines(folder / "r.json", [fresh]))).done()
    err = due("report", "bounce-rate", "--since", "12h").done().err
    assert "newest events" not in err
    assert str(folder) in err
