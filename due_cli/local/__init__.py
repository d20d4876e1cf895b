"""The local target: a folder of Parquet files, queried by DuckDB, with its bookkeeping in SQLite.

    DIR/events/YYYY/MM/DD/HH/due-*.parquet    the rows, under the hour (UTC) of their arrival
    DIR/events/YYYY/MM/DD/HH/*.parquet        files that due did not write: read as they are, never changed
    DIR/.due/state.sqlite                     which files count, which events were seen, statuses, failed records, views
    DIR/.due/staging/                         an ingest's work; a killed one's is cleared by the next

A file of due's counts only once the state names it, so one commit decides everything that an ingest did.
"""
