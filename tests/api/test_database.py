"""``import due_cli``: the rows that the commands print, the same choice of target, the same errors."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import due_cli
from due_cli.core.progress import Silent
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.target import Local
from tests.commands import Due, write_lines
from tests.events.records import SENT, pinpoint_app, ses_bounce, ses_delivery, ses_send, sms_event

SINCE, UNTIL = "2026-11-01", datetime(2026, 12, 1, tzinfo=UTC)
PERIOD = ("--since", SINCE, "--until", UNTIL.isoformat())
EVERY_KIND = """
SELECT event_type, attributes, metrics, facets, ingest_timestamp, CAST(NULL AS bigint) AS nothing,
    CASE WHEN source = 'ses' THEN 1 END AS one, CASE WHEN source = 'ses' THEN true END AS is_mail, 1.5E0 AS half,
    ARRAY['a', NULL] AS list, DATE '2026-11-01' AS day, '' AS empty, CAST(NULL AS varchar) AS no_text
FROM all_events ORDER BY event_type, event_id
"""
ROWS = "SELECT event_id FROM all_events CROSS JOIN UNNEST(sequence(1, 3000)) AS s (n)"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = [ses_send(mail={"messageId": "api-1"}), ses_delivery(), ses_bounce(), sms_event(), pinpoint_app(), b"{"]
    file = write_lines(tmp_path_factory.mktemp("records") / "records.json", records)
    folder = Folder(tmp_path_factory.mktemp("database"))
    set_up(folder, "due_eventdb", 36_500, Silent())
    Local(folder).ingest([str(file)], Silent())
    return folder.root


@pytest.fixture
def database(place: Path) -> due_cli.Database:
    return due_cli.open(place)


def as_json(value: object) -> Any:
    """Python's values as the command writes them."""

    def text(one: object) -> str:
        if isinstance(one, datetime):
            return one.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return str(one)

    return json.loads(json.dumps(value, default=text))


@pytest.mark.parametrize(("name", "options"), [("bounce-rate", {}), ("address-engagement", {"min_sends": 1})])
def test_a_report_has_the_rows_of_the_command(
    due: Due, database: due_cli.Database, place: Path, name: str, options: dict[str, Any]
) -> None:
    words = [word for option, value in options.items() for word in (f"--{option.replace('_', '-')}", str(value))]
    printed = due.rows("report", name, *PERIOD, *words, "--local", str(place))
    found = database.report(name, since=SINCE, until=UNTIL, **options)
    assert as_json(found.rows) == printed
    assert list(found.columns) == [*(printed[0] if printed else found.columns)]


def test_a_query_has_the_rows_of_the_command(due: Due, database: due_cli.Database, place: Path) -> None:
    assert as_json(database.query(EVERY_KIND).rows) == due.rows("query", EVERY_KIND, "--local", str(place))
    assert len(database.query(EVERY_KIND, limit=2).rows) == 2


def test_values_are_bound(database: due_cli.Database) -> None:
    sql = "SELECT :text AS text, :number AS number, :since AS since, :at AS at"
    found = database.query(sql, since=SINCE, parameters={"text": "it's", "number": 7, "at": UNTIL})
    at = {"since": datetime(2026, 11, 1, tzinfo=UTC), "at": UNTIL}
    assert found.rows == [{"text": "it's", "number": 7, **at}]
    with pytest.raises(due_cli.DueError, match="text is no text"):
        database.query("SELECT :text", parameters={"text": None})  # type: ignore[dict-item]


def test_a_status_has_its_times(due: Due, database: due_cli.Database, place: Path) -> None:
    message = "api-1"
    found = database.status([message, "unknown"])
    printed = due("status", message, "unknown", "--local", str(place), "-o", "json").failed(4).json
    assert as_json(found.rows) == [{**dict.fromkeys(found.columns), **item} for item in printed]
    assert found.rows[0]["send"] == datetime.fromtimestamp(SENT / 1000, UTC)
    assert database.status(message).rows[0]["status"] == printed[0]["status"]


