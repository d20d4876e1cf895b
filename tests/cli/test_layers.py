"""The rooms of the project and who may look into which; start-up cost is one of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "due_cli"
HEAVY = ("boto3", "botocore", "pyathena", "tenacity", "duckdb", "pyarrow", "pandas", "sqlglot", "rich")

# Who alone may import a library, by path below due_cli/.
ONLY_IN = {
    "boto3": ("aws/", "lambdas/"),
    "botocore": ("aws/", "lambdas/"),
    "duckdb": ("local/",),
    "pandas": ("api/rows", "render/arrow"),
    "pyarrow": ("local/", "api/rows", "render/arrow"),
    "sqlglot": ("sql/",),
    "orjson": ("ingest/", "aws/ingest/"),
    "pyathena": ("aws/athena/",),
    "rich": ("render/",),
    "tenacity": ("aws/",),  # but not aws/pipeline, which the functions import
    "typer": ("cli/",),
}
# Each room and the rooms that it may import, itself aside; what is not named here, it may not. A room is a folder;
# "aws" is what stands right in that folder (clients, errors, retries), and "aws/target" its module of that name.
_CLIENT = {"core", "aws"}
_STACK = {*_CLIENT, "aws/services", "aws/stack"}
MAY_IMPORT = {
    "core": set(),
    "events": set(),
    "sql": {"core"},
    "status": {"core", "events"},
    "ingest": {"core", "events"},
    "render": {"core"},
    "erase": {"core", "events"},
    "local": {"core", "erase", "events", "ingest", "sql", "status"},
    "aws": {"core"},
    "aws/pipeline": {"events"},
    "lambdas": {"events", "aws/pipeline"},
    "aws/services": {*_CLIENT, "events", "aws/pipeline"},
    "aws/resources": {*_CLIENT, "aws/services"},
    "aws/stack": {*_CLIENT, "aws/pipeline", "aws/services", "aws/resources", "sql"},
    "aws/athena": {*_STACK, "aws/resources", "events", "sql", "status"},
    "aws/ingest": {*_STACK, "aws/pipeline", "events", "ingest", "local", "sql"},
    "aws/erase": {*_STACK, "aws/ingest", "aws/pipeline", "erase", "events", "local"},
    "aws/doctor": {*_STACK, "aws/pipeline", "aws/resources", "aws/athena", "events", "local", "sql"},
    "aws/target": {*_CLIENT, "erase", "aws/stack", "aws/athena", "aws/ingest", "aws/erase", "aws/doctor", "sql"},
    "demo": {"core", "events", "local", "sql"},
    "api": {"core", "erase", "render", "sql", "local", "aws/target"},
    "cli": {"core", "api", "erase", "sql", "render", "local", "demo", "aws", "aws/stack"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_libraries_are_imported_only_where_they_belong() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        for imported in imports(tree)
        if (rooms := ONLY_IN.get(imported.split(".")[0])) and not name.startswith(rooms)
    ]
    assert wrong == []


def room_of(module: str) -> str:
    """The room of a module, by its path below due_cli/; the empty text for what stands in no room."""
    parts = module.split("/")[:-1]
    if module == "aws/target.py":
        return "aws/target"
    return "/".join(parts[: 2 if parts[:1] == ["aws"] else 1])


def rooms_imported(tree: ast.Module) -> Iterator[str]:
    """The room of each module of due's that a module imports."""
    for imported in imports(tree):
        if imported.startswith("due_cli."):
            path = imported.removeprefix("due_cli.").replace(".", "/")
            while path and not (PACKAGE / f"{path}.py").is_file() and not (PACKAGE / path).is_dir():
                path = path.rpartition("/")[0]
            yield room_of(f"{path}.py" if (PACKAGE / f"{path}.py").is_file() else f"{path}/__init__.py")


def test_rooms_import_only_what_they_may() -> None:
    wrong = [
        f"{name} imports from {imported}"
        for name, tree in modules()
        if room_of(name)
        for imported in rooms_imported(tree)
        if imported and imported not in {room_of(name), *MAY_IMPORT[room_of(name)]}
    ]
    assert wrong == []


def test_imports_of_rooms_point_one_way() -> None:
    """Rooms can be put in an order in which each imports only those before it."""
    order = list(TopologicalSorter(MAY_IMPORT).static_order())
    assert set(order) == {room_of(name) for name, _ in modules()} - {""}


def test_every_import_that_is_allowed_is_needed() -> None:
    """So that the table above says what is, and not what once was."""
    used = {(room_of(name), imported) for name, tree in modules() for imported in rooms_imported(tree)}
    assert [(room, other) for room, others in MAY_IMPORT.items() for other in others if (room, other) not in used] == []


def test_the_normaliser_needs_the_standard_library_only() -> None:
    foreign = {
        imported.split(".")[0]
        for name, tree in modules()
        if name.startswith("events/")
        for imported in imports(tree)
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "due_cli"}
    }
    assert foreign == set()


def test_the_functions_need_the_standard_library_and_boto3_only() -> None:
    foreign = {
        imported.split(".")[0]
        for name, tree in modules()
        if name.startswith(("lambdas/", "aws/pipeline/"))
        for imported in imports(tree)
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "boto3", "botocore", "due_cli"}
    }
    assert foreign == set()


def test_sql_is_only_in_queries() -> None:
    words = ("SELECT ", "INSERT ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "CREATE VIEW", "CREATE OR REPLACE VIEW")
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name != "aws/pipeline/status_store.py"  # PartiQL, which is written for each set of attributes
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(words)
    ]
    assert wrong == []


def test_only_render_prints() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not name.startswith("render/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert wrong == []


def test_importing_due_loads_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import due_cli; print(sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in ast.literal_eval(ran.stdout)}
    assert loaded - set(sys.stdlib_module_names) == {"due_cli"}


@pytest.mark.parametrize("line", ["--help", "--version", "report --help", "report bounce-rate --help", "setup --help"])
def test_start_up_loads_nothing_heavy(line: str) -> None:
    program = f"""
import sys
from due_cli.cli.app import main
code = main({line.split()!r})
loaded = sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))
sys.exit(f'{{code}} {{loaded}}' if code or loaded else 0)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_modules_and_functions_are_small() -> None:
    large = []
    for name, tree in modules():
        lines = len((PACKAGE / name).read_text("utf-8").splitlines())
        if lines > 450:
            large.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 70:
                    large.append(f"{name}: {node.name} has {length} lines")
    assert large == []
