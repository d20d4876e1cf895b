"""The local target: a folder of Parquet files, queried by DuckDB, with its state in SQLite.

On disk:

    DIR/events/YYYY/MM/DD/HH/due-*.parquet    the rows, under the hour (UTC) of their arrival
    DIR/events/YYYY/MM/DD/due-*.parquet       the rows of a closed day, each with its hour
    DIR/events/YYYY/MM/DD/HH/*.parquet        files of other writers: read as they are, never changed
    DIR/.due/state.sqlite                     which files count, which events were seen, statuses, failed records, views
    DIR/.due/facts/                           facts of messages, by day, instead of events for reports: never needed
    DIR/.due/staging/                         an ingest's work; a killed one's is removed by the next
    DIR/replaced/                             files of other writers that due compact --adopted wrote anew
    DIR/broken/                               what a repair moved out of the way

A file written by due counts only once the state lists it, so one commit decides everything that an ingest did.

Modules:

    target.py           what commands call
    setup.py            due setup, due outputs          teardown.py     due teardown
    ingest.py           due ingest                      failed_records.py  due failed
    queries.py          due report, due query           views.py        due view
    statuses.py         due status, the status store    doctor.py       due doctor; repair.py: --repair
    folder.py           layout and locks                state.py        the SQLite state (state.sql)
    parquet.py          rows to Parquet files           data_files.py   publish, retire, merge, adopt and check them
    compact.py          due compact: one file a closed day  adopted_files.py  --adopted; retention.py: --keep-events
    facts.py            stored facts of messages        write_facts.py
    all_events.py       the view over all files         engine.py       DuckDB connections, translated SQL, errors
    conversions.py      columns of other types          footers.py      which files have the same schema
"""
