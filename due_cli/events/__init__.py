"""The event normaliser: any supported record becomes canonical rows, and rows become a message's status.

Standard library only, because the same code runs in a Lambda function and in ``due ingest``. Three pure
functions carry everything else:

- :func:`rows_of`: a record's rows in the schema of ``all_events``;
- :func:`status_of`: what a row says about the status of its message;
- :func:`merge`: several statuses of one message as one.

Names are loaded when they are first asked for: ``due status`` needs no normaliser, and starts without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from due_cli.events.documents import Decoder, Document, documents, loads

if TYPE_CHECKING:
    from due_cli.events.model import Envelope, Json, Record, RecordRows, Row, UnreadableError
    from due_cli.events.registry import rows_of
    from due_cli.events.status import Status, merge, merge_by_message, status_of
    from due_cli.events.wrappers import Unit, units

_ROOMS = {
    "model": ("Envelope", "Json", "RecordRows", "Record", "Row", "UnreadableError"),
    "registry": ("rows_of",),
    "status": ("Status", "merge", "merge_by_message", "status_of"),
    "wrappers": ("Unit", "units"),
}

__all__ = [
    "Decoder",
    "Document",
    "Envelope",
    "Json",
    "Record",
    "RecordRows",
    "Row",
    "Status",
    "Unit",
    "UnreadableError",
    "documents",
    "loads",
    "merge",
    "merge_by_message",
    "rows_of",
    "status_of",
    "units",
]


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            found: object = getattr(import_module(f"{__name__}.{room}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
