"""``due view``: the guide's views and a user's own, refused and shown as on a folder."""

from __future__ import annotations

import shlex

import pytest

from due_cli.sql import files
from tests.aws.athena.conftest import BothTargets
from tests.commands import Due

ON = ("--stack", "due")
PURCHASES = ("view", "create", "purchases", "--event-type", "purchase", "--attribute", "currency", *ON)


def test_the_views_that_are_shown_are_those_of_the_guide_and_the_users_own(due: Due, both: BothTargets) -> None:
    listed = {row["view"]: row["about"] for row in due.rows("view", "list", *ON)}
    assert listed == {row["view"]: row["about"] for row in due.rows("view", "list", "--local", str(both.database))}
    due(*PURCHASES).done()
    listed = {row["view"]: row["about"] for row in due.rows("view", "list", *ON)}
    assert (listed.pop("purchases"), set(listed)) == ("your own", set(files.names("views")))
    shown = due("view", "show", "Purchases", *ON).done().out
    assert shown.startswith("CREATE OR REPLACE VIEW purchases AS\nSELECT")
    assert "'purchase'" in shown
    due("view", "drop", "purchases", *ON).done()
    assert due("view", "show", "purchases", *ON).failed(4).err.startswith("due: no view purchases")


@pytest.mark.slow
def test_what_is_shown_makes_the_same_view_again(due: Due, both: BothTargets) -> None:
    shown = due("view", "show", "email_click", *ON).done().out
    due("query", shown.replace("VIEW email_click", "VIEW again"), *ON).done()
    sql = "SELECT * FROM {} ORDER BY event_id"
    assert due.rows("query", sql.format("again"), *ON) == due.rows("query", sql.format("email_click"), *ON)
    due("view", "drop", "again", *ON).done()


def test_dropping_is_refused_as_on_a_folder(due: Due, both: BothTargets) -> None:
    for target in (ON, ("--local", str(both.database))):
        assert (
            due("view", "drop", "email_send", *target)
            .failed(2)
            .err.startswith("due: email_send is one of the guide's views, which stay")
        )
        assert due("view", "drop", "nothing", *target).failed(4).err.startswith("due: no view nothing")
        assert due("view", "drop", "all_events", *target).failed(4).err.startswith("due: no view all_events")
        due("query", "CREATE VIEW base AS SELECT event_type, event_id AS above FROM all_events", *target).done()
        due("query", "CREATE VIEW above AS SELECT event_type FROM base", *target).done()
        assert due("view", "drop", "base", *target).failed(6).err == (
            f"due: the view base is needed by above\n  try: due view drop {shlex.join(target)} above\n"
        )
        due("view", "drop", "above", *target).done()
        due("view", "drop", "base", *target).done()


def test_making_is_refused_as_on_a_folder(due: Due, both: BothTargets) -> None:
    due(*PURCHASES).done()
    for sql, code, message in (
        ("CREATE VIEW purchases AS SELECT 1 AS n", 2, "due: the view purchases exists"),
        ("CREATE OR REPLACE VIEW all_events AS SELECT 1 AS n", 2, "due: all_events is the table of all events"),
        ("CREATE OR REPLACE VIEW theirs.one AS SELECT 1 AS n", 2, "due: due makes views in its own database"),
        ("CREATE OR REPLACE VIEW bad AS SELECT nope FROM all_events", 6, "due: the view bad was not created: "),
    ):
        assert due("query", sql, *ON).failed(code).err.startswith(message)
    due("query", f"CREATE OR REPLACE VIEW {both.stack.options.database}.purchases AS SELECT 1 AS n", *ON).done()
    assert due.rows("query", "SELECT * FROM purchases", *ON) == [{"n": 1}]
    due("view", "drop", "purchases", *ON).done()


def test_names_as_athenas_console_writes_them(due: Due, both: BothTargets) -> None:
    """With the catalog and the database, in any case, wherever a name may stand."""
    console = '"AwsDataCatalog"."due_eventdb"'
    for target in (ON, ("--local", str(both.database))):
        [plain] = due.rows("query", "SELECT COUNT(*) AS n FROM all_events", *target)
        assert plain["n"] > 0
        for sql in (
            f'SELECT COUNT(*) AS n FROM {console}."all_events" limit 10',
            f'SELECT COUNT({console}."all_events"."event_type") AS n FROM {console}."all_events"',
            "SELECT COUNT(*) AS n FROM AWSDATACATALOG.DUE_EVENTDB.ALL_EVENTS",
            'SELECT COUNT(*) AS n FROM "Due_EventDB"."All_Events"',
        ):
            assert due.rows("query", sql, *target) == [plain], sql
        due(
            "query", f'CREATE OR REPLACE VIEW {console}."mine" AS SELECT 1 AS n FROM {console}."email_send"', *target
        ).done()
        sends = due.rows("query", "SELECT COUNT(*) AS n FROM email_send", *target)
        assert due.rows("query", f'SELECT COUNT(*) AS n FROM {console}."Mine"', *target) == sends
        assert len(due.rows("query", f'DESCRIBE {console}."mine"', *target)) == 1
        due("query", f'DROP VIEW {console}."mine"', *target).done()


def test_a_view_that_athena_did_not_make_is_shown_as_it_is(due: Due, both: BothTargets) -> None:
    glue = both.emulator.client("glue")
    theirs = {
        "Name": "hive_view",
        "TableType": "VIRTUAL_VIEW",
        "ViewOriginalText": "SELECT 1",
        "StorageDescriptor": {"Columns": []},
    }
    glue.create_table(DatabaseName=both.stack.options.database, TableInput=theirs)
    assert due("view", "show", "hive_view", *ON).done().out == "CREATE OR REPLACE VIEW hive_view AS\nSELECT 1\n"
    due("view", "drop", "hive_view", *ON).done()
