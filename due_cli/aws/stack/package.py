"""The code of the functions as one zip, the same bytes for the same code."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

_ROOMS = ("events", "aws/pipeline", "lambdas")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_READABLE = 0o100644 << 16
_UNIX = 3


class Package(NamedTuple):
    """A zip and its SHA-256 in base64, which is what Lambda calls ``CodeSha256``."""

    content: bytes
    sha256: str


def package() -> Package:
    """The zip of all functions: ``due_cli.lambdas.NAME.handler`` for transform, partition and status_api.

    It holds those functions (``lambdas``), what they share with the commands (``aws/pipeline``) and the normaliser
    (``events``), and needs Python 3.11 or later with boto3. Nothing in it depends on
    when, where or by whom it was created, and it is stored uncompressed because two builds of zlib may compress alike
    and still not the same: a changed hash means changed code.
    """
    buffer = io.BytesIO()
    root = files("due_cli")
    modules = {f"due_cli/{name}": root / name for name in ("__init__.py", "aws/__init__.py")}
    for room in _ROOMS:
        modules.update(_modules(root / room, f"due_cli/{room}"))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(modules):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE
            archive.writestr(entry, modules[name].read_bytes())
    content = buffer.getvalue()
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode("ascii"))


def _modules(room: Traversable, prefix: str) -> dict[str, Traversable]:
    modules: dict[str, Traversable] = {}
    for entry in room.iterdir():
        if entry.is_dir():
            modules.update(_modules(entry, f"{prefix}/{entry.name}"))
        elif entry.name.endswith(".py"):
            modules[f"{prefix}/{entry.name}"] = entry
    return modules