def test_an_ingest_counts(due: Due, tmp_path: Path, folder: Path) -> None:
    file = write_lines(tmp_path / "records.json", [ses_send(), b"{"])
    (row,) = due_cli.open().ingest(file).rows
    assert (row["records"], row["kept"], row["failed"]) == (2, 1, 1)
    (row,) = due_cli.open().ingest([file]).rows
    assert row == due("ingest", str(file), "-o", "json").done().json


def test_times_have_a_zone_maps_are_dictionaries_and_null_is_none(database: due_cli.Database) -> None:
    for row in database.query(EVERY_KIND):
        assert isinstance(row["ingest_timestamp"], datetime)
        assert row["ingest_timestamp"].tzinfo is UTC
        assert isinstance(row["attributes"], dict)
        assert (row["nothing"], row["empty"], row["no_text"], row["list"]) == (None, "", None, ["a", None])


def test_a_data_frame_keeps_what_the_rows_say(database: due_cli.Database) -> None:
    import pandas

    found = database.query(EVERY_KIND)
    frame = found.to_pandas()
    assert list(frame.columns) == list(found.columns)
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["ingest_timestamp"] == "datetime64[us, UTC]"
    assert (kinds["one"], kinds["nothing"], kinds["is_mail"], kinds["half"]) == ("Int64", "Int64", "boolean", "float64")
    assert [dict(value) for value in frame["attributes"]] == [row["attributes"] for row in found.rows]
    for name in ("one", "no_text", "is_mail", "metrics"):
        assert list(frame[name].isna()) == [row[name] is None for row in found.rows], name
    assert frame["one"].sum() == 3
    assert (frame["empty"] == "").all()
    empty = database.query("SELECT COUNT(*) AS n, event_id FROM all_events WHERE false GROUP BY 2").to_pandas()
    assert (len(empty), str(empty["n"].dtype)) == (0, "Int64")
    assert isinstance(database.reports().to_pandas(), pandas.DataFrame)


def test_an_arrow_table_has_the_types_of_the_columns(database: due_cli.Database) -> None:
    table = database.query(EVERY_KIND).to_arrow()
    types = {field.name: str(field.type) for field in table.schema}
    assert types["attributes"] == "map<string, string>"
    assert types["metrics"] == "struct<price_in_millicents_usd: double>"
    assert (types["ingest_timestamp"], types["day"], types["one"]) == ("timestamp[us, tz=UTC]", "date32[day]", "int64")
    assert [dict(value) for value in table["attributes"].to_pylist()] == [
        row["attributes"] for row in database.query(EVERY_KIND).rows
    ]


def test_a_value_that_arrow_cannot_hold_is_named(database: due_cli.Database) -> None:
    with pytest.raises(due_cli.DueError, match="column n has a value"):
        database.query("SELECT SUM(n) AS n FROM (VALUES 9223372036854775807, 1) AS t (n)").to_arrow()


def test_rows_are_read_once_unless_they_are_kept(database: due_cli.Database) -> None:
    found = database.query(EVERY_KIND)
    assert len(list(found)) == 5
    with pytest.raises(due_cli.DueError, match="read already"):
        found.to_pandas()
    kept = database.query(EVERY_KIND)
    assert kept.rows == kept.rows == list(kept) == list(kept)
    assert len(kept.to_pandas()) == 5


@pytest.mark.parametrize(
    "words",
    [
        ("query", "SELECT nothing FROM all_events"),
        ("query", "DELETE FROM all_events"),
        ("report", "bounce-rate", "--since", "soon"),
        ("report", "bounce-rate", "--limit", "0"),
        ("ingest", "no/such/file"),
    ],
    ids=" ".join,
)
def test_an_error_has_the_text_and_the_code_of_the_command(
    due: Due, database: due_cli.Database, place: Path, words: tuple[str, ...]
) -> None:
    command, argument, *options = words
    given = {option.removeprefix("--"): value for option, value in zip(options[::2], options[1::2], strict=True)}
    values = {name: int(value) if value.isdecimal() else value for name, value in given.items()}
    with pytest.raises(due_cli.DueError) as raised:
        getattr(database, command)(argument, **values)
    printed = due(*words, "--local", str(place)).failed(int(raised.value.exit_code))
    assert printed.err.startswith(f"due: {raised.value}\n")


