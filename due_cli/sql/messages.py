"""The relations of messages: a report names ``email_messages`` or ``phone_messages``, and gets what it needs of them.

Each file of ``queries/messages/`` has four statements, each of which reads the one before: the events of messages
(``events``), what each event says of its message (``facts``), all that is said of one message (``merged``), and the
message (``messages``). ``merged`` is of facts what ``facts`` is of events, whole: every column is a least or greatest
value or a set. So the merged rows of a day can be stored, and take the place of the day's events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from due_cli.sql import files

STAGES = ("events", "facts", "merged", "messages")
_WORD = re.compile(r"\w+")
_TYPE = re.compile(r"'(_\w+\.\w+)'")
_TYPES = re.compile(r"event_type IN \(\n(.*?)\n    \)", re.DOTALL)
_INDENT = "    "
_GROUP_BY = "\nGROUP BY"


@dataclass(frozen=True, slots=True)
class _Select:
    """A SELECT, by the layout of its text: its columns by name, each with its expression, and all from FROM on."""

    columns: dict[str, str]
    rest: str

    @classmethod
    def of(cls, text: str) -> _Select:
        head, _, rest = text.partition("\nFROM ")
        parts = re.split(rf",\n{_INDENT}(?=\S)", head.removeprefix(f"SELECT\n{_INDENT}"))
        return cls({_WORD.findall(part)[-1]: part for part in parts}, f"\nFROM {rest}")

    def only(self, names: Iterable[str]) -> _Select:
        """The SELECT with those of its columns that have one of some names."""
        wanted = set(names)
        return _Select({name: part for name, part in self.columns.items() if name in wanted}, self.rest)

    def words(self) -> set[str]:
        """The words of its text, among which are the columns that it reads."""
        return {word for part in (*self.columns.values(), self.rest) for word in _WORD.findall(part)}

    @property
    def text(self) -> str:
        """The statement."""
        return f"SELECT\n{_INDENT}" + f",\n{_INDENT}".join(self.columns.values()) + self.rest


def families() -> tuple[str, ...]:
    """The families of messages, each with a relation."""
    return files.names("messages")


def columns(family: str) -> tuple[str, ...]:
    """The columns of a family's relation."""
    return tuple(_selects(family)["messages"].columns)


def used_families(sql: str) -> tuple[str, ...]:
    """The families of messages whose relations a statement reads."""
    words = set(_WORD.findall(sql))
    return tuple(family for family in families() if f"{family}_messages" in words)


def expanded(sql: str, *, rows: str = "", stored: bool = False) -> str:
    """A statement with the relations of messages that it names before it, in Athena's SQL.

    They have the columns that it names, and read the event types that these need. ``rows`` leaves out facts before
    they are merged. With ``stored``, facts are those of the events and those in the tables ``stored_FAMILY_facts``.
    """
    words = set(_WORD.findall(sql))
    tables = [table for family in used_families(sql) for table in _tables(family, words, rows, stored)]
    if not tables:
        return sql
    return "WITH " + ",\n".join(tables) + f"\n{sql}"


def day_facts(family: str, rows: str = "true") -> str:
    """The statement of a family's facts, one row a message and day of arrival.

    They are of those events for which ``rows`` holds.
    """
    selects = _selects(family)
    merged = selects["merged"]
    day = "date_trunc('day', ingest_timestamp)"
    events = _Select({**selects["events"].columns, "day": f"{day} AS day"}, selects["events"].rest)
    facts = _Select({**selects["facts"].columns, "day": "day"}, selects["facts"].rest)
    rest = merged.rest.replace(_GROUP_BY, f"\nWHERE {rows}{_GROUP_BY}")
    merged = _Select({**merged.columns, "day": "day"}, f"{rest}, day")
    tables = [_table(family, stage, select.text) for stage, select in (("events", events), ("facts", facts))]
    return "WITH " + ",\n".join(tables) + f"\n{merged.text}\nORDER BY day, message_id"


def _selects(family: str) -> dict[str, _Select]:
    statements = files.statements(files.folder() / "messages" / f"{family}.sql")
    return {stage: _Select.of(statements[f"{family}_{stage}"]) for stage in STAGES}


def _tables(family: str, words: set[str], rows: str, stored: bool) -> list[str]:
    """The WITH tables of a family that have some columns, and all those that these are made of."""
    selects = _selects(family)
    kept: dict[str, _Select] = {}
    for stage in reversed(STAGES):
        kept[stage] = selects[stage].only(words)
        words = kept[stage].words() | set(_WORD.findall(rows))
    kept["events"] = _Select(kept["events"].columns, _with_types(kept["events"].rest, kept["facts"]))
    facts = kept["facts"].text
    if stored:
        facts += f"\nUNION ALL\nSELECT {', '.join(kept['facts'].columns)}\nFROM stored_{family}_facts"
    merged = kept["merged"].text
    if rows:
        merged = merged.replace(_GROUP_BY, f"\nWHERE {rows}{_GROUP_BY}")
    texts = {stage: select.text for stage, select in kept.items()} | {"facts": facts, "merged": merged}
    return [_table(family, stage, texts[stage]) for stage in STAGES]


def _with_types(rest: str, facts: _Select) -> str:
    """The end of the events' statement with those event types that some facts are of."""
    found: set[str] = set()
    for name, part in facts.columns.items():
        types = _TYPE.findall(part)
        if not types and name not in ("message_id", "family"):
            return rest  # any event may say it
        found.update(types)
    return _TYPES.sub(lambda _: f"event_type IN ({', '.join(map(repr, sorted(found)))})", rest, count=1)


def _table(family: str, stage: str, text: str) -> str:
    return f"{family}_{stage} AS (\n" + re.sub("^", _INDENT, text, flags=re.MULTILINE) + "\n)"
