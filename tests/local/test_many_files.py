"""Years of files that due did not write, a sample: what is opened, how often; ``benchmarks/adopted.py`` has seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks import adopted
from due_cli.core.progress import Silent
from due_cli.local import all_events, data_files, doctor
from due_cli.local.folder import Folder
from due_cli.local.footers import Schemas
from due_cli.local.queries import table
from due_cli.local.setup import set_up
from due_cli.local.state import State
from due_cli.local.statuses import statuses
from tests.commands import Due
from tests.local import foreign_files

FILES = 300
COUNT = "SELECT COUNT(*) FROM all_events"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("years")
    adopted.write_files(place, FILES)
    return place


@pytest.fixture
def folder(place: Path) -> Folder:
    """The files in a database that knows nothing of them."""
    for file in (place / ".due").glob("state*"):
        file.unlink()
    folder = Folder(place)
    set_up(folder, "due_eventdb", None, Silent())
    return folder


class Opened:
    """What due opens: footers read by due, files described by DuckDB, and the files of each scan."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.footers: list[str] = []
        self.described = 0
        self.scans: list[int] = []
        key, set_files, fault = Schemas.key, all_events.set_files, data_files.parquet_fault

        def read_footer(schemas: Schemas, path: str) -> str:
            self.footers.append(path)
            return key(schemas, path)

        def set_variable(connection: duckdb.DuckDBPyConnection, state: State, variable: str, paths: list[str]) -> None:
            if variable == "described":
                self.described += 1
            else:
                self.scans.append(len(paths))
            set_files(connection, state, variable, paths)

        def check(folder: Folder, path: str, *, read_rows: bool = False) -> str | None:
            self.footers.append(path)
            return fault(folder, path, read_rows=read_rows)

        monkeypatch.setattr(Schemas, "key", read_footer)
        monkeypatch.setattr(all_events, "set_files", set_variable)
        monkeypatch.setattr(data_files, "parquet_fault", check)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    yield Opened(monkeypatch)


def count(folder: Folder) -> int:
    [[number]] = table(folder, COUNT).rows
    assert isinstance(number, int)
    return number


def test_each_footer_is_read_once_and_each_schema_described_once(folder: Folder, opened: Opened) -> None:
    assert count(folder) == FILES * adopted.ROWS
    assert (len(opened.footers), opened.described) == (FILES, 2)  # the schemas of the two years
    assert sum(opened.scans) == FILES
    assert count(folder) == FILES * adopted.ROWS
    assert (len(opened.footers), opened.described) == (FILES, 4)


def test_many_statuses_are_one_scan_of_all_files_and_one_of_theirs(folder: Folder, opened: Opened) -> None:
    numbers = range(0, FILES, 25)
    found = statuses(folder, [adopted.phone_id(number) for number in numbers])
    assert {line.item["status"] for line in found.timelines} == {"success"}
    assert sum(opened.scans) == FILES + len(numbers)


def test_ids_that_tell_their_time_spare_the_files_before(folder: Folder, opened: Opened) -> None:
    [line] = statuses(folder, [adopted.email_id(FILES - 10, FILES)]).timelines
    assert line.item["status"] == "send"
    assert sum(opened.scans) == 10 + 1  # those from a day before it on, and the one that has it


def test_doctor_reads_footers_once(folder: Folder, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    count(folder)
    opened.footers.clear()
    opened.scans.clear()
    monkeypatch.setattr(doctor, "_MAX_WHOLE", 100)
    checks = {check.check: check for check in doctor.examine(folder, Silent(), repair_first=False).checks}
    assert {check.outcome for check in checks.values()} == {"ok"}
    assert "of 100 of them the whole footer was read" in checks["files"].found
    assert len(opened.footers) == FILES
    assert sum(opened.scans) < 10, "types are asked of one file of each schema"


def test_a_cut_file_among_many_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_MAX_WHOLE", 10)
    cut = folder.root / "events/2030/01/01/01/cut.parquet"
    cut.parent.mkdir(parents=True)
    cut.write_bytes(b"PAR1 and no more")
    try:
        checks = doctor.examine(folder, Silent(), repair_first=False).checks
    finally:
        cut.unlink()
    assert any("cut.parquet is not readable" in check.found for check in checks if check.outcome == "problem")


@pytest.mark.parametrize("place_of_fault", [0.3, 0.6, 0.9])
def test_a_query_names_a_file_whose_footer_is_broken(
    due: Due, folder: Folder, tmp_path: Path, place_of_fault: float
) -> None:
    """Also behind the schema, by which files are told apart; DuckDB's own error names no file."""
    whole = next(folder.events.rglob("*.parquet")).read_bytes()
    size = int.from_bytes(whole[-8:-4], "little")
    at = len(whole) - 8 - size + int(size * place_of_fault)
    good, broken = (tmp_path / f"data/events/2025/01/01/0{hour}/part.parquet" for hour in (1, 2))
    for file, data in ((good, whole), (broken, whole[:at] + b"\xff" * 16 + whole[at + 16 :])):
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    place = foreign_files.set_up(due, tmp_path / "data")
    ran = due("query", COUNT, "--local", str(place)).failed(1)
    assert str(broken) in ran.err
    assert f"due doctor --local {place}" in ran.err
