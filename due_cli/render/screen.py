"""Results for a person: tables that fit the screen, timelines, checks, summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import TextIO

from due_cli.core.results import (
    Certificate,
    Check,
    Checks,
    Done,
    IngestSummary,
    Outcome,
    Plan,
    Record,
    Result,
    Statuses,
    Table,
    Timeline,
    counted,
)
from due_cli.core.settings import Settings
from due_cli.render.table import visible, write_record, write_table

_MARKS: dict[Outcome, str] = {"problem": "PROBLEM", "warning": "warning", "ok": "ok"}  # the worst first
_MOST_OF_A_KIND = 3


def show(result: Result, settings: Settings, stream: TextIO) -> None:
    """Write a result for a person; shortened only if the stream is a terminal."""
    if isinstance(result, Table):
        _table(result, settings, stream)
    elif isinstance(result, Plan):
        if rows := list(result.steps.rows):
            _table(replace(result.steps, rows=rows), settings, stream)
        stream.write(f"{result.summary}\n")
    elif isinstance(result, Statuses):
        stream.write("\n".join(_timeline(line) for line in result.timelines))
    elif isinstance(result, Checks):
        stream.write(_checks(result))
    elif isinstance(result, Record):
        write_record(result.fields, stream)
    elif isinstance(result, IngestSummary):
        stream.write(_summary(result) + "\n")
    elif isinstance(result, (Done, Certificate)):
        stream.writelines(f"{line}\n" for line in result.lines)


def _table(result: Table, settings: Settings, stream: TextIO) -> None:
    from due_cli.render import note

    first = next(rows := iter(result.rows), None)
    if first is None:
        note(result.empty if isinstance(result.empty, str) else result.empty())
        return
    if left_out := write_table(replace(result, rows=chain([first], rows)), settings, stream):
        note(f"shown: {'; '.join(left_out)}. -o csv or -o json has everything")


def _timeline(line: Timeline) -> str:
    item = line.item
    status = str(item["status"])
    if not line.moments:
        return f"{visible(str(item['message_id']))}  {status.replace('_', ' ')}\n"
    about = [f"{item['event_type']}"]
    for label, key in (
        ("from", "from_address"),
        ("from", "origination_phone_number"),
        ("to", "destination"),
        ("to", "destination_phone_number"),
        ("campaign", "campaign_id"),
        ("journey", "journey_id"),
    ):
        if item.get(key) is not None:
            about.append(f"{label} {visible(str(item[key]))}")
    lines = [f"{visible(str(item['message_id']))}  {status}", "  " + ", ".join(about)]
    lines += [f"  {label}: {visible(text)}" for label, text in line.details.items()]
    width = max(len(moment.fact) for moment in line.moments)
    for moment in line.moments:
        at = moment.at.replace("T", " ").removesuffix("Z")
        lines.append(f"  {at}  {moment.fact:<{width}}  {visible(moment.meaning)}")
    if item.get("answer") is not None:
        lines.append(f"  answer: {visible(str(item['answer']))}")
    if isinstance(item.get("final"), bool):
        lines.append(f"  final: {'yes' if item['final'] else 'no, another receipt may come'}")
    price = item.get("price_in_millicents_usd")
    if isinstance(price, (int, float)):
        lines.append(f"  cost {price / 100_000:.5f} USD")
    if item.get("from") == "events":
        lines.append("  (from the events: the status store does not have this message)")
    return "\n".join(lines) + "\n"


def _checks(result: Checks) -> str:
    """The worst first, at most a few of a kind, and a summary."""
    kinds: dict[tuple[Outcome, str], list[Check]] = {}
    for check in result.checks:
        kinds.setdefault((check.outcome, check.code), []).append(check)
    lines = []
    for outcome, mark in _MARKS.items():
        for checks in (checks for (its_outcome, _), checks in kinds.items() if its_outcome == outcome):
            for check in checks[:_MOST_OF_A_KIND]:
                lines.append(f"{mark:<8} {check.check}: {visible(check.found)}")
                if check.fix:
                    lines.append(f"         {'to change it' if outcome == 'ok' else 'fix'}: {check.fix}")
            if len(checks) > _MOST_OF_A_KIND:
                more = len(checks) - _MOST_OF_A_KIND
                lines.append(f"{mark:<8} {checks[0].check}: {more:,} more of this kind; -o json has all")
    counts = Counter(check.outcome for check in result.checks)
    if counts["problem"] or counts["warning"]:
        found = ", ".join(counted(counts[outcome], outcome) for outcome in ("problem", "warning") if counts[outcome])
        lines.append(f"{found}, {counts['ok']:,} ok")
    else:
        lines.append("everything is in order")
    return "\n".join(lines) + "\n"


def _summary(summary: IngestSummary) -> str:
    parts: Iterable[tuple[int, str]] = (
        (summary.kept, f"kept ({counted(summary.rows, 'row')})"),
        (summary.duplicates, "duplicate" if summary.duplicates == 1 else "duplicates"),
        (summary.ignored, "ignored"),
        (summary.failed, "failed"),
    )
    text_of_parts = ", ".join(f"{count:,} {what}" for count, what in parts)
    repeated = summary.duplicate_rows - summary.duplicates  # beyond one row of each duplicate record
    duplicate_rows = f"; {counted(repeated, 'more row')} of events that were stored already" if repeated > 0 else ""
    nulled = f"; {counted(summary.nulled, 'field')} with an unexpected type set to NULL" if summary.nulled else ""
    return f"{counted(summary.records, 'record')}: {text_of_parts}{duplicate_rows}{nulled}"
