"""Lines of code by room: ``python -m benchmarks.lines [COMMIT]``, the working tree without a commit.

Python is counted after formatting by ruff, without blank lines, comments and docstrings; SQL as it stands, without
blank lines and comments. Data (JSON, TOML) has a column of its own: JSON counts as the same literal would in formatted
Python, so that values moved from code to data are still counted.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
import tempfile
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[1]
PRODUCT = ("due_cli", "queries")
_KINDS = ("python", "sql", "data")
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def main(arguments: list[str]) -> None:
    """Print the lines of each room of a commit or of the working tree, with sums of product, tests and benchmarks."""
    with tempfile.TemporaryDirectory() as folder:
        _copy_tree(Path(folder), arguments[0] if arguments else None)
        counted = count_tree(Path(folder))
    print(table(counted))


def count_tree(folder: Path) -> dict[str, Counter[str]]:
    """Lines by room and kind of a tree, whose Python and JSON files are formatted in place."""
    for path in list(folder.rglob("*.json")):
        path.rename(path.with_name(f"{path.name}.py"))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "."], cwd=folder, check=True)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(folder.rglob("*")):
        kind, lines_of = _COUNTERS.get("".join(path.suffixes[-2:]), _COUNTERS.get(path.suffix, ("", None)))
        if lines_of is not None:
            counted[room_of(path.relative_to(folder))][kind] += lines_of(path.read_text("utf-8"))
    return counted


def room_of(path: PurePath) -> str:
    """The folder that a file is counted under: two levels deep, three below ``due_cli/aws``."""
    folders = path.parts[:-1]
    return "/".join(folders[: 3 if folders[:2] == ("due_cli", "aws") else 2]) or "."


def python_lines(text: str) -> int:
    """Lines of Python with code on them."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def sql_lines(text: str) -> int:
    """Lines of SQL with code on them."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("--") for line in text.splitlines())


def toml_lines(text: str) -> int:
    """Lines of TOML with values on them."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def json_lines(text: str) -> int:
    """Lines of JSON, formatted as Python."""
    return sum(bool(line.strip()) for line in text.splitlines())


_COUNTERS: dict[str, tuple[str, Callable[[str], int]]] = {
    ".py": ("python", python_lines),
    ".sql": ("sql", sql_lines),
    ".toml": ("data", toml_lines),
    ".json.py": ("data", json_lines),
}


def table(counted: dict[str, Counter[str]]) -> str:
    """A Markdown table of rooms and sums."""
    rows = [(f"`{room}`", lines) for room, lines in sorted(counted.items())]
    for name, folders in (("product", PRODUCT), ("tests", ("tests",)), ("benchmarks", ("benchmarks",))):
        total: Counter[str] = sum(
            (lines for room, lines in counted.items() if room.split("/")[0] in folders), Counter()
        )
        rows.append((f"**{name}**", total))
    cells = [(room, *(f"{lines[kind]:,}" for kind in _KINDS), f"{lines.total():,}") for room, lines in rows]
    header = [("room", *_KINDS, "all"), ("---", *["---:"] * 4)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*header, *cells])


def _copy_tree(target: Path, commit: str | None) -> None:
    """Copy the tracked files of a commit, or those of the working tree, into a folder."""
    if commit is not None:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tree:
            tree.extractall(target, filter="data")
        return
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
