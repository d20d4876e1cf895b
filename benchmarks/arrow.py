"""Lists of entries to maps: DuckDB makes a map in microseconds and a list of structs in nanoseconds, and in Arrow
the two have the same layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

_MAP = re.compile(r"MAP\((\w+), (\w+)\)")


def entries(kind: str) -> str:
    """A DuckDB type with lists of entries in the place of its maps."""
    return _MAP.sub(r'STRUCT("key" \1, "value" \2)[]', kind)


def typed_nulls(columns: Mapping[str, str]) -> str:
    """A SELECT list whose Arrow schema is the table's."""
    return ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())


def with_maps(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the types of a schema that differs from its own in maps alone."""
    return pa.Table.from_arrays(
        [_as(table[field.name].combine_chunks(), field.type) for field in schema], schema=schema
    )


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_map(kind):
        inner = pc.struct_field(array.values, "key"), pc.struct_field(array.values, "value")
        return pa.MapArray.from_arrays(array.offsets, *inner, type=kind, mask=pc.is_null(array))
    if pa.types.is_list(kind):
        values = _as(array.values, kind.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=kind, mask=pc.is_null(array))
    if pa.types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        children = [_as(pc.struct_field(array, field.name), field.type) for field in fields]
        return pa.StructArray.from_arrays(children, fields=fields, mask=pc.is_null(array))
    return array.cast(kind)
