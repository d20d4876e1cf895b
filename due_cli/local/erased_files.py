"""Parquet files without a person: which rows name them, and the file written again without."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.erase.person import Eraser
from due_cli.erase.rows import ErasedRow, Row, erase_row, has_subject

_BATCH_ROWS = 8_192
_MOST_GROUP_ROWS = 65_536
_EVENT_ID = "event_id"
_OLD_TIME = "INT96"

Changes = dict[int, tuple[Row, ErasedRow]]  # rows before and after, by their place in a batch
RowSeen = Callable[[Row, ErasedRow], None]  # is called with each row that names the person, and what became of it


@dataclass(frozen=True, kw_only=True)
class ErasedFile:
    """What erasing does to one file: its rows that name the person, how many of them go, and those it has then."""

    naming: int
    removed: int
    rows: int
    with_subject: int


def examine_file(path: Path, eraser: Eraser) -> ErasedFile | None:
    """What erasing would do to a file; None where it does not name the person."""
    examined = _counted(_changes(path, eraser))
    return examined if examined.naming or _metadata_names(path, eraser) else None


def count_rows(path: Path) -> int:
    """How many rows a file has."""
    return int(pq.read_metadata(path).num_rows)


def has_event_ids(path: Path) -> bool:
    """Whether a file has due's columns."""
    return _EVENT_ID in pq.read_schema(path).names


def changed_rows(path: Path, eraser: Eraser) -> Iterator[tuple[Row, ErasedRow]]:
    """The rows of a file that name the person, and what becomes of each."""
    for _, changes in _changes(path, eraser):
        yield from changes.values()


def names_person(path: Path, eraser: Eraser) -> bool:
    """Whether a row of a file, or what its writer noted in it, names the person."""
    return _metadata_names(path, eraser) or any(changes for _, changes in _changes(path, eraser))


def _metadata_names(path: Path, eraser: Eraser) -> bool:
    noted = pq.read_metadata(path).metadata or {}
    return eraser.person.is_named_in(b"\n".join([*noted, *noted.values()]).decode("utf-8", "surrogateescape"))


def rewrite_file(path: Path, target: Path, eraser: Eraser, on_row: RowSeen) -> ErasedFile:
    """Write a file again without the person: its other rows as they are, in their order, compressed as they were.

    Where no row is left, no file is written.
    """
    with pq.ParquetFile(path) as source:
        schema = source.schema_arrow.remove_metadata()  # it may quote rows
        writer = _writer(source, target, schema)
        group_rows = _group_rows(source.metadata)

    def written() -> Iterator[tuple[pa.RecordBatch, Changes]]:
        pending: list[pa.RecordBatch] = []
        for batch, changes in _changes(path, eraser):
            for row, erased in changes.values():
                on_row(row, erased)
            pending += [part.replace_schema_metadata() for part in _without(batch, changes)]
            while sum(map(len, pending)) >= group_rows:
                table = pa.Table.from_batches(pending, schema)
                writer.write_table(table.slice(0, group_rows))
                pending = table.slice(group_rows).to_batches()
            yield batch, changes
        if rest := [part for part in pending if len(part)]:
            writer.write_table(pa.Table.from_batches(rest, schema))

    with writer:
        erased = _counted(written())
    if not erased.rows:
        target.unlink()
    return erased


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _counted(changes: Iterator[tuple[pa.RecordBatch, Changes]]) -> ErasedFile:
    naming = removed = rows = with_subject = 0
    for batch, found in changes:
        rows += len(batch)
        naming += len(found)
        removed += sum(erased.row is None for _, erased in found.values())
        with_subject += sum(erased.row is not None and has_subject(erased.row) for _, erased in found.values())
    return ErasedFile(naming=naming, removed=removed, rows=rows - removed, with_subject=with_subject)


def _changes(path: Path, eraser: Eraser) -> Iterator[tuple[pa.RecordBatch, Changes]]:
    """The batches of a file, each with its rows that name the person, before and after, by their place."""
    pattern = eraser.person.candidates
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            places = sorted(set(_matches(_as_struct(batch), pattern).to_pylist()))
            changes: Changes = {}
            if places:
                rows = _plain(batch.take(pa.array(places, pa.int64()))).to_pylist()
                for place, row in zip(places, rows, strict=True):
                    if erased := erase_row(eraser, row):
                        changes[place] = (row, erased)
            yield batch, changes


def _as_struct(batch: pa.RecordBatch) -> pa.StructArray:
    return pa.StructArray.from_arrays(batch.columns, fields=list(batch.schema))


def _matches(values: pa.Array, pattern: str) -> pa.Array:
    """The places of the values in which a pattern is found, in a part of any of them."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if pa.types.is_map(kind):
        entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        values, kind = values.cast(pa.list_(entry)), pa.list_(entry)
    if pa.types.is_struct(kind):
        found = [_matches(part, pattern) for part in values.flatten()]
        return pa.concat_arrays([one.cast(pa.int64()) for one in found]) if found else pa.array([], pa.int64())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = _matches(pc.list_flatten(values), pattern)
        return pc.take(pc.list_parent_indices(values), inner).cast(pa.int64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        values, kind = values.cast(pa.large_string()).cast(pa.large_binary()), pa.large_binary()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(values, pattern), False)).cast(pa.int64())
    return pa.array([], pa.int64())


def _without(batch: pa.RecordBatch, changes: Changes) -> Iterator[pa.RecordBatch]:
    """A batch with its changed rows in place of what they were, and without those that go."""
    if not changes:
        yield batch
        return
    kept = {place: erased.row for place, (_, erased) in changes.items() if erased.row is not None}
    schema = _plain_schema(batch.schema)
    new = pa.RecordBatch.from_pylist(list(kept.values()), schema=schema).cast(batch.schema)
    number = {place: index for index, place in enumerate(kept)}
    start = 0
    for place in sorted(changes):
        if place > start:
            yield batch.slice(start, place - start)
        if place in number:
            yield new.slice(number[place], 1)
        start = place + 1
    if start < len(batch):
        yield batch.slice(start)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch with integers for times, which Python has in microseconds at best."""
    schema = _plain_schema(batch.schema)
    return batch if schema is batch.schema else batch.cast(schema)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    fields = [one.with_type(_plain_type(one.type)) for one in schema]
    return schema if all(new.type == old.type for new, old in zip(fields, schema, strict=True)) else pa.schema(fields)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind):
        return pa.int64()
    if pa.types.is_struct(kind):
        return pa.struct([one.with_type(_plain_type(one.type)) for one in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain_type(kind.value_type)))
    return kind


def _writer(source: pq.ParquetFile, target: Path, schema: pa.Schema) -> pq.ParquetWriter:
    metadata = source.metadata
    chunks = [metadata.row_group(0).column(number) for number in range(metadata.num_columns)]
    with_statistics = [chunk.path_in_schema for chunk in chunks if chunk.is_stats_set]
    codec = chunks[0].compression.lower()
    options: dict[str, Any] = (
        {"use_deprecated_int96_timestamps": True} if _OLD_TIME in {one.physical_type for one in chunks} else {}
    )
    return pq.ParquetWriter(
        target,
        schema,
        compression="none" if codec == "uncompressed" else codec,
        write_statistics=with_statistics or False,
        store_schema=False,
        **options,
    )


def _group_rows(metadata: pq.FileMetaData) -> int:
    rows = max(int(metadata.row_group(number).num_rows) for number in range(metadata.num_row_groups))
    return min(max(rows, 1), _MOST_GROUP_ROWS)
