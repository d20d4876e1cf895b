"""The rooms of the project and who may look into which; start-up cost is one of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "due_cli"
HEAVY = ("boto3", "botocore", "pyathena", "duckdb", "pyarrow", "pandas", "sqlglot", "rich")

# Who alone may import a library, by path below due_cli/.
ONLY_IN = {
    "boto3": ("aws/", "lambdas/"),
    "botocore": ("aws/", "lambdas/"),
    "duckdb": ("targets/local/",),
    "pyarrow": ("targets/local/",),
    "sqlglot": ("sql/duckdb.py", "sql/functions.py", "sql/as_json.py"),
    "orjson": ("ingest/",),
    "pyathena": ("targets/athena/",),
    "rich": ("render/",),
    "typer": ("main.py", "commands/"),
}
# A room (or module) and the rooms it must not look into.
NEVER = {
    "events/": ("commands", "ingest", "main", "render", "results", "settings", "sql", "targets", "demo", "errors"),
    "sql/": ("commands", "ingest", "main", "render", "settings", "targets", "demo", "events"),
    "lambdas/": (
        *("commands", "main", "render", "settings", "sql", "targets", "demo", "ingest", "deploy", "aws"),
        *("results", "errors", "meanings", "progress"),
    ),
    "ingest/": ("commands", "main", "render", "settings", "sql", "targets", "demo"),
    "aws/": ("commands", "main", "render", "settings", "sql", "targets", "demo", "ingest"),
    "deploy/": ("commands", "main", "render", "settings", "targets", "demo", "ingest"),
    "targets/": ("commands", "main", "render", "settings"),
    "demo/": ("commands", "main", "render", "settings", "sql", "targets", "ingest"),
    "render/": ("commands", "main", "sql", "targets", "ingest", "demo", "events"),
    "results.py": ("commands", "main", "render", "settings", "sql", "targets", "ingest", "demo", "events"),
    "errors.py": ("commands", "main", "render", "settings", "sql", "targets", "ingest", "demo", "events", "results"),
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


def test_rooms_look_only_inwards() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        for room, forbidden in NEVER.items()
        if name.startswith(room)
        for imported in imports(tree)
        if imported.startswith(tuple(f"due_cli.{other}" for other in forbidden))
    ]
    assert wrong == []


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
        if name.startswith("lambdas/")
        for imported in imports(tree)
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "boto3", "botocore", "due_cli"}
    }
    assert foreign == set()


def test_sql_is_only_in_queries() -> None:
    words = ("SELECT ", "INSERT ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "CREATE VIEW", "CREATE OR REPLACE VIEW")
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name != "lambdas/statuses.py"  # PartiQL, which is written for each set of attributes
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


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_start_up_loads_nothing_heavy(flag: str) -> None:
    program = f"""
import sys
from due_cli.main import main
code = main([{flag!r}])
loaded = sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))
sys.exit(f'{{code}} {{loaded}}' if code or loaded else 0)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_modules_and_functions_are_small() -> None:
    large = []
    for name, tree in modules():
        lines = len((PACKAGE / name).read_text("utf-8").splitlines())
        if lines > 350:
            large.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 45:
                    large.append(f"{name}: {node.name} has {length} lines")
    assert large == []
