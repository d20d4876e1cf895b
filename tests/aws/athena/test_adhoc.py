"""What a person may type: what reads runs as it was typed, what would change data is refused before Athena sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import QueryError
from due_cli.sql.suggest import with_suggestion
from due_cli.sql.transpile import parse
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.sampling import sampled

ON = ("--stack", "due")
CHANGES = (
    "INSERT INTO all_events SELECT * FROM all_events",
    "DROP TABLE all_events",
    "DROP TABLE IF EXISTS all_events",
    "DELETE FROM all_events",
    "UPDATE all_events SET event_type = 'x'",
    "CREATE TABLE copy AS SELECT * FROM all_events",
    "CREATE EXTERNAL TABLE x (a int) LOCATION 's3://x/'",
    "CREATE DATABASE x",
    "ALTER TABLE all_events ADD PARTITION (ingest_timestamp = '2026-01-01 00:00:00')",
    "MSCK REPAIR TABLE all_events",
    "UNLOAD (SELECT * FROM all_events) TO 's3://x/' WITH (format = 'PARQUET')",
    "MERGE INTO all_events AS t USING x AS s ON t.a = s.a WHEN MATCHED THEN DELETE",
    "EXPLAIN ANALYZE INSERT INTO all_events SELECT * FROM all_events",
    "explain /* really */ analyze verbose delete from all_events",
    "PREPARE x FROM INSERT INTO all_events SELECT * FROM all_events",
    "EXECUTE x",
    "TRUNCATE TABLE all_events",
    "VACUUM all_events",
    "OPTIMIZE all_events REWRITE DATA USING BIN_PACK",
)


@pytest.mark.parametrize("sql", sampled(CHANGES))
def test_what_would_change_data_is_refused_as_on_a_folder(
    due: Due, emulator: AwsEmulator, stack: Stack, folder: Path, sql: str
) -> None:
    refused = due("query", sql, *ON).failed(6).err
    assert refused == due("query", sql, "--local", str(folder)).failed(6).err
    assert "Only read statements are allowed" in refused
    assert emulator.journal.of("athena:StartQueryExecution") == []


def test_two_statements_are_one_too_many(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    ran = due("query", "SELECT 1; DROP TABLE all_events", *ON).failed(6)
    assert "2 statements" in ran.err
    assert "0 statements" in due("query", "; -- nothing", *ON).failed(6).err
    assert emulator.journal.of("athena:StartQueryExecution") == []


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SHOW TABLES", [{"tab_name": "all_events"}]),
        ("SHOW VIEWS", []),
        ("SHOW PARTITIONS all_events", []),
        ("VALUES (1, 'a'), (2, NULL)", [[1, "a"], [2, None]]),
        ("(SELECT 1 AS n)", [{"n": 1}]),
        ("SELECT 1 AS n UNION SELECT 1", [{"n": 1}]),
        ("/* a comment */ WITH w AS (SELECT 2 AS n) SELECT n FROM w; ", [{"n": 2}]),
        ("TABLE all_events", []),
    ],
)
def test_what_reads_runs(due: Due, stack: Stack, sql: str, rows: list[object]) -> None:
    """Engines name what has no name differently."""
    found = due.rows("query", sql, *ON)
    assert rows in (found, [list(row.values()) for row in found])


def test_a_table_is_described_and_a_query_explained(due: Due, stack: Stack) -> None:
    described = due.rows("query", "DESCRIBE all_events", *ON)
    names = [row["col_name"] for row in described]
    assert described[0] == {"col_name": "event_type", "data_type": "string", "comment": ""}
    assert names[18:] == ["ingest_timestamp", "# Partition Information", "# col_name", "ingest_timestamp"]
    assert due.rows("query", "EXPLAIN SELECT event_type FROM all_events", *ON)


def test_both_targets_show_columns_functions_and_views(due: Due, stack: Stack, folder: Path) -> None:
    shown = {}
    for target in (ON, ("--local", str(folder))):
        due("query", "CREATE OR REPLACE VIEW mine AS SELECT event_type, event_id FROM all_events", *target).done()
        columns = [due.rows("query", sql, *target) for sql in ("SHOW COLUMNS IN mine", "SHOW COLUMNS FROM all_events;")]
        functions = due.rows("query", "SHOW FUNCTIONS", *target)
        assert {"function": "date_trunc"} in functions and len(due.rows("query", "DESCRIBE mine", *target)) == 2
        (views,) = [row for row in due.rows("query", "SHOW VIEWS", *target) if row["views"] == "mine"]
        text = " ".join(row["Create View"] for row in due.rows("query", "SHOW CREATE VIEW mine", *target))
        assert "SELECT event_type , event_id FROM all_events" in " ".join(text.replace(",", " , ").split())
        shown[target] = (columns, functions, views)
    assert shown[ON] == shown["--local", str(folder)]
    assert [row["field"] for row in shown[ON][0][0]] == ["event_type", "event_id"]


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT * FROM al_events", "did you mean all_events?"),
        ("SELECT event_typ FROM all_events", "did you mean event_type"),
        ("SELECT lenth(event_type) FROM all_events", "did you mean length"),
        ("SELECT * FROM nothing_like_it", "try: due view list"),
        ("SELECT nothing_like_it FROM all_events", "'DESCRIBE all_events'"),
        ("SELECT nothing_like_it(1)", "'SHOW FUNCTIONS'"),
    ],
)
def test_both_targets_suggest_names(due: Due, stack: Stack, folder: Path, sql: str, hint: str) -> None:
    for target in (ON, ("--local", str(folder))):
        assert hint in due("query", sql, *target).failed(6).err


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.due_eventdb.al_events' does not exist", "all_events?"),
        ("COLUMN_NOT_FOUND: line 1:8: Column 'event_typ' cannot be resolved or requester is not", "event_type?"),
        ("COLUMN_NOT_FOUND: line 1:8: Column 'e.event_typ' cannot be resolved or requester is not", "event_type?"),
        ("FUNCTION_NOT_FOUND: line 1:8: Function 'lenth' not registered", "did you mean length"),
    ],
)
def test_athenas_own_words_are_understood(message: str, hint: str) -> None:
    error = with_suggestion(
        QueryError(message), parse("SELECT 1 FROM all_events"), lambda: ["all_events"], lambda _: ["event_type"]
    )
    assert hint in str(error.hint) and error.message == message


def test_a_view_of_the_guide_is_not_replaced_in_silence(due: Due, stack: Stack, folder: Path) -> None:
    for target, restore in ((ON, "due setup"), (("--local", str(folder)), "due doctor --repair")):
        ran = due("query", "CREATE OR REPLACE VIEW email_send AS SELECT 1 AS one", *target).done()
        assert "Created view email_send in place of the guide's view" in ran.out
        assert restore in ran.out.replace(f" {' '.join(target)}", "")


def test_what_was_not_there_is_not_called_dropped(due: Due, stack: Stack, folder: Path) -> None:
    for target in (ON, ("--local", str(folder))):
        assert due("query", "DROP VIEW IF EXISTS nope", *target).done().out.startswith("There is no view nope")


def test_a_query_runs_as_it_was_typed(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    """Not as a parser would write it again."""
    typed = "select   COUNT( * ) as N,\n\t'100%' as \"It's\" -- why not"
    assert due.rows("query", typed, *ON) == [{"N": 1, "It's": "100%"}]
    assert list(emulator.athena.queries.values())[-1].sql == typed


def test_a_file_is_a_statement_too(due: Due, stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "one.sql"
    file.write_text("-- a comment\nSELECT 1 AS n;\n")
    assert due.rows("query", "-f", str(file), *ON) == [{"n": 1}]


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1 AS n; -- x", "SELECT 1 AS n"),
        ("SELECT 1 AS n;\n-- end; really\n", "SELECT 1 AS n"),
        ("SELECT 1 AS n ; ;; /* done; */ ; ", "SELECT 1 AS n"),
        ("SELECT 1 AS n -- it's; all;", "SELECT 1 AS n -- it's; all;"),
        ("SELECT length(';-- ü') - 4 AS n; -- x", "SELECT length(';-- ü') - 4 AS n"),
    ],
)
def test_what_stands_behind_a_statement_is_no_second_one(
    due: Due, emulator: AwsEmulator, stack: Stack, folder: Path, sql: str, text: str
) -> None:
    for target in (ON, ("--local", str(folder))):
        assert due.rows("query", sql, *target) == [{"n": 1}]
    assert list(emulator.athena.queries.values())[-1].sql == text


def test_what_asks_about_a_table_may_have_a_comment_behind_it(due: Due, stack: Stack) -> None:
    assert due.rows("query", "SHOW TABLES; -- x", *ON) == [{"tab_name": "all_events"}]
    assert due.rows("query", "DESCRIBE all_events;\n-- x\n", *ON)


def test_a_view_may_have_a_comment_behind_it(due: Due, stack: Stack, folder: Path) -> None:
    for target in (ON, ("--local", str(folder))):
        due("query", "CREATE OR REPLACE VIEW mine AS SELECT 1 AS n; -- x;\n", *target).done()
        assert due.rows("query", "SELECT n FROM mine", *target) == [{"n": 1}]
        assert "--" not in due("view", "show", "mine", *target).done().out
        due("query", "DROP VIEW mine; -- x", *target).done()


def test_a_view_is_made_and_dropped_by_its_statements(due: Due, stack: Stack) -> None:
    made = due("query", "CREATE OR REPLACE VIEW Mine AS SELECT event_type, attributes FROM all_events;", *ON).done()
    assert made.out == "Created view mine\n"
    assert due.rows("query", "SELECT count(*) AS n FROM mine", *ON) == [{"n": 0}]
    assert due("query", "DROP VIEW mine", *ON).done().out == "Dropped view mine\n"
    assert due("query", "DROP VIEW mine", *ON).failed(4).err.startswith("due: no view mine")
    due("query", "DROP VIEW IF EXISTS mine", *ON).done()
