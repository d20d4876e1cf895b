"""``import due_cli`` on a stack: the rows that a folder with the same files has."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import due_cli
from tests.aws.athena.conftest import BothTargets
from tests.commands import Due

SQL = """
SELECT event_type, attributes, event_timestamp, ingest_timestamp, metrics, ARRAY[1, NULL] AS list, 1.5E0 AS half,
    CAST(NULL AS bigint) AS nothing, true AS yes
FROM all_events WHERE event_type <> 'awkward' ORDER BY event_id LIMIT 20
"""


@pytest.fixture
def databases(both: BothTargets) -> tuple[due_cli.Database, due_cli.Database]:
    return due_cli.open(stack="due"), due_cli.open(both.database)


def test_rows_and_data_frames_are_those_of_a_folder(databases: tuple[due_cli.Database, due_cli.Database]) -> None:
    theirs, ours = (database.query(SQL) for database in databases)
    assert len(theirs.rows) == 20
    assert theirs.rows == ours.rows
    there, here = theirs.to_pandas(), ours.to_pandas()
    assert there.dtypes.to_dict() == here.dtypes.to_dict()
    assert there.astype(str).values.tolist() == here.astype(str).values.tolist()
    assert str(there["ingest_timestamp"].dtype) == "datetime64[us, UTC]"


def test_a_report_and_an_error_are_too(databases: tuple[due_cli.Database, due_cli.Database]) -> None:
    theirs, ours = (
        database.report("bounce-rate", since="2000-01-01", until="2099-01-01").rows for database in databases
    )
    assert theirs == ours != []
    for database in databases:
        with pytest.raises(due_cli.DueError) as raised:
            database.query("SELECT nothing FROM all_events")
        assert raised.value.exit_code == 6


def test_a_parquet_file_of_a_stack_has_maps_as_json(due: Due, both: BothTargets, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    due("query", SQL, "--stack", "due", "-o", "parquet", "--to", str(file)).done()
    table = pq.read_table(file)
    assert table.num_rows == 20
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["attributes"], types["event_timestamp"], types["yes"]) == ("string", "int64", "bool")
    assert table["list"].to_pylist() == ["[1, null]"] * 20
