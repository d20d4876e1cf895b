"""Checks of the objects under ``events/`` that the stack did not write: those that no query reads, or fails on."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from os.path import commonprefix

from due_cli.aws.doctor.context import MAX_LISTED, DoctorContext, short_list
from due_cli.aws.pool import interruptible_pool
from due_cli.aws.services.s3 import PAGE_KEYS, read_tail
from due_cli.aws.stack.names import EVENTS, INGESTED
from due_cli.core.results import Finding, counted
from due_cli.local.athena_types import unreadable_columns

_SAMPLE = 48  # hours of which one object is looked at
_AT_ONCE = 8
_TAIL_BYTES = 64 * 1024  # more than most footers
_TARGET = "adopted/"  # a folder on the user's machine


def other_files(context: DoctorContext) -> Iterator[Finding]:
    """Objects beside the folders of hours, and whether Athena reads a sample of the others in them."""
    survey = context.survey()
    places = _places(survey.outside)
    for place, keys in list(places.items())[:MAX_LISTED]:
        number = counted(len(keys), "object") + (" or more" if len(keys) >= PAGE_KEYS else "")
        text = f"{place}: no query reads {number} there (queries read events/YYYY/MM/DD/HH/)"
        yield "problem", text, _take_in(context, *_choice(place)), "outside"
    if len(places) > MAX_LISTED:
        rest = list(places)[MAX_LISTED:]
        text = f"no query reads what is in {counted(len(rest), 'other folder')}: {short_list(rest)}"
        yield "problem", text, _take_in(context, *_choice(rest[0])), "outside"
    findings = _sampled(context, survey.foreign)
    yield from findings
    if not places and not survey.foreign:
        yield "ok", "no objects under events/ but the stack's own", None


def _places(keys: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Keys by the folder in which they are; those of Hive's folders of one column together (``events/dt=*``)."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(keys):
        first, *below = key.removeprefix(EVENTS).split("/")
        column, is_hive, _ = first.partition("=")
        if not below or first.isdecimal():
            place = f"{key.rpartition('/')[0]}/"
        else:
            place = f"{EVENTS}{column}=*" if is_hive else f"{EVENTS}{first}/"
        places[place].append(key)
    return places


def _choice(place: str) -> tuple[str, list[str]]:
    """The folder of a place, and the AWS CLI's options that choose what is to be taken in of it."""
    folder, _, pattern = place.rpartition("/")
    if pattern:
        return f"{folder}/", ["--exclude", "*", "--include", pattern]
    is_of_hours = place == EVENTS or place.removeprefix(EVENTS).partition("/")[0].isdecimal()
    return place, ["--exclude", "*/*"] if is_of_hours else []


def _take_in(context: DoctorContext, folder: str, options: list[str]) -> str:
    """The commands that copy objects here, ingest and then remove them: each only if the one before it succeeded."""
    uri, chosen = f"s3://{context.names.bucket}/{folder}", ["--recursive", *options]
    copy = context.aws_command(shlex.join(["s3", "cp", uri, _TARGET, *chosen]))
    remove = context.aws_command(shlex.join(["s3", "rm", uri, *chosen]))
    return f"{copy} && {context.names.command(f'ingest {_TARGET}')} && {remove}"


def _sampled(context: DoctorContext, foreign: Mapping[str, str]) -> Iterator[Finding]:
    """What Athena cannot read of one object of each of some hours, spread over all hours that have such."""
    hours = sorted(foreign)
    if not hours:
        return
    chosen = {hours[number * (len(hours) - 1) // (_SAMPLE - 1)] for number in range(_SAMPLE)}
    keys = [foreign[hour] for hour in sorted(chosen)]
    with interruptible_pool(_AT_ONCE) as pool:
        faults = dict(zip(keys, pool.map(partial(_fault, context), keys), strict=True))
    looked_at = f"{counted(len(keys), 'object')} looked at, one of an hour, in {counted(len(hours), 'hour')}"
    by_fault: defaultdict[str, list[str]] = defaultdict(list)
    for key, fault in faults.items():
        if fault:
            by_fault[fault].append(key)
    for fault, broken in sorted(by_fault.items(), key=lambda item: (-len(item[1]), item[0]))[:MAX_LISTED]:
        text = f"queries fail on {len(broken):,} of {looked_at}, such as {broken[0]}: {fault}"
        yield "problem", text, _take_in(context, *_written_alike(context, broken)), "unreadable"
    if not by_fault:
        yield "ok", f"Athena reads the columns of {looked_at}, that the stack did not write", None


def _written_alike(context: DoctorContext, keys: list[str]) -> tuple[str, list[str]]:
    """The folder that some objects share, and options that choose those in it whose names begin as theirs."""
    folders = [f"{key.rpartition('/')[0]}/" for key in keys]
    name = commonprefix([key.rpartition("/")[2] for key in keys])  # noqa: RUF071  of text
    own = [f"*/{context.names.stream}-*", f"*/{INGESTED}*", f"{context.names.stream}-*", f"{INGESTED}*"]
    options = ["--exclude", "*", "--include", f"{name}*", "--include", f"*/{name}*"]
    shared = commonprefix(folders)  # noqa: RUF071  up to its last slash
    return f"{shared.rpartition('/')[0]}/", [*options, *(word for one in own for word in ("--exclude", one))]


def _fault(context: DoctorContext, key: str) -> str | None:
    """Why Athena cannot read an object; None for one that it reads, or that is gone."""
    tail = read_tail(context.aws, context.names.bucket, key, _TAIL_BYTES)
    if tail is None:
        return None
    columns = unreadable_columns(tail)
    if isinstance(columns, int):
        columns = unreadable_columns(read_tail(context.aws, context.names.bucket, key, columns) or b"")
    if not isinstance(columns, list):
        return "it is no Parquet file"
    return f"the table's columns are of other types than {short_list(columns)}" if columns else None
