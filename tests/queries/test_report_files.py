"""A file added to ``queries/reports/`` is a command, with its options and its help."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp

from due_cli.sql import files
from due_cli.sql.transpile import parse
from tests.commands import Due
from tests.queries.filing import ingested
from tests.queries.raw import Mail, at, ses

_REPORT = """\
-- title: Messages of a sender
-- about: How many messages each sender sent: at least so many, to one domain.
-- since: 7d
-- option: domain TEXT required The part of the address after the @.
-- option: at-least INTEGER 2 Senders of at least this many messages.
-- option: older-than DURATION 1h Messages sent this long before --until.
-- option: label KEY=VALUE color=red A message tag and its value.
-- example: due report senders --domain example.com
SELECT sender, sends
FROM (
    SELECT from_address AS sender, COUNT(*) AS sends
    FROM email_send
    WHERE
        ingest_timestamp >= :since
        AND ingest_timestamp < :until
        AND element_at(destination, 1) LIKE concat('%@', :domain)
        AND message_send_timestamp <= :older_than
        AND element_at(message_tags, :label_key) = :label_value
    GROUP BY from_address
) AS senders
WHERE sends >= :at_least
ORDER BY sends DESC, sender
"""


def _forget() -> None:
    for known in (files.query, files.names, files.statements):
        known.cache_clear()


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The reports folder of a copy of ``queries/`` that due reads instead."""
    copy = tmp_path / "queries"
    shutil.copytree(files.folder(), copy)
    monkeypatch.setattr(files, "folder", lambda: copy)
    _forget()
    yield copy / "reports"
    monkeypatch.undo()
    _forget()


@pytest.mark.parametrize("name", files.names("reports"))
def test_the_header_names_the_columns(due: Due, name: str) -> None:
    statement = parse(files.query("reports", name).sql)
    assert isinstance(statement, exp.Query)
    columns = tuple(statement.named_selects)
    assert files.query("reports", name).columns == columns
    assert f"Columns: {', '.join(columns)}." in " ".join(due("report", name, "--help").done().out.split())


def _mail(number: int, sent: str, to: str = "ada@example.com", color: str = "red") -> Mail:
    return Mail(f"m{number}", at(sent), (to,), tags={"color": color})


def test_added_file_is_a_report(due: Due, reports: Path, tmp_path: Path) -> None:
    (reports / "senders.sql").write_text(_REPORT)
    mails = (
        _mail(1, "2026-06-01T10:00"),
        _mail(2, "2026-06-01T11:00"),
        _mail(3, "2026-06-01T10:00", color="blue"),
        _mail(4, "2026-06-01T10:00", "ada@example.net"),
        _mail(5, "2026-06-01T23:30"),  # within an hour before until
        _mail(6, "2026-05-25T23:00"),  # more than seven days before until
    )
    database = ingested(tmp_path / "senders", [ses(mail, "send") for mail in mails])
    words = ("report", "senders", "--domain", "example.com", "--until", "2026-06-02", "--local", str(database))
    assert due.rows(*words) == [{"sender": "shop@example.org", "sends": 2}]
    assert due.rows(*words, "--at-least", "3") == []
    assert due.rows(*words, "--at-least", "3", "--older-than", "30min") == [{"sender": "shop@example.org", "sends": 3}]
    assert due.rows(*words, "--label", "color=blue", "--at-least", "1") == [{"sender": "shop@example.org", "sends": 1}]
    assert due.rows(*words, "--since", "8d", "--at-least", "3") == [{"sender": "shop@example.org", "sends": 3}]


def test_added_file_is_listed_and_explained(due: Due, reports: Path) -> None:
    (reports / "senders.sql").write_text(_REPORT)
    listed = due.rows("report")
    assert [row["report"] for row in listed] == sorted(path.stem for path in reports.iterdir())
    assert "at least so many, to one domain." in next(row["about"] for row in listed if row["report"] == "senders")
    shown = due("report", "senders", "--help").done().out
    for text in ("Messages of a sender.", "--domain", "The part of the address after the @.", "--at-least", "--label"):
        assert text in shown
    words = " ".join(shown.split())
    for default in ("[default: 2]", "[default: 1h]", "[default: color=red]", "[default: 7d]"):
        assert default in words
    assert "due report senders --domain example.com" in shown
    assert "Missing option '--domain'" in due("report", "senders").failed(2).err


def test_added_file_prints_its_statement(due: Due, reports: Path) -> None:
    (reports / "senders.sql").write_text(_REPORT)
    sql = due("report", "senders", "--domain", "example.com", "--until", "2026-06-02", "--sql").done().out
    assert "concat('%@', 'example.com')" in sql
    assert "TIMESTAMP '2026-05-26 00:00:00.000'" in sql
    assert "'color') = 'red'" in sql
    assert ":" not in sql.replace(":00", "")


@pytest.mark.parametrize("name", files.names("reports"))
def test_header_of_every_report_is_whole(name: str) -> None:
    query = files.query("reports", name)
    assert query.title
    assert query.about.endswith(".")
    assert "appendix B" in query.source
    assert query.example.startswith(f"due report {name}")
    assert all(option.help.endswith(".") for option in query.options)


@pytest.mark.parametrize("line", ["tag", "tag KEY=VALUE", "tag NUMBER 1 Help.", "tag KEY=VALUE required"])
def test_option_header_that_is_not_understood_names_its_file(line: str) -> None:
    with pytest.raises(ValueError, match=r"broken\.sql: option header"):
        files.parse("broken", f"-- title: Broken\n-- option: {line}\nSELECT 1\n")
