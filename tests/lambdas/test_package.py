"""The zip of the functions: the same code is the same bytes."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from due_cli.aws.stack.package import package
from tests.lambdas.world import World, batch

ROOT = Path(__file__).parents[2]


def test_two_packages_are_the_same_bytes_wherever_they_are_made(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    for name in zipfile.ZipFile(io.BytesIO(package().content)).namelist():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
        os.utime(copy / name, (1, 1))
        (copy / name).chmod(0o600)
    (copy / "due_cli/aws/stack").mkdir()
    (copy / "due_cli/aws/stack/package.py").write_bytes((ROOT / "due_cli/aws/stack/package.py").read_bytes())
    program = (
        f"import sys; sys.path.insert(0, {str(copy)!r}); import due_cli.aws.stack.package as p;"
        "print(p.package().sha256)"
    )
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == package().sha256


def test_the_hash_is_lambdas_own() -> None:
    made = package()
    assert made.sha256 == base64.b64encode(hashlib.sha256(made.content).digest()).decode()


def test_it_holds_the_functions_and_the_normaliser_only() -> None:
    names = zipfile.ZipFile(io.BytesIO(package().content)).namelist()
    rooms = ("due_cli/events/", "due_cli/aws/pipeline/", "due_cli/lambdas/")
    others = [name for name in names if not name.startswith(rooms)]
    assert others == ["due_cli/__init__.py", "due_cli/aws/__init__.py"]
    assert {f"due_cli/lambdas/{name}.py" for name in ("transform", "partition", "status_api")} <= set(names)
    assert names == sorted(names) and all(name.endswith(".py") for name in names)


def test_a_function_sees_nothing_but_its_zip_and_boto3(world: World) -> None:
    with world.function("transform") as function:
        assert function.call(batch([])).answer == {"records": []}
