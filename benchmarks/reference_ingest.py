"""The reference of the ingest: one JSON file to one Parquet file by DuckDB alone, with the types that it finds.

Run as a process: ``python -m benchmarks.reference_ingest INPUT OUTPUT THREADS``.
"""

from __future__ import annotations

import sys

import duckdb


def main(source: str, target: str, threads: str) -> None:
    """Reads and writes; the paths are the benchmark's own."""
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {int(threads)}")
        connection.execute(f"COPY (SELECT * FROM read_json('{source}')) TO '{target}' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:])
