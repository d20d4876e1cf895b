"""The guide's views are made, kept, and mended where somebody changed them; a user's own stay the user's."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.resources.view import AthenaView, query_of, table_of
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError, QueryError
from due_cli.sql import files
from tests.aws.athena import stacks
from tests.aws.athena.engines import FailingEngine
from tests.aws_emulator.aws import AwsEmulator

ON = ("--stack", "due")
PURCHASES = ("view", "create", "purchases", "--event-type", "purchase", "--attribute", "currency", *ON)


def node(stack: Stack, sql: str = "CREATE OR REPLACE VIEW one AS SELECT event_type FROM all_events") -> Node[Aws]:
    database, workgroup = stack.options.database, stack.names.workgroup
    return Node("view-one", AthenaView(database=database, name="one", sql=sql, workgroup=workgroup))


def look(stack: Stack, one: Node[Aws]) -> tuple[Action, list[object]]:
    (step,) = planned([one], stack.aws)
    return step.action, [difference.before for difference in step.differences]


def in_athena(emulator: AwsEmulator, stack: Stack, sql: str) -> None:
    """What somebody types in the console."""
    stack_athena = emulator.client("athena")
    number = stack_athena.start_query_execution(
        QueryString=sql, WorkGroup="due", QueryExecutionContext={"Database": stack.options.database}
    )["QueryExecutionId"]
    while emulator.athena.queries[number].state in ("QUEUED", "RUNNING"):
        pass
    assert emulator.athena.queries[number].state == "SUCCEEDED"


def test_the_guides_views_are_made_once_and_kept(emulator: AwsEmulator, stack: Stack) -> None:
    steps = stacks.apply_nodes(stack, "view")
    assert {step.node.resource.name: step.action for step in steps} == dict.fromkeys(
        files.names("views"), Action.CREATE
    )
    emulator.journal.clear()
    assert {step.action for step in stacks.apply_nodes(stack, "view")} == {Action.KEEP}
    assert emulator.journal.mutating == []


def test_a_view_that_was_changed_by_hand_is_seen_and_mended(emulator: AwsEmulator, stack: Stack) -> None:
    one = node(stack)
    one.resource.create(stack.aws)
    assert look(stack, one) == (Action.KEEP, [])
    in_athena(emulator, stack, "CREATE OR REPLACE VIEW one AS SELECT event_type AS other FROM all_events")
    assert look(stack, one) == (Action.UPDATE, ["changed by hand"])
    one.resource.update(stack.aws, frozenset(("ViewOriginalText",)))
    assert look(stack, one) == (Action.KEEP, [])
    table = table_of(stack.aws, stack.options.database, "one")
    assert table is not None
    assert query_of(table).split() == "SELECT event_type FROM all_events".split(), "Athena sets it in lines of its own"
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["event_type"]


def test_a_change_that_leaves_dues_marks_is_seen_too(emulator: AwsEmulator, stack: Stack) -> None:
    """Somebody writes the view's text in Glue and leaves all else as it was."""
    one = node(stack)
    one.resource.create(stack.aws)
    glue = emulator.client("glue")
    table = glue.get_table(DatabaseName=stack.options.database, Name="one")["Table"]
    kept = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor", "ViewExpandedText")
    changed = {key: table[key] for key in kept} | {"ViewOriginalText": table["ViewOriginalText"] + " "}
    glue.update_table(DatabaseName=stack.options.database, TableInput=changed)
    assert look(stack, one) == (Action.UPDATE, ["changed by hand"])


def test_a_statement_of_another_version_replaces_the_view(stack: Stack) -> None:
    node(stack).resource.create(stack.aws)
    newer = node(stack, "CREATE OR REPLACE VIEW one AS SELECT event_type, event_id FROM all_events")
    assert look(stack, newer) == (Action.UPDATE, ["from another statement"])
    newer.resource.update(stack.aws, frozenset(("ViewOriginalText",)))
    assert look(stack, newer) == (Action.KEEP, [])


def test_what_athena_keeps_of_a_view_stays(stack: Stack) -> None:
    """The marks stand beside it: the table is as Athena wrote it."""
    node(stack).resource.create(stack.aws)
    table = table_of(stack.aws, stack.options.database, "one")
    assert table is not None
    assert table["Parameters"].keys() >= {"presto_view", "comment", "due.statement", "due.stored"}
    assert table["ViewExpandedText"] == "/* Presto View */"
    stored = json.loads(b64decode(table["ViewOriginalText"].split()[3]))
    assert stored["columns"] == [{"name": "event_type", "type": "varchar"}]


def test_a_setup_that_was_cut_off_goes_on(emulator: AwsEmulator, stack: Stack) -> None:
    one = node(stack)
    rule = emulator.faults.deny("glue:UpdateTable", times=1)
    with pytest.raises(DueError, match=r"marking view one .*: access denied"):
        one.resource.create(stack.aws)
    assert rule.times == 0
    assert look(stack, one) == (Action.UPDATE, ["changed by hand"])
    one.resource.update(stack.aws, frozenset(("ViewOriginalText",)))
    assert look(stack, one) == (Action.KEEP, [])


def test_two_that_mark_at_once_do_not_fail(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.refuse("glue:UpdateTable", "ConcurrentModificationException", times=2)
    node(stack).resource.create(stack.aws)
    assert look(stack, node(stack)) == (Action.KEEP, [])


def test_what_athena_does_not_take_is_a_failed_query(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.athena.engine = FailingEngine("COLUMN_NOT_FOUND: line 1:8: Column 'x'\n cannot be resolved")
    with pytest.raises(QueryError) as caught:
        node(stack, "CREATE OR REPLACE VIEW one AS SELECT x FROM all_events").resource.create(stack.aws)
    assert caught.value.message == (
        "the view one was not created: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"
    )
    assert look(stack, node(stack)) == (Action.CREATE, [])


def test_removed_and_gone(stack: Stack) -> None:
    one = node(stack)
    one.resource.create(stack.aws)
    one.resource.delete(stack.aws)
    assert planned_removal([one], stack.aws) == []
    one.resource.delete(stack.aws)


def test_a_table_of_the_same_name_is_nobodys_view(emulator: AwsEmulator, stack: Stack) -> None:
    glue = emulator.client("glue")
    storage = {"Columns": [{"Name": "a", "Type": "int"}], "Location": "s3://theirs/"}
    theirs = {"Name": "one", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    glue.create_table(DatabaseName=stack.options.database, TableInput=theirs)
    one = node(stack)
    assert look(stack, one) == (Action.UPDATE, ["a table"])
    with pytest.raises(QueryError, match="already exists"):
        one.resource.create(stack.aws)
    one.resource.delete(stack.aws)
    assert glue.get_table(DatabaseName=stack.options.database, Name="one")