def test_unknown_names_are_said_with_similar_ones(database: due_cli.Database) -> None:
    with pytest.raises(due_cli.DueError, match="no report 'bounce-rates'") as raised:
        database.report("bounce-rates")
    assert (raised.value.hint, raised.value.exit_code) == ("did you mean bounce-rate?", 4)
    with pytest.raises(due_cli.DueError, match="no option --min-sends"):
        database.report("bounce-rate", min_sends=3)


def test_the_target_is_that_of_the_commands(
    place: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named one, else that of the environment, else of due.toml, else of the last setup."""
    assert due_cli.open().target.place == str(folder)  # the last setup
    Path("due.toml").write_text(f'local = "{place}"', "utf-8")
    assert due_cli.open().target.place == str(place)
    monkeypatch.setenv("DUE_LOCAL", str(tmp_path / "elsewhere"))
    assert due_cli.open().target.place == str(tmp_path / "elsewhere")
    assert due_cli.open(str(folder)).target.place == str(folder)
    with pytest.raises(due_cli.DueError, match="at once"):
        due_cli.open(folder, stack="due")
    monkeypatch.delenv("DUE_LOCAL")
    Path("due.toml").unlink()
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    with pytest.raises(due_cli.DueError, match="no events database is set up") as raised:
        due_cli.open()
    assert raised.value.exit_code == 3


def test_results_are_open_side_by_side_and_end_in_any_order(database: due_cli.Database) -> None:
    first, second, third = (iter(database.query(ROWS)) for _ in range(3))
    for rows in (first, second, third):
        next(rows)
    del first
    assert sum(1 for _ in second) == 14_999
    assert len(database.query(ROWS).rows) == 15_000
    assert sum(1 for _ in third) == 14_999


def test_any_thread_asks_and_reads(database: due_cli.Database, tmp_path: Path) -> None:
    """What one thread began another ends, whichever is the main one."""
    here = iter(database.query(ROWS))
    next(here)
    elsewhere: list[Any] = []

    def work() -> None:
        elsewhere.append(sum(1 for _ in here))
        began = iter(database.query(ROWS))
        next(began)
        elsewhere.append(began)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    count, began = elsewhere
    assert (count, sum(1 for _ in began)) == (14_999, 14_999)


@pytest.mark.slow
@pytest.mark.parametrize("in_thread", [False, True], ids=["main", "thread"])
def test_a_script_ingests_what_takes_several_processes(folder: Path, tmp_path: Path, *, in_thread: bool) -> None:
    """It has no ``if __name__ == "__main__"``, and does not run again in each of the processes."""
    record = json.dumps({**ses_send(), "filler": "x" * 3_000})
    file = tmp_path / "records.json"
    file.write_text("".join(f"{record.replace('0102', f'{n:04}')}\n" for n in range(4_000)), "utf-8")
    work = f"print(due_cli.open({str(folder)!r}).ingest({str(file)!r}).rows[0]['records'])"
    begun = f"import threading; t = threading.Thread(target=lambda: {work}); t.start(); t.join()" if in_thread else work
    script = tmp_path / "script.py"
    script.write_text(f"import due_cli\nprint('begun')\n{begun}\n", "utf-8")
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert ran.stdout == "begun\n4000\n"


def test_the_library_says_what_the_command_would_on_its_logger(
    database: due_cli.Database, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.ingest(place / "events")
    assert "queries read them where they are" in caplog.text
    assert {record.name for record in caplog.records} == {"due_cli"}
