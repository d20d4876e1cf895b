"""The views computed without SQL: each field by the guide's dictionary, from where ``view_paths.csv`` says it stands.

A row of ``all_events`` is laid out as Pinpoint's records are, so the paths of those are its paths too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from due_cli.events import Row
from tests.queries.reference import Filed, Rows, context_of, moment

_HERE = Path(__file__).parent
_TYPES = {
    "Timestamp": "TIMESTAMP",
    "String": "VARCHAR",
    "Array<String>": "VARCHAR[]",
    "Map<String, String>": "MAP(VARCHAR, VARCHAR)",
    "Integer": "INTEGER",
    "Double": "DOUBLE",
}
_OWN = [("occurred_at", "TIMESTAMP"), ("source", "VARCHAR"), ("event_id", "VARCHAR")]
_COMMON = {
    "event_timestamp": "TIMESTAMP",
    "arrival_timestamp": "TIMESTAMP",
    "application_id": "VARCHAR",
    "endpoint_id": "VARCHAR",
    "aws_account_id": "VARCHAR",
}
_EACH = ".0."  # in a path: a row for each item of the list before it


def _read(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


DICTIONARY = _read("views.csv")
PATHS = _read("view_paths.csv")
VIEWS = list(dict.fromkeys(line["view"] for line in DICTIONARY))


@dataclass(frozen=True, slots=True)
class Custom:
    """A view of a custom event: the column of each key of its attributes and metrics."""

    event_type: str
    attributes: dict[str, str]
    metrics: dict[str, str]

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and types in DuckDB's words."""
        own = [
            *((name, "VARCHAR") for name in self.attributes.values()),
            *((n, "DOUBLE") for n in self.metrics.values()),
        ]
        return [*_COMMON.items(), *own, ("ingest_timestamp", "TIMESTAMP")]

    def rows(self, events: Iterable[Filed]) -> Rows:
        """The rows, in no order."""
        paths = {line["field"]: line["pinpoint"] for line in PATHS if line["view"] == "campaign_send"}
        found: Rows = []
        for event in events:
            row = event.row
            if row["event_type"] == self.event_type:
                common = {name: _shown(row, paths[name], kind) for name, kind in _COMMON.items()}
                own = {name: _of(row.get("attributes"), key) for key, name in self.attributes.items()}
                measured = {name: _of(row.get("metric_values"), key) for key, name in self.metrics.items()}
                found.append({**common, **own, **measured, "ingest_timestamp": _hour(event)})
        return found


def columns(view: str) -> list[tuple[str, str]]:
    """Names and types of a view's columns, in DuckDB's words; none where the dictionary has no such view."""
    fields = [(line["field"], _TYPES[line["dictionary_type"]]) for line in DICTIONARY if line["view"] == view]
    return [*fields, *_OWN] if fields else []


def rows(view: str, events: Iterable[Filed]) -> Rows:
    """The rows of a view, in no order."""
    event_type = next(line["event_type"] for line in DICTIONARY if line["view"] == view)
    paths = {line["field"]: line["pinpoint"] for line in PATHS if line["view"] == view}
    paths |= {name: name for name, _ in _OWN}
    found: Rows = []
    for event in events:
        if event.row["event_type"] == event_type:
            given = {"ingest_timestamp": _hour(event), "message_tags": _tags(event.row)}
            for row, leaves in _each(event.row, paths):
                cells = {
                    name: given[name] if name in given else _shown(row, leaves[name], kind)
                    for name, kind in columns(view)
                }
                found.append(cells)
    return found


def _each(row: Row, paths: dict[str, str]) -> Iterator[tuple[Any, dict[str, str]]]:
    """The row for each item of the list that some of the paths lead into, one where it has none; as it is where no
    path does."""
    inner = {name: path.partition(_EACH) for name, path in paths.items() if _EACH in path}
    if not inner:
        yield row, paths
        return
    ((before),) = {path[0] for path in inner.values()}
    for item in _at(row, before) or [None]:
        yield {**row, "item": item}, {**paths, **{name: f"item.{after}" for name, (_, _, after) in inner.items()}}


def _shown(row: Any, path: str, kind: str) -> object:
    found = _at(row, path.replace("awsAccountId", "awsaccountid"))
    return moment(found) if kind == "TIMESTAMP" and found is not None else found


def _at(row: Any, path: str) -> Any:
    found = row
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _of(values: Any, key: str) -> object:
    """The value of a key, or else of the key in lower case, as the AWS solution stored it."""
    found = (values or {}).get(key)
    return found if found is not None else (values or {}).get(key.lower())


def _tags(row: Row) -> object:
    if row["event_type"].startswith("_SMS."):
        return context_of(row)
    return {**(_at(row, "client_context.custom") or {}), **(row.get("attributes") or {})}


def _hour(event: Filed) -> str:
    return event.hour.isoformat(timespec="milliseconds") + "Z"
